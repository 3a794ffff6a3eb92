"""Carrying a correction over to the tracked boxes around it.

A tracker that drifts is wrong by an offset and a factor of size that change slowly, far
more slowly than the target moves. So what a person corrects on one frame holds in part
for its neighbours: with the corrected box ``b`` in place of the tracker's ``a`` the
departure is ``d = ((cx_b - cx_a) / w_a, (cy_b - cy_a) / h_a, ln(w_b / w_a), ln(h_b / h_a))``
and every tracked box takes ``u d`` of it, with ``u`` falling in a straight line from 1 at
the correction to 0 at the next box of a person; on a side without one it stays 1 to the
end of the stretch. Boxes of a person, gaps and absent frames are neither changed nor
crossed, and boxes that another run made from the corrected box stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.document.track import Columns, Keyframe, Track
from core.errors import EditError
from core.geometry import Box
from core.states import Flag, Source

FloatArray = NDArray[np.float64]

_LEAST = 1.0  # pixels: the shortest side of a box that can be tracked


@dataclass(frozen=True, slots=True)
class Carried:
    """The track after a correction was carried over: frames ``first..last`` moved."""

    track: Track
    first: int
    last: int
    count: int


def carried(track: Track, frame: int, replaced: Keyframe | None = None) -> Carried:
    """Carry the person's box on `frame` over to the tracked boxes on both sides.

    Parameters
    ----------
    replaced
        What the tracker had said on `frame`; None reckons it from the neighbouring boxes.

    Raises
    ------
    EditError
        If the track is locked, the box on `frame` is not a person's, or no tracked box
        lies beside it.
    """
    if track.locked:
        raise EditError(f"“{track.title}” is locked.", "Unlock it to change it.")
    row = track.row(frame)
    columns = track.columns
    if row is None or not columns.protected()[row] or columns.flags[row] & Flag.ABSENT:
        raise EditError(
            f"There is no box of yours on frame {frame}.", "Correct the box here, then carry it."
        )
    left, right = _stretch(columns, row, -1), _stretch(columns, row, 1)
    # Boxes that a later run made from the corrected box are right there already.
    if len(right) and columns.runs[right[0]] != _run_before(columns, left, replaced):
        right = right[:0]
    if not len(left) and not len(right):
        raise EditError(
            f"No tracked box lies beside frame {frame}.", "Track first, then correct and carry."
        )
    was = replaced.box if replaced is not None else _expected(columns, row, left, right)
    step = departure(was, columns.key(row).box)
    boxes = columns.boxes.copy()
    for rows, side in ((left, -1), (right, 1)):
        if len(rows):
            share = _shares(columns, rows, frame, side)
            boxes[rows] = shifted(columns.boxes[rows], step, share)
    moved = np.concatenate([left[::-1], right])
    frames = columns.frames[moved]
    values = {name: getattr(columns, name) for name in Columns.__slots__}
    changed = Columns.of({**values, "boxes": boxes})
    return Carried(
        track.with_columns(changed, keep_protected=False),
        int(frames.min()), int(frames.max()), len(moved),
    )  # fmt: skip


def departure(was: Box, now: Box) -> FloatArray:
    """How `now` departs from `was`, ``(4,)``: centre in sizes of `was`, logarithms of size."""
    w, h = max(was.w, _LEAST), max(was.h, _LEAST)
    return np.array(
        [
            (now.cx - was.cx) / w,
            (now.cy - was.cy) / h,
            np.log(max(now.w, _LEAST) / w),
            np.log(max(now.h, _LEAST) / h),
        ]
    )


def shifted(boxes: FloatArray, step: FloatArray, share: FloatArray) -> FloatArray:
    """Boxes ``(N, 4)`` that take `share` ``(N,)`` of a :func:`departure`."""
    parts = share[:, None] * step[None, :]
    size = np.maximum(boxes[:, 2:] * np.exp(parts[:, 2:]), _LEAST)
    center = boxes[:, :2] + boxes[:, 2:] / 2 + parts[:, :2] * boxes[:, 2:]
    return np.concatenate([center - size / 2, size], axis=1)


def _stretch(columns: Columns, row: int, step: int) -> NDArray[np.int64]:
    """Rows of tracked boxes next to `row` in one direction, nearest first, without a gap."""
    ends = range(row + step, len(columns) if step > 0 else -1, step)
    protected = columns.protected()
    rows: list[int] = []
    for k in ends:
        apart = abs(int(columns.frames[k]) - int(columns.frames[k - step])) != 1
        machine = columns.sources[k] == Source.TRACKED and not columns.flags[k] & Flag.ABSENT
        if apart or protected[k] or not machine:
            break
        rows.append(k)
    return np.array(rows, dtype=np.int64)


def _run_before(columns: Columns, left: NDArray[np.int64], replaced: Keyframe | None) -> int:
    if replaced is not None:
        return replaced.run
    return int(columns.runs[left[0]]) if len(left) else -1


def _expected(columns: Columns, row: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> Box:
    """The tracker's box on `row` as its neighbours suggest."""
    if len(left) and len(right):
        box = (columns.boxes[left[0]] + columns.boxes[right[0]]) / 2
    else:
        side = left if len(left) else right
        near, far = columns.boxes[side[0]], columns.boxes[side[min(1, len(side) - 1)]]
        box = np.concatenate([2 * near[:2] - far[:2], near[2:]])
    x, y, w, h = (float(v) for v in box)
    return Box(x, y, w, h)


def _shares(columns: Columns, rows: NDArray[np.int64], frame: int, side: int) -> FloatArray:
    """What each row takes: falling to 0 at the next box of a person, else all of it."""
    beyond = int(rows[-1]) + side
    anchored = 0 <= beyond < len(columns) and bool(columns.protected()[beyond])
    anchored = anchored and abs(int(columns.frames[beyond]) - int(columns.frames[rows[-1]])) == 1
    anchored = anchored and not columns.flags[beyond] & Flag.ABSENT
    if not anchored:
        return np.ones(len(rows))
    end = float(columns.frames[beyond])
    shares: FloatArray = (end - columns.frames[rows].astype(np.float64)) / (end - frame)
    return shares
