"""Frame-wise errors: the same numbers as the curves, and back from a point to its frames."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.evaluate.judged import THRESHOLDS, frame_errors, from_text, summary
from core.evaluate.metrics import measure

SIZE = (400, 300)


def walk(count: int, seed: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.array([50.0, 60, 40, 30]) + np.cumsum(rng.normal(0, 1, (count, 4)), axis=0)
    return truth + rng.normal(0, spread, (count, 4)), truth


@pytest.mark.parametrize("kind", list(THRESHOLDS))
def test_that_the_curve_is_the_share_of_frames_that_are_not_missed(kind):
    boxes, truth = walk(300, 3, 9.0)
    truth[40:55] = np.nan
    boxes[0] = truth[0]
    errors = frame_errors(boxes, truth)
    curve = measure(boxes, truth, size=SIZE, init_frame=0, seconds=np.ones(1)).details
    for threshold, share in zip(THRESHOLDS[kind], curve[f"{kind}_curve"], strict=True):
        missed = errors.missed(kind, threshold)
        assert 1 - len(missed) / 285 == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("kind", list(THRESHOLDS))
def test_that_every_frame_lies_at_one_point_of_the_curve_or_beyond_its_end(kind):
    boxes, truth = walk(300, 5, 12.0)
    errors = frame_errors(boxes, truth)
    steps = THRESHOLDS[kind]
    at = np.concatenate([errors.near(kind, step) for step in steps])
    values = errors.values(kind)
    inside = values <= steps[-1]
    assert sorted(at) == sorted(np.flatnonzero(inside))


def test_that_a_clicked_overlap_gives_the_frames_between_it_and_the_next_threshold():
    truth = np.tile([0.0, 0, 10, 10], (4, 1))
    boxes = truth.copy()
    boxes[:, 0] = [0, 1, 5, 30]  # overlaps 1, 9/11, 1/3, 0
    errors = frame_errors(boxes, truth)
    assert errors.near("success", 0.31).tolist() == [2]
    assert errors.near("success", 0.0).tolist() == [3]
    assert errors.missed("success", 0.5).tolist() == [2, 3]
    assert errors.near("precision", 5).tolist() == [2]
    assert errors.missed("precision", 20).tolist() == [3]


def test_that_errors_survive_a_report():
    boxes, truth = walk(50, 1, 3.0)
    boxes[7] = np.nan
    errors = frame_errors(boxes, truth, start=2)
    back = from_text(json.loads(json.dumps(errors.as_text())))
    assert np.isnan(back.overlaps[[0, 1, 7]]).all()
    np.testing.assert_allclose(back.overlaps, errors.overlaps, atol=6e-5)
    np.testing.assert_allclose(back.errors, errors.errors, atol=6e-3)
    np.testing.assert_allclose(back.normalized, errors.normalized, atol=6e-5)


@pytest.mark.parametrize("broken", [{}, {"overlap": "1 x", "error": "", "normalized": ""}])
def test_that_other_values_are_refused(broken):
    with pytest.raises((ValueError, KeyError)):
        from_text(broken)


def test_that_the_summary_of_a_whole_run_is_that_of_the_benchmark():
    boxes, truth = walk(120, 2, 6.0)
    truth[30:35] = np.nan
    boxes[0] = truth[0]
    whole = measure(boxes, truth, size=SIZE, init_frame=0, seconds=np.empty(0))
    mine = summary(boxes, truth, SIZE)
    assert mine is not None
    assert mine.details["success_curve"] == whole.details["success_curve"]
    pairs = zip(mine.scores.as_dict().items(), whole.scores.as_dict().items(), strict=True)
    assert all(a == b for a, b in pairs if a[0] not in ("fps", "p95_ms"))


def test_that_frames_without_a_box_do_not_count_in_the_summary():
    boxes, truth = walk(100, 4, 2.0)
    part = boxes.copy()
    part[50:] = np.nan
    mine = summary(part, truth, SIZE)
    assert mine is not None
    assert mine.details["counted_frames"] == 50
    assert summary(np.full((10, 4), np.nan), truth[:10], SIZE) is None


@given(arrays(np.float64, (6, 4), elements=st.floats(-50, 500)))
def test_that_no_boxes_break_the_errors(boxes):
    truth = np.tile([10.0, 10, 20, 20], (6, 1))
    truth[2] = np.nan
    errors = frame_errors(boxes, truth)
    assert np.isnan(errors.overlaps[2])
    assert ((errors.overlaps >= 0) | np.isnan(errors.overlaps)).all()
