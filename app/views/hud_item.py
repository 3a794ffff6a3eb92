"""What helps while working and is no data: crosshair, rubber band, sizes, hints.

Drawn above everything in view points. The hint shown without a clip is chrome and
follows the palette; all that lies over the picture has colours of its own.
"""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPalette, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.overlay_paint import EVERYWHERE, draw_note, enter_view_space, stroke, visible_rect
from core.geometry import Box

_BAND = QColor("#ffffff")
_HINT_WIDTH = 420.0


class HudItem(QGraphicsItem):
    """Paints the aids that were last set; each setter repaints."""

    def __init__(self) -> None:
        super().__init__()
        self._crosshair: QPointF | None = None
        self._band: Box | None = None
        self._measure = ""
        self._measure_at = QPointF()
        self._message = ""
        self._dropping = False

    def show_crosshair(self, point: QPointF | None) -> None:
        """Lines across the view through `point` (view points)."""
        if point != self._crosshair:
            self._crosshair = point
            self.update()

    def show_band(self, band: Box | None) -> None:
        """The box being drawn, in frame pixels."""
        self._band = band
        self.update()

    def show_measure(self, text: str, near: QPointF) -> None:
        """Numbers beside the pointer (view points); empty text hides them."""
        if text or self._measure:
            self._measure, self._measure_at = text, near
            self.update()

    def show_message(self, text: str) -> None:
        """A hint in the middle of the view."""
        self._message = text
        self.update()

    def show_dropping(self, *, dropping: bool) -> None:
        """Whether a file is being dragged over the view."""
        self._dropping = dropping
        self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        seen = visible_rect(painter, widget)
        to_view = enter_view_space(painter)
        palette = widget.palette() if widget is not None else QPalette()
        if self._message:
            self._paint_message(painter, seen, palette)
        if self._dropping:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(seen.adjusted(4, 4, -4, -4), 8, 8)
        if self._crosshair is not None:
            self._paint_crosshair(painter, self._crosshair, seen)
        if self._band is not None:
            band = self._band
            path = QPainterPath()
            path.addRect(to_view.mapRect(QRectF(band.x, band.y, band.w, band.h)))
            stroke(painter, path, _BAND, 1.5)
        if self._measure:
            draw_note(painter, self._measure_at + QPointF(14, 16), self._measure, seen)

    def _paint_crosshair(self, painter: QPainter, at: QPointF, seen: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        lines = [
            QLineF(at.x(), seen.top(), at.x(), seen.bottom()),
            QLineF(seen.left(), at.y(), seen.right(), at.y()),
        ]
        # Dark beneath light dashes: visible on any picture.
        for color, style in (
            (QColor(0, 0, 0, 170), Qt.PenStyle.SolidLine),
            (QColor(255, 255, 255, 220), Qt.PenStyle.DashLine),
        ):
            pen = QPen(color, 1, style)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawLines(lines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_message(self, painter: QPainter, seen: QRectF, palette: QPalette) -> None:
        """The first of several lines is a headline."""
        headline, _, body = self._message.partition("\n")
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        room = QRectF(0, 0, min(_HINT_WIDTH, seen.width() - 96), seen.height())
        plain = QFont(painter.font())
        large = QFont(plain)
        large.setPointSizeF(plain.pointSizeF() * (1.5 if body else 1.15))
        painter.setFont(large)
        upper = painter.boundingRect(room, flags, headline)
        painter.setFont(plain)
        lower = painter.boundingRect(room, flags, body.strip()) if body else QRectF()
        gap = 12.0 if body else 0.0
        width = max(upper.width(), lower.width())
        block = QRectF(0, 0, width, upper.height() + gap + lower.height())
        block.moveCenter(seen.center())
        color = QColor(palette.color(QPalette.ColorRole.WindowText))
        color.setAlpha(80)
        pen = QPen(color, 1.5)
        pen.setDashPattern([6, 5])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(block.adjusted(-36, -28, 36, 28), 10, 10)
        color.setAlpha(220)
        painter.setPen(color)
        painter.setFont(large)
        painter.drawText(block, flags, headline)
        painter.setFont(plain)
        painter.drawText(block.adjusted(0, upper.height() + gap, 0, 0), flags, body.strip())
