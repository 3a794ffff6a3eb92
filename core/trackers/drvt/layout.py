"""Where the cells of both streams lie in the crop, and what each is labelled.

A cell of the convolutional stream stands for a window of the target's size about the
cell's centre; its label follows from the overlap of that window with the target (Sec. 4
of the paper: above 0.7 positive, at most 0.5 negative, between the two unused). All
coordinates are crop pixels with edges, as in :mod:`core.nets.backbone`; nothing here
assumes one network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import Box, Placement
from core.nets.backbone import Level

LabelMap = NDArray[np.int8]
POSITIVE, NEGATIVE, UNUSED = 1, 0, -1

HEAD_KERNEL = 3
"""Side of conv4, the only layer above the trunk that looks beyond its cell."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A square grid of cells in the crop: cell ``i`` is centred at ``offset + stride · i``."""

    cells: int
    stride: int
    offset: float

    @classmethod
    def of_level(cls, level: Level, cells: int) -> Grid:
        """The cells of a trunk level."""
        return cls(cells, level.stride, level.offset)

    @classmethod
    def of_head(cls, level: Level, cells: int) -> Grid:
        """The cells that conv4, unpadded, leaves of a level with `cells` cells a side."""
        margin = HEAD_KERNEL // 2
        return cls(cells - 2 * margin, level.stride, level.center(margin))

    @property
    def centers(self) -> NDArray[np.float64]:
        """Crop coordinate of every cell's centre along one axis, ``(cells,)``."""
        return self.offset + self.stride * np.arange(self.cells, dtype=np.float64)

    def center(self, index: float) -> float:
        """Crop coordinate of the centre of cell `index` (fractions allowed)."""
        return self.offset + self.stride * index


@dataclass(frozen=True, slots=True)
class Crop:
    """A region of the frame and the square of `side` pixels it was resampled to."""

    region: Box
    side: int

    @property
    def pixel(self) -> tuple[float, float]:
        """Frame pixels per crop pixel along x and y: they differ where the crop is stretched."""
        return self.region.w / self.side, self.region.h / self.side

    def to_frame(self, x: float, y: float) -> tuple[float, float]:
        """Frame position of a crop position."""
        px, py = self.pixel
        return self.region.x + x * px, self.region.y + y * py

    def box_in_crop(self, box: Box) -> Box:
        """A frame box in crop pixels."""
        px, py = self.pixel
        return Box(
            (box.x - self.region.x) / px, (box.y - self.region.y) / py, box.w / px, box.h / py
        )

    def placement(self, grid: Grid) -> Placement:
        """Where a map of `grid` lies in the frame: cells about their centres."""
        px, py = self.pixel
        x, y = self.to_frame(grid.center(-0.5), grid.center(-0.5))
        return Placement((px * grid.stride, 0.0, x, 0.0, py * grid.stride, y))


def region(center: tuple[float, float], size: tuple[float, float], times: float,
           squareness: float) -> Box:  # fmt: skip
    """The frame region searched for a target of `size` (w, h).

    Parameters
    ----------
    times
        Root of its area over the root of the target's.
    squareness
        0 gives it the target's shape (`times` × w by `times` × h, as the paper's
        3 × target), 1 makes it a square of the same area.
    """
    w, h = size
    root = float(np.sqrt(w * h))
    sides = (times * side ** (1 - squareness) * root**squareness for side in (w, h))
    return Box.from_center(*center, *sides)


def overlaps(grid: Grid, target: Box, window: tuple[float, float]) -> NDArray[np.float64]:
    """IoU ``(cells, cells)`` of every cell's window with `target`, all in crop pixels."""
    along_x = _shared(grid.centers, window[0], target.x, target.right)
    along_y = _shared(grid.centers, window[1], target.y, target.bottom)
    shared = np.outer(along_y, along_x)
    union = window[0] * window[1] + target.w * target.h - shared
    return shared / np.maximum(union, 1e-12)


def label_map(
    grid: Grid,
    target: Box,
    window: tuple[float, float],
    *,
    positive: float = 0.7,
    negative: float = 0.5,
) -> LabelMap:
    """Label of every cell ``(cells, cells)``: POSITIVE, NEGATIVE or UNUSED.

    Parameters
    ----------
    target
        The target in crop pixels.
    window
        (w, h) of the window that a cell stands for.
    positive, negative
        An overlap above `positive` makes a positive, one of at most `negative` a negative.

    Notes
    -----
    Where the grid is so coarse that no window reaches `positive`, the best one that is
    not a negative is taken: a lesson without a positive would teach to find nothing.
    """
    overlap = overlaps(grid, target, window)
    labels = np.full(overlap.shape, UNUSED, np.int8)
    labels[overlap > positive] = POSITIVE
    labels[overlap <= negative] = NEGATIVE
    best = np.unravel_index(int(np.argmax(overlap)), overlap.shape)
    if overlap[best] > negative:
        labels[best] = POSITIVE
    return labels


def _shared(
    centers: NDArray[np.float64], side: float, low: float, high: float
) -> NDArray[np.float64]:
    starts = np.maximum(centers - side / 2, low)
    ends = np.minimum(centers + side / 2, high)
    return np.maximum(ends - starts, 0.0)
