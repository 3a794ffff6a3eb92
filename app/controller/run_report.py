"""What the user is told of a run: how it ended, where it became unsure, what is offered."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.controller.desk import Desk
from app.controller.playback import Playback
from app.controller.run_state import ActiveRun
from app.jobs.tracking import RunEnded
from core.engine.runner import EndReason, RunEnd
from core.states import TargetState
from core.wording import counted


class RunReport(QObject):
    """Puts the end of a run, or the doubt that holds it, into words.

    `finished` says how a run went, for whoever measures; `defect` carries an exception
    that nobody expected.
    """

    finished = Signal(object)  # RunEnd
    defect = Signal(object)  # Exception

    def __init__(self, desk: Desk, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._playback = playback

    def held(self, active: ActiveRun) -> None:
        """The run held by itself because of doubt: go there and say why."""
        last = active.live.last
        if last is None:
            return
        doubtful = active.job.doubtful_from
        self._unsure(active, last.frame if doubtful is None else doubtful, tail=False)

    def ended(self, active: ActiveRun, ended: RunEnded, *, tail: bool) -> None:
        """The run is over; with `tail` its doubtful frames were left out and are offered."""
        end = ended.end
        if end is not None:
            self.finished.emit(end)
        if ended.defect is not None:
            self.defect.emit(ended.defect)
        elif end is not None and end.error is not None:
            self._desk.say_error(end.error)
        elif end is not None and end.reason is EndReason.FINISHED:
            self._tell_finished(end)
        elif end is not None and end.reason is EndReason.UNSURE and end.doubtful_from is not None:
            self._unsure(active, end.doubtful_from, tail=tail)

    def too_slow(self) -> None:
        """The run's thread did not come back."""
        self._desk.say(
            self.tr("The tracker does not answer."),
            self.tr("What it had found is kept. Restart the program to track again."),
            "error",
        )

    def corrected(self) -> None:
        """The run holds because a person set a box on its object."""
        self._desk.say(
            self.tr("Tracking holds because you corrected the box."),
            self.tr("Let it go on from your box%s.") % self._desk.key_note("play"),
            action="play",
            action_text=self.tr("Track on from here"),
        )

    def _tell_finished(self, end: RunEnd) -> None:
        text = self.tr("Tracked %s in %.1f s.")
        self._desk.say(text % (counted(end.frames, "frame"), end.seconds), severity="success")

    def _unsure(self, active: ActiveRun, first: int, *, tail: bool) -> None:
        last = active.live.last
        if last is None:
            return
        if active.follow:
            self._playback.go(first)
        text = (
            self.tr("The target seems lost from frame %d on.")
            if last.state == TargetState.LOST
            else self.tr("The tracker is not sure from frame %d on.")
        )
        note = self._desk.key_note
        hint = self.tr("Correct the box and re-track from it%s, or let the run go on%s.") % (
            note("retrack"), note("play")
        )  # fmt: skip
        if tail:
            hint = self.tr("Draw the box here%s and track on from it%s.") % (
                note("draw_mode"), note("track_until")
            )  # fmt: skip
        self._desk.say(
            text % first,
            f"{active.live.reason_at(first)} {hint}".strip(),
            "warning",
            action="keep_tail" if tail else "",
            action_text=self.tr("Keep the doubtful frames"),
        )
