"""Lines of equal value in a map, by marching squares (Lorensen & Cline 1987, in 2-D).

The cells' centres are the nodes; a line crosses an edge between two nodes where linear
interpolation meets the level. Squares with two opposite high corners are decided by their
mean. Positions are cells as in :class:`core.geometry.Placement`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Sides of a square: 0 top, 1 right, 2 bottom, 3 left. Corners: 1 top left, 2 top right,
# 4 bottom right, 8 bottom left.
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip
_SADDLES = {
    (5, True): ((3, 2), (0, 1)), (5, False): ((3, 0), (1, 2)),
    (10, True): ((0, 3), (2, 1)), (10, False): ((0, 1), (2, 3)),
}  # fmt: skip


def contour(values: NDArray[np.floating], level: float) -> NDArray[np.floating]:
    """Line segments ``(N, 2, 2)`` of ``(col, row)`` where `values` cross `level`.

    Squares with a value that is not finite have no line.
    """
    rows, cols = values.shape
    if rows < 2 or cols < 2:
        return np.empty((0, 2, 2))
    a, b = values[:-1, :-1], values[:-1, 1:]
    d, c = values[1:, :-1], values[1:, 1:]
    corners = np.stack([a, b, c, d]).astype(np.float64)
    high = corners > level
    kind = (high * np.array([1, 2, 4, 8])[:, None, None]).sum(axis=0)
    kind[~np.isfinite(corners).all(axis=0)] = 0
    middle = np.nan_to_num(corners, posinf=0, neginf=0).mean(axis=0) > level
    parts = [_lines(corners, kind == code, level, s) for code, s in _SEGMENTS.items()]
    for (code, above), segments in _SADDLES.items():
        parts.append(_lines(corners, (kind == code) & (middle == above), level, segments))
    return np.concatenate(parts)


def _lines(
    corners: NDArray[np.floating],
    where: NDArray[np.bool_],
    level: float,
    segments: tuple[tuple[int, int], ...],
) -> NDArray[np.floating]:
    rows, cols = np.nonzero(where)
    if not len(rows):
        return np.empty((0, 2, 2))
    a, b, c, d = corners[:, rows, cols]

    def side(number: int) -> NDArray[np.floating]:
        x, y = cols.astype(np.float64) + 0.5, rows.astype(np.float64) + 0.5
        if number == 0:
            return np.stack([x + (level - a) / (b - a), y], axis=1)
        if number == 1:
            return np.stack([x + 1, y + (level - b) / (c - b)], axis=1)
        if number == 2:
            return np.stack([x + (level - d) / (c - d), y + 1], axis=1)
        return np.stack([x, y + (level - a) / (d - a)], axis=1)

    return np.concatenate([np.stack([side(i), side(j)], axis=1) for i, j in segments])
