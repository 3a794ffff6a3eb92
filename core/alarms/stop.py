"""When a run stops by itself, and which of its frames are then worth keeping.

A :class:`Stopper` counts doubtful frames in a row; the frames from the first of them
on are the doubtful tail, which is offered to the person rather than kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param
from core.states import TargetState


@dataclass(frozen=True, slots=True)
class StopRule:
    """“Track until unsure”: what ends such a run, and what stays of it."""

    stop_after: int = param(
        5, "Doubtful frames in a row after which a run until unsure stops.",
        bounds=(1, 1000), unit="frames", group="Tracking",
        label="Unsure after",
    )  # fmt: skip
    cut_tail: bool = param(
        True, "Leave out the doubtful frames at the end of such a run; they are offered.",
        group="Tracking",
        label="Leave out the doubtful end",
    )  # fmt: skip


class Stopper:
    """Counts doubt along one run.

    `first_doubtful` is the frame where the doubt that goes on now began, None without.
    """

    def __init__(self, rule: StopRule) -> None:
        self._rule = rule
        self._row = 0
        self.first_doubtful: int | None = None

    def should_stop(self, frame: int, state: TargetState) -> bool:
        """Take the next frame; True when the run has seen enough."""
        if state is TargetState.TRACKING:
            self._row, self.first_doubtful = 0, None
            return False
        if self.first_doubtful is None:
            self.first_doubtful = frame
        self._row += 1
        return self._row >= self._rule.stop_after or state is TargetState.LOST
