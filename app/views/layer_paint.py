"""How Qt paints what :mod:`core.render.layers` makes of a map: blending, lines, its extent.

Lines of equal value are many short pieces. One point wide and with flat ends they are what Qt
draws fastest, smoothed, and no dots show where pieces meet. A dark line beside each, as a
shadow, keeps them in sight on snow; a halo all around would take three times as long.
"""

from __future__ import annotations

import functools
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF, QTransform
from shiboken6 import Shiboken

from core.render.contours import contours
from core.render.layers import contour_levels
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

_NO_BRUSH = QBrush()
_ALPHA = 130  # of outlines
_DARK = QColor(20, 22, 26)  # opaque: half clear takes half as long again
_SHADOW = 1.0  # view points to the right and down


def contour_lines(
    response: ResponseMap, low: float, high: float, count: int
) -> NDArray[np.float64]:
    """Pieces ``(N, 2, 2)`` of `count` lines that divide ``low..high`` evenly, in cells."""
    return contours(response.values, contour_levels(low, high, count))


def draw_contours(
    painter: QPainter,
    lines: NDArray[np.float64],
    to_view: QTransform,
    color: tuple[int, int, int],
) -> None:
    """Draw pieces ``(N, 2, 2)`` in cells, of constant width on the screen, with a shadow."""
    if not len(lines):
        return
    linear = np.array([[to_view.m11(), to_view.m12()], [to_view.m21(), to_view.m22()]])
    ends = lines.reshape(-1, 2) @ linear
    ends += (to_view.dx(), to_view.dy())
    # Two points of two doubles are what a QLineF is: the array is drawn without a copy.
    first = cast("QLineF", Shiboken.wrapInstance(ends.ctypes.data, QLineF))
    dark, line = _line_pens(color)
    painter.setPen(dark)
    painter.translate(_SHADOW, _SHADOW)
    painter.drawLines(first, len(lines))
    painter.translate(-_SHADOW, -_SHADOW)
    painter.setPen(line)
    painter.drawLines(first, len(lines))


def draw_extent(painter: QPainter, cells: QRectF, to_view: QTransform) -> QRectF:
    """Draw the outline of a map of so many `cells`; its bounds in view points."""
    outline = to_view.map(QPolygonF(cells))
    upright = not to_view.isRotating()
    # Upright lines are crisp where they fill whole pixels, and cost half as much.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not upright)
    painter.setBrush(_NO_BRUSH)
    for pen in _extent_pens():
        painter.setPen(pen)
        painter.drawPolygon(outline)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return outline.boundingRect()


@functools.lru_cache(maxsize=32)
def _line_pens(color: tuple[int, int, int]) -> tuple[QPen, QPen]:
    shadow, line = QPen(_DARK, 1.0), QPen(QColor(*color), 1.0)
    for pen in (shadow, line):
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return shadow, line


@functools.cache
def _extent_pens() -> tuple[QPen, QPen]:
    white = QPen(QColor(255, 255, 255, _ALPHA), 1, Qt.PenStyle.DashLine)
    return QPen(QColor(0, 0, 0, _ALPHA), 1), white
