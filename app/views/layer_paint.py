"""From a map's colour indices to what Qt paints: pixels, lines, and how layers meet.

The colours of the 256 steps are one premultiplied table per look; a new map of the same
look costs one table look-up. Cells without a value are clear.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QPainter, QPainterPath

from app.views.colormaps import DIVERGING, colormap_table
from app.views.view_types import OverlaySettings
from core.render.contours import contour
from core.trackers.base import ResponseMap

_Mode = QPainter.CompositionMode
COMPOSITION: dict[str, _Mode] = {
    "normal": _Mode.CompositionMode_SourceOver,
    "screen": _Mode.CompositionMode_Screen,
    "lighten": _Mode.CompositionMode_Lighten,
    "add": _Mode.CompositionMode_Plus,
    "multiply": _Mode.CompositionMode_Multiply,
    "darken": _Mode.CompositionMode_Darken,
    "overlay": _Mode.CompositionMode_Overlay,
    "difference": _Mode.CompositionMode_Difference,
}
"""Qt's name of every entry of :data:`app.views.view_types.BLENDS`."""

_SHARP_SIDE = 512  # pixels to which a map with sharp cells is repeated at most
_SMALLEST_CELL = 1.0  # pixels of the screen
_SHARP_CELL = 16.0  # pixels of the screen that one of its pixels may cover


@dataclass(frozen=True, slots=True)
class Grain:
    """How many cells share a pixel of the picture along a side, or how many pixels a cell has."""

    pool: int = 1
    times: int = 1

    @classmethod
    def of(cls, cell: float, side: int, *, smooth: bool) -> Grain:
        """For cells of so many pixels of the screen, in a map of `side` cells."""
        if cell < _SMALLEST_CELL:  # they would be missed by sampling
            return cls(pool=int(np.ceil(1 / max(cell, 1e-3))))
        # Qt walks through a picture in 1/65536 of its pixels: where one of them fills
        # much of the screen, its edge would be some pixels off.
        wanted = 1 if smooth else int(np.ceil(cell / _SHARP_CELL))
        return cls(times=max(min(wanted, _SHARP_SIDE // side), 1))


def pixels_of(
    response: ResponseMap,
    indices: NDArray[np.uint8],
    settings: OverlaySettings,
    grain: Grain | None = None,
) -> NDArray[np.uint32]:
    """Premultiplied ARGB of every cell.

    With `grain.pool` above 1 one pixel stands for ``pool × pool`` cells and has the colour of the
    strongest, so that a peak stays in sight where cells are smaller than pixels; the last
    row and column then reach beyond the map, and are clear there.
    """
    grain = grain or Grain()
    table = _argb_table(settings.colormap, settings.fade, settings.threshold, settings.gamma)
    pixels = table[indices]
    known = np.isfinite(response.values)
    if not known.all():
        pixels[~known] = 0
    if grain.pool > 1:
        middle = 127.5 if settings.colormap in DIVERGING else 0.0
        return _pooled(pixels, np.where(known, np.abs(indices - middle), -1.0), grain.pool)
    if grain.times > 1:
        pixels = np.repeat(np.repeat(pixels, grain.times, axis=0), grain.times, axis=1)
    return pixels


def contour_path(response: ResponseMap, low: float, high: float, count: int) -> QPainterPath:
    """`count` lines of equal value that divide ``low..high`` evenly, in cells."""
    levels = (low + (high - low) * k / (count + 1) for k in range(1, count + 1))
    lines = np.concatenate([contour(response.values, level) for level in levels])
    points = lines.reshape(-1, 2)
    return pg.arrayToQPath(points[:, 0].copy(), points[:, 1].copy(), connect="pairs")


def _pooled(
    pixels: NDArray[np.uint32], height: NDArray[np.float64], pool: int
) -> NDArray[np.uint32]:
    rows, cols = (-(-side // pool) for side in pixels.shape)
    missing = ((0, rows * pool - pixels.shape[0]), (0, cols * pool - pixels.shape[1]))
    blocks = []
    for array, filler in ((pixels, 0), (height, -2.0)):
        padded = np.pad(array, missing, constant_values=filler)
        parts = padded.reshape(rows, pool, cols, pool).transpose(0, 2, 1, 3)
        blocks.append(parts.reshape(rows, cols, pool * pool))
    strongest = blocks[1].argmax(axis=2)[..., None]
    return np.ascontiguousarray(np.take_along_axis(blocks[0], strongest, axis=2)[..., 0])


@functools.lru_cache(maxsize=64)
def _argb_table(name: str, fade: float, threshold: float, gamma: float) -> NDArray[np.uint32]:
    """Colours of the map's steps, premultiplied, more transparent towards nothing."""
    rgb = colormap_table(name).astype(np.float64)
    steps = np.linspace(0, 1, len(rgb))
    height = np.abs(2 * steps - 1) if name in DIVERGING else steps
    # The root: weak structure stays visible, only what is near nothing goes away.
    alpha = 1 - fade + fade * np.sqrt(height)
    if threshold > 0:
        cut = threshold if name in DIVERGING else threshold**gamma
        alpha = np.where(height < cut, 0.0, alpha)
    r, g, b = (rgb * alpha[:, None] + 0.5).astype(np.uint32).T
    a = (alpha * 255 + 0.5).astype(np.uint32)
    table = (a << 24 | r << 16 | g << 8 | b).astype(np.uint32)
    table.setflags(write=False)
    return table
