"""Patches: the pictures, candidate boxes and numbers of a frame, beside and on the frame.

A tracker is asked for them only while the panel is open.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot

from app.features.feature import Feature, Parts
from app.views.patch_item import Candidate, Outline
from app.views.patch_panel import PatchPanel

WANTED = frozenset({"patches", "proposals"})


class PatchesFeature(Feature):
    """A dock beside the layers, hidden at first."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._overlay, self._canvas = parts.controller.overlay, parts.panels.canvas
        self.panel = PatchPanel()
        self.dock = parts.panels.add_dock(
            "patches", parts.window.tr("Patches"), self.panel, beside="layers"
        )
        self.dock.visibilityChanged.connect(self._on_visible)
        self.panel.on_frame_changed.connect(self._show_on_frame)
        self._overlay.layers_shown.connect(self._show)

    @Slot(bool)
    def _on_visible(self, visible: bool) -> None:
        self._overlay.want("patches", WANTED if visible else frozenset())
        if visible:
            self._show((), self.parts.controller.desk.shown)
        else:
            self._canvas.show_windows((), ())

    @Slot(object, int)
    def _show(self, _: object, frame: int) -> None:
        if not self.panel.isVisible():
            return
        found = self._overlay.attached_at(frame)
        attached, age = found if found is not None else (None, 0)
        self.panel.show_attached(attached, frame - age, age)

    @Slot(object, object)
    def _show_on_frame(self, outlines: Sequence[Outline], boxes: Sequence[Candidate]) -> None:
        if self.panel.isVisible():
            self._canvas.show_windows(outlines, boxes)
