"""A video in memory, and clips with exactly known boxes: what the fast tests track."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import FrameUnavailable
from core.geometry import Box
from core.video.source import Access, Frame, Image, VideoInfo


class ArrayVideo:
    """`VideoSource` over a list of pictures; `damaged` frames cannot be read."""

    def __init__(
        self,
        images: Sequence[Image],
        *,
        fps: float = 25.0,
        damaged: Iterable[int] = (),
        path: Path = Path("clip.avi"),
    ) -> None:
        self._images = list(images)
        self._damaged = frozenset(damaged)
        self._lock = threading.Lock()
        self.reads: list[int] = []
        self.closed = False
        height, width = self._images[0].shape[:2]
        self.info = VideoInfo(
            path,
            width,
            height,
            len(self._images),
            fps,
            np.arange(len(self._images)) / fps,
            "array",
            damaged=tuple(sorted(self._damaged)),
        )
        self.access = Access.EXACT

    def read(self, index: int) -> Frame:
        with self._lock:
            self.reads.append(index)
        if index in self._damaged or not 0 <= index < len(self._images):
            raise FrameUnavailable(f"Frame {index} cannot be read.", "Go to another frame.")
        return Frame(index, index / self.info.fps, self._images[index])

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        for index in range(start, stop, step):
            if index not in self._damaged:
                yield self.read(index)

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class Clip:
    """Pictures and the exact box on each of them."""

    images: list[Image]
    boxes: list[Box]

    def video(self, **options: object) -> ArrayVideo:
        return ArrayVideo(self.images, **options)  # type: ignore[arg-type]

    def reversed(self) -> Clip:
        return Clip(self.images[::-1], self.boxes[::-1])


def moving_patch(
    count: int = 30,
    *,
    size: tuple[int, int] = (120, 160),
    patch: tuple[int, int] = (20, 24),
    start: tuple[int, int] = (30, 40),
    velocity: tuple[int, int] = (2, 1),
    seed: int = 0,
) -> Clip:
    """A textured patch that moves `velocity` (x, y) px per frame over a dim background."""
    rng = np.random.default_rng(seed)
    height, width = size
    background = rng.integers(60, 100, (height, width, 3), dtype=np.uint8)
    texture = rng.integers(0, 256, (*patch, 3), dtype=np.uint8)
    images, boxes = [], []
    for k in range(count):
        x, y = start[0] + velocity[0] * k, start[1] + velocity[1] * k
        x, y = min(max(x, 0), width - patch[1]), min(max(y, 0), height - patch[0])
        image = background.copy()
        image[y : y + patch[0], x : x + patch[1]] = texture
        images.append(image)
        boxes.append(Box(x, y, patch[1], patch[0]))
    return Clip(images, boxes)
