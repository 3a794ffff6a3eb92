"""A run until unsure stops soon after the target is gone, and not while it is there."""

from __future__ import annotations

import pytest
import torch

from core.alarms.stop import Stopper, StopRule
from core.alarms.thresholds import calibration
from core.alarms.watcher import Watcher
from core.engine.control import Control
from core.engine.runner import EndReason, FrameResult, RunEnd, Start, Watch, run
from core.states import TargetState
from core.trackers import load_all, registry
from core.video.synthetic import ClipConfig, SyntheticClip

_SIZE = {"width": 200, "height": 150}
_LATEST = 10

GONE_AT = 20
EASY = {
    "swaying": ClipConfig(frames=40, sway=(30.0, 12.0, 50.0), **_SIZE),
    "growing": ClipConfig(
        frames=40, seed=3, velocity=(1.2, 0.4), start=(60, 60), scale_per_frame=1.003, **_SIZE
    ),
    "among others": ClipConfig(
        frames=40, seed=5, sway=(40.0, 20.0, 60.0), others=2, light=0.15, noise=2.0, **_SIZE
    ),
    "shrinking": ClipConfig(
        frames=40, seed=8, velocity=(0.8, 0.5), start=(60, 60), scale_per_frame=0.997, **_SIZE
    ),
    "in changing light": ClipConfig(
        frames=40, seed=9, sway=(20.0, 15.0, 40.0), light=0.2, noise=3.0, **_SIZE
    ),
}
HIDDEN = {
    "swaying": ClipConfig(
        frames=50, seed=1, sway=(30.0, 12.0, 70.0), occlusions=((GONE_AT, 50),), **_SIZE
    ),
    "passing": ClipConfig(
        frames=50, seed=4, velocity=(1.0, 0.2), start=(50, 70), occlusions=((GONE_AT, 50),), **_SIZE
    ),
}
LEAVING = {
    "to the right": ClipConfig(frames=50, seed=2, velocity=(3.0, 0.0), start=(130, 75), **_SIZE),
    "over a corner": ClipConfig(
        frames=50, seed=7, velocity=(-2.0, -2.5), start=(60, 60), noise=2.0, **_SIZE
    ),
}


def _until_unsure(config: ClipConfig, tracker: str) -> tuple[RunEnd, list[FrameResult]]:
    load_all()
    torch.set_num_threads(1)
    clip, seen = SyntheticClip(config), []
    watch = Watch(Watcher(calibration(tracker)), StopRule())
    end = run(
        1,
        clip.frames(0, config.frames),
        registry.find(tracker).create({}),
        Start(0, clip.initial_box),
        Control(),
        (seen.append,),
        watch,
    )
    return end, seen


SLOW = ("ccr-deep", "drvt", "edcf", "crpn", "cract")
TRACKERS = ["ccr", *(pytest.param(key, marks=pytest.mark.slow) for key in SLOW)]


@pytest.mark.parametrize("tracker", TRACKERS)
@pytest.mark.parametrize("clip", EASY)
def test_that_an_easy_clip_is_tracked_to_its_end(clip: str, tracker: str) -> None:
    end, seen = _until_unsure(EASY[clip], tracker)
    assert end.reason is EndReason.FINISHED
    assert len(seen) == EASY[clip].frames


@pytest.mark.parametrize("tracker", TRACKERS)
@pytest.mark.parametrize("clip", HIDDEN)
def test_that_a_hidden_target_stops_the_run(clip: str, tracker: str) -> None:
    end, seen = _until_unsure(HIDDEN[clip], tracker)
    assert end.reason is EndReason.UNSURE
    assert GONE_AT <= seen[-1].frame.index <= GONE_AT + _LATEST
    assert end.doubtful_from is not None
    assert end.doubtful_from >= GONE_AT - 1
    assert seen[-1].verdict.alarms
    assert seen[-1].result.reason


@pytest.mark.parametrize("tracker", TRACKERS)
@pytest.mark.parametrize("clip", LEAVING)
def test_that_a_target_that_leaves_stops_the_run(clip: str, tracker: str) -> None:
    config = LEAVING[clip]
    gone = next(k for k, t in enumerate(SyntheticClip(config).truths()) if t.visible < 0.5)
    end, seen = _until_unsure(config, tracker)
    assert end.reason is EndReason.UNSURE
    assert seen[-1].frame.index <= gone + _LATEST
    assert end.doubtful_from is not None
    assert end.doubtful_from >= gone - _LATEST


def test_that_doubt_that_passes_does_not_stop() -> None:
    stopper = Stopper(StopRule(stop_after=3))
    doubt, calm = TargetState.UNCERTAIN, TargetState.TRACKING
    assert not any(stopper.should_stop(k, s) for k, s in enumerate([doubt, doubt, calm, doubt]))
    assert stopper.first_doubtful == 3
    assert not stopper.should_stop(4, doubt)
    assert stopper.should_stop(5, doubt)


def test_that_a_lost_target_stops_at_once() -> None:
    assert Stopper(StopRule(stop_after=50)).should_stop(7, TargetState.LOST)
