"""Lines of equal value in a map, by marching squares (Lorensen & Cline 1987, in 2-D).

The cells' centres are the nodes; a line crosses an edge between two nodes where linear
interpolation meets the level. Squares with two opposite high corners are decided by their
mean. Positions are cells as in :class:`core.geometry.Placement`. All levels are worked out
together: only squares that a line crosses are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Sides of a square: 0 top, 1 right, 2 bottom, 3 left. Corners: 1 top left, 2 top right,
# 4 bottom right, 8 bottom left. 16 and 17 are 5 and 10 with a high middle.
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),),
    7: ((3, 2),), 8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),),
    12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),), 16: ((3, 2), (0, 1)), 17: ((0, 3), (2, 1)),
}  # fmt: skip
_FIRST = np.zeros((18, 2), np.intp)
_SECOND = np.full((18, 2), -1, np.intp)
for _code, _sides in _SEGMENTS.items():
    _FIRST[_code] = _sides[0]
    if len(_sides) == 2:
        _SECOND[_code] = _sides[1]
_HIGH_MIDDLE = {5: 16, 10: 17}
# From corner to corner along each side (corners: 0 top left, 1 top right, 2 bottom right,
# 3 bottom left), and where the side begins and whither it goes, in cells.
_FROM, _TO = np.array([0, 1, 3, 0]), np.array([1, 2, 2, 3])
_BEGIN = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
_ALONG = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])


def contour(values: NDArray[np.floating], level: float) -> NDArray[np.floating]:
    """Line segments ``(N, 2, 2)`` of ``(col, row)`` where `values` cross `level`.

    Squares with a value that is not finite have no line.
    """
    return contours(values, (level,))


def contours(values: NDArray[np.floating], levels: Sequence[float]) -> NDArray[np.floating]:
    """Line segments ``(N, 2, 2)`` of ``(col, row)`` where `values` cross any of `levels`."""
    rows, cols = values.shape
    if rows < 2 or cols < 2 or not levels:
        return np.empty((0, 2, 2))
    a, b = values[:-1, :-1], values[:-1, 1:]
    d, c = values[1:, :-1], values[1:, 1:]
    corners = np.stack([a, b, c, d]).astype(np.float64)
    steps = np.array(levels, np.float64)
    high = (values.astype(np.float64) > steps[:, None, None]).view(np.uint8)
    kind = high[:, :-1, :-1] | high[:, :-1, 1:] << 1 | high[:, 1:, 1:] << 2 | high[:, 1:, :-1] << 3
    crossed = (kind != 0) & (kind != 15)
    if not np.isfinite(values).all():
        crossed &= np.isfinite(corners).all(axis=0)
    step, row, col = np.nonzero(crossed)
    codes, squares = kind[step, row, col], corners[:, row, col].T
    level = steps[step]
    above = squares.mean(axis=1) > level
    for code, raised in _HIGH_MIDDLE.items():
        codes[above & (codes == code)] = raised
    low, up = squares[:, _FROM], squares[:, _TO]
    corner = np.stack([col + 0.5, row + 0.5], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # on sides that no line crosses
        share = (level[:, None] - low) / (up - low)
        points = corner[:, None] + _BEGIN + share[..., None] * _ALONG
    number = np.arange(len(codes))[:, None]
    second = _SECOND[codes]
    two = second[:, 0] >= 0
    return np.concatenate([points[number, _FIRST[codes]], points[number[two], second[two]]])
