"""What the controller of runs keeps: the panel's choices, a wish, the run under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from app.controller.live_run import LiveRun
from app.controller.speed import Speed
from app.jobs.tracking import HoldRule, TrackingJob
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

    def policy(self) -> CorrectionPolicy:
        """How a correction is taken."""
        ...

    def frames(self) -> int:
        """How many frames "track N frames" means."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """A run to start: on which track, from which frame, how far."""

    track: int
    frame: int
    step: int
    count: int | None
    policy: CorrectionPolicy | None


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
    corrected: int | None = None  # frame of a person's box on this track since the start


def hold_rule(when: str, after: int) -> HoldRule:
    """The rule that a preference names: ``never``, ``lost`` or ``uncertain``."""
    states = {"lost": TargetState.LOST, "uncertain": TargetState.UNCERTAIN}
    return HoldRule(states.get(when), after)
