"""Boxes that follow from keys: linear, smooth, or none, per interval between two keys.

A *key* is a box that a person entered or confirmed, or that a tracker gave; boxes with
source ``INTERPOLATED`` follow from keys. An :class:`~core.document.track.Interval` says
how; moving one of its keys makes its boxes anew, a person's new box inside parts it in two.
Anything else that changes its boxes (a run, a deletion, a key that is gone) ends the mode
and leaves the boxes as they are, so that an edit on one frame never moves boxes that were
not asked to follow. Smooth is monotone piecewise cubic Hermite interpolation (Fritsch and
Butland, SIAM J. Sci. Stat. Comput. 5, 1984): no overshoot, so sizes stay positive.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.document.track import NO_RUN, Columns, Interval, Track
from core.errors import EditError
from core.states import Flag, IntervalMode, Source, TargetState

_KEPT_FLAGS = Flag.OCCLUDED | Flag.TRUNCATED  # a person's statements about a frame
FloatArray = NDArray[np.float64]


# ---- choosing -----------------------------------------------------------------------


def around(track: Track, frame: int) -> tuple[int, int] | None:
    """The person's neighbouring keys with `frame` between them (on the left one: from it)."""
    keys = track.columns.frames[track.columns.protected()]
    right = int(np.searchsorted(keys, frame, side="right"))
    if right in (0, len(keys)):
        return None
    return int(keys[right - 1]), int(keys[right])


def mode_at(track: Track, frame: int) -> IntervalMode:
    """The mode of the interval that contains `frame` (its left key included)."""
    found = next((i for i in track.intervals if i.first <= frame < i.last), None)
    return found.mode if found is not None else IntervalMode.TRACKED


def with_mode(track: Track, first: int, last: int, mode: IntervalMode) -> Track:
    """A track in which the boxes between its keys on ``first..last`` are made by `mode`.

    Each pair of neighbouring keys of a person becomes an interval. ``TRACKED`` ends the
    modes there and changes no box; the others replace the machine's boxes in between.

    Raises
    ------
    EditError
        If a mode other than ``TRACKED`` is asked for and ``first..last`` does not hold
        two neighbouring keys.
    """
    kept = tuple(i for i in track.intervals if i.last <= first or i.first >= last)
    if mode is IntervalMode.TRACKED:
        return replace(track, intervals=kept)
    columns = track.columns
    keys = columns.frames[columns.protected()]
    keys = keys[(keys >= first) & (keys <= last)]
    pairs = [
        Interval(int(a), int(b), mode)
        for a, b in itertools.pairwise(keys)
        if b - a > 1 and not _is_absent(track, int(a)) and not _is_absent(track, int(b))
    ]
    if not pairs:
        raise EditError(
            "There are no two boxes of yours with frames between them.",
            "Draw or accept a box before and after this frame.",
        )
    changed = replace(track, intervals=tuple(sorted((*kept, *pairs), key=lambda i: i.first)))
    return _resolved(changed, pairs)


# ---- keeping up with edits -----------------------------------------------------------


def reconciled(before: Track | None, after: Track) -> Track:
    """`after` with its intervals in order: made anew, parted or ended as the edit asks.

    `before` is the track that was edited; None for a track that is new.
    """
    if not after.intervals:
        return after
    if before is not None and before.columns is after.columns:
        known = set(before.intervals)
        if known.issuperset(after.intervals):
            return after
    kept: list[Interval] = []
    dirty: list[Interval] = []
    for interval in after.intervals:
        old = before if before is not None and interval in before.intervals else None
        pieces, is_dirty = _followed(old, after, interval)
        kept += pieces
        dirty += pieces if is_dirty else []
    changed = replace(after, intervals=tuple(kept))
    return _resolved(changed, dirty) if dirty else changed


def _followed(
    before: Track | None, after: Track, interval: Interval
) -> tuple[list[Interval], bool]:
    """What becomes of one interval, and whether its boxes have to be made anew."""
    first, last = interval.first, interval.last
    ends = [after.at(first), after.at(last)]
    if any(key is None or key.is_absent or not _is_key(after, key.frame) for key in ends):
        return [], False
    if before is None:
        return [interval], False
    moved = [key for key in ends if key is not None and key != before.at(key.frame)]
    if any(not key.is_protected for key in moved):
        return [], False  # a machine changed it: no other frame may follow
    old, new = _inside(before.columns, interval), _inside(after.columns, interval)
    guarded = new.protected()
    if (new.flags[guarded] & Flag.ABSENT).any():
        return [], False
    plain = new.select(~guarded)
    same = old.select(~np.isin(old.frames, new.frames[guarded]))
    if not (
        np.array_equal(plain.frames, same.frames)
        and np.array_equal(plain.boxes, same.boxes)
        and np.array_equal(plain.sources, same.sources)
    ):
        return [], False
    marks = [first, *map(int, new.frames[guarded]), last]
    pieces = [Interval(a, b, interval.mode) for a, b in itertools.pairwise(marks)]
    return [p for p in pieces if p.last - p.first > 1], bool(moved) or len(pieces) > 1


