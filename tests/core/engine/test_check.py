"""A check walks from trusted boxes, asks about tracked ones, and writes bits only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes.array_video import moving_patch

from core import weights
from core.alarms.kinds import Alarm
from core.alarms.review import places
from core.alarms.thresholds import Calibration, Checkers
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Keyframe, Track
from core.engine.check import (
    SPREAD,
    Checked,
    Leg,
    answered,
    around,
    check,
    checkers_of,
    judge_of,
    legs,
    with_check,
)
from core.engine.control import Control
from core.errors import TrackerError
from core.geometry import Box
from core.states import Flag, Source
from core.trackers import load_all
from core.trackers.base import Services


class Believer:
    """An opinion that believes boxes as wide as the trusted one; keeps a log."""

    alarm = Alarm.SECOND

    def __init__(self, every: int = 1) -> None:
        self.log: list[tuple[str, float]] = []
        self.every, self.asked, self.width = every, 0, 0.0

    def trust(self, image: np.ndarray, box: Box) -> None:
        self.log.append(("trust", box.x))
        self.width, self.asked = box.w, 0

    def about(self, image: np.ndarray, box: Box) -> float | None:
        self.log.append(("about", box.x))
        self.asked += 1
        return None if self.asked % self.every else min(self.width / box.w, 1.0)


def _key(frame: int, w: float = 10, **fields: object) -> Keyframe:
    key = Keyframe(frame, Box(frame, 5, w, 10), Source.TRACKED, 0.9, run=1)
    return replace(key, **fields)  # pyright: ignore[reportArgumentType]


def _mine(frame: int) -> Keyframe:
    return _key(frame, source=Source.MANUAL, run=0, score=1.0)


def _track(*keys: Keyframe) -> Track:
    return Track(1).with_keyframes(keys)


def _check(track: Track, opinion: Believer, start: int | None = None) -> Checked:
    return check(
        track,
        legs(track, start),
        moving_patch(12).video(),  # pyright: ignore[reportArgumentType]
        [opinion],
        Control(),
    )


def test_that_boxes_nobody_else_believes_are_doubted_and_nothing_else_changes() -> None:
    track = _track(_mine(0), *(_key(f, w=10 if f < 6 else 30) for f in range(1, 10)))
    result = with_check(track, _check(track, Believer()), {Alarm.SECOND: 0.75})
    first = 6 - SPREAD
    assert [int(a) for a in result.columns.alarms] == [0] * first + [int(Alarm.SECOND)] * 6
    assert replace(result.columns, alarms=track.columns.alarms) == track.columns
    (place,) = places(result)
    assert (place.first, place.last) == (first, 9)
    assert place.reason == "Another tracker says another box."


def test_that_a_second_check_takes_back_what_no_longer_holds_and_keeps_other_alarms() -> None:
    old = int(Alarm.SECOND | Alarm.LOOKS)
    track = _track(_mine(0), *(_key(f, alarms=old) for f in range(1, 4)))
    result = with_check(track, _check(track, Believer()), {Alarm.SECOND: 0.75})
    assert [int(a) for a in result.columns.alarms] == [0] + [int(Alarm.LOOKS)] * 3


def test_that_a_doubt_takes_in_the_frames_beside_it_but_not_across_what_nobody_spoke_of() -> None:
    track = _track(_mine(0), *(_key(f, w=30 if f == 5 else 10) for f in range(1, 11) if f != 6))
    checked = _check(track, Believer())
    assert set(checked.heard[Alarm.SECOND]) == {1, 2, 3, 4, 5}, "a gap ends the walk"
    result = with_check(track, checked, {Alarm.SECOND: 0.75})
    doubted = result.columns.frames[result.columns.alarms != 0]
    assert list(doubted) == [3, 4, 5]
    assert list(around(np.array([1.0, 0.9, 0.2, 0.9, 1.0, 1.0]))) == [0.2] * 5 + [0.9]


def test_that_boxes_which_changed_since_the_check_began_are_left_alone() -> None:
    track = _track(_mine(0), *(_key(f, w=30) for f in range(1, 4)))
    checked = _check(track, Believer())
    edited = track.with_keyframes([_key(2, w=12)])
    result = with_check(edited, checked, {Alarm.SECOND: 0.75})
    assert [int(a) for a in result.columns.alarms] == [0, Alarm.SECOND, 0, Alarm.SECOND]


def test_that_it_starts_anew_at_every_trusted_box_and_stops_at_gaps() -> None:
    track = _track(
        _mine(0), _key(1), _key(2, flags=Flag.CONFIRMED), _key(3), _key(5), _mine(6), _key(7)
    )
    opinion = Believer()
    checked = _check(track, opinion)
    assert opinion.log == [
        ("trust", 0), ("about", 1), ("trust", 2), ("about", 3), ("trust", 6), ("about", 7)
    ]  # fmt: skip
    assert sorted(checked.heard[Alarm.SECOND]) == [1, 3, 7]


def test_that_what_was_tracked_backwards_is_walked_backwards() -> None:
    track = _track(_key(2), _key(3), _mine(4), _key(5))
    opinion = Believer()
    assert legs(track) == [Leg(4, 5), Leg(4, 2)]
    _check(track, opinion)
    assert opinion.log == [("trust", 4), ("about", 5), ("trust", 4), ("about", 3), ("about", 2)]


def test_that_a_check_can_begin_at_the_last_trusted_box() -> None:
    track = _track(_mine(0), _key(1), _mine(4), _key(5), _key(6))
    assert legs(track, 5) == [Leg(4, 6)]
    assert legs(track, 3) == [Leg(0, 6)]


def test_that_what_a_check_left_as_it_is_needs_no_other() -> None:
    track = _track(_mine(0), *(_key(f) for f in range(1, 4)), _mine(4), _key(5), _key(6))
    checked = _check(track, Believer())
    known = answered(with_check(track, checked, {Alarm.SECOND: 0.75}), checked)
    assert list(known.frames) == [1, 2, 3, 5, 6]
    assert legs(track, 5, known) == [Leg(4, 6)], "nothing is new: as without knowing"
    moved = track.with_keyframes([_key(2, w=12)])
    assert legs(moved, 5, known) == [Leg(0, 2)]
    both = moved.with_keyframes([_key(3, w=12), _key(5, alarms=int(Alarm.SECOND))])
    assert legs(both, 5, known) == [Leg(0, 5)], "two ways that meet are one"
    undone = track.with_keyframes([_key(3, alarms=int(Alarm.ROUND_TRIP))])
    assert legs(undone, 5, known) == [Leg(0, 3)], "what a way back said belongs to a check, too"
    before = _track(_key(1), _key(2), _mine(4), _key(5))
    assert legs(before, 5, Columns.empty()) == [Leg(4, 5), Leg(4, 1)]


def test_that_two_are_asked_only_where_both_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Calibration(quick=Checkers(("ccr",), 0.7), thorough=Checkers(("ccr", "cract"), 0.6))
    load_all()
    monkeypatch.setattr(weights, "missing", lambda keys, _: list(keys))
    assert checkers_of(known, Services(), thorough=True) == known.quick
    monkeypatch.setattr(weights, "missing", lambda keys, _: [])
    assert checkers_of(known, Services(), thorough=True) == known.thorough
    assert checkers_of(known, Services(), thorough=False) == known.quick


def test_that_an_answer_holds_for_the_frames_since_the_one_before() -> None:
    track = _track(_mine(0), *(_key(f, w=10 if f != 4 else 30) for f in range(1, 7)))
    checked = _check(track, Believer(every=2))
    assert checked.heard[Alarm.SECOND] == pytest.approx(
        {1: 1.0, 2: 1.0, 3: 1 / 3, 4: 1 / 3, 5: 1.0, 6: 1.0}
    )


def test_that_a_cancelled_check_keeps_what_was_heard() -> None:
    control, track = Control(), _track(_mine(0), *(_key(f) for f in range(1, 8)))
    checked = check(
        track, legs(track), moving_patch(12).video(),  # pyright: ignore[reportArgumentType]
        [Believer()], control,
        lambda done: control.cancel() if done == 4 else None,
    )  # fmt: skip
    assert not checked.finished
    assert checked.frames == 3


def test_that_there_must_be_something_to_check_and_to_begin_at() -> None:
    for track in (_track(_mine(0)), _track(_key(1)), _track(_mine(0), _key(1), _mine(2))):
        with pytest.raises(TrackerError):
            legs(track, 2)


def test_that_the_tracker_of_most_boxes_says_who_checks_them() -> None:
    track = _track(_mine(0), _key(1, run=1), _key(2, run=2), _key(3, run=2))
    document = Document(VideoRef("x")).with_track(track)
    document = replace(document, runs=(Run(1, 1, "edcf"), Run(2, 1, "ccr")))
    assert judge_of(document, track).evidence == "peak"
    assert judge_of(document, _track(_mine(0))).evidence == ""
