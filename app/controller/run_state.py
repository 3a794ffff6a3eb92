"""What the controller of runs keeps: the panel's choices, a wish, the run under way."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from app.controller.live_run import LiveRun
from app.controller.speed import Speed
from app.jobs.tracking import HoldRule, TrackingJob
from core.document.document import Document, Run
from core.document.proposals import proposed
from core.document.track import Columns
from core.engine.extent import ONE, TO_END, Extent
from core.engine.map_source import MapHistory
from core.engine.plan import RunPlan
from core.engine.run_buffer import RunBuffer
from core.recording.run_recorder import RunRecorder
from core.session import Session
from core.states import CorrectionPolicy, TargetState


class Choices(Protocol):
    """What the tracker panel is set to."""

    def key(self) -> str:
        """The tracker."""
        ...

    def values(self) -> dict[str, Any]:
        """Its parameters."""
        ...

    def values_of(self, key: str) -> dict[str, Any]:
        """The parameters of another tracker, as they were last set."""
        ...

    def policy(self) -> CorrectionPolicy:
        """How a correction is taken."""
        ...

    def frames(self) -> int:
        """How many frames "track N frames" means."""
        ...


RecorderFor = Callable[[Session, RunPlan], RunRecorder | None]
"""Into which file a run is recorded; None: into none."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run found, as long as its clip is open; it may be under way.

    `tunings` are changes of live parameters: the number of rows before them, and values.
    """

    session: Session
    plan: RunPlan
    buffer: RunBuffer
    maps: MapHistory
    tunings: Sequence[tuple[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Wish:
    """A run to start: on which track, from which frame, how far.

    `together` are the trackers of a consensus, instead of the chosen one.
    """

    track: int
    frame: int
    step: int
    extent: Extent = TO_END
    policy: CorrectionPolicy | None = None
    two_way: bool = False
    until_unsure: bool = False
    merge_key: Hashable = None  # undo takes it back together with the step of this key
    together: tuple[str, ...] = ()


@dataclass(slots=True)
class ActiveRun:
    """What belongs to the run under way."""

    job: TrackingJob
    live: LiveRun
    session: Session
    speed: Speed
    began: float
    taken: int = 0
    follow: bool = True
    propose: bool = False  # whether its boxes wait to be accepted
    merge_key: Hashable = None
    corrected: int | None = None  # frame of a person's box on this track since the start

    def would_go_on(self, wish: Wish) -> bool:
        """Whether `wish` is just to let this held run, that nobody corrected, go on."""
        return wish.extent == TO_END and self._is_same_way(wish)

    def would_step(self, wish: Wish) -> bool:
        """The same for a single frame: then the run holds again."""
        return wish.extent == ONE and self.job.control.holding and self._is_same_way(wish)

    def _is_same_way(self, wish: Wish) -> bool:
        last = self.live.last
        return (
            self.job.control.paused
            and self.corrected is None
            and wish.policy is None
            and not wish.two_way
            and not wish.together
            and not wish.until_unsure
            and wish.track == self.live.track_id
            and wish.step == self.job.plan.step
            and last is not None
            and wish.frame == last.frame
        )

    def pace(self) -> tuple[float, float | None]:
        """Tracked frames per second just now, and seconds to go (None when unknown)."""
        rate = self.speed.rate
        left = self.job.plan.total - max(len(self.job.buffer) - 1, 0)
        return rate, left / rate if rate > 0 else None

    def progress(self) -> tuple[int, int, int, int]:
        """Start, current and stop frame, and step."""
        plan, last = self.job.plan, self.live.last
        current = last.frame if last is not None else plan.start.frame
        return plan.start.frame, current, plan.stop, plan.step

    def growing_result(self) -> tuple[Run, Columns] | None:
        """The run and its boxes so far; None before the first."""
        if not len(self.live) or self.live.last is None:
            return None
        return replace(self.job.plan.run, end=self.live.last.frame), self.live.columns()

    def proposed_in(self, document: Document) -> Document:
        """`document` with what it proposes so far."""
        if self.job.plan.members:
            return self.session.with_result(document, self.job.plan, self.job.buffer, propose=True)
        found = self.growing_result()
        return document if found is None else proposed(document, *found)

    def facts(self) -> list[tuple[str, str]]:
        """What an error report says of it."""
        run = self.job.plan.run
        frame = self.live.last.frame if self.live.last else run.start
        return [
            ("tracker", run.tracker),
            ("parameters", repr(dict(run.params))),
            ("run", f"from {run.start} to {run.end}, at {frame}"),
        ]


def hold_rule(when: str, after: int) -> HoldRule:
    """The rule that a preference names: ``never``, ``lost`` or ``uncertain``."""
    states = {"lost": TargetState.LOST, "uncertain": TargetState.UNCERTAIN}
    return HoldRule(states.get(when), after)
