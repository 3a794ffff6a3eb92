"""Boxes that a run proposes: dashed and light, beside the boxes that count."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.overlay_paint import (
    EVERYWHERE,
    draw_note,
    enter_view_space,
    stroke,
    visible_rect,
)
from app.views.view_types import ProposalView

_PATTERN = (7.0, 4.0)
_REACH = 200.0  # lines may run this far out of view before they are cut
_OUTSIDE = 3.0  # view points by which the line lies outside the box, free of the real one


class ProposalItem(QGraphicsItem):
    """Paints proposed boxes; they cannot be clicked or dragged."""

    def __init__(self) -> None:
        super().__init__()
        self._views: tuple[ProposalView, ...] = ()

    @property
    def views(self) -> tuple[ProposalView, ...]:
        """What is shown."""
        return self._views

    def set_views(self, views: Sequence[ProposalView]) -> None:
        """Show these boxes instead."""
        if tuple(views) != self._views:
            self._views = tuple(views)
            self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        seen = visible_rect(painter, widget)
        to_view = enter_view_space(painter)
        for view in self._views:
            box = view.box
            rect = to_view.mapRect(QRectF(box.x, box.y, box.w, box.h))
            rect.adjust(-_OUTSIDE, -_OUTSIDE, _OUTSIDE, _OUTSIDE)
            if not rect.intersects(seen):
                continue
            path = QPainterPath()
            path.addRect(rect.intersected(seen.adjusted(-_REACH, -_REACH, _REACH, _REACH)))
            stroke(painter, path, QColor(view.color), 2.0, _PATTERN)
            draw_note(painter, QPointF(rect.left(), rect.bottom() + 4), view.text, seen)
