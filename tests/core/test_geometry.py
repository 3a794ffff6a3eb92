"""Boxes and placements: edges, overlaps, and maps that go there and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import BoxError
from core.geometry import (
    Box,
    Placement,
    center_error_rows,
    iou,
    iou_rows,
    require_usable,
)

NUMBER = st.floats(-1000, 1000)
SIDE = st.floats(0.01, 1000)
BOXES = st.builds(Box, NUMBER, NUMBER, SIDE, SIDE)


def near(box: Box) -> object:
    return pytest.approx(box.as_tuple(), abs=1e-6)


def test_that_a_box_over_three_pixels_is_three_wide() -> None:
    box = Box(3, 5, 3, 2)
    assert (box.cx, box.cy, box.right, box.bottom, box.area) == (4.5, 6, 6, 7, 6)
    assert box.contains(3, 5)
    assert box.contains(5.99, 6.99)
    assert not box.contains(6, 5)
    assert not box.contains(3, 7)


@given(box=BOXES)
def test_that_a_box_is_the_same_from_its_centre_or_its_corners(box: Box) -> None:
    assert Box.from_center(box.cx, box.cy, box.w, box.h).as_tuple() == near(box)
    assert Box.from_corners(box.right, box.bottom, box.x, box.y).as_tuple() == near(box)
    assert box.shifted(3, -4).shifted(-3, 4).as_tuple() == near(box)


@given(box=BOXES, factor=st.floats(0.1, 10))
def test_that_scaling_keeps_the_centre(box: Box, factor: float) -> None:
    scaled = box.scaled(factor)
    assert (scaled.cx, scaled.cy) == pytest.approx((box.cx, box.cy), abs=1e-6)
    assert (scaled.w, scaled.h) == pytest.approx((box.w * factor, box.h * factor))


@given(box=BOXES, width=st.floats(1, 500), height=st.floats(1, 500))
def test_that_the_clipped_box_is_the_part_inside(box: Box, width: float, height: float) -> None:
    part = box.clipped(width, height)
    assert 0 <= part.x <= width
    assert 0 <= part.y <= height
    assert part.right <= width + 1e-9
    assert part.bottom <= height + 1e-9
    assert part.w >= 0
    assert part.h >= 0
    frame = Box(0, 0, width, height)
    overlap = max(min(box.right, width) - max(box.x, 0), 0) * max(
        min(box.bottom, height) - max(box.y, 0), 0
    )
    assert part.area == pytest.approx(overlap, abs=1e-6)
    assert frame.clipped(width, height) == frame


@given(a=BOXES, b=BOXES)
def test_that_overlap_is_symmetric_and_within_0_and_1(a: Box, b: Box) -> None:
    assert iou(a, b) == pytest.approx(iou(b, a))
    assert 0 <= iou(a, b) <= 1 + 1e-9
    assert iou(a, a) == pytest.approx(1)
    rows = iou_rows(np.array([a.as_tuple()]), np.array([b.as_tuple()]))
    assert rows[0] == pytest.approx(iou(a, b), abs=1e-9)


def test_that_overlaps_are_what_one_counts_by_hand() -> None:
    a = Box(0, 0, 2, 2)
    assert iou(a, Box(1, 0, 2, 2)) == pytest.approx(1 / 3)
    assert iou(a, Box(1, 1, 2, 2)) == pytest.approx(1 / 7)
    assert iou(a, Box(2, 0, 2, 2)) == 0, "touching edges do not overlap"
    assert iou(a, Box(5, 5, 2, 2)) == 0, "apart in both directions"
    assert iou(Box(0, 0, 0, 0), Box(0, 0, 0, 0)) == 0
    rows = np.array([[0, 0, 2, 2], [0, 0, 0, 0.0]])
    others = np.array([[5, 5, 2, 2], [0, 0, 0, 0.0]])
    assert iou_rows(rows, others).tolist() == [0, 0]
    assert center_error_rows(rows, np.array([[3, 4, 2, 2], [0, 0, 0, 0.0]])).tolist() == [5, 0]


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (Box(0, 0, 0, 5), "smaller than one pixel"),
        (Box(0, 0, 5, 0.5), "smaller than one pixel"),
        (Box(0, 0, -5, 5), "smaller than one pixel"),
        (Box(math.nan, 0, 5, 5), "not a number"),
        (Box(0, 0, math.inf, 5), "not a number"),
        (Box(100, 0, 5, 5), "outside the 100 × 80 frame"),
        (Box(0, -5, 5, 5), "outside the 100 × 80 frame"),
    ],
)
def test_that_unusable_boxes_are_refused_in_words(box: Box, message: str) -> None:
    with pytest.raises(BoxError, match=message) as caught:
        require_usable(box, 100, 80)
    assert caught.value.hint


def test_that_a_box_that_shows_a_little_is_usable() -> None:
    box = Box(-4.5, 79, 5, 5)
    assert require_usable(box, 100, 80) is box


MATRIX = st.tuples(*[st.floats(-5, 5)] * 6)


@given(matrix=MATRIX, points=st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=5))
def test_that_a_placement_leads_there_and_back(
    matrix: tuple[float, ...], points: list[tuple[float, float]]
) -> None:
    a, b, _, d, e, _ = matrix
    assume(abs(a * e - b * d) > 0.05)
    placement = Placement(matrix)  # type: ignore[arg-type]
    array = np.array(points)
    assert placement.to_cells(placement.to_frame(array)) == pytest.approx(array, abs=1e-6)


def test_that_a_map_over_a_box_has_its_cells_there() -> None:
    placement = Placement.covering(Box(10, 20, 40, 60), (6, 4))
    assert placement.cell_center(0, 0) == (15, 25)
    assert placement.cell_center(5, 3) == (45, 75)
    assert placement.extent((6, 4)) == Box(10, 20, 40, 60)


def test_that_the_extent_of_a_turned_map_holds_all_corners() -> None:
    turned = Placement((0, -1, 10, 1, 0, 20))  # a quarter turn
    assert turned.extent((2, 3)) == Box(8, 20, 2, 3)
