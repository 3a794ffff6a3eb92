"""Layers of maps as they are looked at: levels, colours, blending, contours.

One set of rules for the window and for everything that is written without it: the window lets
Qt stretch the coloured cells, a video blends them here. How layers meet is that of Qt on opaque
ground (the separable modes of SVG Compositing 1.2), mixed in by the layer's opacity.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.render.boxes import draw_note, draw_outline
from core.render.colormaps import DIVERGING, colormap_table
from core.render.contours import contours
from core.trackers.base import ResponseMap

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

BLENDS = ("normal", "screen", "lighten", "add", "multiply", "darken", "overlay", "difference")
"""How a layer meets what lies below it."""

DERIVED = ("", "change", "minus", "max", "mean")
"""As reported; against the frame before; against another map; over the last frames."""

_SHARP_SIDE = 512  # pixels to which a map with sharp cells is repeated at most
_SMALLEST_CELL = 1.0  # pixels of the screen
_SHARP_CELL = 16.0  # pixels of the screen that one of its pixels may cover
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates


class Look(Protocol):
    """How one layer looks; see :class:`LayerLook`."""

    @property
    def opacity(self) -> float: ...
    @property
    def colormap(self) -> str: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def gamma(self) -> float: ...
    @property
    def smooth(self) -> bool: ...
    @property
    def auto_levels(self) -> bool: ...
    @property
    def fade(self) -> float: ...
    @property
    def blend(self) -> str: ...
    @property
    def threshold(self) -> float: ...
    @property
    def contours(self) -> int: ...


@dataclass(frozen=True, slots=True)
class LayerLook:
    """Which map a layer shows, and how.

    With `auto_levels`, `low` and `high` are fractions of the map's own range (its
    `value_range`, else its min..max); without, they are absolute map values.
    `gamma` bends the colour scale: ``t ** gamma`` of the normalised value ``t``.
    `fade` is the share of the opacity that follows the value: 0 covers the map's
    extent evenly, 1 leaves the picture untouched where the map is at its lowest.
    `blend` is one of :data:`BLENDS`. Cells below the share `threshold` of the levels are
    left out; `contours` lines of equal value divide the levels evenly. `derive` is one of
    :data:`DERIVED` and says what is made of the map before it is painted: ``minus`` takes
    map `other` away, ``max`` and ``mean`` are over `span` frames.
    """

    map_key: str = ""
    opacity: float = 0.6
    colormap: str = "viridis"
    low: float = 0.0
    high: float = 1.0
    gamma: float = 1.0
    smooth: bool = True
    auto_levels: bool = True
    fade: float = 0.0
    blend: str = "normal"
    threshold: float = 0.0
    contours: int = 0
    derive: str = ""
    other: str = ""
    span: int = 10


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLayer:
    """A layer as it is painted: its look, its map, and the note of an older map."""

    look: Look
    response: ResponseMap
    note: str = ""


def map_levels(response: ResponseMap, settings: Look) -> tuple[float, float]:
    """Map values that get the first and the last colour."""
    if not settings.auto_levels:
        return settings.low, settings.high
    if response.value_range is not None:
        low, high = response.value_range
    else:
        low, high = _known_range(response.values)
    span = high - low
    return low + settings.low * span, low + settings.high * span


def _known_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """Lowest and highest of the values that are finite; 0 and 1 where none is."""
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(high - low):
        finite = values[np.isfinite(values)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return low, high


def color_indices(response: ResponseMap, settings: Look) -> NDArray[np.uint8]:
    """Colour of every cell as an index into the table, ``(rows, cols)`` uint8.

    Values that are not finite get an end of the table, a map without any contrast the first.
    """
    low, high = map_levels(response, settings)
    span = high - low
    if not np.isfinite(span) or span == 0:
        return np.zeros(response.values.shape, np.uint8)
    values = response.values
    if not np.isfinite(values).all():
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    level = (values - low) / span
    np.clip(level, 0.0, 1.0, out=level)
    if settings.gamma != 1.0:
        level **= settings.gamma
    level *= 255
    return np.rint(level, out=level).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Grain:
    """How many cells share a pixel of the picture along a side, or how many pixels a cell has."""

    pool: int = 1
    times: int = 1

    @classmethod
    def of(cls, cell: float, side: int, *, smooth: bool) -> Grain:
        """For cells of so many pixels of the screen, in a map of `side` cells."""
        if cell < _SMALLEST_CELL:  # they would be missed by sampling
            return cls(pool=math.ceil(1 / max(cell, 1e-3)))
        # Qt walks through a picture in 1/65536 of its pixels: where one of them fills
        # much of the screen, its edge would be some pixels off.
        wanted = 1 if smooth else math.ceil(cell / _SHARP_CELL)
        return cls(times=max(min(wanted, _SHARP_SIDE // side), 1))


def pixels_of(
    response: ResponseMap,
    indices: NDArray[np.uint8],
    settings: Look,
    grain: Grain | None = None,
    opacity: float = 1.0,
) -> NDArray[np.uint32]:
    """Premultiplied ARGB of every cell, for a layer of which `opacity` is seen.

    With `grain.pool` above 1 one pixel stands for ``pool × pool`` cells and has the colour of the
    strongest, so that a peak stays in sight where cells are smaller than pixels; the last
    row and column then reach beyond the map, and are clear there.
    """
    grain = grain or Grain()
    look = (settings.colormap, settings.fade, settings.threshold, settings.gamma)
    table = argb_table(*look, opacity)
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


def contour_levels(low: float, high: float, count: int) -> list[float]:
    """The values of `count` lines that divide ``low..high`` evenly."""
    return [low + (high - low) * k / (count + 1) for k in range(1, count + 1)]


@functools.cache
def line_color(colormap: str) -> tuple[int, int, int]:
    """Red, green and blue of the lines on that colour map."""
    red, green, blue = (int(v) for v in colormap_table(colormap)[225])
    return red, green, blue


def paint_layers(picture: Picture, layers: Sequence[DrawnLayer]) -> Picture:
    """A copy of the ``(H, W, 3)`` RGB `picture` under the `layers`, bottom first."""
    canvas = picture.copy()
    for slot, layer in enumerate(layers):
        canvas = _painted(canvas, layer, slot)
    return canvas


def _painted(canvas: Picture, layer: DrawnLayer, slot: int) -> Picture:
    response, look = layer.response, layer.look
    corners = _corners(response)
    height, width = canvas.shape[:2]
    x0, y0 = (int(v) for v in np.clip(np.floor(corners.min(axis=0)), 0, (width, height)))
    x1, y1 = (int(v) for v in np.clip(np.ceil(corners.max(axis=0)), 0, (width, height)))
    if x1 > x0 and y1 > y0:
        part = canvas[y0:y1, x0:x1]
        canvas[y0:y1, x0:x1] = _blended(part, response, look, (x0, y0))
    if look.contours:
        _draw_contours(canvas, response, look)
    draw_outline(canvas, corners)
    if layer.note:
        draw_note(canvas, layer.note, (corners[:, 0].min(), corners[:, 1].max()), slot)
    return canvas


def _corners(response: ResponseMap) -> NDArray[np.float64]:
    rows, cols = response.values.shape
    cells = np.array([[0, 0], [cols, 0], [cols, rows], [0, rows]], np.float64)
    return response.placement.to_frame(cells)


def _blended(part: Picture, response: ResponseMap, look: Look, at: tuple[int, int]) -> Picture:
    """`part`, whose corner lies `at` in the frame, under the coloured cells."""
    a, b, c, d, e, f = response.placement.matrix
    rows, cols = response.values.shape
    cell = min(float(np.hypot(a, d)), float(np.hypot(b, e)))
    pool = Grain.of(cell, max(rows, cols), smooth=True).pool
    pixels = pixels_of(response, color_indices(response, look), look, Grain(pool))
    source = pixels.view(np.uint8).reshape(*pixels.shape, 4).astype(np.float32)[..., [2, 1, 0, 3]]
    a, b, d, e = a * pool, b * pool, d * pool, e * pool
    # Placement maps edges to edges; OpenCV maps centres of cells to centres of pixels.
    shift_x, shift_y = (a + b) / 2 - 0.5 - at[0], (d + e) / 2 - 0.5 - at[1]
    matrix = np.array([[a, b, c + shift_x], [d, e, f + shift_y]])
    size = (part.shape[1], part.shape[0])
    way = cv2.INTER_LINEAR if look.smooth else cv2.INTER_NEAREST
    warped = cv2.warpAffine(source, matrix, size, flags=way, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(
        np.ones(source.shape[:2], np.float32), matrix, size, flags=cv2.INTER_NEAREST
    )
    share = np.asarray(inside, np.float32)[..., None] / np.float32(255)
    warped = (np.asarray(warped, np.float32) * share).astype(np.float32)
    below = (part / np.float32(255)).astype(np.float32)
    met = BLENDING[look.blend](warped[..., :3], warped[..., 3:], below)
    mixed = below + (met - below) * look.opacity
    return np.asarray(np.clip(mixed * 255 + 0.5, 0, 255), np.uint8)


def _overlaid(s: Floats, a: Floats, d: Floats) -> Floats:
    dark = 2 * s * d
    light = a - 2 * (1 - d) * (a - s)
    return (np.where(2 * d < 1, dark, light) + d * (1 - a)).astype(np.float32)


Blend = Callable[[Floats, Floats, Floats], Floats]
BLENDING: dict[str, Blend] = {
    "normal": lambda s, a, d: s + d * (1 - a),
    "screen": lambda s, a, d: s + d - s * d,
    "lighten": lambda s, a, d: np.maximum(s, d * a) + d * (1 - a),
    "add": lambda s, a, d: np.minimum(s + d, 1),
    "multiply": lambda s, a, d: s * d + d * (1 - a),
    "darken": lambda s, a, d: np.minimum(s, d * a) + d * (1 - a),
    "overlay": _overlaid,
    "difference": lambda s, a, d: s + d - 2 * np.minimum(s, d * a),
}
"""Per entry of :data:`BLENDS` what a premultiplied colour `s` of alpha `a` makes of `d`."""


def _draw_contours(canvas: Picture, response: ResponseMap, look: Look) -> None:
    low, high = map_levels(response, look)
    lines = contours(response.values, contour_levels(low, high, look.contours))
    if not len(lines):
        return
    points = response.placement.to_frame(lines.reshape(-1, 2).astype(np.float64)).reshape(-1, 2, 2)
    ends = np.round((points - 0.5) * (1 << _SHIFT)).clip(-(1 << 24), 1 << 24).astype(np.int32)
    unit = max(1, round(min(canvas.shape[:2]) / 720))
    halo = canvas.copy()
    cv2.polylines(halo, list(ends), False, (0, 0, 0), 3 * unit, cv2.LINE_AA, _SHIFT)
    cv2.addWeighted(halo, 130 / 255, canvas, 1 - 130 / 255, 0, dst=canvas)
    color = line_color(look.colormap)
    cv2.polylines(canvas, list(ends), False, color, unit, cv2.LINE_AA, _SHIFT)


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
def argb_table(
    name: str, fade: float, threshold: float, gamma: float, opacity: float = 1.0
) -> NDArray[np.uint32]:
    """Colours of the map's steps as 0xAARRGGBB, premultiplied, more transparent towards nothing."""
    rgb = colormap_table(name).astype(np.float64)
    steps = np.linspace(0, 1, len(rgb))
    height = np.abs(2 * steps - 1) if name in DIVERGING else steps
    # The root: weak structure stays visible, only what is near nothing goes away.
    alpha = 1 - fade + fade * np.sqrt(height)
    if threshold > 0:
        cut = threshold if name in DIVERGING else threshold**gamma
        alpha = np.where(height < cut, 0.0, alpha)
    alpha = alpha * opacity
    r, g, b = (rgb * alpha[:, None] + 0.5).astype(np.uint32).T
    a = (alpha * 255 + 0.5).astype(np.uint32)
    table = (a << 24 | r << 16 | g << 8 | b).astype(np.uint32)
    table.setflags(write=False)
    return table
