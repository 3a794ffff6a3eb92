from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.agreement import agreement, best_over, fused, overlaps
from core.geometry import Box, iou

SIDE = st.floats(2, 80)
PLACE = st.floats(-50, 200)
BOX = st.builds(Box, PLACE, PLACE, SIDE, SIDE)


def array(*trackers: list[Box]) -> np.ndarray:
    return np.array([[box.as_tuple() for box in boxes] for boxes in trackers])


def sure(count: int, length: int = 1) -> tuple[np.ndarray, np.ndarray]:
    return np.ones((count, length)), np.zeros((count, length), np.uint8)


A = Box(0, 0, 20, 20)
NEAR, FAR = Box(2, 0, 20, 20), Box(100, 50, 20, 20)


@settings(max_examples=60, deadline=None)
@given(st.lists(BOX, min_size=2, max_size=5))
def test_that_agreement_is_the_mean_overlap_of_all_pairs(boxes: list[Box]) -> None:
    found = agreement(array(*([box] for box in boxes)))
    pairs = [iou(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]]
    assert found.mean[0] == pytest.approx(np.mean(pairs))
    others = [np.mean([iou(a, b) for b in boxes if b is not a]) for a in boxes]
    assert found.each[:, 0] == pytest.approx(others)


@settings(max_examples=60, deadline=None)
@given(st.lists(BOX, min_size=2, max_size=5), st.data())
def test_that_the_fused_box_lies_within_what_was_said_and_never_between_two_places(
    boxes: list[Box], data: st.DataObject
) -> None:
    scores = np.array([[data.draw(st.floats(0, 1))] for _ in boxes])
    states = np.array([[data.draw(st.integers(0, 2))] for _ in boxes])
    stack = array(*([box] for box in boxes))
    made = fused(stack, scores, states)
    box = Box(*made.boxes[0].tolist())
    best = boxes[int(made.best[0])]
    near = [other for other in boxes if iou(best, other) >= 0.3]
    assert min(b.w for b in near) - 1e-6 <= box.w <= max(b.w for b in near) + 1e-6
    assert min(b.cx for b in near) - 1e-6 <= box.cx <= max(b.cx for b in near) + 1e-6
    if len(near) == 1:
        assert box.as_tuple() == pytest.approx(best.as_tuple(), abs=1e-6)


def test_that_two_outvote_a_third_however_sure_it_is_of_itself() -> None:
    made = fused(array([A], [FAR], [NEAR]), np.array([[0.6], [0.9], [0.6]]), sure(3)[1])
    assert made.best[0] in (0, 2)
    assert made.boxes[0] == pytest.approx([1, 0, 20, 20])


def test_that_of_two_the_surer_one_is_taken_and_a_lost_one_hardly_counts() -> None:
    pair = array([A], [FAR])
    assert fused(pair, np.array([[0.4], [0.8]]), sure(2)[1]).best[0] == 1
    assert fused(pair, np.array([[0.4], [0.8]]), np.array([[0], [2]])).best[0] == 0
    assert fused(pair, np.array([[0.5], [0.7]]), np.array([[0], [1]])).best[0] == 0
    near = fused(array([A], [NEAR]), np.array([[1.0], [1.0]]), np.array([[0], [2]]))
    assert 0 < near.boxes[0][0] < 0.3


def test_that_frames_do_not_influence_one_another() -> None:
    boxes = array([A, A, FAR], [NEAR, FAR, NEAR], [A, A, A])
    scores, states = sure(3, 3)
    whole = fused(boxes, scores, states)
    for frame in range(3):
        at = slice(frame, frame + 1)
        alone = fused(boxes[:, at], scores[:, at], states[:, at])
        assert np.array_equal(alone.boxes[0], whole.boxes[frame])
        assert alone.best[0] == whole.best[frame]


def test_that_boxes_without_any_area_are_no_reason_to_fail() -> None:
    empty = Box(5, 5, 0, 0)
    boxes = array([empty], [empty], [A])
    assert np.isfinite(fused(boxes, *sure(3)).boxes).all()
    assert (overlaps(boxes)[[0, 1, 2], [0, 1, 2]] == 1).all()


def test_that_the_tracker_for_a_stretch_is_the_one_supported_most_over_all_of_it() -> None:
    boxes = array([A, A, A], [NEAR, NEAR, FAR], [FAR, FAR, A])
    assert best_over(boxes, *sure(3, 3)) == 0
