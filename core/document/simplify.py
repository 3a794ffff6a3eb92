"""Fewer keys for the same boxes: a track as keys and straight lines within an error bound.

Top-down splitting (Ramer 1972; Douglas and Peucker 1973), with the loss of the boxes in
place of the distance of points: a stretch is one line if no frame on it loses more than
the bound, else it is cut at the worst frame. Boxes that a person entered or confirmed
are always keys and never change; gaps, absent and lost frames are not bridged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.document.track import NO_RUN, Columns, Interval, Track
from core.errors import EditError
from core.geometry import iou_rows
from core.states import Flag, IntervalMode, Source, TargetState

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a box may move: both limits hold.

    Parameters
    ----------
    iou_loss
        Largest ``1 - IoU`` of a frame's new box with its old one, in [0, 1).
    pixels
        Largest shift of any of its four edges.
    """

    iou_loss: float = 0.05
    pixels: float = math.inf

    def __post_init__(self) -> None:
        if not (0 <= self.iou_loss < 1 and self.pixels >= 0):
            raise EditError("This error bound is not usable.", "Give a loss from 0 to below 1.")

    def excess(self, lines: FloatArray, boxes: FloatArray) -> FloatArray:
        """How much of the bound each new box ``(N, 4)`` uses; more than 1 breaks it."""
        loss = 1 - iou_rows(lines, boxes)
        moved = np.abs(_edges(lines) - _edges(boxes)).max(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            by_loss = np.where(loss <= 1e-12, 0.0, loss / self.iou_loss)
            by_pixels = np.where(moved == 0, 0.0, moved / self.pixels)
        return np.maximum(by_loss, by_pixels)


def _edges(boxes: FloatArray) -> FloatArray:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


@dataclass(frozen=True, slots=True)
class Simplified:
    """The result, with the number of boxes it follows from before and after."""

    track: Track
    keys_before: int
    keys_after: int
    worst_iou: float


def simplified(
    track: Track, bound: Bound, first: int = 0, last: int = int(np.iinfo(np.int32).max)
) -> Simplified:
    """The track with the machines' boxes on ``first..last`` on straight lines between keys.

    Raises
    ------
    EditError
        If the track is locked.
    """
    if track.locked:
        raise EditError(f"“{track.title}” is locked.", "Unlock it to change it.")
    columns = track.columns
    rows = np.flatnonzero((columns.frames >= first) & (columns.frames <= last))
    is_key = np.ones(len(columns), bool)
    boxes = np.array(columns.boxes)
    for a, b in _stretches(track, rows):
        for i, j in _lines(columns, bound, a, b):
            is_key[i + 1 : j] = False
            boxes[i + 1 : j] = _line(columns, i, j)
    gone = ~is_key
    count = int((~_follows(track)).sum())
    if not gone.any():
        return Simplified(track, count, count, 1.0)
    worst = float(iou_rows(boxes[gone], columns.boxes[gone]).min())
    changed = replace(track, columns=_with_lines(columns, gone, boxes))
    intervals = (*track.intervals, *_intervals(columns, is_key, gone))
    changed = replace(changed, intervals=tuple(sorted(intervals, key=lambda i: i.first)))
    return Simplified(changed, count, int((~_follows(changed)).sum()), worst)


def _follows(track: Track) -> NDArray[np.bool_]:
    columns = track.columns
    return (columns.sources == Source.INTERPOLATED) & ~columns.protected()


def _stretches(track: Track, rows: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Rows ``a < b`` of neighbouring keys that must stay, with a line's frames between them."""
    columns = track.columns
    taken = np.zeros(len(columns), bool)
    for interval in track.intervals:
        taken |= (columns.frames > interval.first) & (columns.frames < interval.last)
    unfit = ((columns.flags & Flag.ABSENT) != 0) | (columns.states == TargetState.LOST) | taken
    usable = rows[~unfit[rows]]
    if not len(usable):
        return
    step = (np.diff(usable) != 1) | (np.diff(columns.frames[usable]) != 1)
    ends = np.concatenate([[True], step]) | np.concatenate([step, [True]])
    marks = usable[ends | columns.protected()[usable] | (columns.flags[usable] != 0)]
    for a, b in zip(marks[:-1].tolist(), marks[1:].tolist(), strict=True):
        whole = columns.frames[b] - columns.frames[a] == b - a and not unfit[a:b].any()
        if b - a > 1 and whole:
            yield a, b


def _lines(columns: Columns, bound: Bound, a: int, b: int) -> Iterator[tuple[int, int]]:
    waiting = [(a, b)]
    while waiting:
        i, j = waiting.pop()
        if j - i < 2:
            continue
        excess = bound.excess(_line(columns, i, j), columns.boxes[i + 1 : j])
        worst = int(np.argmax(excess))
        if excess[worst] <= 1:
            yield i, j
        else:
            middle = i + 1 + worst
            waiting += [(i, middle), (middle, j)]


def _line(columns: Columns, i: int, j: int) -> FloatArray:
    frames = columns.frames[i : j + 1].astype(np.float64)
    t = ((frames[1:-1] - frames[0]) / (frames[-1] - frames[0]))[:, None]
    return (1 - t) * columns.boxes[i] + t * columns.boxes[j]


def _with_lines(columns: Columns, gone: NDArray[np.bool_], boxes: FloatArray) -> Columns:
    return Columns.of(
        {
            "frames": columns.frames,
            "boxes": boxes,
            "scores": columns.scores,
            "sources": np.where(gone, Source.INTERPOLATED, columns.sources),
            "states": np.where(gone, TargetState.TRACKING, columns.states),
            "flags": columns.flags,
            "runs": np.where(gone, NO_RUN, columns.runs),
            "alarms": np.where(gone, 0, columns.alarms),
        }
    )


def _intervals(
    columns: Columns, is_key: NDArray[np.bool_], gone: NDArray[np.bool_]
) -> Iterator[Interval]:
    keys = np.flatnonzero(is_key)
    follows = (columns.sources == Source.INTERPOLATED) & ~columns.protected()
    for i, j in zip(keys[:-1].tolist(), keys[1:].tolist(), strict=True):
        if j - i > 1 and gone[i + 1] and not (follows[i] or follows[j]):
            first, last = int(columns.frames[i]), int(columns.frames[j])
            yield Interval(first, last, IntervalMode.LINEAR)
