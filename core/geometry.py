"""Boxes and map placements, all in one coordinate system.

Frame pixels, float64, x to the right, y down. Coordinates name *edges*: pixel
(0, 0) covers ``[0, 1) × [0, 1)``, so a box over pixels 3..5 has ``x = 3, w = 3``
and its centre is ``x + w / 2``. Other conventions (1-based text files, pixel-centre
coordinates) are converted where files are read and written, nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BoxError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """Axis-aligned rectangle ``x, y, w, h`` in frame pixels (edges, float)."""

    x: float
    y: float
    w: float
    h: float

    @classmethod
    def from_center(cls, cx: float, cy: float, w: float, h: float) -> Box:
        """Box of size ``w × h`` centred on ``(cx, cy)``."""
        return cls(cx - w / 2, cy - h / 2, w, h)

    @classmethod
    def from_corners(cls, x0: float, y0: float, x1: float, y1: float) -> Box:
        """Box between two opposite corners, given in any order."""
        return cls(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))

    @property
    def cx(self) -> float:
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        return self.y + self.h / 2

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def area(self) -> float:
        return max(self.w, 0.0) * max(self.h, 0.0)

    def as_tuple(self) -> tuple[float, float, float, float]:
        """``(x, y, w, h)``."""
        return (self.x, self.y, self.w, self.h)

    def is_finite(self) -> bool:
        """Whether all four numbers are finite."""
        return all(map(math.isfinite, self.as_tuple()))

    def shifted(self, dx: float, dy: float) -> Box:
        """The box moved by ``(dx, dy)`` pixels."""
        return Box(self.x + dx, self.y + dy, self.w, self.h)

    def scaled(self, factor: float) -> Box:
        """The box with both sides times `factor`, about its centre."""
        return Box.from_center(self.cx, self.cy, self.w * factor, self.h * factor)

    def clipped(self, width: float, height: float) -> Box:
        """The part inside a ``width × height`` frame; zero-sized when there is none."""
        x0, y0 = min(max(self.x, 0.0), width), min(max(self.y, 0.0), height)
        x1, y1 = min(max(self.right, 0.0), width), min(max(self.bottom, 0.0), height)
        return Box(x0, y0, x1 - x0, y1 - y0)

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies in the box (left and top edges included)."""
        return self.x <= x < self.right and self.y <= y < self.bottom


def require_usable(box: Box, width: int, height: int) -> Box:
    """Return `box` if a tracker can start from it.

    Raises
    ------
    BoxError
        If a number is not finite, a side is under one pixel, or the box lies
        wholly outside the ``width × height`` frame.
    """
    shown = "x={:g}, y={:g}, w={:g}, h={:g}".format(*box.as_tuple())
    if not box.is_finite():
        raise BoxError(f"The box ({shown}) has a value that is not a number.", "Give four numbers.")
    if box.w < 1 or box.h < 1:
        raise BoxError(
            f"The box ({shown}) is smaller than one pixel.",
            "Draw a box around the target, at least 1 × 1 pixel.",
        )
    inside = box.clipped(width, height)
    if inside.w <= 0 or inside.h <= 0:
        raise BoxError(
            f"The box ({shown}) lies outside the {width} × {height} frame.",
            "Draw it so that it covers a part of the picture.",
        )
    return box


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]; 0 when both are empty."""
    w = min(a.right, b.right) - max(a.x, b.x)
    h = min(a.bottom, b.bottom) - max(a.y, b.y)
    inter = max(w, 0.0) * max(h, 0.0)
    union = a.area + b.area - inter
    return inter / union if union > 0 else 0.0


def iou_rows(a: FloatArray, b: FloatArray) -> FloatArray:
    """Row-wise intersection over union of two ``(N, 4)`` arrays of x, y, w, h."""
    w = np.minimum(a[:, 0] + a[:, 2], b[:, 0] + b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    h = np.minimum(a[:, 1] + a[:, 3], b[:, 1] + b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    inter = np.clip(w, 0, None) * np.clip(h, 0, None)
    union = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - inter
    return np.where(union > 0, inter / np.maximum(union, 1e-12), 0.0)


def center_error_rows(a: FloatArray, b: FloatArray) -> FloatArray:
    """Row-wise distance of box centres in pixels for two ``(N, 4)`` arrays."""
    return np.hypot(
        a[:, 0] + a[:, 2] / 2 - b[:, 0] - b[:, 2] / 2,
        a[:, 1] + a[:, 3] / 2 - b[:, 1] - b[:, 3] / 2,
    )


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an array lies in the frame: an affine map from cells to pixels.

    ``frame = matrix · (col, row, 1)`` with `matrix` ``(a, b, c, d, e, f)`` read as
    ``x = a·col + b·row + c``, ``y = d·col + e·row + f``. Cell (row i, col j) of the
    array covers ``[j, j+1) × [i, i+1)``; its centre is ``(j + ½, i + ½)``.
    """

    matrix: tuple[float, float, float, float, float, float]

    @classmethod
    def covering(cls, box: Box, shape: tuple[int, int]) -> Placement:
        """Placement of a ``(rows, cols)`` array stretched exactly over `box`."""
        rows, cols = shape
        return cls((box.w / cols, 0.0, box.x, 0.0, box.h / rows, box.y))

    def moved(self, dx: float, dy: float) -> Placement:
        """The same array, `dx`, `dy` frame pixels further right and down."""
        a, b, c, d, e, f = self.matrix
        return Placement((a, b, c + dx, d, e, f + dy))

    def to_frame(self, points: FloatArray) -> FloatArray:
        """Map ``(N, 2)`` points ``(col, row)`` to frame pixels ``(x, y)``."""
        a, b, c, d, e, f = self.matrix
        col, row = points[:, 0], points[:, 1]
        return np.stack([a * col + b * row + c, d * col + e * row + f], axis=1)

    def to_cells(self, points: FloatArray) -> FloatArray:
        """Inverse of :meth:`to_frame`: ``(N, 2)`` pixels to ``(col, row)``."""
        a, b, c, d, e, f = self.matrix
        det = a * e - b * d
        x, y = points[:, 0] - c, points[:, 1] - f
        return np.stack([(e * x - b * y) / det, (a * y - d * x) / det], axis=1)

    def cell_center(self, row: float, col: float) -> tuple[float, float]:
        """Frame position of the centre of cell (`row`, `col`)."""
        x, y = self.to_frame(np.array([[col + 0.5, row + 0.5]]))[0]
        return float(x), float(y)

    def extent(self, shape: tuple[int, int]) -> Box:
        """Bounding box in the frame of a ``(rows, cols)`` array placed here."""
        rows, cols = shape
        corners = self.to_frame(np.array([[0, 0], [cols, 0], [0, rows], [cols, rows]], float))
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        return Box(float(x0), float(y0), float(x1 - x0), float(y1 - y0))
