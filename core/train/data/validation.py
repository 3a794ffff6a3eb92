"""Short clips from held-out material, for trying a tracker in the loop during training.

Real clips are held-out videos; composited ones are made of held-out cut-outs over held-out
photographs. Both start where the target is wholly seen. The choice is fixed, so that the
figures of two checkpoints can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.train.data.composite.params import CompositeParams
from core.train.data.composite.scene import SyntheticVideo
from core.train.data.frames import read_picture
from core.train.data.items import Item, Kind, Track, of_kind
from core.train.data.material import Material
from core.train.data.seeds import validation_generator

Image = NDArray[np.uint8]
_SHOWN = 0.9
_SEEN = 0.25
_SEED = 1
_TRIES = 20


class _Pictures(Protocol):
    def __call__(self, index: int) -> Image: ...


@dataclass(frozen=True, slots=True, eq=False)
class ValidationClip:
    """A clip to track.

    Attributes
    ----------
    name
        ``SOURCE/ID#object`` or ``composites/NUMBER``.
    boxes
        ``(N, 4)`` x, y, w, h in frame pixels; NaN where the target cannot be seen; the first
        row is a box to start from.
    """

    name: str
    boxes: NDArray[np.float64]
    _picture: _Pictures

    def __len__(self) -> int:
        return len(self.boxes)

    def image(self, index: int) -> Image:
        """Frame `index`, ``(H, W, 3)`` uint8 RGB.

        Raises
        ------
        DatasetError
            If it cannot be read.
        """
        return self._picture(index)

    def images(self) -> Iterator[Image]:
        """The frames in order."""
        return (self.image(index) for index in range(len(self)))


def validation_clips(
    kept: Material,
    *,
    composites: int = 12,
    length: int = 60,
    per_item: int = 2,
    params: CompositeParams | None = None,
) -> list[ValidationClip]:
    """Clips of held-out material.

    Parameters
    ----------
    kept
        The held-out part of the material.
    composites
        Number of composited clips.
    length
        Frames of a clip at most.
    per_item
        Objects of one video at most: twelve cars of one road are no twelve clips.
    """
    clips = []
    for item in of_kind(kept.items, Kind.VIDEO):
        for number, track in enumerate(item.tracks[:per_item]):
            clip = _of_track(item, number, track, length)
            if clip is not None:
                clips.append(clip)
    compositor = kept.compositor(params)
    if compositor is not None:
        seeds = iter(range(composites * _TRIES))
        while composites > 0:
            number = next(seeds, None)
            if number is None:
                break
            video = compositor.video(validation_generator(_SEED, number))
            clip = _of_video(video, number, length)
            if clip is not None:
                clips.append(clip)
                composites -= 1
    return clips


@dataclass(frozen=True, slots=True, eq=False)
class _FromItem:
    item: Item
    frames: Sequence[int]

    def __call__(self, index: int) -> Image:
        return read_picture(self.item.frames, self.frames[index])


@dataclass(frozen=True, slots=True, eq=False)
class _FromVideo:
    video: SyntheticVideo
    start: int

    def __call__(self, index: int) -> Image:
        return self.video.render(self.start + index).image


def _of_track(item: Item, number: int, track: Track, length: int) -> ValidationClip | None:
    present = track.present()
    if len(present) < 5:
        return None
    first = int(present[0])
    frames = range(first, min(int(present[-1]) + 1, first + length))
    pictures = _FromItem(item, frames)
    try:
        pictures(0)
    except DatasetError:
        return None
    return ValidationClip(f"{item.key}#{number}", track.boxes[list(frames)].copy(), pictures)


def _of_video(video: SyntheticVideo, number: int, length: int) -> ValidationClip | None:
    """The clip from its first frame that shows the whole target; None if that comes late."""
    boxes, start = [], None
    for t in range(min(video.length, length)):
        shot = video.render(t)
        truth = shot.truth
        if start is None and truth.shown >= _SHOWN:
            start = t
        if start is None:
            continue
        rows, cols = shot.image.shape[:2]
        box = truth.box.clipped(cols, rows)
        seen = truth.shown >= _SEEN and min(box.w, box.h) >= 2
        boxes.append(box.as_tuple() if seen else (np.nan,) * 4)
    if start is None or len(boxes) < 0.6 * min(video.length, length):
        return None
    return ValidationClip(
        f"composites/{number}", np.array(boxes, np.float64), _FromVideo(video, start)
    )
