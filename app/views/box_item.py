"""One box over the frame: where it came from and what the tracker thinks of it.

The line says the source (solid by hand, thin with corner brackets tracked, dashed
interpolated, dotted imported) and the state (dash-dot uncertain, crossed out lost);
its chip (:mod:`app.views.box_chip`) repeats both in glyphs and words, so that
nothing depends on colour. Geometry is exact: the coloured line runs along the box
edge at any zoom, while line widths and handles keep their size on the screen.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.box_geometry import HANDLE_SIZE, handle_positions
from app.views.overlay_paint import EVERYWHERE, HALO, INK, enter_view_space, stroke, visible_rect
from app.views.view_types import BoxView
from core.geometry import Box
from core.states import Flag, Source, TargetState

_BRACKET = 14.0  # length of the corner brackets of a tracked box, view points
_OVERSHOOT = 200.0  # lines may run this far out of view before they are cut

_PATTERNS: dict[Source, tuple[float, ...]] = {
    Source.MANUAL: (),
    Source.TRACKED: (),
    Source.INTERPOLATED: (9.0, 5.0),
    Source.IMPORTED: (2.0, 3.0),
}
_WIDTHS = {
    Source.MANUAL: 2.25,
    Source.TRACKED: 1.25,
    Source.INTERPOLATED: 2.0,
    Source.IMPORTED: 2.0,
}
_UNCERTAIN_PATTERN = (14.0, 4.0, 4.0, 4.0)
_LOST_PATTERN = (6.0, 5.0)
_ABSENT = int(Flag.ABSENT)  # asking the enumeration takes ten times as long


class BoxItem(QGraphicsItem):
    """Paints a :class:`BoxView`; while a gesture lasts, with the box being dragged."""

    def __init__(self, view: BoxView) -> None:
        super().__init__()
        self._view = view
        self._live: Box | None = None

    @property
    def view(self) -> BoxView:
        """What was shown last."""
        return self._view

    @property
    def box(self) -> Box:
        """The box as painted: the one being dragged, else the stored one."""
        return self._live or self._view.box

    @property
    def editable(self) -> bool:
        """Whether handles and dragging apply to it."""
        return not self._view.locked

    @property
    def has_handles(self) -> bool:
        """Whether handles are painted."""
        return self._view.selected and self.editable

    def show_view(self, view: BoxView) -> None:
        """Take new data; a drag in progress stays on display."""
        if view != self._view:
            self._view = view
            self.update()

    def show_live(self, box: Box | None) -> None:
        """Paint `box` instead of the stored one (None ends that)."""
        if box != self._live:
            self._live = box
            self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        seen = visible_rect(painter, widget)
        rect = view_rect(enter_view_space(painter), self.box)
        if not rect.adjusted(-1, -1, 1, 1).intersects(seen):
            return
        self._paint_lines(painter, rect, seen)
        if self.has_handles:
            self._paint_handles(painter, rect)

    def _paint_lines(self, painter: QPainter, rect: QRectF, seen: QRectF) -> None:
        view = self._view
        color = QColor(view.color)
        width = _WIDTHS[view.source] + (0.75 if view.selected else 0.0)
        pattern = _PATTERNS[view.source]
        gone = view.state is TargetState.LOST or bool(int(view.flags) & _ABSENT)
        if gone:
            pattern = _LOST_PATTERN
        elif view.state is TargetState.UNCERTAIN:
            pattern = _UNCERTAIN_PATTERN
        # Dashing a line of 100 000 points takes long: cut it where nobody looks.
        reach = seen.adjusted(-_OVERSHOOT, -_OVERSHOOT, _OVERSHOOT, _OVERSHOOT)
        path = QPainterPath()
        path.addRect(rect.intersected(reach))
        stroke(painter, path, color, width, pattern)
        if view.source is Source.TRACKED and not gone:
            stroke(painter, _brackets(rect), color, width + 1.25)
        if gone:
            stroke(painter, _cross(rect), color, 1.5)

    def _paint_handles(self, painter: QPainter, rect: QRectF) -> None:
        half = HANDLE_SIZE / 2
        color = QColor(self._view.color)
        for x, y in handle_positions(rect.x(), rect.y(), rect.width(), rect.height()).values():
            square = QRectF(x - half, y - half, HANDLE_SIZE, HANDLE_SIZE)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(HALO)
            painter.drawRect(square.adjusted(-1, -1, 1, 1))
            painter.setPen(QPen(color, 1.5))
            painter.setBrush(INK)
            painter.drawRect(square.adjusted(0.75, 0.75, -0.75, -0.75))


def view_rect(to_view: QTransform, box: Box) -> QRectF:
    """`box` in view points."""
    return to_view.mapRect(QRectF(box.x, box.y, box.w, box.h))


def _brackets(rect: QRectF) -> QPainterPath:
    arm_x = min(_BRACKET, rect.width() / 3)
    arm_y = min(_BRACKET, rect.height() / 3)
    path = QPainterPath()
    for x, sx in ((rect.left(), 1), (rect.right(), -1)):
        for y, sy in ((rect.top(), 1), (rect.bottom(), -1)):
            path.moveTo(x + sx * arm_x, y)
            path.lineTo(x, y)
            path.lineTo(x, y + sy * arm_y)
    return path


def _cross(rect: QRectF) -> QPainterPath:
    path = QPainterPath(rect.topLeft())
    path.lineTo(rect.bottomRight())
    path.moveTo(rect.topRight())
    path.lineTo(rect.bottomLeft())
    return path
