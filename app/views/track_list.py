"""All tracks: colour, title, label, counts, visibility, lock."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.models.track_model import TrackRow


class TrackList(QWidget):
    """Table of tracks; announces edits, changes nothing by itself."""

    selected = Signal(int)
    visibility_changed = Signal(int, bool)
    lock_changed = Signal(int, bool)
    renamed = Signal(int, str)
    label_changed = Signal(int, str)
    color_changed = Signal(int, str)
    delete_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_tracks(self, rows: Sequence[TrackRow]) -> None: ...

    def set_labels(self, labels: Sequence[str]) -> None:
        """Known labels, offered while editing."""
