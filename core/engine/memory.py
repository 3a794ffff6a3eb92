"""Trackers that ran, with the states they went through: what corrections continue from.

One entry per track, for the few tracks that ran last. An entry is taken out while its
tracker runs again, so no two runs ever share one. Thread-safe.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from core.engine.checkpoints import Checkpoints
from core.engine.plan import RunPlan
from core.engine.runner import Start
from core.errors import FrameUnavailable, TrackerError
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

    def states(self, track_id: int, key: str, params: Mapping[str, Any]) -> Checkpoints | None:
        """The states of the last run on the track, if it was `key` with just `params`."""
        with self._lock:
            ran = self._ran.get(track_id)
        return ran.checkpoints if ran is not None and ran.fits(key, params) else None

    def keep(self, plan: RunPlan, tracker: Tracker, checkpoints: Checkpoints) -> None:
        """Remember the tracker after its run."""
        run = plan.run
        with self._lock:
            self._ran[run.track_id] = _Ran(run.tracker, run.params, plan.step, tracker, checkpoints)
            while len(self._ran) > REMEMBERED:
                del self._ran[next(iter(self._ran))]

    def tracker_for(
        self, plan: RunPlan, services: Services, video: VideoSource
    ) -> tuple[Tracker, Checkpoints, Start]:
        """The tracker that executes `plan`, in the state to start from, and how it starts.

        New for a new template; else the one that ran, put back to before the
        correction; else a new one that saw the recorded template. Where the plan
        resumes and the tracker still knows that it said the very box it would start from,
        it is brought to just after that frame; otherwise it starts by a correction.

        Raises
        ------
        BoxtrailError
            If it cannot be built, or the template is not known or unreadable.
        """
        with self._lock:
            ran = self._ran.pop(plan.run.track_id, None)
        spec = registry.find(plan.run.tracker)
        start = replace(plan.start, resumes=False)
        if start.policy is CorrectionPolicy.NEW_TEMPLATE and not plan.start.resumes:
            return spec.create(plan.run.params, services), Checkpoints(), start
        if ran and ran.fits(spec.key, plan.run.params):
            same = ran.step * plan.step > 0
            if plan.start.resumes and same and _brought_to(ran, plan.start, video):
                kept = ran.checkpoints.through(start.frame, ran.step)
                return ran.tracker, kept, plan.start
            checkpoint = ran.checkpoints.before(start.frame, ran.step)
            if checkpoint is not None:
                ran.tracker.restore(checkpoint.state)
                kept = ran.checkpoints.until(start.frame, ran.step) if same else Checkpoints()
                return ran.tracker, kept, start
        return _from_template(plan, spec, services, video), Checkpoints(), start

    def trial_for(self, plan: RunPlan, services: Services, video: VideoSource) -> Tracker:
        """A tracker of its own in the state in which `plan` would tell it the box.

        The one that is remembered is not touched, so trying costs nothing.

        Raises
        ------
        BoxtrailError
            As :meth:`tracker_for`.
        """
        spec, start = registry.find(plan.run.tracker), plan.start
        if start.policy is CorrectionPolicy.NEW_TEMPLATE:
            return spec.create(plan.run.params, services)
        with self._lock:
            ran = self._ran.get(plan.run.track_id)
        if ran and ran.fits(spec.key, plan.run.params):
            checkpoint = ran.checkpoints.before(start.frame, ran.step)
            if checkpoint is not None:
                tracker = spec.create(plan.run.params, services)
                tracker.restore(checkpoint.state)
                return tracker
        return _from_template(plan, spec, services, video)


def _brought_to(ran: _Ran, start: Start, video: VideoSource) -> bool:
    """Bring the tracker to just after the start frame; False if it did not say that box."""
    checkpoint = ran.checkpoints.at_or_before(start.frame, ran.step)
    if checkpoint is None:
        return False
    ran.tracker.restore(checkpoint.state)
    box = checkpoint.box
    with torch.inference_mode():
        for index in range(checkpoint.frame + ran.step, start.frame + ran.step, ran.step):
            try:
                image = video.read(index).image
            except FrameUnavailable:  # a run skips such a frame, too
                continue
            box = ran.tracker.update(image).box
    return box == start.box


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
