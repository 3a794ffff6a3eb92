from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views.box_geometry import (
    CORNERS,
    EDGES,
    HANDLE_REACH,
    MOVE,
    Handle,
    dragged,
    grabbed_handle,
    handle_positions,
    nudged,
    settled,
)
from core.geometry import Box

BOX = Box(10.0, 20.0, 40.0, 30.0)
HANDLES = CORNERS + EDGES
boxes = st.builds(
    Box, st.floats(-50, 700), st.floats(-50, 500), st.floats(1, 300), st.floats(1, 300)
)
moves = st.floats(-800, 800)


@pytest.mark.parametrize("handle", HANDLES)
def test_that_a_handle_moves_its_sides_and_no_other(handle):
    box = dragged(BOX, handle, 3.0, 5.0)
    assert box.x == BOX.x + (3.0 if handle.sx < 0 else 0.0)
    assert box.right == BOX.right + (3.0 if handle.sx > 0 else 0.0)
    assert box.y == BOX.y + (5.0 if handle.sy < 0 else 0.0)
    assert box.bottom == BOX.bottom + (5.0 if handle.sy > 0 else 0.0)


def test_that_a_handle_dragged_over_the_opposite_side_flips_the_box():
    assert dragged(BOX, Handle(1, 1), -60.0, -50.0) == Box(-10.0, 0.0, 20.0, 20.0)


@given(box=boxes, handle=st.sampled_from((*HANDLES, MOVE)))
def test_that_a_drag_back_to_the_start_restores_the_box(box, handle):
    restored = dragged(box, handle, 0.0, 0.0)
    assert restored.as_tuple() == pytest.approx(box.as_tuple(), abs=1e-9)


@given(box=boxes, handle=st.sampled_from(HANDLES), dx=moves, dy=moves)
def test_that_keeping_the_aspect_keeps_it(box, handle, dx, dy):
    result = dragged(box, handle, dx, dy, keep_aspect=True)
    assert result.w * box.h == pytest.approx(result.h * box.w, rel=1e-6, abs=1e-6)


@given(box=boxes, handle=st.sampled_from(HANDLES), dx=moves, dy=moves)
def test_that_resizing_from_the_centre_keeps_it(box, handle, dx, dy):
    result = dragged(box, handle, dx, dy, from_center=True)
    assert (result.cx, result.cy) == pytest.approx((box.cx, box.cy), abs=1e-6)


def test_that_the_corner_opposite_to_the_dragged_one_stays_when_the_aspect_is_kept():
    result = dragged(BOX, Handle(-1, -1), -40.0, 0.0, keep_aspect=True)
    assert (result.right, result.bottom) == (BOX.right, BOX.bottom)
    assert (result.w, result.h) == (80.0, 60.0)


def test_that_a_move_with_shift_stays_on_the_axis_it_went_furthest_along():
    assert dragged(BOX, MOVE, 9.0, 4.0, keep_aspect=True) == BOX.shifted(9.0, 0.0)
    assert dragged(BOX, MOVE, 3.0, -4.0, keep_aspect=True) == BOX.shifted(0.0, -4.0)


@given(box=boxes, handle=st.sampled_from((*HANDLES, MOVE)), dx=moves, dy=moves)
def test_that_what_is_stored_is_never_under_a_pixel_nor_out_of_the_frame(box, handle, dx, dy):
    stored = settled(dragged(box, handle, dx, dy), 640, 480)
    inside = stored.clipped(640, 480)
    assert stored.is_finite()
    assert min(stored.w, stored.h) >= 1
    assert min(inside.w, inside.h) >= 1 - 1e-9


@given(box=boxes)
def test_that_a_box_that_may_be_stored_is_stored_as_it_is(box):
    inside = box.clipped(640, 480)
    if min(inside.w, inside.h) > 1:
        assert settled(box, 640, 480) == box


@pytest.mark.parametrize("side", [1.0, 8.0, 20.0, 29.0, 60.0, 400.0])
def test_that_the_middle_of_a_box_moves_it_however_small_it_is(side):
    rect = (100.0, 100.0, side, side)
    assert grabbed_handle(rect, 100 + side / 2, 100 + side / 2) is None


@pytest.mark.parametrize("side", [1.0, 20.0, 60.0])
def test_that_every_drawn_handle_can_be_grabbed_where_it_is_drawn(side):
    rect = (100.0, 100.0, side, side * 1.5)
    for handle, (x, y) in handle_positions(*rect).items():
        assert grabbed_handle(rect, x, y) == handle
        assert grabbed_handle(rect, x + handle.sx * 4, y + handle.sy * 4) == handle


def test_that_handles_of_a_large_box_lie_on_its_outline():
    places = handle_positions(100, 100, 200, 80)
    assert len(places) == 8
    assert places[Handle(1, 0)] == (300, 140)
    assert places[Handle(-1, -1)] == (100, 100)
    assert grabbed_handle((100, 100, 200, 80), 100 - HANDLE_REACH - 1, 100) is None


def test_that_keys_move_a_box_or_its_right_and_bottom_edges():
    assert nudged(BOX, 1, 0, resize=False) == BOX.shifted(1, 0)
    assert nudged(BOX, -1, 2, resize=True) == Box(10, 20, 39, 32)
    assert nudged(BOX, -100, -100, resize=True) == Box(10, 20, 1, 1)
