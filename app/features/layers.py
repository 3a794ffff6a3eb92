"""Layers: which maps lie over the frame, in which order, made from what the tracker reports."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot

from app.features.feature import Feature, Parts
from app.views.layer_panel import LayerPanel
from app.views.layer_types import LayerStack, ShownLayer
from core.trackers.base import MapInfo


class LayersFeature(Feature):
    """A dock with the layers beside the one that edits a layer's look."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._overlay = parts.controller.overlay
        self.panel = LayerPanel()
        self.dock = parts.panels.add_dock(
            "layers", parts.window.tr("Layers"), self.panel, beside="overlay", shown=True
        )
        self.panel.stack_edited.connect(self._overlay.apply_stack)
        self.panel.map_toggled.connect(self._toggle)
        self._overlay.maps_changed.connect(self._show_maps)
        self._overlay.stack_changed.connect(self._show_stack)
        self._overlay.layers_shown.connect(self._show_layers)
        self.panel.set_maps(self._overlay.maps)
        self.panel.set_stack(self._overlay.stack)

    def finish(self) -> None:
        """Write down how layers were looked at."""
        self._overlay.remember()

    @Slot(str, bool)
    def _toggle(self, key: str, wanted: bool) -> None:
        self._overlay.set_layer(key, on=wanted)
        self.panel.set_stack(self._overlay.stack)

    @Slot(object)
    def _show_maps(self, maps: Sequence[MapInfo]) -> None:
        self.panel.set_maps(maps)

    @Slot(object)
    def _show_stack(self, stack: LayerStack) -> None:
        self.panel.set_stack(stack)

    @Slot(object, int)
    def _show_layers(self, layers: Sequence[ShownLayer], frame: int) -> None:
        if self.panel.isVisible():
            self.panel.show_layers(layers)
