"""One-pass evaluation: start on the first true box, follow to the end, no help on the way.

The tracker runs in the product's own loop (:func:`core.engine.runner.run`), so what is
measured is what people get. Only the tracker's time counts: decoding and the start are
left out. A frame that cannot be read keeps the last box, as if nothing was seen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import device as devices
from core.engine.control import Control
from core.engine.runner import FrameResult, Start, run
from core.errors import DatasetError, FrameUnavailable
from core.evaluate.metrics import Measured, measure, present
from core.evaluate.sequences import BenchmarkSequence
from core.geometry import Box
from core.storage import atomic_write
from core.trackers import registry
from core.trackers.base import Services
from core.video.images import read_image
from core.video.open import open_source
from core.video.source import Frame

Tick = Callable[[int], None]
"""Told how many more frames are done."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on besides the sequence; the same settings give the same boxes.

    `weights` are files taken instead of the installed ones, by key.
    """

    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    device: str = "cpu"
    threads: int = 1
    seed: int = 0
    weights: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SequenceRun:
    """A tracker's way through one sequence.

    `boxes` is ``(N, 4)`` with NaN rows before the start; `seconds` ``(M,)`` the
    tracker's time per tracked frame.
    """

    tracker: str
    key: str
    boxes: NDArray[np.float64]
    seconds: NDArray[np.float64]
    init_seconds: float
    wall_seconds: float
    measured: Measured


def evaluate_sequence(
    sequence: BenchmarkSequence, tracker: str, settings: Settings, tick: Tick | None = None
) -> SequenceRun:
    """Run `tracker` once over `sequence` and measure it.

    Raises
    ------
    BoxtrailError
        If the sequence cannot be read or the tracker fails on the way.
    """
    began = time.perf_counter()
    spec = registry.find(tracker)
    services = Services(devices.choose(settings.device), settings.seed, settings.weights)
    instance = spec.create(settings.params.get(tracker), services)
    init = int(np.argmax(present(sequence.boxes)))
    collected = _Collected(len(sequence), tick)
    pictures = frames(sequence, init)
    start = Start(init, Box(*(float(v) for v in sequence.boxes[init])))
    end = run(0, pictures, instance, start, Control(), (collected.take,))
    if end.error is not None:
        raise end.error
    boxes = collected.filled(init, sequence.boxes[init])
    seconds = np.array(collected.seconds)
    measured = measure(boxes, sequence.boxes, size=collected.size, init_frame=init, seconds=seconds)
    return SequenceRun(
        tracker,
        sequence.key,
        boxes,
        seconds,
        collected.init_seconds,
        time.perf_counter() - began,
        measured,
    )


class _Collected:
    """The sink: boxes by frame, times, and the size of the pictures."""

    def __init__(self, count: int, tick: Tick | None) -> None:
        self.boxes = np.full((count, 4), np.nan)
        self.seconds: list[float] = []
        self.init_seconds = 0.0
        self.size = (0, 0)
        self._tick = tick

    def take(self, item: FrameResult) -> None:
        self.boxes[item.frame.index] = item.result.box.as_tuple()
        if item.is_seed:
            self.init_seconds = item.seconds
            height, width = item.frame.image.shape[:2]
            self.size = (width, height)
        else:
            self.seconds.append(item.seconds)
        if self._tick is not None:
            self._tick(1)

    def filled(self, init: int, truth: NDArray[np.float64]) -> NDArray[np.float64]:
        """All boxes from the start on: the true one there, the last one where none came."""
        boxes = self.boxes.copy()
        boxes[init] = truth
        for k in range(init + 1, len(boxes)):
            if np.isnan(boxes[k, 0]):
                boxes[k] = boxes[k - 1]
        return boxes


def frames(sequence: BenchmarkSequence, start: int) -> Iterator[Frame]:
    """Frames of `sequence` from `start` on; those that cannot be read are left out.

    Raises
    ------
    BoxtrailError
        If the clip is missing, or shorter than its boxes.
    """
    if sequence.video is None:
        yield from _picture_frames(sequence, start)
        return
    source = open_source(sequence.video)
    with contextlib.closing(source):
        source.wait_ready()
        if source.info.frame_count < len(sequence):
            raise DatasetError(
                f"“{sequence.video.name}” has {source.info.frame_count} frames, "
                f"but there are {len(sequence)} boxes.",
                "Is the download complete?",
            )
        yield from source.frames(start, len(sequence))


def _picture_frames(sequence: BenchmarkSequence, start: int) -> Iterator[Frame]:
    for index in range(start, len(sequence)):
        path = sequence.pictures[index]
        if not path.is_file():
            raise DatasetError(
                f"The picture “{path.name}” of {sequence.key} is missing.",
                "Is the download complete?",
                str(path),
            )
        try:
            yield Frame(index, float(index), read_image(path))
        except FrameUnavailable:
            continue  # a gap, as everywhere in the product


def save_boxes(folder: Path, result: SequenceRun) -> Path:
    """Write the boxes as ``FOLDER/TRACKER/DATASET/SEQUENCE.txt``, one ``x,y,w,h`` per line.

    Frame pixels, 0-based; ``NaN`` before the start. The tracker's seconds per frame go
    to ``SEQUENCE_time.txt`` beside it.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    path = folder / result.tracker / f"{result.key}.txt"
    with atomic_write(path, text=True) as stream:
        np.savetxt(stream, result.boxes, fmt="%.4f", delimiter=",")
    with atomic_write(path.with_name(path.stem + "_time.txt"), text=True) as stream:
        np.savetxt(stream, result.seconds, fmt="%.6f")
    return path
