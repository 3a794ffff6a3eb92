"""Playback buttons, speed, and the box to go to a frame or a time."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget


class Transport(QWidget):
    """One row under the picture."""

    seek = Signal(int)
    speed_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_clip(self, frame_count: int, fps: float) -> None: ...

    def set_playhead(self, frame: int, time: float | None = None) -> None: ...

    def set_playing(self, *, playing: bool) -> None: ...

    def set_speed(self, speed: float) -> None: ...

    def set_status(self, text: str, tooltip: str = "", severity: str = "info") -> None:
        """Left text of the row, e.g. "tracking 123 fps, 0:12 left"."""

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Buttons for: first, back10, back1, play, fwd1, fwd10, last."""

    def focus_seek(self) -> None:
        """Put the cursor into the seek box."""
