"""A response map over the frame, at its native size and exactly where it belongs.

Only the small array is coloured (level → index → look-up table); Qt stretches it
through the map's :class:`~core.geometry.Placement`, so a 31 × 31 map costs the same
on any video and opacity is free. Lines of equal value are made in cells and drawn in view
points. Hidden, it computes nothing. Colours are data: they do not follow the theme.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.colormaps import colormap_table
from app.views.layer_paint import COMPOSITION, contour_lines, draw_contours, draw_extent
from app.views.layer_types import cell_at
from app.views.overlay_paint import draw_note, enter_view_space, visible_rect
from app.views.view_types import OverlaySettings
from core.render.layers import Grain, color_indices, line_color, map_levels, pixels_of
from core.trackers.base import ResponseMap

_NOTE_STEP = 26.0  # between the notes of layers that lie on one place


class ResponseItem(QGraphicsItem):
    """Paints one :class:`ResponseMap` with the levels and colours of the settings."""

    def __init__(self) -> None:
        super().__init__()
        self._map: ResponseMap | None = None
        self._age = 0
        self._frame: int | None = None
        self._slot = 0
        self._settings = OverlaySettings()
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint32] | None = None
        self._lines: NDArray[np.float64] | None = None
        self._grain = Grain()
        self._extent = QRectF()
        self.setVisible(False)

    @property
    def response(self) -> ResponseMap | None:
        """What is shown, or would be if it were visible."""
        return self._map

    def set_map(
        self, response: ResponseMap | None, age: int, frame: int | None = None, slot: int = 0
    ) -> None:
        """Show `response`, made `age` frames before the frame in view, on `frame`.

        `slot` keeps the notes of several layers apart.
        """
        if response is not self._map:
            self.prepareGeometryChange()
            self._map = response
            self._forget()
            if response is None:
                self._extent = QRectF()
            else:
                rows, cols = response.values.shape
                box = response.placement.extent((rows, cols))
                self._extent = QRectF(*box.as_tuple())
        self._age, self._frame, self._slot = age, frame, slot
        self._show_if_wanted()

    def set_settings(self, settings: OverlaySettings) -> None:
        """Change levels, colours, opacity, smoothing or visibility.

        Raises
        ------
        KeyError
            If there is no such colour map, or no such way to blend.
        """
        if settings != self._settings:
            colormap_table(settings.colormap)
            COMPOSITION[settings.blend]
            self._settings = settings
            self._forget()
        self._show_if_wanted()

    def value_at(self, x: float, y: float) -> float | None:
        """Value of the cell under the frame point; None beside the map or when hidden."""
        if self._map is None or not self.isVisible():
            return None
        cell = cell_at(self._map, x, y)
        return cell[2] if cell is not None and np.isfinite(cell[2]) else None

    def boundingRect(self) -> QRectF:
        return self._extent

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._map is None:
            return
        settings = self._settings
        a, b, c, d, e, f = self._map.placement.matrix
        cells = QTransform(a, d, b, e, c, f)
        to_scene = QTransform(painter.transform())
        seen = visible_rect(painter, widget)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, settings.smooth)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(cells, True)
        painter.setOpacity(1.0 if settings.blend == "normal" else settings.opacity)
        painter.setCompositionMode(COMPOSITION[settings.blend])
        rows, cols = self._map.values.shape
        whole = QRectF(0, 0, cols, rows)
        cell = _cell_size(painter.deviceTransform())
        grain = Grain.of(cell, max(rows, cols), smooth=settings.smooth)
        image = self._colored(self._map, grain)
        covered = QRectF(0, 0, image.width() * grain.pool, image.height() * grain.pool)
        painter.drawImage(covered if grain.pool > 1 else whole, image)
        painter.setCompositionMode(COMPOSITION["normal"])
        painter.setOpacity(1.0)
        painter.setTransform(to_scene)
        to_view = cells * enter_view_space(painter)
        if settings.contours:
            self._paint_contours(painter, self._map, to_view)
        place = draw_extent(painter, whole, to_view)
        if self._age > 0:
            self._paint_age(painter, place, seen)

    def _paint_contours(
        self, painter: QPainter, response: ResponseMap, to_view: QTransform
    ) -> None:
        settings = self._settings
        if self._lines is None:
            self._lines = contour_lines(
                response, *map_levels(response, settings), settings.contours
            )
        draw_contours(painter, self._lines, to_view, line_color(settings.colormap))

    def _paint_age(self, painter: QPainter, place: QRectF, seen: QRectF) -> None:
        if not place.intersects(seen):
            return
        if self._frame is not None:
            text = QCoreApplication.translate("ResponseItem", "Map of frame {0}")
            text = text.format(self._frame)
        elif self._age == 1:
            text = QCoreApplication.translate("ResponseItem", "Map from 1 frame ago")
        else:
            text = QCoreApplication.translate("ResponseItem", "Map from {0} frames ago")
            text = text.format(self._age)
        anchor = QPointF(place.left() + 4, place.bottom() + 4 + self._slot * _NOTE_STEP)
        draw_note(painter, anchor, text, seen)

    def _colored(self, response: ResponseMap, grain: Grain) -> QImage:
        if self._image is None or grain != self._grain:
            indices = color_indices(response, self._settings)
            # The image borrows the array's memory: both are kept together.
            # Qt takes three times as long for colours that it has to fade as well.
            settings = self._settings
            opacity = settings.opacity if settings.blend == "normal" else 1.0
            self._pixels = pixels_of(response, indices, settings, grain, opacity)
            self._grain = grain
            rows, cols = self._pixels.shape
            layout = QImage.Format.Format_ARGB32_Premultiplied
            self._image = QImage(self._pixels.data, cols, rows, 4 * cols, layout)
        return self._image

    def _forget(self) -> None:
        self._image = self._lines = None

    def _show_if_wanted(self) -> None:
        settings = self._settings
        something = settings.opacity > 0 or settings.contours > 0
        shown = self._map is not None and settings.visible and something
        self.setVisible(shown)
        if shown:
            self.update()


def _cell_size(to_device: QTransform) -> float:
    """Pixels of the screen along the shorter side of a cell."""
    wide = math.hypot(to_device.m11(), to_device.m12())
    return min(wide, math.hypot(to_device.m21(), to_device.m22()))
