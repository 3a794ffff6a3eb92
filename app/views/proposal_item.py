"""Boxes that a run proposes: dashed and light, beside the boxes that count."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.overlay_paint import (
    EVERYWHERE,
    draw_note,
    enter_view_space,
    kept_inside,
    overlay_font,
    stroke,
    visible_rect,
)
from app.views.view_types import ProposalView

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
        drawn: list[tuple[QRectF, ProposalView]] = []
        for view in self._views:
            box = view.box
            rect = to_view.mapRect(QRectF(box.x, box.y, box.w, box.h))
            rect.adjust(-_OUTSIDE, -_OUTSIDE, _OUTSIDE, _OUTSIDE)
            if not rect.intersects(seen):
                continue
            path = QPainterPath()
            path.addRect(rect.intersected(seen.adjusted(-_REACH, -_REACH, _REACH, _REACH)))
            stroke(painter, path, QColor(view.color), 2.0, view.pattern)
            drawn.append((rect, view))
        said: list[QRectF] = []
        for rect, view in drawn:  # above all boxes
            said.append(self._name(painter, rect, view, seen, said))

    def _name(
        self,
        painter: QPainter,
        rect: QRectF,
        view: ProposalView,
        seen: QRectF,
        taken: Sequence[QRectF],
    ) -> QRectF:
        """Write whose box it is under it, below names that are there already."""
        metrics = QFontMetricsF(overlay_font())
        width = metrics.horizontalAdvance(view.text) + 14
        place = QRectF(rect.left(), rect.bottom() + 4, width, metrics.height() + 6)
        place = kept_inside(place, seen)
        for _ in taken:
            hit = next((other for other in taken if other.intersects(place)), None)
            if hit is None:
                break
            place.moveTop(hit.bottom() + 1)
        if place.bottom() > seen.bottom():  # no room below: beside the others
            hit = max(taken, key=QRectF.right, default=place)
            place.moveTo(hit.right() + 2, hit.top())
        drawn = draw_note(painter, place.topLeft(), view.text, seen)
        bar = QRectF(drawn.left(), drawn.top() + 3, 3, drawn.height() - 6)
        painter.fillRect(bar, QColor(view.color))
        return drawn
