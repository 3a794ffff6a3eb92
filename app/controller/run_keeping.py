"""What becomes of a run's boxes when it ends: one undo step, without its doubtful tail.

The tail that a run until unsure left out is kept in mind until the next run ends, and comes
in after all when the user says so.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Slot

from app.controller.desk import Desk
from app.controller.run_state import ActiveRun
from app.controller.run_tail import Tail, tail_of
from core import device as devices
from core.engine.runner import RunEnd
from core.wording import counted


class RunKeeping(QObject):
    """Lays the results of runs over the document.

    Attributes
    ----------
    tail
        What the last run left out; None when it left out nothing.
    """

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.tail: Tail | None = None
        desk.clip_changed.connect(self._on_clip)

    def keep(self, active: ActiveRun, end: RunEnd | None) -> None:
        """Store what a run that is over found, however it ended."""
        self.tail = None
        if self._desk.session is not active.session or not len(active.live):
            return
        plan = active.job.plan
        tail = self.tail = tail_of(active, end)
        after = active.session.with_result(
            self._desk.document,
            plan,
            active.job.buffer,
            seconds=time.perf_counter() - active.began,
            device=devices.describe(active.job.services.device),
            cut_from=tail.first if tail else None,
            propose=active.propose,
        )
        frames = active.live.columns().frames
        count = len(active.live) - (len(tail.columns) if tail else 0)
        text = self.tr("Track %d frames") % count if count != 1 else self.tr("Track one frame")
        if active.propose:
            text = self.tr("Propose %s") % counted(count, "box", "boxes")
        self._desk.edit(
            text,
            after,
            merge_key=active.merge_key,
            focus=(plan.run.track_id, plan.start.frame),
            frames=(int(frames[0]), int(frames[-1])),
        )

    def keep_tail(self) -> None:
        """Take over the doubtful boxes that the last run until unsure left out."""
        tail = self.tail
        if tail is None or self._desk.session is not tail.session:
            return
        if not self._desk.document.has_track(tail.run.track_id):
            self._desk.say(self.tr("The object of these frames was removed."))
            return  # undo may bring it back, and the offer with it
        self.tail = None
        after = tail.applied(self._desk.document)
        frames = tail.columns.frames
        self._desk.edit(
            self.tr("Keep %s") % counted(len(frames), "doubtful frame"),
            after,
            focus=(tail.run.track_id, int(frames[0])),
            frames=(int(frames[0]), int(frames[-1])),
        )

    @Slot()
    def _on_clip(self) -> None:
        self.tail = None
