"""Frames and pixels: exact at every zoom, never outside the clip."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views.timeline_scale import MAX_PX, TimeScale, clock, nice_step

SCALES = st.builds(
    lambda count, width, zooms: _zoomed(TimeScale.fitted(count, width), zooms),
    st.integers(1, 200_000),
    st.floats(1, 4000),
    st.lists(st.tuples(st.floats(0.3, 6), st.floats(0, 1)), max_size=12),
)


def _zoomed(scale: TimeScale, zooms: list[tuple[float, float]]) -> TimeScale:
    for factor, share in zooms:
        scale = scale.zoomed(factor, share * scale.width)
    return scale


@given(SCALES, st.floats(0, 1))
def test_that_a_frames_edge_and_middle_belong_to_it(scale, share):
    frame = min(int(share * scale.count), scale.count - 1)
    assert scale.frame_at(scale.x(frame)) == frame
    assert scale.frame_at(scale.x(frame + 0.5)) == frame


@given(SCALES, st.floats(0, 1))
def test_that_a_pixel_lies_within_the_frame_found_there(scale, share):
    x = share * scale.width
    frame = scale.frame_at(x)
    slack = 1e-5 * max(scale.px, 1)
    assert scale.x(frame) - slack <= x
    assert x <= scale.x(frame + 1) + slack


@given(SCALES)
def test_that_the_view_never_leaves_the_clip(scale):
    assert scale.first >= 0
    assert scale.first + scale.shown <= scale.count * (1 + 1e-9) + 1e-6
    assert scale.px >= scale.fit_px * (1 - 1e-9)


@given(SCALES, st.floats(1.1, 4), st.floats(0, 1))
def test_that_zooming_in_keeps_the_frame_under_the_cursor(scale, factor, share):
    x = share * scale.width
    before = scale.first + x / scale.px
    larger = scale.zoomed(factor, x)
    assert larger.first + x / larger.px == pytest.approx(before, abs=1e-6 * scale.count + 1e-6)


@given(SCALES, st.integers(1, 3000))
def test_that_columns_cover_every_frame_in_view_without_gaps(scale, columns):
    start, stop = scale.edges(columns)
    assert np.all(stop > start)
    assert np.all(start[1:] <= stop[:-1])
    assert start[0] <= scale.first + 1e-6
    assert stop[-1] >= min(scale.first + scale.shown, scale.count) - 1 - 1e-6


def test_that_wide_columns_part_frames_without_overlap():
    start, stop = TimeScale.fitted(1000, 10).edges(10)
    assert start.tolist() == list(range(0, 1000, 100))
    assert stop.tolist() == list(range(100, 1100, 100))


def test_that_narrow_columns_name_the_frame_they_lie_in():
    start, stop = TimeScale.fitted(2, 6).edges(6)
    assert start.tolist() == [0, 0, 0, 1, 1, 1]
    assert (stop - start).tolist() == [1] * 6


@pytest.mark.parametrize(("x", "frame"), [(-50, 0), (0, 0), (99.9, 9), (100, 9), (5000, 9)])
def test_that_positions_beyond_the_ends_give_the_end_frames(x, frame):
    assert TimeScale.fitted(10, 100).frame_at(x) == frame


def test_that_a_clip_of_one_frame_fills_the_view():
    scale = TimeScale.fitted(1, 300)
    assert scale.is_fitted
    assert scale.zoomed(10, 150) == scale
    assert scale.frame_at(299) == 0


def test_that_zoom_ends_at_the_widest_frame():
    scale = TimeScale.fitted(10_000, 1000)
    for _ in range(60):
        scale = scale.zoomed(2, 500)
    assert scale.px == MAX_PX


def test_that_showing_turns_the_page_only_when_needed():
    scale = TimeScale.fitted(1000, 100).zoomed(10, 0)  # frames 0..100
    assert scale.showing(50) is scale
    forward, back = scale.showing(100), scale.scrolled_to(500).showing(499)
    assert forward.first < 100 < forward.first + 0.2 * forward.shown
    assert back.first + 0.8 * back.shown < 499 < back.first + back.shown


@pytest.mark.parametrize("frame", [0, 999])
def test_that_the_ends_can_be_shown(frame):
    scale = TimeScale.fitted(1000, 100).zoomed(10, 50).showing(frame)
    assert scale.x(frame) >= 0
    assert scale.x(frame + 1) <= scale.width + 1e-6


def test_that_resizing_keeps_a_fitted_view_fitted_and_a_zoomed_view_where_it_was():
    fitted = TimeScale.fitted(1000, 100)
    assert fitted.resized(1000, 400).is_fitted
    zoomed = fitted.zoomed(10, 50)
    assert zoomed.resized(1000, 120).first == zoomed.first
    assert zoomed.resized(1000, 120).px == zoomed.px


@given(SCALES, st.floats(20, 300))
def test_that_labelled_ticks_keep_their_distance(scale, spacing):
    labelled = [frame for frame, major in scale.ticks(spacing) if major]
    assert all((b - a) * scale.px >= spacing - 1e-6 for a, b in itertools.pairwise(labelled))
    assert all(0 <= frame < scale.count for frame in labelled)


@pytest.mark.parametrize(
    ("at_least", "step"),
    [(0.01, 1), (1, 1), (1.1, 2), (3, 5), (7, 10), (11, 20), (501, 1000), (1000, 1000)],
)
def test_that_steps_are_one_two_or_five_times_a_power_of_ten(at_least, step):
    assert nice_step(at_least) == step


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.000"), (59.9996, "1:00.000"), (61.5, "1:01.500"), (3661.25, "1:01:01.250")],
)
def test_that_times_read_as_clocks(seconds, text):
    assert clock(seconds) == text
