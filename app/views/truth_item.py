"""The true box on the picture: a white dash-dotted line, unlike anything that can be edited."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.overlay_paint import (
    EVERYWHERE,
    draw_note,
    enter_view_space,
    stroke,
    visible_rect,
)

TRUTH_COLOR = QColor(255, 255, 255)
_PATTERN = (8.0, 3.0, 2.0, 3.0)


class TruthItem(QGraphicsItem):
    """Paints one outline; it cannot be clicked or dragged."""

    def __init__(self) -> None:
        super().__init__()
        self._corners: tuple[tuple[float, float], ...] = ()
        self._text = ""
        self.setVisible(False)

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """What is shown, in frame pixels."""
        return self._corners

    def set_outline(self, corners: NDArray[np.float64] | None, text: str = "") -> None:
        """Show the polygon with ``(K, 2)`` corners in frame pixels; None hides it."""
        points = () if corners is None else tuple((float(x), float(y)) for x, y in corners)
        if (points, text) == (self._corners, self._text):
            return
        self._corners, self._text = points, text
        self.setVisible(bool(points))
        self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        seen = visible_rect(painter, widget)
        to_view = enter_view_space(painter)
        polygon = to_view.map(QPolygonF([QPointF(x, y) for x, y in self._corners]))
        bounds = polygon.boundingRect()
        if not bounds.intersects(seen):
            return
        path = QPainterPath()
        path.addPolygon(polygon)
        path.closeSubpath()
        stroke(painter, path, TRUTH_COLOR, 1.75, _PATTERN)
        if self._text:
            draw_note(painter, QPointF(bounds.right() + 4, bounds.bottom() - 20), self._text, seen)
