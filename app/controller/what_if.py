"""What if: the last frames of a run once more with other parameters, beside the run.

The run may be the last one of this clip or that of an open recording. Applying makes the
trial's boxes a proposal or a run, as one step; leaving it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.controller.overlay import Overlay
from app.controller.run_state import LastRun
from app.controller.run_tail import watch_for
from app.controller.runs import Runs
from app.jobs.tracking import RunEnded
from app.jobs.trial import TrialJob
from core import device as devices
from core.document.document import Run
from core.document.proposals import proposed
from core.engine import what_if
from core.engine.run_buffer import RunBuffer
from core.engine.trace import Comparison, Trace, compare
from core.engine.what_if import Base, Trial, Tuned
from core.errors import BoxtrailError, TrackerError
from core.recording import replay
from core.replay import ReplaySession
from core.session import Session
from core.states import CorrectionPolicy
from core.trackers import registry
from core.trackers.base import Services
from core.wording import counted

_POLL_MS = 150


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The run that can be tried again: how it was made, and what it said."""

    session: Session
    track_id: int
    base: Base
    trace: Trace


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A finished trial beside the run; `comparison` is of their common frames."""

    known: Known
    trial: Trial
    trace: Trace
    buffer: RunBuffer
    comparison: Comparison


class WhatIf(QObject):
    """Carries out trials, one at a time.

    Attributes
    ----------
    progress
        Share that is done, in [0, 1]; −1 when none is under way.
    finished
        An :class:`Outcome`, or None when it was taken back or is not valid any more.
    base_changed
        Another run can be tried.
    defect
        An exception that nobody expected.
    """

    progress = Signal(float)
    finished = Signal(object)
    base_changed = Signal()
    defect = Signal(object)

    def __init__(self, desk: Desk, runs: Runs, overlay: Overlay, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._runs, self._overlay = desk, runs, overlay
        self._job: TrialJob | None = None
        self._known: Known | None = None
        self.outcome: Outcome | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)
        desk.clip_changed.connect(self._on_clip)
        runs.run_started.connect(self._on_run_started)
        runs.run_ended.connect(self._on_run)

    @property
    def is_running(self) -> bool:
        """Whether a trial is under way."""
        return self._job is not None

    def known(self) -> Known | None:
        """The run that can be tried on this frame, None when there is none."""
        try:
            return self._find()
        except BoxtrailError:
            return None

    def try_out(self, tracker: str, params: Mapping[str, Any], count: int) -> None:
        """Try `params` on the `count` frames up to the playhead."""
        self.cancel()
        try:
            known = self._find()
            trial = what_if.plan(known.base, self._last(known), count, params, tracker)
            services = Services(devices.choose(self._desk.preferences.device))
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        spec = registry.find(trial.tracker)
        job = TrialJob(
            trial,
            known.session.video,
            services,
            want_maps=self._overlay.wanted() | {spec.primary_map},
            watch=watch_for(self._desk, trial.tracker, until_unsure=False),
            map_bytes=self._desk.preferences.map_history << 20,
            parent=self,
        )
        job.ended.connect(self._on_ended)
        self._job, self._known = job, known
        job.start()
        self._timer.start()
        self.progress.emit(0.0)

    def cancel(self) -> None:
        """End a trial under way; what it found is dropped."""
        job, self._job = self._job, None
        if job is not None:
            self._timer.stop()
            job.finish()
            job.deleteLater()
            self.progress.emit(-1.0)

    def discard(self) -> None:
        """Forget the outcome; nothing was changed by it."""
        self.cancel()
        if self.outcome is not None:
            self.outcome = None
            self.finished.emit(None)

    def apply(self, *, propose: bool) -> None:
        """Make the outcome's boxes a proposal, or those of a run, in one step."""
        outcome, session = self.outcome, self._desk.session
        if outcome is None or session is None or session is not outcome.known.session:
            return
        known, columns = outcome.known, outcome.buffer.columns()
        document = self._desk.document
        if not len(columns) or not document.has_track(known.track_id):
            return
        run = self._run_of(outcome, session)
        made_by = np.full(len(columns), run.id, np.int32)
        made_by.setflags(write=False)
        columns = replace(columns, runs=made_by)
        after = proposed(document, run, columns) if propose else document.with_run(run, columns)
        text = self.tr("Propose %s of a trial") if propose else self.tr("Apply %s")
        ends = int(columns.frames[0]), int(columns.frames[-1])
        told = text % counted(len(columns), "box", "boxes")
        self._desk.edit(told, after, focus=(known.track_id, ends[0]), frames=ends)
        self.outcome = None
        self.finished.emit(None)

    # ---- inside ----

    def _run_of(self, outcome: Outcome, session: Session) -> Run:
        trial, known = outcome.trial, outcome.known
        run = session.new_run(known.track_id, trial.tracker, trial.params)
        continued = trial.state is not None
        policy = CorrectionPolicy.KEEP_TEMPLATE if continued else CorrectionPolicy.NEW_TEMPLATE
        return replace(run, start=trial.first, end=trial.last, policy=policy)

    def _find(self) -> Known:
        session = self._desk.session
        if session is None or self._desk.state.is_running:
            raise TrackerError("There is no run to try again.", "Track first.")
        last = self._runs.last
        if last is not None and last.session is session and len(last.buffer) > 1:
            return _of_run(last)
        if isinstance(session, ReplaySession):
            return self._of_recording(session)
        raise TrackerError("There is no run to try again.", "Track first.")

    def _of_recording(self, session: ReplaySession) -> Known:
        recording, frame = session.recording, self._desk.state.frame
        rows = recording.rows
        if frame not in rows:
            frame = min(rows, key=lambda known: abs(known - frame))
        facts = next(
            (f for f in recording.runs if f.id == int(recording.table["run"][rows[frame]])), None
        )
        if facts is None or facts.tracker not in registry.trackers:
            raise TrackerError(
                "The tracker of this recording is not in this program.", "Track anew."
            )
        trace = Trace.of_rows(
            recording.path.name, session.rows, recording, recording.maps, session.step
        )
        return Known(session, facts.target.id, replay.base_of(recording, frame), trace)

    def _last(self, known: Known) -> int:
        """The frame to go up to: the playhead, or the run's end when it is not in the run."""
        base, here = known.base, self._desk.state.frame
        inside = (here - base.start.frame) * base.step > 0 and (base.last - here) * base.step >= 0
        return here if inside else base.last

    @Slot()
    def _poll(self) -> None:
        if self._job is not None:
            self.progress.emit(self._job.fraction)

    @Slot(object)
    def _on_ended(self, ended: RunEnded) -> None:
        job, known = self._job, self._known
        if job is None or known is None or job.serial != ended.serial:
            return
        self._job = None
        self._timer.stop()
        job.finish()
        self.progress.emit(-1.0)
        if ended.defect is not None:
            self.defect.emit(ended.defect)
        elif ended.end is not None and ended.end.error is not None:
            self._desk.say_error(ended.end.error)
        elif known.session is self._desk.session:
            self._conclude(job, known)
        job.deleteLater()

    def _conclude(self, job: TrialJob, known: Known) -> None:
        rows = job.buffer.since(0)
        if job.trial.state is not None:
            rows = rows[1:]  # the first only says where the run stood
        spec = registry.find(job.trial.tracker)
        trace = Trace.of_rows(_title(job.trial), rows, job.maps, spec.maps, known.base.step)
        comparison = compare(known.trace, trace)
        self.outcome = Outcome(known, job.trial, trace, job.buffer, comparison)
        self.finished.emit(self.outcome)

    @Slot()
    def _on_clip(self) -> None:
        self.discard()
        self.base_changed.emit()

    @Slot(object)
    def _on_run_started(self, plan: object) -> None:
        self.discard()

    @Slot(object)
    def _on_run(self, plan: object) -> None:
        self.base_changed.emit()


