"""Opinions see the errors that a tracker's own signs do not show."""

from __future__ import annotations

import numpy as np
import pytest

from core.alarms.kinds import Alarm
from core.alarms.opinion import RoundTrip, SecondTracker
from core.alarms.thresholds import Calibration, Thresholds
from core.alarms.watcher import Watcher
from core.geometry import Box, iou
from core.states import TargetState
from core.trackers.base import TrackResult

START = Box(20, 20, 10, 10)


class Follower:
    """Moves its box by one pixel a frame; counts what it was asked."""

    def __init__(self, step: float = 1.0) -> None:
        self.step, self.started, self.updates = step, 0, 0
        self.box = START

    def init(self, image: np.ndarray, box: Box) -> TrackResult:
        self.started += 1
        self.box = box
        return TrackResult(box, 1.0, TargetState.TRACKING)

    def update(self, image: np.ndarray) -> TrackResult:
        self.updates += 1
        self.box = self.box.shifted(self.step, 0)
        return TrackResult(self.box, 1.0, TargetState.TRACKING)


def _image() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (60, 80, 3)).astype(np.uint8)


def test_that_a_second_tracker_tells_how_far_it_agrees() -> None:
    made: list[Follower] = []
    second = SecondTracker(lambda: made.append(Follower()) or made[-1])  # type: ignore[arg-type,func-returns-value]
    assert second.about(_image(), START) is None
    second.trust(_image(), START)
    assert second.about(_image(), START.shifted(1, 0)) == 1.0
    assert second.about(_image(), START) == pytest.approx(iou(START, START.shifted(2, 0)))
    second.trust(_image(), START)
    assert second.about(_image(), START.shifted(1, 0)) == 1.0
    assert len(made) == 1, "one tracker is started again, not built again"


def test_that_of_several_trackers_the_mean_overlap_counts() -> None:
    several = SecondTracker(lambda: Follower(), lambda: Follower(2))  # type: ignore[arg-type,return-value]
    several.trust(_image(), START)
    for k in (1, 2):
        apart = iou(START.shifted(k, 0), START.shifted(2 * k, 0))
        told = several.about(_image(), START.shifted(k, 0))
        assert told == pytest.approx((1 + apart) / 2)
    with pytest.raises(ValueError, match="asked"):
        SecondTracker()


def test_that_a_round_trip_comes_back_to_where_the_way_began_or_not() -> None:
    boxes = [START.shifted(k, 0) for k in range(9)]
    for step, told in ((-1.0, 1.0), (0.0, iou(START, START.shifted(4, 0)))):
        trip = RoundTrip(lambda step=step: Follower(step), every=4, length=4)  # type: ignore[arg-type,misc]
        trip.trust(_image(), boxes[0])
        answers = [trip.about(_image(), box) for box in boxes[1:]]
        assert answers[:3] + answers[4:7] == [None] * 6
        assert answers[3] == answers[7] == pytest.approx(told)


def test_that_a_round_trip_never_goes_beyond_the_trusted_box() -> None:
    made: list[Follower] = []
    trip = RoundTrip(lambda: made.append(Follower(-1)) or made[-1], every=2, length=50)  # type: ignore[arg-type,func-returns-value]
    trip.trust(_image(), START)
    for k in (1, 2):
        trip.about(_image(), START.shifted(k, 0))
    assert made[0].updates == 2
    with pytest.raises(ValueError, match="one frame"):
        RoundTrip(lambda: Follower(), every=0)  # type: ignore[arg-type,return-value]


def test_that_a_watcher_rings_for_what_others_say_and_says_so_in_words() -> None:
    image = _image()
    calm = TrackResult(START, 1.0, TargetState.TRACKING)
    second = SecondTracker(Follower)  # type: ignore[arg-type]
    watcher = Watcher(Calibration(Thresholds(second_below=0.5)), [second])
    watcher.see(image, calm)
    verdicts = [watcher.see(image, calm) for _ in range(5)]
    rings = [bool(v.alarms & Alarm.SECOND) for v in verdicts]
    assert rings == [iou(START, START.shifted(k, 0)) < 0.5 for k in range(1, 6)]
    assert rings[-1]
    assert "Another tracker says another box" in verdicts[-1].reason
    assert verdicts[-1].state is not TargetState.TRACKING


def test_that_an_answer_stands_until_the_next_one() -> None:
    image = _image()
    calm = TrackResult(START, 1.0, TargetState.TRACKING)
    trip = RoundTrip(lambda: Follower(-4), every=2, length=2)  # type: ignore[arg-type,misc]
    watcher = Watcher(Calibration(Thresholds(round_trip_below=0.5)), [trip])
    watcher.see(image, calm)
    rings = [bool(watcher.see(image, calm).alarms & Alarm.ROUND_TRIP) for _ in range(4)]
    assert rings == [False, True, True, True]
