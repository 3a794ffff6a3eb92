"""Trying the ways to take a corrected box, before one of them is chosen.

The trials run in the background on trackers of their own; the document, the runs and the
remembered trackers are not touched, so leaving costs nothing. Choosing starts a run from
the corrected box with that policy.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.controller.playback import Playback
from app.controller.run_state import Choices
from app.controller.runs import Runs
from app.jobs.background import Background
from core import device as devices
from core.engine.control import Control
from core.engine.extent import Extent
from core.engine.plan import RunPlan
from core.engine.preview import Glimpse
from core.errors import BoxtrailError
from core.session import Session
from core.states import CorrectionPolicy
from core.trackers import registry
from core.trackers.base import Services

_EVERY_MS = 60


@dataclass(frozen=True, slots=True)
class Trials:
    """What is known of a preview so far; `lacking` says why a policy is not tried."""

    track: int
    frame: int
    tracker: str
    count: int
    step: int = 1
    glimpses: tuple[Glimpse, ...] = ()
    lacking: Mapping[CorrectionPolicy, str] = field(default_factory=dict)
    done: bool = False

    def of(self, policy: CorrectionPolicy) -> list[Glimpse]:
        """The glimpses of one policy, in order."""
        return [glimpse for glimpse in self.glimpses if glimpse.policy is policy]


class _Collected:
    """Glimpses on their way from the background to the window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._glimpses: list[Glimpse] = []

    def put(self, glimpse: Glimpse) -> None:
        with self._lock:
            self._glimpses.append(glimpse)

    def all(self) -> tuple[Glimpse, ...]:
        with self._lock:
            return tuple(self._glimpses)


class Preview(QObject):
    """Starts, shows, chooses and leaves a preview.

    `changed` brings the :class:`Trials`, or None when there is no preview any more;
    `defect` an exception nobody expected.
    """

    changed = Signal(object)
    defect = Signal(object)

    def __init__(
        self,
        desk: Desk,
        playback: Playback,
        runs: Runs,
        choices: Choices,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._playback = playback
        self._runs = runs
        self._choices = choices
        self._background = background
        self._trials: Trials | None = None
        self._control = Control()
        self._collected = _Collected()
        self._waiting: tuple[int, int, int] | None = None  # track, frame and count to try
        self._number = 0  # of the preview under way: late answers of others do not count
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._take)
        runs.run_started.connect(self.leave)
        runs.run_ended.connect(self._run_ended)
        desk.clip_changed.connect(self.leave)
        desk.document_changed.connect(self._document_changed)

    @property
    def is_open(self) -> bool:
        """Whether a preview is shown or being made."""
        return self._trials is not None

    @property
    def trials(self) -> Trials | None:
        """What is known so far."""
        return self._trials

    def start(self, count: int) -> None:
        """Try all policies from the box on this frame over the next `count` frames.

        A held run ends first: its tracker is the one to be tried.
        """
        state = self._desk.state
        if state.track is None or self._desk.session is None:
            return
        self.leave()
        self._waiting = (state.track, state.frame, count)
        if state.is_running:
            self._runs.stop()
        else:
            self._begin()

    def choose(self, policy: CorrectionPolicy) -> None:
        """Track on from the corrected box in this way."""
        trials = self._trials
        if trials is None:
            return
        if policy in trials.lacking:
            self._desk.say(trials.lacking[policy], severity="warning")
            return
        self.leave()
        self._runs.correct_from(trials.track, trials.frame, policy)

    @Slot()
    def leave(self, _: object = None) -> None:
        """End the preview; everything is as it was before."""
        self._waiting = None
        self._control.cancel()
        self._timer.stop()
        if self._trials is not None:
            self._trials = None
            self.changed.emit(None)

    def finish(self) -> None:
        """The window closes: the background must not wait for the trials."""
        self.leave()

    # ---- inside ----------------------------------------------------------------------------

    @Slot(object)
    def _run_ended(self, _: object) -> None:
        if self._waiting is not None:
            # The controller of runs is still at it: begin when it has come back.
            QTimer.singleShot(0, self, self._begin)

    def _begin(self) -> None:
        waiting, session = self._waiting, self._desk.session
        self._waiting = None
        if waiting is None or session is None or self._desk.state.is_running:
            return
        track, frame, count = waiting
        self._playback.pause()
        self._playback.go(frame)
        tracker = self._choices.key()
        try:
            services = Services(devices.choose(self._desk.preferences.device))
            plans, lacking = self._plans(session, track, frame, count)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        control, collected = Control(), _Collected()
        self._control, self._collected = control, collected
        self._number += 1
        number = self._number
        step = self._runs.direction
        self._trials = Trials(track, frame, tracker, count, step, lacking=lacking)
        self.changed.emit(self._trials)
        self._timer.start()
        self._background.run(
            lambda: session.preview(plans, count, control, collected.put, services),
            lambda _: self._ended(number),
            lambda error: self._failed(number, error),
        )

    def _plans(
        self, session: Session, track: int, frame: int, count: int
    ) -> tuple[list[RunPlan], dict[CorrectionPolicy, str]]:
        spec, plans = registry.find(self._choices.key()), []
        lacking: dict[CorrectionPolicy, str] = {}
        for policy in CorrectionPolicy:
            if policy not in spec.corrections:
                lacking[policy] = self.tr("%s cannot take a box in this way.") % spec.title
                continue
            plan = session.plan(
                track,
                frame,
                spec.key,
                extent=Extent(count=count),
                step=self._runs.direction,
                params=self._choices.values(),
                policy=policy,
            )
            if plan.start.policy is policy:
                plans.append(plan)
            else:
                lacking[policy] = self.tr("No appearance is known from before this box.")
        return plans, lacking

    @Slot()
    def _take(self) -> None:
        trials, glimpses = self._trials, self._collected.all()
        if trials is None or len(glimpses) == len(trials.glimpses):
            return
        self._show(trials, glimpses, done=False)

    def _show(self, trials: Trials, glimpses: tuple[Glimpse, ...], *, done: bool) -> None:
        self._trials = Trials(
            trials.track, trials.frame, trials.tracker, trials.count, trials.step, glimpses,
            trials.lacking, done,
        )  # fmt: skip
        self.changed.emit(self._trials)

    def _ended(self, number: int) -> None:
        trials = self._trials
        if number != self._number or trials is None:
            return
        self._timer.stop()
        self._show(trials, self._collected.all(), done=True)

    def _failed(self, number: int, error: Exception) -> None:
        if number != self._number or self._trials is None:
            return
        self.leave()
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self.defect.emit(error)

    @Slot(object)
    def _document_changed(self, _: object) -> None:
        if self._waiting is None:  # else it is the result of the run that makes way
            self.leave()
