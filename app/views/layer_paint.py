"""How Qt paints what :mod:`core.render.layers` makes of a map: blending, lines, its extent.

Lines are many short pieces, each of which Qt blends by itself. So the dark halo, half clear,
has flat ends: pieces that overlapped would leave a dot at every bend. The line on it is
opaque and may overlap; its ends close the bends.
"""

from __future__ import annotations

import functools

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

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
_ALPHA = 130  # of halos and outlines


def contour_path(response: ResponseMap, low: float, high: float, count: int) -> QPainterPath:
    """`count` lines of equal value that divide ``low..high`` evenly, in cells."""
    points = contours(response.values, contour_levels(low, high, count)).reshape(-1, 2)
    x, y = points.T.copy()
    return pg.arrayToQPath(x, y, connect="pairs", finiteCheck=False)


def draw_contours(painter: QPainter, path: QPainterPath, color: tuple[int, int, int]) -> None:
    """Draw the pieces of `path`, in view points, in `color` on a dark halo."""
    painter.setBrush(_NO_BRUSH)
    for pen in _contour_pens(color):
        painter.setPen(pen)
        painter.drawPath(path)


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
def _contour_pens(color: tuple[int, int, int]) -> tuple[QPen, QPen]:
    halo, line = QPen(QColor(0, 0, 0, _ALPHA), 3.0), QPen(QColor(*color), 1.4)
    halo.setCapStyle(Qt.PenCapStyle.FlatCap)
    line.setCapStyle(Qt.PenCapStyle.SquareCap)
    return halo, line


@functools.cache
def _extent_pens() -> tuple[QPen, QPen]:
    white = QPen(QColor(255, 255, 255, _ALPHA), 1, Qt.PenStyle.DashLine)
    return QPen(QColor(0, 0, 0, _ALPHA), 1), white
