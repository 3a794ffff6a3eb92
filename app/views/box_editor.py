"""The selected box as four numbers."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.geometry import Box


class BoxEditor(QWidget):
    """x, y, w, h in frame pixels, to a hundredth."""

    box_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def show_box(self, box: Box | None, *, locked: bool = False) -> None: ...

    def set_frame_size(self, width: int, height: int) -> None: ...
