"""How a layer meets the picture, and what is made of its map before it is painted.

The second part of the map panel: blending, threshold, contours, and derived maps. Edits
an :class:`OverlaySettings`, like the panel it is a part of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QSizePolicy, QSlider, QSpinBox, QWidget

from app import theme
from app.views.colormaps import DIVERGING
from app.views.view_types import OverlaySettings
from core.render.layers import BLENDS, DERIVED
from core.trackers.base import MapInfo

G = theme.GRID
_MOST_CONTOURS = 12
_BLENDS = {
    "normal": QT_TRANSLATE_NOOP("OverlayExtras", "Normal"),
    "screen": QT_TRANSLATE_NOOP("OverlayExtras", "Screen (only brighter)"),
    "lighten": QT_TRANSLATE_NOOP("OverlayExtras", "Lighten"),
    "add": QT_TRANSLATE_NOOP("OverlayExtras", "Add"),
    "multiply": QT_TRANSLATE_NOOP("OverlayExtras", "Multiply (only darker)"),
    "darken": QT_TRANSLATE_NOOP("OverlayExtras", "Darken"),
    "overlay": QT_TRANSLATE_NOOP("OverlayExtras", "Overlay (more contrast)"),
    "difference": QT_TRANSLATE_NOOP("OverlayExtras", "Difference"),
}
_DERIVED = {
    "": QT_TRANSLATE_NOOP("OverlayExtras", "As the tracker made it"),
    "change": QT_TRANSLATE_NOOP("OverlayExtras", "Change since the frame before"),
    "minus": QT_TRANSLATE_NOOP("OverlayExtras", "Minus another map"),
    "max": QT_TRANSLATE_NOOP("OverlayExtras", "Largest of the last frames"),
    "mean": QT_TRANSLATE_NOOP("OverlayExtras", "Mean of the last frames"),
}
_SIGNED = ("change", "minus")


class OverlayExtras(QWidget):
    """Editor of the part of :class:`OverlaySettings` named in the module docstring."""

    settings_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = OverlaySettings()
        tr = QCoreApplication.translate
        self._blend = _chooser(self, self.tr("Blending"), self.tr("How it meets what is below it"))
        for name in BLENDS:
            self._blend.addItem(tr("OverlayExtras", str(_BLENDS[name])), name)
        self._threshold = QSlider(Qt.Orientation.Horizontal, self)
        self._threshold.setRange(0, 99)
        self._threshold.setPageStep(10)
        self._threshold.setAccessibleName(self.tr("Threshold"))
        self._threshold.setToolTip(self.tr("Leave out the cells below this share of the range"))
        self._contours = QSpinBox(self)
        theme.pad_spin_box(self._contours)
        self._contours.setRange(0, _MOST_CONTOURS)
        self._contours.setSpecialValueText(self.tr("none"))
        self._contours.setAccessibleName(self.tr("Contours"))
        self._contours.setToolTip(self.tr("Lines of equal value, evenly over the range"))
        self._derive = _chooser(self, self.tr("Made of it"), self.tr("What is painted of the map"))
        for name in DERIVED:
            self._derive.addItem(tr("OverlayExtras", str(_DERIVED[name])), name)
        self._other = _chooser(self, self.tr("Other map"), self.tr("The map that is taken away"))
        self._span = QSpinBox(self)
        theme.pad_spin_box(self._span)
        self._span.setRange(2, 200)
        self._span.setSuffix(self.tr(" frames"))
        self._span.setAccessibleName(self.tr("Over"))
        self._span.setToolTip(self.tr("How many of the last frames are gathered"))
        self._place()
        self._blend.currentIndexChanged.connect(self._set_blend)
        self._threshold.valueChanged.connect(self._set_threshold)
        self._contours.valueChanged.connect(self._set_contours)
        self._derive.currentIndexChanged.connect(self._set_derive)
        self._other.currentIndexChanged.connect(self._set_other)
        self._span.valueChanged.connect(self._set_span)

    def set_maps(self, maps: Sequence[MapInfo]) -> None:
        """The maps of which one can be taken away."""
        with QSignalBlocker(self._other):
            self._other.clear()
            for info in maps:
                self._other.addItem(info.title, info.key)
        self.set_settings(self._settings)

    def set_settings(self, settings: OverlaySettings) -> None:
        """Show `settings` without announcing them."""
        self._settings = settings
        widgets = (self._blend, self._threshold, self._contours, self._derive, self._other,
                   self._span)  # fmt: skip
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self._blend.setCurrentIndex(self._blend.findData(settings.blend))
        self._threshold.setValue(round(settings.threshold * 100))
        self._contours.setValue(settings.contours)
        self._derive.setCurrentIndex(self._derive.findData(settings.derive))
        self._other.setCurrentIndex(self._other.findData(settings.other))
        self._span.setValue(settings.span)
        for blocker in blockers:
            blocker.unblock()
        self._form.setRowVisible(self._other, settings.derive == "minus")
        self._form.setRowVisible(self._span, settings.derive in ("max", "mean"))

    def _place(self) -> None:
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setHorizontalSpacing(G)
        self._form.setVerticalSpacing(G - 2)
        self._form.addRow(self.tr("Blending"), self._blend)
        self._form.addRow(self.tr("Threshold"), self._threshold)
        self._form.addRow(self.tr("Contours"), self._contours)
        self._form.addRow(self.tr("Made of it"), self._derive)
        self._form.addRow(self.tr("Other map"), self._other)
        self._form.addRow(self.tr("Over"), self._span)

    def _edit(self, **values: object) -> None:
        changed = replace(self._settings, **values)  # pyright: ignore[reportArgumentType]
        if changed != self._settings:
            self.set_settings(changed)
            self.settings_changed.emit(changed)

    def _set_blend(self, index: int) -> None:
        self._edit(blend=self._blend.itemData(index))

    def _set_threshold(self, percent: int) -> None:
        self._edit(threshold=percent / 100)

    def _set_contours(self, count: int) -> None:
        self._edit(contours=count)

    def _set_derive(self, index: int) -> None:
        """Choose what is made; colours and levels follow where values lie about 0."""
        derive, settings = self._derive.itemData(index), self._settings
        looks: dict[str, object] = {}
        signed, was = derive in _SIGNED, settings.colormap in DIVERGING
        if signed and not was:
            # Clear where nothing changed: paper white would hide the picture.
            looks = {"colormap": "balance", "auto_levels": True, "low": 0.0, "high": 1.0,
                     "fade": 1.0}  # fmt: skip
        elif was and not signed:
            looks = {"colormap": "viridis", "auto_levels": True, "low": 0.0, "high": 1.0,
                     "fade": 0.8}  # fmt: skip
        if derive == "minus" and not settings.other:
            keys = (self._other.itemData(k) for k in range(self._other.count()))
            looks["other"] = next((key for key in keys if key != settings.map_key), "")
        self._edit(derive=derive, **looks)

    def _set_other(self, index: int) -> None:
        self._edit(other=self._other.itemData(index) or "")

    def _set_span(self, count: int) -> None:
        self._edit(span=count)


def _chooser(parent: QWidget, name: str, tip: str) -> QComboBox:
    box = QComboBox(parent)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.setMinimumWidth(80)
    return box
