from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views.camera import MAX_ZOOM, MIN_ZOOM, Camera
from core.geometry import Box

VIEW = Camera(640, 480, 800, 600, 1.0).fitted()
RATIOS = (1.0, 1.5, 2.0)


@pytest.mark.parametrize("ratio", RATIOS)
def test_that_a_fitted_frame_is_whole_centred_and_as_large_as_the_window_allows(ratio):
    camera = Camera(640, 480, 800, 600, ratio).fitted()
    left, top = camera.to_view(0, 0)
    right, bottom = camera.to_view(640, 480)
    assert left >= 0
    assert top >= 0
    assert left == pytest.approx(800 - right, abs=1 / ratio)
    assert top == pytest.approx(600 - bottom, abs=1 / ratio)
    assert min(left, top) == pytest.approx(12, abs=1 / ratio)


@pytest.mark.parametrize("ratio", RATIOS)
def test_that_at_zoom_one_a_frame_pixel_is_a_device_pixel(ratio):
    camera = Camera(640, 480, 800, 600, ratio).zoomed_about(400, 300, 1.0)
    (x0, _), (x1, _) = camera.to_view(10, 0), camera.to_view(11, 0)
    assert (x1 - x0) * ratio == pytest.approx(1.0)


@given(
    x=st.floats(0, 800),
    y=st.floats(0, 600),
    zoom=st.floats(MIN_ZOOM, MAX_ZOOM),
    ratio=st.sampled_from(RATIOS),
)
def test_that_the_point_under_the_cursor_stays_when_zooming(x, y, zoom, ratio):
    before = Camera(640, 480, 800, 600, ratio).fitted()
    frame = before.to_frame(x, y)
    if not (0 <= frame[0] <= 640 and 0 <= frame[1] <= 480):
        return  # beside the frame, keeping it in sight comes first
    seen = before.zoomed_about(x, y, zoom).to_view(*frame)
    slack = 1.01 * (1 + zoom / before.zoom) / ratio  # both offsets are whole device pixels
    assert abs(seen[0] - x) <= slack
    assert abs(seen[1] - y) <= slack


def test_that_a_thousand_zooms_in_and_out_do_not_drift():
    start = VIEW.zoomed_about(400, 300, 2.0)
    camera = start
    for _ in range(500):
        camera = camera.zoomed_about(377.3, 291.7, camera.zoom * 1.2)
        camera = camera.zoomed_about(377.3, 291.7, camera.zoom / 1.2)
    assert camera.center == pytest.approx(start.center, abs=1e-6)
    assert camera.zoom == pytest.approx(start.zoom)


@given(dx=st.floats(-1e5, 1e5), dy=st.floats(-1e5, 1e5), zoom=st.floats(MIN_ZOOM, MAX_ZOOM))
def test_that_panning_never_loses_the_frame(dx, dy, zoom):
    camera = VIEW.zoomed_about(400, 300, zoom).panned(dx, dy)
    left, top = camera.to_view(0, 0)
    right, bottom = camera.to_view(640, 480)
    assert min(right, 800) - max(left, 0) >= min(63, right - left - 1)
    assert min(bottom, 600) - max(top, 0) >= min(63, bottom - top - 1)


@pytest.mark.parametrize(("asked", "given_"), [(100.0, MAX_ZOOM), (0.001, MIN_ZOOM), (3.0, 3.0)])
def test_that_zoom_has_limits(asked, given_):
    assert VIEW.zoomed_about(0, 0, asked).zoom == given_


def test_that_a_huge_frame_can_be_fitted_below_the_usual_least_zoom():
    camera = Camera(20_000, 20_000, 400, 400, 1.0).fitted()
    assert camera.zoom < MIN_ZOOM
    assert camera.zoomed_about(200, 200, 0.001).zoom == camera.zoom


@pytest.mark.parametrize("ratio", RATIOS)
def test_that_the_frame_starts_on_a_whole_device_pixel(ratio):
    camera = Camera(641, 479, 803, 601, ratio).fitted().panned(0.37, 10.21)
    for value in camera.offset:
        assert value * ratio == pytest.approx(round(value * ratio), abs=1e-9)


def test_that_another_window_or_screen_keeps_zoom_and_centre():
    camera = VIEW.zoomed_about(300, 200, 3.0)
    moved = camera.resized(500, 900, 2.0)
    assert (moved.zoom, moved.center) == (camera.zoom, camera.center)


def test_that_focusing_brings_a_box_to_the_middle_and_into_view():
    box = Box(100, 80, 40, 60)
    camera = VIEW.focused(box)
    assert camera.to_view(box.cx, box.cy) == pytest.approx((400, 300), abs=0.6)
    left, top = camera.to_view(box.x, box.y)
    assert left > 0
    assert top > 0
    assert (camera.to_view(box.x, box.bottom)[1] - top) / 600 == pytest.approx(0.4)


@given(x=st.floats(-1000, 2000), y=st.floats(-1000, 2000))
def test_that_view_and_frame_coordinates_are_inverse(x, y):
    camera = VIEW.zoomed_about(10, 20, 7.3)
    assert camera.to_frame(*camera.to_view(x, y)) == pytest.approx((x, y), abs=1e-6)
