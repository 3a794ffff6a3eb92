"""Showing a run under way: new rows and the newest picture, at the pace that drawing allows.

The tracker's speed comes first: where drawing is dear, it happens less often, so that
it takes at most :data:`_SHARE` of one core.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.playback import Playback
from app.controller.run_state import ActiveRun

TICK_MS = 33
_SLOWEST_TICK_MS = 100
_SHARE = 0.06  # of one core


class RunShow(QObject):
    """Takes what a run found, in batches at display rate, and shows its pictures."""

    rows_added = Signal(list)

    def __init__(self, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self._active: ActiveRun | None = None
        self._spent = 0.0  # this thread's processor time at the last tick
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def begin(self, active: ActiveRun) -> None:
        """Show this run from now on."""
        self._active = active
        self._spent = time.thread_time()
        self._timer.start(TICK_MS)

    def go_on(self) -> None:
        """The run was let go on."""
        self._timer.start()

    def halt(self, *, follow: bool) -> None:
        """The run stands still or ended: take everything; with `follow`, go to its last frame."""
        self._timer.stop()
        if self._active is not None:
            self._drain(self._active)
            if follow:
                self.go_to_last(self._active)

    def go_to_last(self, active: ActiveRun) -> None:
        """The last picture that was taken may be a few frames old: go to the very last."""
        if active.follow and active.live.last is not None:
            self._playback.go(active.live.last.frame)

    @Slot()
    def _tick(self) -> None:
        active = self._active
        if active is None:
            return
        self._drain(active)
        picture = active.job.viewfinder.take()
        if picture is not None and active.follow:
            self._playback.show_tracked(picture.frame, picture.time)
        self._pace()

    def _pace(self) -> None:
        now = time.thread_time()
        spent, self._spent = now - self._spent, now
        wanted = min(max(spent / _SHARE * 1000, TICK_MS), _SLOWEST_TICK_MS)
        smoothed = 0.8 * self._timer.interval() + 0.2 * wanted
        self._timer.setInterval(round(smoothed))

    def _drain(self, active: ActiveRun) -> None:
        rows = active.job.buffer.since(active.taken)
        if not rows:
            return
        active.taken += len(rows)
        active.live.extend(rows)
        active.speed.at(active.taken)
        self.rows_added.emit(rows)
