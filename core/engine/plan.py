"""A run that was decided on, before it runs: everything about it, nothing to look up."""

from __future__ import annotations

from dataclasses import dataclass

from core.document.document import Run
from core.engine.run_buffer import RunBuffer
from core.engine.runner import Start


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run that can be executed: checked, complete, independent of later edits.

    `template` is the seed to initialise on first when the policy keeps the template
    and no running tracker is at hand. `stop` is exclusive, as in `range`; with
    `to_end` it is where the clip ends as far as is known when planning. `other` is the
    seed at the far end of a two-way run, on frame `stop`. `members` are the runs of a
    consensus; `run` is then the one with the fused boxes.
    """

    run: Run
    start: Start
    stop: int
    step: int
    template: Start | None = None
    to_end: bool = False
    other: Start | None = None
    members: tuple[Run, ...] = ()

    @property
    def total(self) -> int:
        """Number of frames to track, without the seed; of a two-way run in both passes."""
        frames = max(len(range(self.start.frame, self.stop, self.step)) - 1, 0)
        return 2 * frames if self.other is not None else frames

    def new_buffer(self) -> RunBuffer:
        """An empty buffer for its results."""
        return RunBuffer(self.run.id, [RunBuffer(run.id) for run in self.members])
