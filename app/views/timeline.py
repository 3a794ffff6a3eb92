"""Tracks over frames: ruler, score strip, lanes and playhead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from app.views.timeline_data import TrackLane


class Timeline(QAbstractScrollArea):
    """Navigation through the clip; announces, never moves the playhead by itself."""

    seek = Signal(int)
    seek_finished = Signal(int)
    track_selected = Signal(int)
    threshold_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_clip(
        self, frame_count: int, fps: float = 0.0, times: NDArray[np.float64] | None = None
    ) -> None: ...

    def set_tracks(self, lanes: Sequence[TrackLane]) -> None: ...

    def set_playhead(self, frame: int) -> None: ...

    def set_cached(self, ranges: Sequence[tuple[int, int]]) -> None: ...

    def set_damaged(self, frames: Iterable[int]) -> None: ...

    def set_threshold(self, value: float) -> None: ...

    def set_run(self, start: int, current: int, stop: int, step: int) -> None: ...

    def clear_run(self) -> None: ...

    def zoom_fit(self) -> None: ...

    def zoom_in(self) -> None: ...

    def zoom_out(self) -> None: ...
