"""A response map over the frame, at its native size and exactly where it belongs.

Only the small array is coloured (level → index → look-up table); Qt stretches it
through the map's :class:`~core.geometry.Placement`, so a 31 × 31 map costs the same
on any video and opacity is free. Hidden, it computes nothing. Colours are data:
they do not follow the theme.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.colormaps import colormap_table
from app.views.overlay_paint import draw_note, enter_view_space, visible_rect
from app.views.view_types import OverlaySettings
from core.trackers.base import ResponseMap

_SHARP_SIDE = 512  # pixels to which a map with sharp cells is repeated


def map_levels(response: ResponseMap, settings: OverlaySettings) -> tuple[float, float]:
    """Map values that get the first and the last colour."""
    if not settings.auto_levels:
        return settings.low, settings.high
    if response.value_range is not None:
        low, high = response.value_range
    else:
        finite = response.values[np.isfinite(response.values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    span = high - low
    return low + settings.low * span, low + settings.high * span


def color_indices(response: ResponseMap, settings: OverlaySettings) -> NDArray[np.uint8]:
    """Colour of every cell as an index into the table, ``(rows, cols)`` uint8.

    Values that are not finite get the lowest colour, a map without any contrast too.
    """
    low, high = map_levels(response, settings)
    span = high - low
    if not np.isfinite(span) or span == 0:
        return np.zeros(response.values.shape, np.uint8)
    level = (np.nan_to_num(response.values, nan=low, posinf=high, neginf=low) - low) / span
    level = np.clip(level, 0.0, 1.0)
    if settings.gamma != 1.0:
        level = level**settings.gamma
    return np.rint(level * 255).astype(np.uint8)


class ResponseItem(QGraphicsItem):
    """Paints one :class:`ResponseMap` with the levels and colours of the settings."""

    def __init__(self) -> None:
        super().__init__()
        self._map: ResponseMap | None = None
        self._age = 0
        self._settings = OverlaySettings()
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint32] | None = None
        self._extent = QRectF()
        self.setVisible(False)

    @property
    def response(self) -> ResponseMap | None:
        """What is shown, or would be if it were visible."""
        return self._map

    def set_map(self, response: ResponseMap | None, age: int) -> None:
        """Show `response`, made `age` frames before the frame in view."""
        if response is not self._map:
            self.prepareGeometryChange()
            self._map, self._image = response, None
            if response is None:
                self._extent = QRectF()
            else:
                rows, cols = response.values.shape
                box = response.placement.extent((rows, cols))
                self._extent = QRectF(*box.as_tuple())
        self._age = age
        self._show_if_wanted()

    def set_settings(self, settings: OverlaySettings) -> None:
        """Change levels, colours, opacity, smoothing or visibility.

        Raises
        ------
        KeyError
            If there is no such colour map.
        """
        colormap_table(settings.colormap)
        self._settings, self._image = settings, None
        self._show_if_wanted()

    def value_at(self, x: float, y: float) -> float | None:
        """Value of the cell under the frame point; None beside the map or when hidden."""
        if self._map is None or not self.isVisible():
            return None
        col, row = self._map.placement.to_cells(np.array([[x, y]]))[0]
        rows, cols = self._map.values.shape
        if not (0 <= col < cols and 0 <= row < rows):
            return None
        value = float(self._map.values[int(row), int(col)])
        return value if np.isfinite(value) else None

    def boundingRect(self) -> QRectF:
        return self._extent

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._map is None:
            return
        image = self._colored(self._map)
        a, b, c, d, e, f = self._map.placement.matrix
        cells = QTransform(a, d, b, e, c, f)
        to_scene = QTransform(painter.transform())
        seen = visible_rect(painter, widget)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._settings.smooth)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(cells, True)
        painter.setOpacity(self._settings.opacity)
        rows, cols = self._map.values.shape
        whole = QRectF(0, 0, cols, rows)
        painter.drawImage(whole, image)
        painter.setOpacity(1.0)
        painter.setTransform(to_scene)
        outline = enter_view_space(painter).map(cells.map(QPolygonF(whole)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, style in ((0, Qt.PenStyle.SolidLine), (255, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(QColor(color, color, color, 130), 1, style))
            painter.drawPolygon(outline)
        if self._age > 0:
            self._paint_age(painter, outline.boundingRect(), seen)

    def _paint_age(self, painter: QPainter, place: QRectF, seen: QRectF) -> None:
        if not place.intersects(seen):
            return
        if self._age == 1:
            text = QCoreApplication.translate("ResponseItem", "Map from 1 frame ago")
        else:
            text = QCoreApplication.translate("ResponseItem", "Map from {0} frames ago")
        anchor = QPointF(place.left() + 4, place.bottom() + 4)
        draw_note(painter, anchor, text.format(self._age), seen)

    def _colored(self, response: ResponseMap) -> QImage:
        if self._image is None:
            table = _argb_table(self._settings.colormap, self._settings.fade)
            pixels = table[color_indices(response, self._settings)]
            if not self._settings.smooth:
                # Qt walks through a picture in 1/65536 of its pixels: where one cell
                # fills much of the screen, its edge would be some pixels off.
                times = max(_SHARP_SIDE // max(pixels.shape), 1)
                pixels = np.repeat(np.repeat(pixels, times, axis=0), times, axis=1)
            # The image borrows the array's memory: both are kept together.
            self._pixels = pixels
            rows, cols = pixels.shape
            layout = QImage.Format.Format_ARGB32_Premultiplied
            self._image = QImage(self._pixels.data, cols, rows, 4 * cols, layout)
        return self._image

    def _show_if_wanted(self) -> None:
        shown = self._map is not None and self._settings.visible and self._settings.opacity > 0
        self.setVisible(shown)
        if shown:
            self.update()


def _argb_table(name: str, fade: float) -> NDArray[np.uint32]:
    """Colours of the map's steps, premultiplied, more transparent towards the lowest."""
    rgb = colormap_table(name).astype(np.float64)
    # The root: weak structure stays visible, only what is near the lowest goes away.
    alpha = 1 - fade + fade * np.sqrt(np.linspace(0, 1, len(rgb)))
    r, g, b = (rgb * alpha[:, None] + 0.5).astype(np.uint32).T
    a = (alpha * 255 + 0.5).astype(np.uint32)
    return (a << 24 | r << 16 | g << 8 | b).astype(np.uint32)
