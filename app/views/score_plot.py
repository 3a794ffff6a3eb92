"""Live curves of a run: score, and any scalar the tracker reports."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.document.track import Columns
from core.engine.run_buffer import Row


class ScorePlot(QWidget):
    """Curves over frames with the playhead; a click asks for a frame."""

    seek = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_clip(self, frame_count: int) -> None: ...

    def start_run(self, run_id: int, frame_range: tuple[int, int]) -> None:
        """Begin live curves for frames ``first <= frame < stop`` (in rising order)."""

    def extend(self, rows: Sequence[Row]) -> None: ...

    def end_run(self) -> None: ...

    def show_columns(self, columns: Columns | None) -> None: ...

    def set_playhead(self, frame: int) -> None: ...

    def set_threshold(self, value: float) -> None: ...
