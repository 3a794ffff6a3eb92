"""Tracking runs: start, hold, go on, stop, and lay the result over the document.

While a run moves, the document is left alone; what it has found so far is on the
desk as `growing`. At the end, however it comes, everything that was tracked becomes
one undo step, and boxes that a person set meanwhile stay. A person's box on the
object that is being tracked holds the run; the next "go on" starts again from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.controller.desk import Desk
from app.controller.live_run import LiveRun
from app.controller.playback import Playback
from app.controller.run_keeping import RunKeeping
from app.controller.run_plans import plan_of
from app.controller.run_report import RunReport
from app.controller.run_show import RunShow
from app.controller.run_state import (
    ActiveRun,
    Choices,
    LastRun,
    RecorderFor,
    Wish,
    hold_rule,
)
from app.controller.run_tail import watch_for
from app.controller.speed import Speed
from app.jobs.tracking import RunEnded, TrackingJob
from app.ui_state import RunStatus
from core import device as devices
from core.document.document import Document, Run
from core.document.store import Change
from core.document.track import Columns
from core.engine.extent import TO_END, Extent
from core.engine.map_source import MapHistory, MapSource
from core.errors import BoxtrailError
from core.states import CorrectionPolicy
from core.trackers.base import Services


class Runs(QObject):
    """Carries out tracking runs, one at a time.

    `rows_added` brings new results in batches at display rate. `run_started` and
    `run_ended` name the run; `defect` carries an exception nobody expected.
    """

    rows_added = Signal(list)
    run_started = Signal(object)  # RunPlan
    run_ended = Signal(object)  # RunPlan
    finished = Signal(object)  # RunEnd: how it went, for whoever measures
    defect = Signal(object)  # Exception

    def __init__(
        self, desk: Desk, playback: Playback, choices: Choices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._playback = playback
        self._choices = choices
        self._active: ActiveRun | None = None
        self._next: Wish | None = None
        self._direction = 1
        self._shown_maps: tuple[MapHistory, int, int] | None = None  # maps, track, step
        self._wishes: Callable[[], frozenset[str]] = frozenset  # what of a frame is looked at
        self.kept = RunKeeping(desk, self)
        self._recorder_for: RecorderFor = lambda *_: None
        self.last: LastRun | None = None  # of this clip
        self._show = RunShow(playback, self)
        self._show.rows_added.connect(self.rows_added)
        self._report = RunReport(desk, playback, self)
        self._report.finished.connect(self.finished)
        self._report.defect.connect(self.defect)
        desk.clip_changed.connect(self._on_clip)
        desk.document_changed.connect(self._on_document)

    @property
    def direction(self) -> int:
        """Direction of the last run, +1 or −1."""
        return self._direction

    # ---- what the user can ask for -----------------------------------------------------

    def track(
        self,
        step: int,
        extent: Extent = TO_END,
        policy: CorrectionPolicy | None = None,
        *,
        two_way: bool = False,
    ) -> None:
        """Track from the box on this frame: direction `step` ±1, as far as `extent` says.

        A held run that nobody corrected simply goes on, or goes one frame and holds again.
        With `two_way` from both of the person's boxes around this frame.
        """
        state = self._desk.state
        if state.track is None:
            return
        wish = Wish(state.track, state.frame, step, extent, policy, two_way)
        self._begin(wish)

    def retrack(self) -> None:
        """Track again from the box on this frame, with the chosen correction policy."""
        self.track(self._direction, TO_END, self._choices.policy())

    def track_together(self, trackers: tuple[str, ...]) -> None:
        """Track from the box on this frame with several trackers; their boxes are proposed."""
        state = self._desk.state
        if state.track is not None:
            self._begin(Wish(state.track, state.frame, self._direction, together=trackers))

    def track_until_unsure(self) -> None:
        """Track from the box on this frame until the tracker is unsure."""
        state = self._desk.state
        if state.track is None:
            return
        self._begin(Wish(state.track, state.frame, self._direction, until_unsure=True))

    def go_on_from(self, track: int, frame: int, step: int, merge_key: Hashable) -> None:
        """Track on from a box just corrected, with the template there is.

        Where no tracker knows it, from the box itself. The result belongs to the undo step
        `merge_key`.
        """
        policy = CorrectionPolicy.KEEP_TEMPLATE
        self._start(Wish(track, frame, step, policy=policy, merge_key=merge_key))

    def correct_from(self, track: int, frame: int, policy: CorrectionPolicy) -> None:
        """Track on from a corrected box, taken in this way, in the direction of the last run."""
        self._begin(Wish(track, frame, self._direction, policy=policy))

    def toggle_pause(self) -> None:
        """Hold the run; or let it go on, from the corrected box if there is one."""
        active = self._active
        if active is None:
            return
        if not active.job.control.paused:
            self.pause()
        elif active.corrected is None:
            self.resume()
        else:
            self._next = Wish(
                active.live.track_id,
                active.corrected,
                active.job.plan.step,
                policy=self._choices.policy(),
            )
            self.stop()

    def pause(self) -> None:
        """Hold before the next frame; everything tracked so far is shown."""
        if self._active is not None and not self._active.job.control.paused:
            self._active.job.control.pause()
            self._desk.update(run=RunStatus.PAUSING)

    def resume(self) -> None:
        """Let a held run go on."""
        active = self._active
        if active is None:
            return
        active.follow = True
        active.job.held_by_rule = False
        active.speed.restart(len(active.job.buffer))
        active.job.control.resume()
        self._desk.update(run=RunStatus.RUNNING)
        self._show.go_on()

    def _step(self, active: ActiveRun) -> None:
        """Let a held run track one frame and hold again."""
        active.follow = True
        active.job.held_by_rule = False
        active.job.control.step()
        self._desk.update(run=RunStatus.PAUSING)

    def stop(self) -> None:
        """End the run after the frame in work; what was tracked is kept."""
        if self._active is not None:
            self._active.job.control.cancel()
            self._desk.update(run=RunStatus.STOPPING)

    def conclude(self) -> None:
        """End the run now and wait for it: for saving, closing and quitting."""
        self._next = None
        if self._active is not None:
            came_back = self._active.job.finish()
            self._wrap_up(None)
            if not came_back:
                self._report.too_slow()

    def tune(self, values: Mapping[str, Any]) -> None:
        """Hand live parameters to the run under way; several trackers have none in common."""
        if self._active is not None and not self._active.job.plan.members:
            self._active.job.control.tune(values)

    # ---- what others tell ----------------------------------------------------------------

    def use_wishes(self, wishes: Callable[[], frozenset[str]]) -> None:
        """Let `wishes` say which maps (and patches) a run has to make."""
        self._wishes = wishes

    def use_recorder(self, recorder_for: RecorderFor) -> None:
        """Let `recorder_for` say into which file a run is recorded, when it begins."""
        self._recorder_for = recorder_for

    def overlay_changed(self) -> None:
        """Other maps are looked at: the run makes them from its next frame on."""
        if self._active is not None:
            self._active.job.control.want_maps(self._wanted())

    def user_moved(self) -> None:
        """The user went elsewhere: the view stops following the run."""
        if self._active is not None:
            self._active.follow = False

    def box_set(self, track_id: int, frame: int) -> None:
        """A person set a box: if it is on the object being tracked, the run is held."""
        active = self._active
        if active is None or active.live.track_id != track_id:
            return
        was_moving = not active.job.control.paused
        active.corrected = frame
        active.follow = False
        self.pause()
        if was_moving:
            self._report.corrected()

    # ---- what is shown ---------------------------------------------------------------------

    def map_at(self, frame: int) -> tuple[Any, int] | None:
        """The chosen map for `frame` from the last run on this track, with its age."""
        found = self.source()
        if found is None:
            return None
        return found[0].latest(frame, self._desk.state.overlay.map_key, found[1])

    def source(self) -> tuple[MapSource, int] | None:
        """Maps of the last run on the selected track, and its direction."""
        if self._shown_maps is None:
            return None
        maps, track, step = self._shown_maps
        return (maps, step) if track == self._desk.state.track else None

    def speed(self) -> tuple[float, float | None]:
        """Tracked frames per second just now, and seconds to go (None when unknown)."""
        return self._active.pace() if self._active is not None else (0.0, None)

    def progress(self) -> tuple[int, int, int, int] | None:
        """Start, current and stop frame and step of the run under way."""
        return self._active.progress() if self._active is not None else None

    def growing_result(self) -> tuple[Run, Columns] | None:
        """The run under way and its boxes so far, for recovery copies."""
        active = self._active
        return active.growing_result() if active is not None and not active.propose else None

    def with_growing_proposal(self, document: Document) -> Document:
        """`document` with what a run under way proposes so far, for recovery copies."""
        active = self._active
        return active.proposed_in(document) if active is not None and active.propose else document

    def facts(self) -> list[tuple[str, str]]:
        """The run, for an error report."""
        return self._active.facts() if self._active is not None else []

    # ---- the life of a run -------------------------------------------------------------------

    def _begin(self, wish: Wish) -> None:
        active = self._active
        if active is None:
            self._start(wish)
        elif active.would_go_on(wish):
            self.resume()
        elif active.would_step(wish):
            self._step(active)
        else:
            self._next = wish
            self.stop()

    def _start(self, wish: Wish) -> None:
        session = self._desk.session
        if session is None:
            return
        try:
            plan = plan_of(session, wish, self._choices)
            services = Services(devices.choose(self._desk.preferences.device))
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        self._playback.pause()
        preferences = self._desk.preferences
        job = TrackingJob(
            session,
            plan,
            services,
            want_maps=self._wanted(),
            map_bytes=preferences.map_history << 20,
            rule=hold_rule(preferences.pause_when, preferences.pause_after),
            watch=watch_for(self._desk, plan.run.tracker, until_unsure=wish.until_unsure),
            recorder=None if plan.members else self._recorder_for(session, plan),
            parent=self,
        )
        self.last = LastRun(session, plan, job.buffer, job.maps, job.tunings)
        job.held.connect(self._on_held)
        job.ended.connect(self._on_ended)
        live = LiveRun(plan.run.track_id, plan.run.id, plan.members, job.buffer.beside)
        propose = self._desk.state.propose or bool(plan.members)
        began, key = time.perf_counter(), wish.merge_key
        self._active = ActiveRun(job, live, session, Speed(), began, propose=propose, merge_key=key)
        self._direction = plan.step
        self._shown_maps = (job.maps, plan.run.track_id, plan.step)
        self._desk.growing, self._desk.growing_beside = live, propose
        self._desk.update(run=RunStatus.RUNNING)
        self.run_started.emit(plan)
        self._show.begin(self._active)
        job.start()

    def _wanted(self) -> frozenset[str]:
        return self._wishes()

    @Slot(int)
    def _on_held(self, serial: int) -> None:
        active = self._active
        if active is None or active.job.serial != serial or not active.job.control.holding:
            return
        self._show.halt(follow=True)
        self._desk.update(run=RunStatus.PAUSED)
        if active.job.held_by_rule:
            self._report.held(active)

    @Slot(object)
    def _on_ended(self, ended: RunEnded) -> None:
        active = self._active
        if active is None or active.job.serial != ended.serial:
            return  # the late word of an old run
        active.job.finish()
        self._wrap_up(ended)
        wish, self._next = self._next, None
        if wish is not None and (ended.end is None or ended.end.error is None):
            self._start(wish)

    def _wrap_up(self, ended: RunEnded | None) -> None:
        active, self._active = self._active, None
        if active is None:
            return
        self._show.halt(follow=False)
        self._desk.growing, self._desk.growing_beside = None, False
        self.kept.keep(active, ended.end if ended is not None else None)
        if self._next is None:
            self._show.go_to_last(active)
        self._desk.update(run=RunStatus.IDLE)
        self.run_ended.emit(active.job.plan)
        if ended is not None:
            self._report.ended(active, ended, tail=self.kept.tail is not None)
        active.job.deleteLater()

    @Slot(object)
    def _on_document(self, change: Change) -> None:
        active = self._active
        if active is not None and not self._desk.document.has_track(active.live.track_id):
            self._next = None
            self.stop()
            self._desk.say(self.tr("Tracking stopped: its object was removed."))

    @Slot()
    def _on_clip(self) -> None:
        self._shown_maps = self.last = None
