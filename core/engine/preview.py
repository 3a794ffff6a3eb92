"""The ways to take a corrected box, tried side by side over the next frames.

Every trial has a tracker of its own, in the very state in which a run with that policy
would start, so what is seen is what the run will give. Frames are read once; trials go
through them together, so that the strips grow at the same pace. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.alarms.thresholds import calibration
from core.alarms.watcher import Watcher
from core.engine.control import Control
from core.engine.plan import RunPlan
from core.engine.run_buffer import Row
from core.errors import FrameUnavailable
from core.geometry import Box
from core.states import CorrectionPolicy
from core.trackers.base import Image, Tracker, TrackResult
from core.video.source import VideoSource

FEWEST, MOST, USUAL = 5, 20, 12
"""How many frames are tried."""

SIDE = 72
"""Pixels of a crop's side."""

_MARGIN = 1.9  # a crop shows this many times the longer side of the corrected box


@dataclass(frozen=True, slots=True)
class Trial:
    """One policy under trial."""

    plan: RunPlan
    tracker: Tracker

    @property
    def policy(self) -> CorrectionPolicy:
        """How it takes the corrected box."""
        return self.plan.start.policy


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """One frame of one trial.

    `crop` is ``(SIDE, SIDE, 3)`` uint8 RGB around the box, `inside` the box in it.
    """

    policy: CorrectionPolicy
    row: Row
    crop: NDArray[np.uint8]
    inside: Box


def preview(
    trials: Sequence[Trial],
    video: VideoSource,
    count: int,
    control: Control,
    tell: Callable[[Glimpse], None],
) -> None:
    """Track `count` frames with each of the trials, all from the same frame.

    Parameters
    ----------
    control
        Cancelling it ends the preview after the frame in work.
    tell
        Gets the glimpses of a frame, then those of the next; the first ones are the seeds.

    Raises
    ------
    BoxtrailError
        If a tracker fails.
    """
    if not trials:
        return
    plan = trials[0].plan
    stop = plan.start.frame + (count + 1) * plan.step
    stop = min(stop, plan.stop) if plan.step > 0 else max(stop, plan.stop)
    side = _MARGIN * max(plan.start.box.w, plan.start.box.h)
    judges = [Watcher(calibration(trial.plan.run.tracker)) for trial in trials]
    with torch.inference_mode():
        for frame in range(plan.start.frame, stop, plan.step):
            try:
                image = video.read(frame).image
            except FrameUnavailable:  # a run skips such a frame, too
                continue
            for trial, judge in zip(trials, judges, strict=True):
                if not control.wait():
                    return
                seed = frame == plan.start.frame
                result = _first(trial, image) if seed else trial.tracker.update(image)
                tell(_glimpse(trial, frame, image, result, judge, side))


def _first(trial: Trial, image: Image) -> TrackResult:
    start = trial.plan.start
    if start.policy is CorrectionPolicy.NEW_TEMPLATE:
        return trial.tracker.init(image, start.box)
    return trial.tracker.correct(image, start.box, start.policy)


def _glimpse(
    trial: Trial, frame: int, image: Image, result: TrackResult, judge: Watcher, side: float
) -> Glimpse:
    verdict = judge.see(image, result)
    seed = frame == trial.plan.start.frame
    row = Row(
        frame, result.box, result.score, result.state if seed else verdict.state, verdict.reason,
        result.scalars, 0.0, seed, verdict.alarms, verdict.doubt,
    )  # fmt: skip
    box, scale = result.box, SIDE / side
    left, top = box.cx - side / 2, box.cy - side / 2
    # warpAffine's coordinates are pixel centres: half a pixel away from edges.
    shift_x, shift_y = (0.5 - left) * scale - 0.5, (0.5 - top) * scale - 0.5
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    crop = cv2.warpAffine(
        image, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    inside = Box((box.x - left) * scale, (box.y - top) * scale, box.w * scale, box.h * scale)
    return Glimpse(trial.policy, row, np.asarray(crop, np.uint8), inside)
