"""Metrics against hand-computed values and a naive double loop in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluate.metrics import (
    KEYS,
    Scores,
    clipped_overlaps,
    measure,
    normalized_precision_curve,
    precision_curve,
    present,
    success_curve,
)

NAN = float("nan")
SIZE = (100, 80)


def _measure(pred, truth, seconds=(0.1,), init_frame=0):
    return measure(
        np.array(pred, float),
        np.array(truth, float),
        size=SIZE,
        init_frame=init_frame,
        seconds=np.array(seconds, float),
    )


def test_that_a_perfect_tracker_scores_twenty_of_twenty_one():
    boxes = [[10, 10, 20, 20]] * 5
    scores = _measure(boxes, boxes).scores
    assert scores.auc == pytest.approx(20 / 21)
    assert (scores.p20, scores.np, scores.ao, scores.sr50, scores.sr75) == (1, 1, 1, 1, 1)


def test_that_a_tracker_that_misses_everything_scores_nothing_but_the_first_frame():
    truth = [[0, 0, 10, 10]] * 4
    pred = [[0, 0, 10, 10]] + [[60, 60, 10, 10]] * 3
    scores = _measure(pred, truth).scores
    assert scores.auc == pytest.approx(20 / 21 / 4)  # OTB counts the given frame …
    assert scores.ao == 0.0  # … GOT-10k does not
    assert scores.p20 == 0.25


def test_that_success_is_strictly_above_and_precision_within():
    assert success_curve(np.array([0.5, 0.0])).tolist() == [0.5] * 10 + [0.0] * 11
    curve = precision_curve(np.array([20.0, 20.001]))
    assert (curve[19], curve[20], curve[21]) == (0.0, 0.5, 1.0)


def test_that_the_numbers_of_a_small_example_are_those_worked_out_by_hand():
    truth = [[10, 10, 20, 10], [10, 10, 20, 10], [10, 10, 20, 10]]
    pred = [[10, 10, 20, 10], [20, 10, 20, 10], [10, 15, 20, 10]]
    # Overlaps: 1; 10·10 / (400 − 100) = 1/3; 20·5 / (400 − 100) = 1/3.
    measured = _measure(pred, truth, seconds=[0.01, 0.03])
    scores = measured.scores
    assert scores.auc == pytest.approx((20 + 7 + 7) / 3 / 21)  # 0, .05, …, .30 lie below 1/3
    assert scores.ao == pytest.approx(1 / 3)
    assert (scores.sr50, scores.sr75) == (0, 0)
    # Normalised errors: 0; 10/20 = .5 → one threshold of 51; 5/10 = .5 → one.
    assert scores.np == pytest.approx((51 + 1 + 1) / 3 / 51)
    assert measured.details["np_at_020"] == pytest.approx(1 / 3)
    assert scores.fps == pytest.approx(2 / 0.04)
    assert scores.p95_ms == pytest.approx(29.0)


def test_that_absent_and_invalid_frames_are_left_out():
    truth = [[10, 10, 20, 20], [NAN] * 4, [10, 10, 0, 20], [10, 10, 20, 20]]
    pred = [[10, 10, 20, 20], [0, 0, 1, 1], [0, 0, 1, 1], [10, 10, 20, 20]]
    measured = _measure(pred, truth)
    assert present(np.array(truth, float)).tolist() == [True, False, False, True]
    assert measured.scores.auc == pytest.approx(20 / 21)
    assert measured.scores.ao == 1.0
    assert measured.details["counted_frames"] == 2


def test_that_frames_before_a_late_start_do_not_count():
    truth = [[NAN] * 4, [NAN] * 4, [5, 5, 9, 9], [5, 5, 9, 9]]
    pred = [[NAN] * 4, [NAN] * 4, [5, 5, 9, 9], [50, 50, 9, 9]]
    scores = _measure(pred, truth, init_frame=2).scores
    assert scores.auc == pytest.approx(20 / 21 / 2)
    assert scores.ao == 0.0


def test_that_got10k_overlaps_look_only_at_what_lies_in_the_frame():
    pred, truth = np.array([[-10.0, 0, 30, 10]]), np.array([[0.0, 0, 20, 10]])
    assert clipped_overlaps(pred, truth, *SIZE)[0] == 1.0
    scores = _measure([truth[0], pred[0]], [truth[0], truth[0]]).scores
    assert scores.ao == 1.0
    assert scores.sr75 == 1.0
    assert scores.auc == pytest.approx((20 + 14) / 42)  # 200 / 300 without the cut


def test_that_nothing_to_measure_is_not_a_number_rather_than_a_good_one():
    scores = _measure([[1, 1, 5, 5]], [[1, 1, 5, 5]], seconds=[]).scores
    assert all(math.isnan(v) for v in (scores.ao, scores.sr50, scores.fps, scores.p95_ms))


def test_that_the_mean_weighs_sequences_equally_and_skips_gaps():
    a = Scores(0.2, 0, 0, NAN, 0, 0, 10, 1)
    b = Scores(0.6, 1, 1, 0.5, 1, 1, 30, 3)
    mean = Scores.mean([a, b])
    assert (mean.auc, mean.p20, mean.ao, mean.fps) == pytest.approx((0.4, 0.5, 0.5, 20))
    assert tuple(mean.as_dict()) == KEYS


def _naive(pred, truth):
    """AUC, precision, normalised precision, AO by loops over frames and thresholds."""

    def overlap(a, b):
        w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
        h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
        inter = max(w, 0) * max(h, 0)
        return inter / (a[2] * a[3] + b[2] * b[3] - inter)

    auc = p20 = norm = 0.0
    for a, b in zip(pred, truth, strict=True):
        dx = (a[0] + a[2] / 2) - (b[0] + b[2] / 2)
        dy = (a[1] + a[3] / 2) - (b[1] + b[3] / 2)
        auc += sum(overlap(a, b) > np.linspace(0, 1, 21)[k] for k in range(21)) / 21
        p20 += (dx * dx + dy * dy) ** 0.5 <= 20
        norm += sum(math.hypot(dx / b[2], dy / b[3]) <= k / 100 for k in range(51)) / 51
    n = len(pred)
    return auc / n, p20 / n, norm / n


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_that_the_vectorised_metrics_equal_a_naive_double_loop(seed, count):
    rng = np.random.default_rng(seed)
    truth = np.column_stack([rng.uniform(0, 60, (count, 2)), rng.uniform(3, 30, (count, 2))])
    pred = truth + rng.normal(0, 6, (count, 4))
    pred[:, 2:] = np.maximum(pred[:, 2:], 1)
    pred[0] = truth[0]
    scores = _measure(pred, truth).scores
    assert (scores.auc, scores.p20, scores.np) == pytest.approx(_naive(pred, truth), abs=1e-9)


def test_that_normalised_precision_divides_by_the_true_box():
    truth = np.array([[0.0, 0, 100, 10]])
    assert normalized_precision_curve(np.array([[10.0, 0, 100, 10]]), truth)[10] == 1.0
    assert normalized_precision_curve(np.array([[0.0, 1.5, 100, 10]]), truth)[14] == 0.0
