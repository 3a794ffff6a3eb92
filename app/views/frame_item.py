"""The frame: a BGRA picture painted as it is, scaled by Qt.

No pixel is touched here: the buffer of a :class:`DisplayFrame` is wrapped, not
copied, and kept alive as long as it is shown. Frame pixel (0, 0) covers scene
``[0, 1) × [0, 1)``. From :data:`SHARP_FROM` on, pixels are shown as squares; from
:data:`GRID_FROM` on, a grid separates them.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform
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

    @property
    def image(self) -> QImage:
        """Its pixels, borrowed: good as long as the frame is shown."""
        return self._image

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
        # Costs nothing, and without it Qt rounds the borders of enlarged pixels outwards.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(area, self._image)
        seen = visible_rect(painter, widget)
        to_view = enter_view_space(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if zoom >= GRID_FROM:
            shown = to_view.inverted()[0].mapRect(seen).intersected(area)
            strength = min((zoom - GRID_FROM) / GRID_FROM, 1.0)
            _paint_grid(painter, to_view, shown, QColor(128, 128, 128, int(70 + 70 * strength)))
        painter.setPen(QPen(QColor(128, 128, 128, 110), 0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(to_view.mapRect(area).adjusted(-1, -1, 0, 0))


def _paint_grid(painter: QPainter, to_view: QTransform, shown: QRectF, color: QColor) -> None:
    """Separate the frame pixels inside `shown` (frame pixels) by lines of one device pixel."""
    ratio = painter.device().devicePixelRatio()
    area = to_view.mapRect(shown)
    rows = np.arange(int(shown.top()) + 1, int(shown.bottom()) + 1)
    for y in to_view.dy() + rows * to_view.m22():
        painter.fillRect(QRectF(area.left(), float(y), area.width(), 1 / ratio), color)
    # A hundred upright lines take Qt several milliseconds; one picture row with a dot
    # for each, stretched downwards, takes a fraction of one.
    columns = np.arange(int(shown.left()) + 1, int(shown.right()) + 1)
    strip = np.zeros(max(round(area.width() * ratio), 1), np.uint32)
    dots = np.rint((to_view.dx() + columns * to_view.m11() - area.left()) * ratio).astype(int)
    strip[dots[dots < len(strip)]] = color.rgba()
    layout = QImage.Format.Format_ARGB32
    image = QImage(strip.data, len(strip), 1, 4 * len(strip), layout)
    image.convertTo(QImage.Format.Format_ARGB32_Premultiplied)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(area, image)
