"""Which response map is shown, and how.

The settings are part of the state; a run under way is told at once, so that maps
are computed exactly while somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.controller.desk import Desk
from app.controller.runs import Runs
from app.views.view_types import OverlaySettings
from core.trackers.base import MapInfo


class Overlay(QObject):
    """Carries out changes of the overlay."""

    changed = Signal(object)  # OverlaySettings

    def __init__(self, desk: Desk, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._runs = runs
        self._maps: tuple[MapInfo, ...] = ()

    @property
    def settings(self) -> OverlaySettings:
        """The settings in force."""
        return self._desk.state.overlay

    def set_maps(self, maps: Sequence[MapInfo], primary: str) -> None:
        """Another tracker was chosen: these are its maps."""
        self._maps = tuple(maps)
        if self.settings.map_key not in {m.key for m in maps}:
            self.apply(replace(self.settings, map_key=primary))

    def apply(self, settings: OverlaySettings) -> None:
        """Use `settings` from now on."""
        if settings == self.settings:
            return
        before = self.settings
        self._desk.update(overlay=settings)
        if (before.map_key, before.visible) != (settings.map_key, settings.visible):
            self._runs.overlay_changed()
        self.changed.emit(settings)

    def toggle(self) -> None:
        """Show or hide the map."""
        self.apply(replace(self.settings, visible=not self.settings.visible))

    def next_map(self) -> None:
        """Show the tracker's next map."""
        keys = [m.key for m in self._maps]
        if keys:
            at = keys.index(self.settings.map_key) if self.settings.map_key in keys else -1
            key = keys[(at + 1) % len(keys)]
            self.apply(replace(self.settings, map_key=key, visible=True))

    def change_opacity(self, step: float) -> None:
        """Make the map more or less opaque."""
        opacity = min(max(self.settings.opacity + step, 0.1), 1.0)
        self.apply(replace(self.settings, opacity=round(opacity, 2)))
