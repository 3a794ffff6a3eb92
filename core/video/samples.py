"""Whether a clip still gives the frames that were annotated, and if not, how far they are off.

Another file, another decoder or another version of one may drop or repeat a picture, and
every box after it then lies one frame beside its target. When work on a clip begins, small
grey crops of a few frames are kept with the project, each from where the picture changes
most to its neighbours. Later they are compared with what is read now, at the same number
and at its neighbours, by normalised correlation: brightness and range of colours, in which
decoders differ, do not count; a neighbour fits visibly worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BoxtrailError
from core.frame_sample import SIDE, FrameSample
from core.video.source import Image, VideoSource

COUNT = 6
REACH = 2
"""Frames before and after that are looked at."""

_GRID = 6  # a crop is this part of width and height
_SAME = 0.97  # correlation from which two crops are the same picture
_MARGIN = 0.01  # by which a neighbour must fit better to be called the frame
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """What a comparison found.

    `shifts` has, for every frame that could be told from its neighbours, where its
    picture is now relative to its number; `strange` are frames whose picture is nowhere near.
    """

    compared: int
    shifts: dict[int, int]
    strange: tuple[int, ...] = ()

    @property
    def message(self) -> str:
        """What is wrong, in words; empty when nothing is."""
        moved = {frame: shift for frame, shift in self.shifts.items() if shift}
        if len(self.strange) * 2 > self.compared:
            return (
                f"The pictures are not those that were annotated (frame {self.strange[0]} and "
                f"{len(self.strange) - 1} more were compared)."
            )
        if not moved:
            return ""
        first, shift = min(moved.items())
        off = "one frame" if abs(shift) == 1 else f"{abs(shift)} frames"
        way = "late" if shift > 0 else "early"
        held = [frame for frame in self.shifts if frame < first]
        where = f"After frame {max(held)}" if held else "In this video"
        return (
            f"{where} pictures come {off} {way}: what was annotated as frame {first} is "
            f"frame {first + shift} now. Boxes there are off by {abs(shift)}."
        )


def take_samples(video: VideoSource, count: int = COUNT) -> tuple[FrameSample, ...]:
    """Crops of up to `count` frames, spread over the clip. Reads three frames for each.

    Frames that cannot be read are left out.
    """
    total = video.info.frame_count
    places = sorted({min(int((k + 0.5) * total / count), total - 1) for k in range(count)})
    found = []
    for frame in places:
        here = _grey(video, frame)
        if here is None:
            continue
        beside = [g for g in (_grey(video, frame - 1), _grey(video, frame + 1)) if g is not None]
        found.append(_sample(frame, here, [g for g in beside if g.shape == here.shape]))
    return tuple(found)


def check_samples(video: VideoSource, samples: Sequence[FrameSample]) -> FrameCheck:
    """Compare crops with what `video` gives now, at their numbers and beside them."""
    shifts: dict[int, int] = {}
    strange: list[int] = []
    compared = 0
    for sample in samples:
        fits = _fits(video, sample)
        if not fits:
            continue
        compared += 1
        best = max(fits, key=lambda shift: (fits[shift], -abs(shift)))
        if fits[best] < _SAME:
            strange.append(sample.frame)
        elif fits[best] - fits.get(0, -1.0) > _MARGIN:
            shifts[sample.frame] = best
        elif all(fits[0] - fit > _MARGIN for shift, fit in fits.items() if shift):
            shifts[sample.frame] = 0
    return FrameCheck(compared, shifts, tuple(strange))


def _fits(video: VideoSource, sample: FrameSample) -> dict[int, float]:
    """Correlation of a crop with the frames around its number, by shift."""
    kept = np.frombuffer(sample.pixels, np.uint8).reshape(SIDE, SIDE)
    fits = {}
    for shift in range(-REACH, REACH + 1):
        grey = _grey(video, sample.frame + shift)
        if grey is None or sample.y + 2 > grey.shape[0] or sample.x + 2 > grey.shape[1]:
            continue
        area = grey[sample.y : sample.y + sample.height, sample.x : sample.x + sample.width]
        fits[shift] = _correlation(kept, _reduced(area))
    return fits


def _sample(frame: int, here: Grey, beside: Sequence[Grey]) -> FrameSample:
    rows, columns = here.shape
    height, width = max(rows // _GRID, min(rows, 2)), max(columns // _GRID, min(columns, 2))
    best, place = -1.0, (0, 0)
    for y in range(0, rows - height + 1, height):
        for x in range(0, columns - width + 1, width):
            tile = here[y : y + height, x : x + width]
            others = [other[y : y + height, x : x + width] for other in beside]
            # What tells it from *both* neighbours counts, and then any texture at all.
            change = min((float(cv2.absdiff(tile, other).mean()) for other in others), default=0.0)
            worth = change + 1e-3 * float(tile.std())
            if worth > best:
                best, place = worth, (x, y)
    x, y = place
    crop = _reduced(here[y : y + height, x : x + width])
    return FrameSample(frame, x, y, width, height, crop.tobytes())


def _grey(video: VideoSource, frame: int) -> Grey | None:
    if not 0 <= frame < video.info.frame_count:
        return None
    try:
        image: Image = video.read(frame).image
    except BoxtrailError:
        return None
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _reduced(area: Grey) -> Grey:
    return np.asarray(cv2.resize(area, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _correlation(a: Grey, b: Grey) -> float:
    x, y = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    x, y = x - x.mean(), y - y.mean()
    # A flat crop says nothing about its neighbours, but two flat ones are alike.
    norm = float(np.sqrt((x @ x) * (y @ y)))
    if min(x.std(), y.std()) < 1.0:
        return 1.0 if max(x.std(), y.std()) < 2.0 else 0.0
    return float(x @ y) / norm
