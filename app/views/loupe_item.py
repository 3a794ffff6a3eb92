"""A loupe beside the pointer: the frame's pixels around it, enlarged, with the box's edges.

Drawing and pulling a handle need the very pixel, while the picture is often shown smaller
than it is. The loupe shows :data:`REACH` frame pixels to each side as squares, through a
transform of its own; it keeps out of the way of the pointer and inside the view. Where the
picture is large enough already it is not shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.frame_item import SHARP_FROM, FrameItem
from app.views.overlay_paint import EVERYWHERE, enter_view_space, stroke, visible_rect
from core.geometry import Box

SIDE = 132.0
"""Side of the loupe in view points."""

REACH = 11.0
"""Frame pixels from the pointer to its edges: six points for each."""

_AWAY = 26.0
_BELOW = 44.0  # below the numbers beside the pointer
_EDGE = QColor("#ffffff")


@dataclass(frozen=True, slots=True)
class Look:
    """What the loupe shows: where the pointer is (frame pixels, view points), and the box."""

    x: float
    y: float
    at: QPointF
    box: Box | None


class LoupeItem(QGraphicsItem):
    """Paints the last :class:`Look` at what `frame` shows; nothing without one."""

    def __init__(self, frame: FrameItem) -> None:
        super().__init__()
        self._frame = frame  # asked while painting: pixels are borrowed, and frames go
        self._look: Look | None = None

    @property
    def look(self) -> Look | None:
        """What is shown, where the zoom leaves room for it."""
        return self._look

    def show_look(self, look: Look | None) -> None:
        """Show another place, or nothing."""
        if look != self._look:
            self._look = look
            self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look, image = self._look, self._frame.image
        zoom = painter.transform().m11() * painter.device().devicePixelRatio()
        if look is None or image.isNull() or zoom >= SHARP_FROM:
            return
        seen = visible_rect(painter, widget)
        enter_view_space(painter)
        area = place(look.at, seen)
        painter.fillRect(area, QColor(0, 0, 0))
        painter.save()
        painter.setClipRect(area)
        scale = SIDE / (2 * REACH)
        painter.translate(area.center())
        painter.scale(scale, scale)
        painter.translate(-look.x, -look.y)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(image.rect()), image)
        painter.restore()
        painter.save()
        painter.setClipRect(area)
        self._paint_lines(painter, look, area, scale)
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 190), 3))
        painter.drawRect(area)
        painter.setPen(QPen(_EDGE, 1))
        painter.drawRect(area)

    def _paint_lines(self, painter: QPainter, look: Look, area: QRectF, scale: float) -> None:
        middle = area.center()
        if look.box is not None:
            box = look.box
            path = QPainterPath()
            path.addRect(
                middle.x() + (box.x - look.x) * scale, middle.y() + (box.y - look.y) * scale,
                box.w * scale, box.h * scale,
            )  # fmt: skip
            stroke(painter, path, _EDGE, 1.5)
            return
        for color, style in (
            (QColor(0, 0, 0, 170), Qt.PenStyle.SolidLine),
            (QColor(255, 255, 255, 220), Qt.PenStyle.DashLine),
        ):
            painter.setPen(QPen(color, 1, style))
            painter.drawLine(QPointF(middle.x(), area.top()), QPointF(middle.x(), area.bottom()))
            painter.drawLine(QPointF(area.left(), middle.y()), QPointF(area.right(), middle.y()))


def place(pointer: QPointF, seen: QRectF) -> QRectF:
    """Where the loupe lies: above and right of the pointer, on another side at the border."""
    right = pointer.x() + _AWAY + SIDE <= seen.right()
    above = pointer.y() - _AWAY - SIDE >= seen.top()
    x = pointer.x() + _AWAY if right else pointer.x() - _AWAY - SIDE
    y = pointer.y() - _AWAY - SIDE if above else pointer.y() + _BELOW
    return QRectF(x, y, SIDE, SIDE)
