"""Trackers that ran, with the states they went through: what corrections continue from.

One entry per track, for the few tracks that ran last. An entry is taken out while its
tracker runs again, so no two runs ever share one. Thread-safe.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from core.engine.checkpoints import Checkpoints
from core.engine.plan import RunPlan
from core.errors import TrackerError
from core.states import CorrectionPolicy
from core.trackers import registry
from core.trackers.base import Services, Tracker
from core.trackers.registry import TrackerSpec
from core.video.source import VideoSource

REMEMBERED = 4
"""Tracks whose tracker states are kept; older ones start again from their template."""


@dataclass(frozen=True, slots=True)
class _Ran:
    key: str
    params: Mapping[str, Any]
    step: int
    tracker: Tracker
    checkpoints: Checkpoints

    def fits(self, key: str, params: Mapping[str, Any]) -> bool:
        return self.key == key and dict(self.params) == dict(params)


class TrackerMemory:
    """Trackers by track, newest last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ran: dict[int, _Ran] = {}

    def __len__(self) -> int:
        return len(self._ran)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._ran.clear()

    def knows(self, track_id: int, key: str, params: Mapping[str, Any]) -> bool:
        """Whether a tracker `key` with just these parameters ran on the track."""
        with self._lock:
            ran = self._ran.get(track_id)
        return ran is not None and ran.fits(key, params)

    def keep(self, plan: RunPlan, tracker: Tracker, checkpoints: Checkpoints) -> None:
        """Remember the tracker after its run."""
        run = plan.run
        with self._lock:
            self._ran[run.track_id] = _Ran(run.tracker, run.params, plan.step, tracker, checkpoints)
            while len(self._ran) > REMEMBERED:
                del self._ran[next(iter(self._ran))]

    def tracker_for(
        self, plan: RunPlan, services: Services, video: VideoSource
    ) -> tuple[Tracker, Checkpoints]:
        """The tracker that executes `plan`, in the state to start from.

        New for a new template; else the one that ran, put back to before the
        correction; else a new one that saw the recorded template.

        Raises
        ------
        BoxtrailError
            If it cannot be built, or the template is not known or unreadable.
        """
        with self._lock:
            ran = self._ran.pop(plan.run.track_id, None)
        spec = registry.find(plan.run.tracker)
        if plan.start.policy is CorrectionPolicy.NEW_TEMPLATE:
            return spec.create(plan.run.params, services), Checkpoints()
        if ran and ran.fits(spec.key, plan.run.params):
            checkpoint = ran.checkpoints.before(plan.start.frame, ran.step)
            if checkpoint is not None:
                ran.tracker.restore(checkpoint.state)
                same = ran.step * plan.step > 0
                kept = ran.checkpoints.until(plan.start.frame, ran.step) if same else Checkpoints()
                return ran.tracker, kept
        return _from_template(plan, spec, services, video), Checkpoints()


def _from_template(
    plan: RunPlan, spec: TrackerSpec, services: Services, video: VideoSource
) -> Tracker:
    if plan.template is None:
        raise TrackerError(
            "The appearance from before the correction is not known any more.",
            "Choose “new template”.",
        )
    tracker = spec.create(plan.run.params, services)
    with torch.inference_mode():
        tracker.init(video.read(plan.template.frame).image, plan.template.box)
    return tracker
