"""Alarms ring for what they are made for, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.alarms.kinds import ALARMS, Alarm, in_words
from core.alarms.thresholds import Calibration, Thresholds, Weights, calibrated, calibration
from core.alarms.watcher import Verdict, Watcher, outside
from core.geometry import Box
from core.states import TargetState
from core.trackers.base import TrackResult

SIZE = (200, 150)
START = Box(80, 60, 40, 30)
CALM = {"psr": 20.0, "apce": 80.0, "peak_ratio": 0.2}


def _patch(seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, 255, (8, 8, 3)).astype(np.float32)
    return np.kron(coarse, np.ones((4, 4, 1), np.float32))


def _result(box: Box = START, **fields: object) -> TrackResult:
    plain = TrackResult(box, 0.9, TargetState.TRACKING, "", CALM)
    return replace(plain, **fields)  # pyright: ignore[reportArgumentType]


def _watcher(**thresholds: float) -> Watcher:
    watcher = Watcher(Calibration(replace(Thresholds(), **thresholds)))  # pyright: ignore
    watcher.judge(_patch(), SIZE, _result())
    return watcher


def _after(
    results: list[TrackResult], patch: np.ndarray | None = None, **thresholds: float
) -> Verdict:
    watcher = _watcher(**thresholds)
    for _ in range(10):
        watcher.judge(_patch(), SIZE, _result())
    verdict = Verdict()
    for result in results:
        verdict = watcher.judge(_patch() if patch is None else patch, SIZE, result)
    return verdict


def test_that_a_steady_target_gives_no_alarm() -> None:
    verdict = _after([_result()] * 40)
    assert (verdict.alarms, verdict.state, verdict.reason) == (0, TargetState.TRACKING, "")


@pytest.mark.parametrize(
    ("alarm", "result"),
    [
        (Alarm.SCORE, _result(score=0.05)),
        (Alarm.PSR, _result(scalars={**CALM, "psr": 2.0})),
        (Alarm.APCE, _result(scalars={**CALM, "apce": 1.0})),
        (Alarm.RIVAL, _result(scalars={**CALM, "peak_ratio": 0.99})),
        (Alarm.SIZE, _result(START.scaled(1.5))),
        (Alarm.ASPECT, _result(Box(80, 60, 40, 60))),
        (Alarm.JUMP, _result(START.shifted(100, 0))),
        (Alarm.EDGE, _result(START.shifted(-95, 0))),
        (Alarm.TRACKER, _result(state=TargetState.UNCERTAIN, reason="Hardly seen.")),
    ],
)  # fmt: skip
def test_that_each_sign_rings_its_own_alarm_and_says_why(alarm: Alarm, result: TrackResult) -> None:
    # Signs of level are means over five frames: five of them are certain.
    changed = alarm in (Alarm.SIZE, Alarm.ASPECT, Alarm.JUMP)
    verdict = _after([result] * (1 if changed else 5))
    assert verdict.alarms & alarm
    assert verdict.state is not TargetState.TRACKING
    assert verdict.reason.endswith(".")
    if alarm is not Alarm.TRACKER:
        assert ALARMS[alarm].reason in in_words(int(alarm))
    else:
        assert verdict.reason == "Hardly seen."


def test_that_another_content_of_the_box_rings_though_the_tracker_is_content() -> None:
    verdict = _after([_result()] * 5, _patch(7))
    assert verdict.alarms == Alarm.LOOKS
    assert verdict.values[Alarm.LOOKS] < 0.15


def test_that_a_box_off_by_a_tenth_still_looks_like_the_target() -> None:
    shifted = np.roll(_patch(), 3, axis=(0, 1))
    assert _after([_result()] * 5, shifted).alarms == 0


def test_that_one_bad_frame_of_a_level_is_no_alarm() -> None:
    assert _after([_result(score=0.05)]).alarms == 0


def test_that_an_alarm_at_the_end_of_its_range_never_rings() -> None:
    off = {i.field: i.high if i.above else i.low for i in ALARMS.values()}
    wild = _result(Box(-500, 0, 400, 3), score=0.0, scalars={"psr": 0.0, "peak_ratio": 1.0})
    assert _after([wild] * 5, _patch(7), **off).alarms == 0


def test_that_doubt_ends_only_after_some_calm_frames() -> None:
    watcher = _watcher(clear_after=3)
    for _ in range(10):
        watcher.judge(_patch(), SIZE, _result())
    watcher.judge(_patch(), SIZE, _result(START.shifted(62, 0)))
    states = [watcher.judge(_patch(), SIZE, _result(START.shifted(62, 0))).state for _ in range(4)]
    doubt, calm = TargetState.UNCERTAIN, TargetState.TRACKING
    assert states == [doubt, doubt, calm, calm]


def test_that_lasting_doubt_means_lost() -> None:
    watcher = _watcher(lost_after=6)
    low = _result(score=0.0)
    states = [watcher.judge(_patch(), SIZE, low).state for _ in range(12)]
    first = states.index(TargetState.UNCERTAIN)
    assert states[first : first + 6] == [TargetState.UNCERTAIN] * 5 + [TargetState.LOST]


def test_that_the_own_word_can_be_left_out() -> None:
    lost = _result(state=TargetState.LOST, reason="Gone.")
    assert _after([lost]).state is TargetState.LOST
    assert _after([lost], own_word=False).state is TargetState.TRACKING


def test_that_all_signs_together_ring_where_none_does_alone() -> None:
    weak = _result(score=0.5, scalars={**CALM, "peak_ratio": 0.6})
    weights = Weights(-4.0, {"score": 6.0, "rival": 6.0})
    watcher = Watcher(Calibration(Thresholds(together_above=0.5), weights))
    watcher.judge(_patch(), SIZE, _result())
    calm = watcher.judge(_patch(), SIZE, _result())
    for _ in range(5):
        verdict = watcher.judge(_patch(), SIZE, weak)
    assert calm.alarms == 0
    assert verdict.alarms == Alarm.TOGETHER


def test_that_watchers_of_the_same_results_agree() -> None:
    random = np.random.default_rng(3)
    results = [
        _result(START.shifted(*random.normal(0, 20, 2)), score=random.uniform()) for _ in range(30)
    ]
    one, two = _watcher(), _watcher()
    assert [one.judge(_patch(), SIZE, r) for r in results] == [
        two.judge(_patch(), SIZE, r) for r in results
    ]


def _steps(watcher: Watcher, xs: list[float]) -> list[Verdict]:
    """Verdicts on a box that goes from one place to the next."""
    return [watcher.judge(_patch(), SIZE, _result(Box(x, 60, 40, 30))) for x in xs]


def _moving(frames: int, step: float = 2.0) -> list[float]:
    """Places of a box that sways over the picture by `step` pixels a frame."""
    return [40 + step * abs((k % 40) - 20) for k in range(frames)]


def test_that_a_moving_box_that_sticks_rings_until_it_moves_again() -> None:
    places = _moving(40)
    verdicts = _steps(_watcher(still_below=0.1), [*places, *[places[-1]] * 8, *_moving(40)[:6]])
    ringing = [k for k, verdict in enumerate(verdicts) if verdict.alarms == Alarm.STILL]
    assert ringing == list(range(44, 48)), "five frames without motion, not fewer"
    assert verdicts[44].values[Alarm.STILL] == 0.0
    assert verdicts[44].reason == "The box stands still although the target was moving."
    assert verdicts[44].state is TargetState.UNCERTAIN
    assert verdicts[30].values[Alarm.STILL] == 1.0


def test_that_a_box_that_only_slows_down_does_not_ring() -> None:
    places = _moving(40)
    slower = [places[-1] + 0.3 * k for k in range(1, 20)]
    assert not any(v.alarms for v in _steps(_watcher(still_below=0.1), [*places, *slower]))


def test_that_a_target_at_rest_rings_nothing_however_still_its_box_is() -> None:
    random = np.random.default_rng(4)
    places = [80 + float(x) for x in random.uniform(-0.3, 0.3, 60)]
    verdicts = _steps(_watcher(still_below=0.99), [*places, *[80.0] * 10])
    assert not any(verdict.alarms for verdict in verdicts)
    assert not any(Alarm.STILL in verdict.values for verdict in verdicts)


def test_that_nothing_is_said_about_standing_still_before_a_usual_speed_is_known() -> None:
    places = _moving(9)
    verdicts = _steps(_watcher(still_below=0.99), [*places, *[places[-1]] * 5])
    assert not any(Alarm.STILL in verdict.values for verdict in verdicts)


def test_that_standing_still_is_silent_by_default_and_at_the_end_of_its_range() -> None:
    places = _moving(40)
    stuck = _steps(_watcher(still_below=0.0), [*places, *[places[-1]] * 8])[-1]
    assert (stuck.values[Alarm.STILL], stuck.alarms) == (0.0, 0)
    assert Thresholds().still_below == 0.0


def test_that_the_share_outside_is_exact() -> None:
    assert outside(Box(0, 0, 10, 10), 100, 100) == 0.0
    assert outside(Box(-5, 0, 10, 10), 100, 100) == 0.5
    assert outside(Box(95, 95, 10, 10), 100, 100) == pytest.approx(0.75)
    assert outside(Box(200, 0, 10, 10), 100, 100) == 1.0


def test_that_bits_are_distinct_and_fit_a_column() -> None:
    bits = [int(alarm) for alarm in Alarm if alarm]
    assert len(set(bits)) == len(bits)
    assert sum(bits) <= np.iinfo(np.uint16).max


def test_that_variants_take_the_calibration_of_their_method() -> None:
    for key in calibrated():
        assert calibration(key).measured["frames"] > 0
    assert calibration("ccr-new") == calibration("ccr")
    assert calibration("something else") == calibration("default")
