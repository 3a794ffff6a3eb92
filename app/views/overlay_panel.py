"""Which response map lies over the frame, and how it is coloured.

Edits :class:`OverlaySettings`: with automatic levels the handles are shares of the
map's own range, without they stay at fixed values while the map changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.colormaps import COLORMAPS, colormap_table
from app.views.elided_label import ElidedLabel
from app.views.levels_bar import LevelsBar
from app.views.overlay_extras import OverlayExtras
from app.views.view_types import OverlaySettings
from core.trackers.base import MapInfo, ResponseMap

_BINS = 64
_PREVIEW = QSize(56, 12)
G = theme.GRID


class OverlayPanel(QWidget):
    """Editor of :class:`OverlaySettings`."""

    settings_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings = OverlaySettings()
        self._range = (0.0, 1.0)
        self._build()
        self._show()
        self._enable()

    def set_maps(self, maps: Sequence[MapInfo], primary: str = "") -> None:
        """Offer a tracker's maps by stage; the chosen one stays if it is still there.

        Otherwise `primary` is chosen and announced.
        """
        self._maps.blockSignals(True)
        self._maps.setModel(_grouped(maps, self))
        self._maps.blockSignals(False)
        self._extras.set_maps(maps)
        keys = [info.key for info in maps]
        if keys and self._settings.map_key not in keys:
            self._edit(map_key=primary if primary in keys else keys[0])
        self._show()
        self._enable()

    def settings(self) -> OverlaySettings:
        """What is chosen."""
        return self._settings

    def set_settings(self, settings: OverlaySettings) -> None:
        """Show `settings` without announcing them."""
        self._settings = settings
        self._show()
        self._enable()

    def show_map(self, response: ResponseMap | None) -> None:
        """Histogram and range of the map on screen; cheap enough for every frame."""
        if response is None or not response.values.size:
            self._levels.set_histogram(np.empty(0))
            return
        values = response.values
        low, high = response.value_range or (float(values.min()), float(values.max()))
        self._range = (low, high if high > low else low + 1.0)
        counts, _ = np.histogram(values, bins=_BINS, range=self._range)
        self._levels.set_histogram(counts)
        self._show_levels()

    def show_readout(self, text: str) -> None:
        """A line about the map under the cursor."""
        self._readout.show_text(text)

    # construction ---------------------------------------------------------------------

    def _build(self) -> None:
        self._visible = QCheckBox(self.tr("Show map"), self)
        self._visible.setToolTip(self.tr("Lay the response map over the frame"))
        self._visible.toggled.connect(self._set_visible)
        self._maps = _narrow(QComboBox(self), self.tr("Map"), self.tr("What the tracker saw"))
        self._maps.setMaxVisibleItems(20)
        self._maps.currentIndexChanged.connect(self._set_map)
        self._opacity = QSlider(Qt.Orientation.Horizontal, self)
        self._opacity.setRange(0, 100)
        self._opacity.setPageStep(10)
        self._opacity.setAccessibleName(self.tr("Opacity"))
        self._opacity.setToolTip(self.tr("How much of the map covers the frame"))
        self._opacity.valueChanged.connect(self._set_opacity)
        self._percent = QLabel(self)
        self._percent.setFixedWidth(40)
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._colormap = _narrow(QComboBox(self), self.tr("Colours"), self.tr("Colour map"))
        self._colormap.setIconSize(_PREVIEW)
        for name in COLORMAPS:
            self._colormap.addItem(preview_icon(name), name, name)
        self._colormap.currentIndexChanged.connect(self._set_colormap)
        self._levels = LevelsBar(self)
        self._levels.levels_changed.connect(self._set_levels)
        self._bounds = ElidedLabel(role="muted", parent=self)
        self._gamma = QDoubleSpinBox(self)
        theme.pad_spin_box(self._gamma)
        self._gamma.setRange(0.1, 5.0)
        self._gamma.setSingleStep(0.1)
        self._gamma.setDecimals(2)
        self._gamma.setAccessibleName(self.tr("Gamma"))
        self._gamma.setToolTip(self.tr("Below 1 lifts weak responses, above 1 keeps the peaks"))
        self._gamma.valueChanged.connect(self._set_gamma)
        self._smooth = QCheckBox(self.tr("Smooth"), self)
        self._smooth.setToolTip(self.tr("Interpolate between cells; off shows every cell"))
        self._smooth.toggled.connect(self._set_smooth)
        self._auto = QCheckBox(self.tr("Auto levels"), self)
        self._auto.setToolTip(self.tr("Follow the range of every map; off keeps fixed values"))
        self._auto.toggled.connect(self._set_auto)
        self._extras = OverlayExtras(self)
        self._extras.settings_changed.connect(self._take)
        self._readout = ElidedLabel(role="muted", parent=self)
        self._place()

    def _place(self) -> None:
        opacity = QHBoxLayout()
        opacity.addWidget(self._opacity, 1)
        opacity.addWidget(self._percent)
        checks = QHBoxLayout()
        checks.setSpacing(2 * G)
        checks.addWidget(self._auto)
        checks.addWidget(self._smooth)
        checks.addStretch(1)
        levels = QVBoxLayout()
        levels.setSpacing(0)
        levels.addWidget(self._levels)
        levels.addWidget(self._bounds)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(G)
        form.setVerticalSpacing(G - 2)
        form.addRow(self.tr("Map"), self._maps)
        form.addRow(self.tr("Opacity"), opacity)
        form.addRow(self.tr("Colours"), self._colormap)
        form.addRow(self.tr("Levels"), levels)
        form.addRow(self.tr("Gamma"), self._gamma)
        form.addRow("", checks)
        column = QVBoxLayout(self)
        column.setContentsMargins(G + G // 2, G, G + G // 2, G)
        column.setSpacing(G)
        column.addWidget(self._visible)
        column.addLayout(form)
        column.addWidget(self._extras)
        column.addWidget(self._readout)
        column.addStretch(1)

    # showing --------------------------------------------------------------------------

    def _show(self) -> None:
        settings = self._settings
        widgets = (self._visible, self._maps, self._opacity, self._colormap, self._gamma,
                   self._smooth, self._auto)  # fmt: skip
        blocked = [widget.blockSignals(True) for widget in widgets]
        self._visible.setChecked(settings.visible)
        self._maps.setCurrentIndex(self._maps.findData(settings.map_key))
        self._opacity.setValue(round(settings.opacity * 100))
        self._colormap.setCurrentIndex(self._colormap.findData(settings.colormap))
        self._gamma.setValue(settings.gamma)
        self._smooth.setChecked(settings.smooth)
        self._auto.setChecked(settings.auto_levels)
        for widget, was in zip(widgets, blocked, strict=True):
            widget.blockSignals(was)
        self._extras.set_settings(settings)
        tip = self._maps.currentData(Qt.ItemDataRole.ToolTipRole)
        self._maps.setToolTip(str(tip or self.tr("What the tracker saw")))
        self._percent.setText(f"{round(settings.opacity * 100)} %")
        name = settings.colormap if settings.colormap in COLORMAPS else COLORMAPS[0]
        self._levels.set_colors(name, settings.gamma)
        self._show_levels()

    def _show_levels(self) -> None:
        settings, (low, high) = self._settings, self._range
        if settings.auto_levels:
            self._levels.set_levels(settings.low, settings.high)
        else:
            span = high - low
            self._levels.set_levels((settings.low - low) / span, (settings.high - low) / span)
        shown_low, shown_high = self._absolute(settings)
        self._bounds.show_text(f"{shown_low:.3g} … {shown_high:.3g}")

    def _absolute(self, settings: OverlaySettings) -> tuple[float, float]:
        """Map values under the handles."""
        if not settings.auto_levels:
            return settings.low, settings.high
        low, high = self._range
        return low + settings.low * (high - low), low + settings.high * (high - low)

    def _enable(self) -> None:
        some = self._maps.count() > 0
        self._visible.setEnabled(some)
        self._maps.setEnabled(some)
        for widget in (self._opacity, self._colormap, self._levels, self._gamma,
                       self._smooth, self._auto, self._extras):  # fmt: skip
            widget.setEnabled(some and self._settings.visible)
        if not some:
            self._readout.show_text(self.tr("The tracker offers its maps here"))
        elif self._readout.full_text() == self.tr("The tracker offers its maps here"):
            self._readout.show_text("")

    # edits ----------------------------------------------------------------------------

    def _edit(self, **values: object) -> None:
        changed = replace(self._settings, **values)  # pyright: ignore[reportArgumentType]
        if changed != self._settings:
            self._settings = changed
            self._show()
            self._enable()
            self.settings_changed.emit(changed)

    def _take(self, settings: OverlaySettings) -> None:
        """The second part changed something."""
        names = ("blend", "threshold", "contours", "derive", "other", "span",
                 "colormap", "auto_levels", "low", "high", "fade")  # fmt: skip
        self._edit(**{name: getattr(settings, name) for name in names})

    def _set_visible(self, on: bool) -> None:
        self._edit(visible=on)

    def _set_map(self, index: int) -> None:
        key = self._maps.itemData(index)
        if key:
            self._edit(map_key=key)

    def _set_opacity(self, percent: int) -> None:
        self._edit(opacity=percent / 100)

    def _set_colormap(self, index: int) -> None:
        self._edit(colormap=self._colormap.itemData(index))

    def _set_gamma(self, value: float) -> None:
        self._edit(gamma=round(value, 2))

    def _set_smooth(self, on: bool) -> None:
        self._edit(smooth=on)

    def _set_levels(self, low: float, high: float) -> None:
        if not self._settings.auto_levels:
            first, span = self._range[0], self._range[1] - self._range[0]
            low, high = first + low * span, first + high * span
        self._edit(low=low, high=high)

    def _set_auto(self, on: bool) -> None:
        """Switch units so that the picture stays the same."""
        low, high = self._absolute(self._settings)
        if on:
            first, span = self._range[0], self._range[1] - self._range[0]
            low = min(max((low - first) / span, 0.0), 1.0)
            high = min(max((high - first) / span, 0.0), 1.0)
            low, high = (low, high) if high > low else (0.0, 1.0)
        self._edit(auto_levels=on, low=low, high=high)


def _narrow(box: QComboBox, name: str, tip: str) -> QComboBox:
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.setMinimumWidth(80)
    return box


def _grouped(maps: Sequence[MapInfo], panel: OverlayPanel) -> QStandardItemModel:
    """Rows of a chooser: a heading that cannot be chosen per stage, then its maps."""
    model = QStandardItemModel(panel)
    stages = list(dict.fromkeys(info.stage for info in maps))
    for stage in stages:
        if len(stages) > 1:
            title = panel.tr("General") if stage is None else panel.tr("Stage {n}").format(n=stage)
            heading = QStandardItem(title)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            model.appendRow(heading)
        for info in (info for info in maps if info.stage == stage):
            item = QStandardItem(info.title)
            item.setData(info.key, Qt.ItemDataRole.UserRole)
            item.setToolTip(f"{info.title}\n{info.doc}\n{info.key}")
            model.appendRow(item)
    return model


def preview_icon(name: str) -> QIcon:
    """A strip of the colour map `name`."""
    size = QSize(2 * _PREVIEW.width(), 2 * _PREVIEW.height())
    columns = np.linspace(0, 255, size.width()).round().astype(int)
    table = np.repeat(colormap_table(name)[None, columns], size.height(), axis=0)
    pixels = np.ascontiguousarray(table)
    kind = QImage.Format.Format_RGB888
    image = QImage(pixels.data, size.width(), size.height(), 3 * size.width(), kind).copy()
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)
