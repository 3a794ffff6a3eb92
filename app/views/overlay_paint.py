"""Drawing in view points over the picture: halos, chips and glyphs.

Everything that must stay readable at any zoom is drawn with the painter reset to
view points (:func:`enter_view_space`). Every coloured line has a dark one beneath
it and every text a dark plate, so that they read on snow and on tarmac; these data
colours are the same in light and dark themes.
"""

from __future__ import annotations

import functools

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QTransform,
)
from PySide6.QtWidgets import QWidget

HALO = QColor(0, 0, 0, 150)
PLATE = QColor(18, 20, 24, 215)
INK = QColor(245, 245, 245)
QUIET_INK = QColor(190, 196, 204)
AMBER = QColor("#E69F00")
VERMILION = QColor("#D55E00")

CHIP_HEIGHT = 20.0
_NO_BRUSH = QBrush()  # an object: each enumeration that is handed to Qt is looked up first

EVERYWHERE = QRectF(-1e6, -1e6, 2e6, 2e6)
"""Bounds of items with parts of constant screen size; the view repaints as a whole anyway."""


def enter_view_space(painter: QPainter) -> QTransform:
    """Reset `painter` to view points; the transform from frame pixels is returned."""
    to_view = QTransform(painter.transform())
    painter.resetTransform()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return to_view


def visible_rect(painter: QPainter, widget: QWidget | None) -> QRectF:
    """The part of view space that is on the screen (the whole device when printing)."""
    return QRectF(widget.rect()) if widget is not None else QRectF(painter.viewport())


def overlay_font(*, bold: bool = False) -> QFont:
    """Font of texts on the picture."""
    font = QFont()
    font.setPointSizeF(max(font.pointSizeF() * 0.95, 8.0))
    font.setBold(bold)
    return font


def stroke(
    painter: QPainter,
    path: QPainterPath,
    color: QColor,
    width: float,
    pattern: tuple[float, ...] = (),
) -> None:
    """Draw `path` as a line of `width` points on a dark halo; `pattern` is in points."""
    halo, line = _pens(color.rgba(), width, pattern)
    painter.setBrush(_NO_BRUSH)
    painter.setPen(halo)
    painter.drawPath(path)
    painter.setPen(line)
    painter.drawPath(path)


@functools.lru_cache(maxsize=512)
def _pens(rgba: int, width: float, pattern: tuple[float, ...]) -> tuple[QPen, QPen]:
    # Made once per look: for 20 boxes, making them took a quarter of drawing the lines.
    join = Qt.PenJoinStyle.MiterJoin
    cap = Qt.PenCapStyle.FlatCap
    halo = QPen(HALO, width + 2, Qt.PenStyle.SolidLine, cap, join)
    line = QPen(QColor.fromRgba(rgba), width, Qt.PenStyle.SolidLine, cap, join)
    if pattern:
        line.setDashPattern([length / width for length in pattern])
    return halo, line


def draw_pill(painter: QPainter, rect: QRectF, text: str, fill: QColor) -> None:
    """A filled badge with dark bold text."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    painter.setFont(overlay_font(bold=True))
    painter.setPen(QColor(16, 16, 16))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def draw_note(painter: QPainter, anchor: QPointF, text: str, within: QRectF) -> QRectF:
    """A line of text on a plate, top-left at `anchor` but kept inside `within`."""
    font = overlay_font()
    metrics = QFontMetricsF(font)
    size = QRectF(0, 0, metrics.horizontalAdvance(text) + 14, metrics.height() + 6)
    rect = kept_inside(QRectF(anchor.x(), anchor.y(), size.width(), size.height()), within)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(rect, 4, 4)
    painter.setFont(font)
    painter.setPen(INK)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    return rect


def kept_inside(rect: QRectF, within: QRectF, margin: float = 4.0) -> QRectF:
    """`rect` moved as little as needed to lie inside `within`; its left/top win."""
    x = max(min(rect.x(), within.right() - rect.width() - margin), within.left() + margin)
    y = max(min(rect.y(), within.bottom() - rect.height() - margin), within.top() + margin)
    return QRectF(x, y, rect.width(), rect.height())


def draw_lock(painter: QPainter, rect: QRectF, color: QColor) -> None:
    """A padlock filling `rect`."""
    w, h = rect.width(), rect.height()
    painter.setPen(QPen(color, max(w * 0.14, 1.2)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    shackle = QRectF(rect.x() + w * 0.24, rect.y() + h * 0.06, w * 0.52, h * 0.7)
    painter.drawArc(shackle, 0, 180 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(color))
    painter.drawRoundedRect(
        QRectF(rect.x() + w * 0.1, rect.y() + h * 0.42, w * 0.8, h * 0.52), 1, 1
    )


def draw_check(painter: QPainter, rect: QRectF, color: QColor) -> None:
    """A check mark filling `rect`."""
    pen = QPen(color, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y, w, h = rect.x(), rect.y(), rect.width(), rect.height()
    painter.drawPolyline(
        [
            QPointF(x + w * 0.12, y + h * 0.55),
            QPointF(x + w * 0.4, y + h * 0.82),
            QPointF(x + w * 0.9, y + h * 0.2),
        ]
    )
