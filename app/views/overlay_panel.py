"""Which response map lies over the frame, and how it is coloured."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.views.view_types import OverlaySettings
from core.trackers.base import MapInfo, ResponseMap


class OverlayPanel(QWidget):
    """Editor of :class:`OverlaySettings`."""

    settings_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_maps(self, maps: Sequence[MapInfo], primary: str = "") -> None: ...

    def settings(self) -> OverlaySettings:
        return OverlaySettings()

    def set_settings(self, settings: OverlaySettings) -> None:
        """Show `settings` without announcing them."""

    def show_map(self, response: ResponseMap | None) -> None:
        """Histogram and range of the map on screen (cheap; call at display rate)."""

    def show_readout(self, text: str) -> None: ...
