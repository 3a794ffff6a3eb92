"""Laying a response map over a picture where it truly lies.

The map's `Placement` says which part of the frame each cell covers. One affine warp takes
the cells there; nothing is stretched to the picture. Cells reach to their edges, so the
outermost half cells are painted, too, and nothing outside the map's extent changes.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.trackers.base import ResponseMap

Picture = NDArray[np.uint8]
Levels = NDArray[np.float32]

_TABLES = {
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "magma": cv2.COLORMAP_MAGMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "turbo": cv2.COLORMAP_TURBO,
    "grey": None,
    "jet": cv2.COLORMAP_JET,
}
COLORMAPS = tuple(_TABLES)
"""Names of the colour maps, perceptually even ones first."""


@dataclass(frozen=True, slots=True)
class MapLook:
    """How a map is drawn.

    Attributes
    ----------
    colormap
        One of :data:`COLORMAPS`.
    opacity
        In [0, 1], where the map is strongest.
    fade
        Share of the opacity that follows the root of the value: 0 covers the extent evenly, 1
        leaves the picture as it is where the map is weakest.
    smooth
        Interpolate between cells; else each cell is one flat patch.
    """

    colormap: str = "viridis"
    opacity: float = 0.75
    fade: float = 0.85
    smooth: bool = True


@functools.cache
def color_table(name: str) -> NDArray[np.uint8]:
    """``(256, 3)`` uint8 RGB table of the colour map `name`."""
    code = _TABLES[name]
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    if code is None:
        return np.repeat(ramp, 3, axis=1)
    return np.ascontiguousarray(cv2.applyColorMap(ramp, code)[:, 0, ::-1], dtype=np.uint8)


def draw_map(picture: Picture, response: ResponseMap, look: MapLook | None = None) -> Picture:
    """A copy of the ``(H, W, 3)`` RGB `picture` with `response` laid over it."""
    look = look or MapLook()
    canvas = picture.copy()
    levels = normalized(response)
    extent = response.placement.extent(levels.shape).clipped(picture.shape[1], picture.shape[0])
    x0, y0 = math.floor(extent.x), math.floor(extent.y)
    x1, y1 = math.ceil(extent.right), math.ceil(extent.bottom)
    if x1 > x0 and y1 > y0:  # only the part of the picture that the map reaches
        part = canvas[y0:y1, x0:x1]
        canvas[y0:y1, x0:x1] = _blended(part, levels, _pixel_matrix(response, x0, y0), look)
    return canvas


def _blended(part: Picture, levels: Levels, matrix: Levels, look: MapLook) -> Picture:
    size = (part.shape[1], part.shape[0])
    interpolation = cv2.INTER_LINEAR if look.smooth else cv2.INTER_NEAREST
    warped = cv2.warpAffine(
        levels, matrix, size, flags=interpolation, borderMode=cv2.BORDER_REPLICATE
    )
    covered = cv2.warpAffine(
        np.ones_like(levels), matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT
    )
    alpha = look.opacity * covered * (1 - look.fade + look.fade * np.sqrt(warped))
    colors = color_table(look.colormap).astype(np.float32)[(warped * 255 + 0.5).astype(np.uint8)]
    below = part.astype(np.float32)
    below += (colors - below) * alpha[:, :, None]
    return (below + 0.5).astype(np.uint8)


def normalized(response: ResponseMap) -> Levels:
    """The map's values in [0, 1] over its `value_range`, or over min..max."""
    values = response.values
    low, high = response.value_range or (float(values.min()), float(values.max()))
    span = max(high - low, 1e-12)
    return np.clip((values - low) / span, 0, 1).astype(np.float32)


def _pixel_matrix(response: ResponseMap, x0: int, y0: int) -> Levels:
    # Placement maps edges to edges; OpenCV maps centres of cells to centres of pixels.
    a, b, c, d, e, f = response.placement.matrix
    shift_x, shift_y = (a + b) / 2 - 0.5 - x0, (d + e) / 2 - 0.5 - y0
    return np.array([[a, b, c + shift_x], [d, e, f + shift_y]], np.float32)
