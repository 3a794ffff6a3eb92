from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.states import TargetState
from core.trackers.ccr.params import CCRParams
from core.trackers.ccr.reliability import History, Quality, failed, measure, verdict

PARAMS = CCRParams()
GOOD = Quality(peak=1.0, q=100.0, psr=20.0, apce=50.0, peak_ratio=0.2)


def response(height: float = 1.0, second: float = 0.0) -> np.ndarray:
    values = np.zeros((40, 40), np.float32)
    values[20, 20], values[8, 30] = height, second
    values[0, 0] = -0.1
    return values


def history(frames: int, quality: Quality = GOOD) -> History:
    past = History()
    for _ in range(frames):
        past = past.with_frame(quality)
    return past


def test_that_quality_follows_equation_8() -> None:
    values = response()
    raised = values - values.min()
    expected = np.exp(1.1**2) / np.square(raised).mean()
    assert measure(values, 1.0, 2.0).q == pytest.approx(expected, rel=1e-4)


def test_that_a_second_peak_is_reported() -> None:
    assert measure(response(second=0.5), 1.0, 2.0).peak_ratio == pytest.approx(0.5)
    assert measure(response(), 1.0, 2.0).peak_ratio == pytest.approx(0, abs=1e-6)


def test_that_a_restless_response_has_a_lower_psr() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (40, 40)).astype(np.float32)
    assert measure(response() + noise, 1.0, 2.0).psr < measure(response(), 1.0, 2.0).psr


def test_that_flat_and_negative_responses_stay_finite() -> None:
    for values in (np.zeros((20, 20), np.float32), -np.ones((20, 20), np.float32)):
        quality = measure(values, float(values.max()), 2.0)
        assert all(np.isfinite(list(quality.scalars().values())))


def test_that_the_history_is_the_mean_so_far() -> None:
    past = History().with_frame(GOOD).with_frame(replace(GOOD, peak=0.5, q=50.0))
    assert (past.frames, past.mean_peak, past.mean_q) == (2, 0.75, 75.0)


@pytest.mark.parametrize(
    ("peak", "q", "expected"),
    [(0.69, 29.0, True), (0.71, 29.0, False), (0.69, 31.0, False), (1.0, 100.0, False)],
)
def test_that_failure_needs_both_measures_low(peak: float, q: float, expected: bool) -> None:
    assert failed(history(10), replace(GOOD, peak=peak, q=q), PARAMS) is expected


def test_that_no_failure_is_declared_without_history() -> None:
    nothing = replace(GOOD, peak=0.0, q=0.0)
    assert not failed(history(PARAMS.history_min - 1), nothing, PARAMS)
    assert failed(history(PARAMS.history_min), nothing, PARAMS)


def test_that_the_verdict_grows_worse_with_every_failure() -> None:
    past = history(10)
    assert verdict(past, GOOD, 0, PARAMS) == (TargetState.TRACKING, 1.0, "")
    weak = replace(GOOD, peak=0.4, psr=5.0)
    one = verdict(past, weak, 1, PARAMS)
    many = verdict(past, weak, PARAMS.lost_after, PARAMS)
    assert one[0] is TargetState.UNCERTAIN
    assert many[0] is TargetState.LOST
    assert one[2]
    assert many[2]
    assert one[1] < 0.5


def test_that_a_peak_that_hardly_stands_out_is_uncertain() -> None:
    state, score, reason = verdict(history(10), replace(GOOD, psr=3.0), 0, PARAMS)
    assert state is TargetState.UNCERTAIN
    assert score < 1
    assert "PSR" in reason