def _of_run(last: LastRun) -> Known:
    plan, rows = last.plan, last.buffer.since(0)
    if plan.other is not None or plan.members:
        raise TrackerError(
            "A run from both sides or of several trackers cannot be tried again.",
            "Track with one tracker in one direction.",
        )
    tunings = tuple(Tuned(rows[n].frame, values) for n, values in last.tunings if n < len(rows))
    base = Base(
        plan.run.tracker, plan.run.params, plan.start, rows[-1].frame, plan.step, tunings,
        last.session.states_of(plan.run),
    )  # fmt: skip
    return Known(last.session, plan.run.track_id, base, trace_of_run(last))


def trace_of_run(last: LastRun) -> Trace:
    """The last run of the clip, as far as it is."""
    spec, run = registry.find(last.plan.run.tracker), last.plan.run
    title = f"Run {run.id}: {run.tracker}"
    return Trace.of_rows(title, last.buffer.since(0), last.maps, spec.maps, last.plan.step)


def _title(trial: Trial) -> str:
    if trial.tracker != trial.base.tracker:
        return trial.tracker
    changes = ", ".join(f"{name} {trial.params[name]}" for name in trial.changed[:3])
    more = f" and {len(trial.changed) - 3} more" if len(trial.changed) > 3 else ""
    return f"{trial.tracker}: {changes}{more}" if changes else f"{trial.tracker}, unchanged"
