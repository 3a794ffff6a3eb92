"""Lines of equal value in a map, by marching squares (Lorensen & Cline 1987, in 2-D).

The cells' centres are the nodes; a line crosses an edge between two nodes where linear
interpolation meets the level. Squares with two opposite high corners are decided by their
mean. Positions are cells as in :class:`core.geometry.Placement`. All levels are worked out
together: a node's rank is the number of levels below it, and a square is crossed by the
levels between the lowest and the highest rank of its corners, so nothing else is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Integers = NDArray[np.intp]
_Lines = NDArray[np.float64]

# Sides of a square: 0 top, 1 right, 2 bottom, 3 left. Corners: 1 top left, 2 top right,
# 4 bottom right, 8 bottom left. 16 and 17 are 5 and 10 with a high middle.
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),),
    7: ((3, 2),), 8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),),
    12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),), 16: ((3, 2), (0, 1)), 17: ((0, 3), (2, 1)),
}  # fmt: skip
_SIDES = np.zeros((2, 18, 2), np.intp)  # of the first line of every code, and of the second
_TWO = np.zeros(18, np.bool_)
for _code, _sides in _SEGMENTS.items():
    _SIDES[: len(_sides), _code] = _sides
    _TWO[_code] = len(_sides) == 2
_RAISED = np.arange(18)  # the code with a high middle
_RAISED[[5, 10]] = 16, 17
_WEIGHTS = np.array([1, 2, 4, 8], np.uint8)
# Where each side begins and whither it goes from the square's first node, as col + i·row:
# complex numbers are looked up and added in half the time of pairs.
_BEGIN = np.array([0, 1, 1j, 0], np.complex128) + (0.5 + 0.5j)
_ALONG = np.array([1, 1j, 1, 1j], np.complex128)


def contour(values: NDArray[np.floating], level: float) -> _Lines:
    """Line segments ``(N, 2, 2)`` of ``(col, row)`` where `values` cross `level`.

    Squares with a value that is not finite have no line.
    """
    return contours(values, (level,))


def contours(values: NDArray[np.floating], levels: Sequence[float]) -> _Lines:
    """Line segments ``(N, 2, 2)`` of ``(col, row)`` where `values` cross any of `levels`."""
    if min(values.shape) < 2 or not levels:
        return np.empty((0, 2, 2))
    nodes, steps = values.astype(np.float64), np.array(sorted(levels), np.float64)
    rank = np.zeros(nodes.shape, np.uint8 if len(steps) < 256 else np.intp)
    for step in steps.tolist():
        rank += nodes > step
    lowest, count = _crossed(nodes, rank)
    first = count.ravel().nonzero()[0]  # the squares that a line crosses, by their first node
    times = count.ravel()[first].astype(np.intp)
    ends = times.cumsum()
    square = first.repeat(times)  # from here on one entry per line
    step = np.arange(len(square)) - (ends - times - lowest.ravel()[first]).repeat(times)
    cols = nodes.shape[1]
    corners = square[:, None] + np.array([0, 1, cols + 1, cols])
    codes = (rank.ravel().take(corners) > step[:, None]) @ _WEIGHTS
    level = steps[step]
    twice = _TWO[codes].nonzero()[0]
    if not len(twice):
        return _lines(nodes, square, level, _SIDES[0].take(codes, axis=0))
    high = twice[nodes.ravel()[corners[twice]].mean(axis=1) > level[twice]]
    codes[high] = _RAISED[codes[high]]
    every = np.concatenate([np.arange(len(codes)), twice])
    sides = np.concatenate([_SIDES[0].take(codes, axis=0), _SIDES[1, codes[twice]]])
    return _lines(nodes, square[every], level[every], sides)


def _crossed(nodes: _Lines, rank: NDArray[np.integer]) -> tuple[NDArray, NDArray]:
    """The lowest rank at every square's corners, and how many levels cross it.

    Both have the shape of the map; the last row and column begin no square.
    """
    left, right = rank[:, :-1], rank[:, 1:]
    lower, higher = np.minimum(left, right), np.maximum(left, right)
    low, count = np.zeros(rank.shape, rank.dtype), np.zeros(rank.shape, rank.dtype)
    np.minimum(lower[:-1], lower[1:], out=low[:-1, :-1])
    np.maximum(higher[:-1], higher[1:], out=count[:-1, :-1])
    count -= low
    if not (math.isfinite(nodes.min()) and math.isfinite(nodes.max())):
        known = np.isfinite(nodes)
        whole = known[:-1, :-1] & known[:-1, 1:] & known[1:, :-1] & known[1:, 1:]
        count[:-1, :-1][~whole] = 0
    return low, count


def _lines(nodes: _Lines, square: _Integers, level: _Lines, sides: _Integers) -> _Lines:
    """From side to side ``(N, 2)`` of each square, where `level` lies between its nodes."""
    cols, flat = nodes.shape[1], nodes.ravel()
    begin = square[:, None] + np.array([0, 1, cols, 0]).take(sides)
    end = begin + np.array([1, cols, 1, cols]).take(sides)
    low = flat.take(begin)
    share = (level[:, None] - low) / (flat.take(end) - low)
    row = square // cols
    points = _ALONG.take(sides)
    points *= share
    points += _BEGIN.take(sides)
    points += (square - row * cols + row * 1j)[:, None]
    return points.view(np.float64).reshape(-1, 2, 2)
