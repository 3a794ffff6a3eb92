from __future__ import annotations

import numpy as np
import pytest

from core.evaluate.failures import explain, find_failures, gallery, thinned
from core.evaluate.layouts import find_sequences
from core.evaluate.protocol import Settings, evaluate_sequence

FRAMES = 60


def _straight(speed: float = 1.0) -> np.ndarray:
    x = 20 + speed * np.arange(FRAMES)
    return np.column_stack([x, np.full(FRAMES, 30.0), np.full(FRAMES, 20.0), np.full(FRAMES, 20.0)])


def test_that_a_good_run_has_no_failure():
    truth = _straight()
    found = find_failures(truth + np.array([1, 0, 0, 0]), truth)
    assert found.failures == ()
    assert found.overlaps.shape == (FRAMES,)
    assert found.overlaps.min() > 0.8


def test_that_a_failure_has_its_start_length_and_curve():
    truth = _straight()
    boxes = truth.copy()
    boxes[25:40, 0] += 200
    (failure,) = find_failures(boxes, truth).failures
    assert (failure.start, failure.length) == (25, 15)
    assert failure.curve[failure.start - failure.curve_start] == 0.0
    assert failure.curve[failure.start - failure.curve_start - 1] == 1.0
    assert failure.curve[-1] == 1.0
    assert "jumped" in failure.reason


def test_that_a_short_slip_is_no_failure_but_one_at_the_end_is():
    truth = _straight()
    boxes = truth.copy()
    boxes[10:13, 0] += 200
    boxes[58:, 0] += 200
    found = find_failures(boxes, truth).failures
    assert [(f.start, f.length) for f in found] == [(58, 2)]
    slips = find_failures(boxes, truth, at_least=2).failures
    assert [(f.start, f.length) for f in slips] == [(10, 3), (58, 2)]


def test_that_absent_frames_neither_begin_nor_end_a_failure():
    truth = _straight()
    truth[30:35] = np.nan
    boxes = _straight()
    boxes[28:45, 0] += 200
    (failure,) = find_failures(boxes, truth).failures
    assert (failure.start, failure.length) == (28, 17)
    assert np.isnan(failure.curve[30 - failure.curve_start])
    boxes = _straight()
    boxes[30:45, 0] += 200  # it was lost while the target was away
    (failure,) = find_failures(boxes, truth).failures
    assert failure.start == 35
    assert "absent" in failure.reason


@pytest.mark.parametrize(
    ("truth1", "box1", "word"),
    [
        ((60, 30, 20, 20), (21, 30, 20, 20), "target moved"),
        ((21, 30, 20, 20), (90, 30, 20, 20), "jumped"),
        ((21, 30, 20, 20), (27, 36, 5, 5), "times the target's size"),
        ((0, 30, 20, 20), (9, 39, 20, 20), "drifted off"),
    ],
)
def test_that_reasons_name_what_is_different(truth1, box1, word):
    truth = np.array([[21, 30, 20, 20] if truth1[0] else [1, 30, 20, 20], truth1], float)
    boxes = np.array([[21, 30, 20, 20] if truth1[0] else [8, 38, 20, 20], box1], float)
    assert word in explain(boxes, truth, 1)


def test_that_the_border_is_named_where_the_frame_is_known():
    truth = np.array([[1, 30, 20, 20], [0, 30, 20, 20]], float)
    boxes = np.array([[8, 38, 20, 20], [9, 39, 20, 20]], float)
    assert "border" in explain(boxes, truth, 1, (100, 80))


def test_that_the_trackers_own_words_are_kept():
    truth = _straight()
    boxes = truth.copy()
    boxes[25:40, 0] += 200
    (failure,) = find_failures(boxes, truth, words={27: "low score", 50: "later"}).failures
    assert failure.words == "low score"
    assert failure.as_dict()["start"] == 25


def test_that_long_curves_are_thinned_to_means():
    values = np.concatenate([np.ones(500), np.full(500, np.nan)])
    thin = thinned(values, 100)
    assert len(thin) == 100
    assert thin[:50].tolist() == [1.0] * 50
    assert np.isnan(thin[50:]).all()


def test_that_the_gallery_of_a_real_run_fits_a_report(benchmark_folder):
    sequence = find_sequences(benchmark_folder)[0]
    for protocol in ("ope", "vot"):
        settings = Settings({"template-match": {}}, protocol=protocol)
        run = evaluate_sequence(sequence, "template-match", settings)
        details = gallery(run, sequence).details()
        assert details["failures"] == []
        assert len(details["overlap_curve"]) == len(sequence)