def _inside(columns: Columns, interval: Interval) -> Columns:
    return columns.select((columns.frames > interval.first) & (columns.frames < interval.last))


def _is_key(track: Track, frame: int) -> bool:
    key = track.at(frame)
    return key is not None and (key.is_protected or key.source is not Source.INTERPOLATED)


def _is_absent(track: Track, frame: int) -> bool:
    key = track.at(frame)
    return key is None or key.is_absent


# ---- making the boxes ----------------------------------------------------------------


def _resolved(track: Track, dirty: Iterable[Interval]) -> Track:
    columns = track.columns
    for interval in _with_smooth_neighbours(track.intervals, dirty):
        rows = _rows(track, interval)
        inside = (columns.frames > interval.first) & (columns.frames < interval.last)
        rows = _with_marks_of(rows, columns.select(inside))
        guarded = columns.frames[inside & columns.protected()]
        rows = rows.select(~np.isin(rows.frames, guarded))
        columns = columns.select(~inside | columns.protected()).overlaid(rows)
    return replace(track, columns=columns)


def _with_smooth_neighbours(
    intervals: Sequence[Interval], dirty: Iterable[Interval]
) -> list[Interval]:
    # The slope at a key depends on the keys beside it: the next smooth interval follows.
    wanted = set(dirty)
    for left, right in itertools.pairwise(intervals):
        if left.last == right.first and left.mode is right.mode is IntervalMode.SMOOTH:
            hit = {left, right} & set(dirty)
            wanted |= {left, right} if hit else set()
    return [interval for interval in intervals if interval in wanted]


def _rows(track: Track, interval: Interval) -> Columns:
    if interval.mode is IntervalMode.GAP:
        return Columns.empty()
    columns = track.columns
    a, b = track.row(interval.first), track.row(interval.last)
    assert a is not None
    assert b is not None
    frames = np.arange(interval.first + 1, interval.last, dtype=np.int64)
    t = (frames - interval.first) / (interval.last - interval.first)
    if interval.mode is IntervalMode.SMOOTH:
        boxes = _smooth(track, interval, frames)
    else:
        boxes = (1 - t[:, None]) * columns.boxes[a] + t[:, None] * columns.boxes[b]
    zeros = np.zeros(len(frames))
    return Columns.of(
        {
            "frames": frames,
            "boxes": boxes,
            "scores": (1 - t) * columns.scores[a] + t * columns.scores[b],
            "sources": zeros + Source.INTERPOLATED,
            "states": zeros + TargetState.TRACKING,
            "flags": zeros,
            "runs": zeros + NO_RUN,
        }
    )


def _with_marks_of(rows: Columns, old: Columns) -> Columns:
    at = np.searchsorted(old.frames, rows.frames)
    known = at < len(old)
    known[known] = old.frames[at[known]] == rows.frames[known]
    flags = np.array(rows.flags)
    flags[known] |= old.flags[at[known]] & np.uint8(_KEPT_FLAGS)
    flags.setflags(write=False)
    return replace(rows, flags=flags) if known.any() else rows


def _smooth(track: Track, interval: Interval, frames: NDArray[np.int64]) -> FloatArray:
    marks = [interval.first, interval.last]
    for other in track.intervals:
        if other.mode is IntervalMode.SMOOTH and other.last == interval.first:
            marks.insert(0, other.first)
        if other.mode is IntervalMode.SMOOTH and other.first == interval.last:
            marks.append(other.last)
    rows = [track.row(mark) for mark in marks]
    boxes = track.columns.boxes[[row for row in rows if row is not None]]
    return monotone_cubic(np.array(marks, float), boxes, frames.astype(float))


def monotone_cubic(x: FloatArray, y: FloatArray, at: FloatArray) -> FloatArray:
    """Values ``(M, C)`` at `at` of the monotone cubic through ``y[i]`` at ``x[i]``.

    `x` ``(N,)`` rises, ``N >= 2``; `y` is ``(N, C)``. Between two points the values stay
    between theirs. Slopes are zero at extremes, else the weighted harmonic mean of the
    neighbouring secants; at the ends they are the secant's, cut so as to stay monotone.
    """
    h = np.diff(x)[:, None]
    secant = np.diff(y, axis=0) / h
    slope = np.empty_like(y)
    slope[0], slope[-1] = secant[0], secant[-1]
    if len(x) > 2:
        left, right, w = secant[:-1], secant[1:], (h[:-1], h[1:])
        same = left * right > 0
        w1, w2 = 2 * w[1] + w[0], w[1] + 2 * w[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (w1 + w2) / (w1 / left + w2 / right)
        slope[1:-1] = np.where(same, mean, 0.0)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    step = h[i]
    t = ((at - x[i]) / step[:, 0])[:, None]
    rise = y[i + 1] - y[i]
    a = step * slope[i] - rise
    b = rise - step * slope[i + 1]
    return y[i] + t * rise + t * (1 - t) * ((1 - t) * a + t * b)
