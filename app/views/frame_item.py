"""The frame: a BGRA picture painted as it is, scaled by Qt.

No pixel is touched here: the buffer of a :class:`DisplayFrame` is wrapped, not
copied, and kept alive as long as it is shown. Frame pixel (0, 0) covers scene
``[0, 1) × [0, 1)``. From :data:`SHARP_FROM` on, pixels are shown as squares; from
:data:`GRID_FROM` on, a grid separates them.
"""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.overlay_paint import enter_view_space, visible_rect
from app.views.view_types import DisplayFrame

SHARP_FROM = 4.0  # device pixels per frame pixel
GRID_FROM = 8.0


class FrameItem(QGraphicsItem):
    """Paints one frame at ``(0, 0, width, height)`` of the scene."""

    def __init__(self) -> None:
        super().__init__()
        self._frame: DisplayFrame | None = None
        self._image = QImage()

    @property
    def frame(self) -> DisplayFrame | None:
        """What is shown."""
        return self._frame

    def set_frame(self, frame: DisplayFrame | None) -> None:
        """Show another frame, or none."""
        before = self.boundingRect()
        if frame is None:
            image = QImage()
        else:
            width, height = frame.size
            layout = QImage.Format.Format_RGB32
            image = QImage(frame.bgra.data, width, height, 4 * width, layout)
        if QRectF(image.rect()) != before:
            self.prepareGeometryChange()
        # The image borrows the frame's memory: both are replaced together.
        self._image, self._frame = image, frame
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self._image.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._frame is None:
            return
        area = self.boundingRect()
        zoom = painter.transform().m11() * painter.device().devicePixelRatio()
        sharp = zoom >= SHARP_FROM or zoom == 1.0
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not sharp)
        seen = visible_rect(painter, widget)
        to_scene = painter.transform().inverted()[0]
        shown = QRectF(to_scene.mapRect(seen).toAlignedRect()).intersected(area)
        # Only what is in view: Qt walks through a picture in 1/65536 of its pixels,
        # which far from the corner of a much enlarged one adds up to screen pixels.
        painter.drawImage(shown, self._image, shown)
        to_view = enter_view_space(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if zoom >= GRID_FROM:
            strength = min((zoom - GRID_FROM) / GRID_FROM, 1.0)
            painter.setPen(QPen(QColor(128, 128, 128, int(70 + 70 * strength)), 0))
            painter.drawLines([to_view.map(line) for line in _grid_lines(shown)])
        painter.setPen(QPen(QColor(128, 128, 128, 110), 0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(to_view.mapRect(area).adjusted(-1, -1, 0, 0))


def _grid_lines(shown: QRectF) -> list[QLineF]:
    """Lines between the frame pixels inside `shown`, in frame pixels."""
    left, top, right, bottom = shown.left(), shown.top(), shown.right(), shown.bottom()
    columns = range(int(left) + 1, int(right) + 1)
    rows = range(int(top) + 1, int(bottom) + 1)
    return [QLineF(x, top, x, bottom) for x in columns] + [QLineF(left, y, right, y) for y in rows]
