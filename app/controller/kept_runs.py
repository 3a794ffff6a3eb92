"""Every tracker run on the open clip, kept for comparison while the clip is open.

A document holds one box per frame: a later run replaces an earlier one. Here each run's boxes
stay as the tracker gave them, so that several trackers can be measured on one clip. Nothing of
this is saved or exported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app.controller.desk import Desk
from app.controller.runs import Runs
from core.engine.run_buffer import Row
from core.session import RunPlan

LIMIT = 32


@dataclass(eq=False, slots=True)
class KeptRun:
    """One run's boxes ``(N, 4)`` and scores ``(N,)`` by clip frame, NaN where it has none."""

    id: int
    name: str
    tracker: str
    track_id: int
    step: int
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    seconds: list[float] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def take(self, rows: Sequence[Row]) -> None:
        """More results of the run."""
        for row in rows:
            if not 0 <= row.frame < len(self.boxes):
                continue
            self.boxes[row.frame] = row.box.as_tuple()
            self.scores[row.frame] = np.nan if row.is_seed else row.score
            self.count += 1
            if row.reason:
                self.words[row.frame] = row.reason
            if not row.is_seed:
                self.seconds.append(row.seconds)


class KeptRuns(QObject):
    """The kept runs, oldest first; `changed` comes when one begins, ends or is dropped."""

    changed = Signal()

    def __init__(self, desk: Desk, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.runs: list[KeptRun] = []
        self._growing: KeptRun | None = None
        desk.clip_changed.connect(self._on_clip)
        runs.run_started.connect(self._on_started)
        runs.rows_added.connect(self._on_rows)
        runs.run_ended.connect(self._on_ended)

    @property
    def growing(self) -> KeptRun | None:
        """The run under way."""
        return self._growing

    def forget(self, run_id: int) -> None:
        """Drop one run."""
        self.runs = [run for run in self.runs if run.id != run_id]
        self.changed.emit()

    @Slot()
    def _on_clip(self) -> None:
        self.runs, self._growing = [], None
        self.changed.emit()

    @Slot(object)
    def _on_started(self, plan: RunPlan) -> None:
        count, run = self._desk.state.frame_count, plan.run
        same = sum(1 for kept in self.runs if kept.tracker == run.tracker)
        name = run.tracker if not same else f"{run.tracker} ({same + 1})"
        boxes, scores = np.full((count, 4), np.nan), np.full(count, np.nan)
        self._growing = KeptRun(run.id, name, run.tracker, run.track_id, plan.step, boxes, scores)
        self.runs = [*self.runs, self._growing][-LIMIT:]
        self.changed.emit()

    @Slot(list)
    def _on_rows(self, rows: list[Row]) -> None:
        if self._growing is not None:
            self._growing.take(rows)

    @Slot(object)
    def _on_ended(self, plan: RunPlan) -> None:
        done, self._growing = self._growing, None
        if done is not None and done.count < 2:
            self.runs = [run for run in self.runs if run is not done]
        self.changed.emit()
