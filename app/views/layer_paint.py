"""How Qt paints what :mod:`core.render.layers` makes of a map: blending and lines."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QPainter, QPainterPath

from core.render.contours import contours
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
"""Qt's name of every entry of :data:`core.render.layers.BLENDS`."""


def contour_path(response: ResponseMap, low: float, high: float, count: int) -> QPainterPath:
    """`count` lines of equal value that divide ``low..high`` evenly, in cells."""
    levels = [low + (high - low) * k / (count + 1) for k in range(1, count + 1)]
    points = contours(response.values, levels).reshape(-1, 2)
    return pg.arrayToQPath(points[:, 0].copy(), points[:, 1].copy(), connect="pairs")
