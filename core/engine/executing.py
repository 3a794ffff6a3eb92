"""A plan carried out: the right kind of run, with the trackers and alarms that it needs.

Runs on the calling thread and touches no document. A run in one direction goes on with the
tracker that the track's last run left in the memory, and leaves its own there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.alarms.thresholds import calibration
from core.alarms.watcher import Watcher
from core.engine.consensus import run_consensus
from core.engine.control import Control
from core.engine.memory import TrackerMemory
from core.engine.plan import RunPlan
from core.engine.run_buffer import RunBuffer
from core.engine.runner import FrameResult, RunEnd, Sink, Watch, into, run
from core.engine.two_way import run_two_way
from core.trackers import registry
from core.trackers.base import Services
from core.video.source import Access, VideoSource

_BEYOND_ANY_CLIP = 1 << 31


@dataclass(frozen=True, slots=True)
class Execution:
    """What a run needs besides its plan; without a `watch` the calibrated alarms judge."""

    video: VideoSource
    memory: TrackerMemory
    services: Services
    control: Control
    buffer: RunBuffer
    sinks: Sequence[Sink] = ()
    want_maps: frozenset[str] = frozenset()
    watch: Watch | None = None

    def of(self, plan: RunPlan) -> RunEnd:
        """Carry out `plan`; its results are in the buffer.

        Raises
        ------
        BoxtrailError
            If the run cannot start (weights missing, template frame unreadable).
            Expected errors on the way are in the returned `RunEnd` instead.
        """
        if plan.members:
            return self._together(plan)
        return self._one_way(plan) if plan.other is None else self._two_way(plan)

    def _one_way(self, plan: RunPlan) -> RunEnd:
        tracker, checkpoints, start = self.memory.tracker_for(plan, self.services, self.video)
        tracker.want_maps = self.want_maps

        def checkpoint(item: FrameResult) -> None:
            checkpoints.offer(item.frame.index, tracker, item.result.box)

        frames = self.video.frames(plan.start.frame, self._stop(plan), plan.step)
        watch = self.watch or self._watch(plan)
        lanes = (into(self.buffer), checkpoint, *self.sinks)
        end = run(plan.run.id, frames, tracker, start, self.control, lanes, watch)
        rows = self.buffer.since(max(len(self.buffer) - 1, 0))
        if rows and end.error is None:
            checkpoints.take_last(rows[0].frame, tracker, rows[0].box)
        self.memory.keep(plan, tracker, checkpoints)
        return end

    def _two_way(self, plan: RunPlan) -> RunEnd:
        spec, params = registry.find(plan.run.tracker), plan.run.params
        pair = spec.create(params, self.services), spec.create(params, self.services)
        both = self._watch(plan), self._watch(plan)
        return run_two_way(
            plan, self.video, pair, self.control, self.buffer, self.sinks, self.want_maps, both
        )

    def _together(self, plan: RunPlan) -> RunEnd:
        frames = self.video.frames(plan.start.frame, self._stop(plan), plan.step)
        lanes = (into(self.buffer), *self.sinks)
        rule = self.watch.rule if self.watch is not None else None
        return run_consensus(
            plan, frames, self.services, self.control, self.buffer, lanes, self.want_maps, rule
        )

    @staticmethod
    def _watch(plan: RunPlan) -> Watch:
        return Watch(Watcher(calibration(plan.run.tracker)))

    def _stop(self, plan: RunPlan) -> int:
        # The count of a clip that is still being checked may be short: read to the true end.
        if plan.to_end and plan.step > 0 and self.video.access is Access.CHECKING:
            return _BEYOND_ANY_CLIP
        return plan.stop
