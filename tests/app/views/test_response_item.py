"""A map with a planted peak must light up the right pixels of the screen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from app.views import response_item
from app.views.response_item import color_indices
from app.views.view_types import OverlaySettings
from core.geometry import Box, Placement
from core.trackers.base import ResponseMap

SHARP = OverlaySettings(smooth=False, opacity=1.0, colormap="grey")


def planted(placement: Placement, row: int = 4, col: int = 9, shape=(15, 21)) -> ResponseMap:
    values = np.zeros(shape, np.float32)
    values[row, col] = 1.0
    return ResponseMap(values, placement)


def brightest(pixels) -> tuple[float, float]:
    """Centre of the white area, in device pixels."""
    rows, cols = np.nonzero(pixels.min(axis=2) > 200)
    assert len(rows), "nothing bright on the screen"
    return float(cols.mean() + 0.5), float(rows.mean() + 0.5)


PLACEMENTS = (
    Placement.covering(Box(200.0, 150.0, 210.0, 150.0), (15, 21)),
    Placement((9.37, 0.0, 221.61, 0.0, 8.11, 143.27)),  # fractional cells and offsets
    Placement((9.0, -3.0, 260.0, 3.0, 9.0, 140.0)),  # rotated
    Placement((-9.0, 0.0, 420.5, 0.0, 9.0, 140.25)),  # mirrored
)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("zoom", [0.5, 1.0, 3.0, 12.0])
@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("smooth", [False, True])
def test_that_the_peak_is_painted_where_the_placement_says(
    make_canvas, photograph, placement, zoom, ratio, smooth
):
    view = make_canvas(ratio=ratio, level=0)
    view.setBackgroundBrush(view.palette().dark())
    response = planted(placement)
    x, y = placement.cell_center(4, 9)
    assert response.peak() == (x, y)
    view.zoom_to(Box(x - 3.3, y + 2.2, 1, 1))
    view.set_zoom(zoom)
    view.show_map(response)
    view.set_overlay(replace(SHARP, smooth=smooth))
    pixels = photograph(view, ratio)
    left, top = (max(round(v * ratio), 0) for v in view.frame_to_view(0, 0).toTuple())
    right, bottom = (round(v * ratio) for v in view.frame_to_view(640, 480).toTuple())
    got = brightest(pixels[top:bottom, left:right])
    seen = view.frame_to_view(x, y)
    slack = 0.6 if not smooth else max(0.6, 0.02 * zoom * 9)
    assert got[0] + left == pytest.approx(seen.x() * ratio, abs=slack)
    assert got[1] + top == pytest.approx(seen.y() * ratio, abs=slack)


def test_that_the_map_covers_its_place_and_nothing_else(make_canvas, photograph):
    view = make_canvas(level=0)
    view.show_map(ResponseMap(np.ones((3, 4), np.float32), PLACEMENTS[0], value_range=(0, 1)))
    view.set_overlay(SHARP)
    white = photograph(view).min(axis=2) > 240
    rows, cols = np.nonzero(white)
    corner, opposite = view.frame_to_view(200, 150), view.frame_to_view(200 + 4 * 10, 150 + 3 * 10)
    assert cols.min() == pytest.approx(corner.x(), abs=1.5)
    assert cols.max() + 1 == pytest.approx(opposite.x(), abs=1.5)
    assert rows.min() == pytest.approx(corner.y(), abs=1.5)
    assert rows.max() + 1 == pytest.approx(opposite.y(), abs=1.5)


def test_that_opacity_blends_with_the_picture(make_canvas, photograph):
    view = make_canvas(level=100)
    view.show_map(ResponseMap(np.ones((3, 4), np.float32), PLACEMENTS[0], value_range=(0, 1)))
    spot = view.frame_to_view(221, 166).toPoint()
    seen = []
    for opacity in (0.25, 0.5, 1.0):
        view.set_overlay(replace(SHARP, opacity=opacity))
        seen.append(int(photograph(view)[spot.y(), spot.x(), 0]))
    assert seen == pytest.approx([100 + 155 * 0.25, 100 + 155 * 0.5, 255], abs=2)


def test_that_a_hidden_map_is_never_coloured(make_canvas, photograph, monkeypatch):
    view = make_canvas()
    calls = []
    monkeypatch.setattr(
        response_item, "color_indices", lambda *args: calls.append(args) or color_indices(*args)
    )
    plain = photograph(view)
    view.set_overlay(replace(SHARP, visible=False))
    for nth in range(5):
        view.show_map(planted(PLACEMENTS[0]), age=nth)
        assert (photograph(view) == plain).all()
    assert calls == []
    view.set_overlay(SHARP)
    photograph(view)
    photograph(view)
    assert len(calls) == 1, "coloured once, painted twice"


@pytest.mark.parametrize(
    "change", [{"gamma": 2.0}, {"low": 0.3}, {"colormap": "turbo"}, {"opacity": 0.2}]
)
def test_that_levels_and_colours_leave_the_frame_alone(make_canvas, photograph, change):
    view = make_canvas()
    view.show_map(planted(PLACEMENTS[0]))
    view.set_overlay(SHARP)
    photograph(view)
    key = view._frame_item._image.cacheKey()
    before = photograph(view)
    view.set_overlay(replace(SHARP, **change))
    after = photograph(view)
    assert view._frame_item._image.cacheKey() == key
    corner = view.frame_to_view(200, 150).toPoint()
    outside = np.ones(after.shape[:2], bool)
    outside[corner.y() - 2 : corner.y() + 200, corner.x() - 2 : corner.x() + 280] = False
    assert (before[outside] == after[outside]).all()


def test_that_a_map_stays_until_the_next_and_its_age_is_told(make_canvas, photograph, qtbot):
    view = make_canvas(level=0)
    response = planted(PLACEMENTS[0])
    view.set_overlay(SHARP)
    view.show_map(response)
    fresh = photograph(view)
    view.show_boxes([])
    assert (photograph(view) == fresh).all()
    view.show_map(response, age=3)
    old = photograph(view)
    place = view.frame_to_view(200, 300).toPoint()
    note = (slice(place.y(), place.y() + 30), slice(place.x(), place.x() + 200))
    assert np.abs(old[note] - fresh[note]).max() > 150
    view.show_map(None)
    assert view.value_at(*response.peak()) is None


def levels(values: Sequence[float], **settings) -> list[int]:
    response = ResponseMap(np.array([values], np.float32), PLACEMENTS[0])
    return color_indices(response, replace(OverlaySettings(), **settings))[0].tolist()


def test_that_automatic_levels_span_the_map():
    assert levels([2.0, 3.0, 4.0]) == [0, 128, 255]
    assert levels([2.0, 3.0, 4.0], low=0.5) == [0, 0, 255]
    assert levels([2.0, 3.0, 4.0], high=0.5) == [0, 255, 255]


def test_that_the_declared_range_comes_before_the_maps_own():
    response = ResponseMap(np.array([[0.25, 0.5]], np.float32), PLACEMENTS[0], "p", (0.0, 1.0))
    assert color_indices(response, OverlaySettings())[0].tolist() == [64, 128]


def test_that_fixed_levels_are_values_of_the_map():
    assert levels([2.0, 3.0, 4.0], auto_levels=False, low=3.0, high=5.0) == [0, 0, 128]


def test_that_gamma_bends_the_scale():
    assert levels([0.0, 0.5, 1.0], gamma=2.0) == [0, 64, 255]


def test_that_maps_without_contrast_or_with_holes_are_painted_all_the_same():
    assert levels([7.0, 7.0]) == [0, 0]
    assert levels([np.nan, 1.0, 3.0, np.inf, -np.inf]) == [0, 0, 255, 255, 0]
    assert levels([np.nan, np.nan]) == [0, 0]


def test_that_the_readout_is_the_value_of_the_cell_under_the_pointer(make_canvas):
    view = make_canvas()
    values = np.arange(15 * 21, dtype=np.float32).reshape(15, 21)
    placement = PLACEMENTS[2]
    view.show_map(ResponseMap(values, placement))
    for row, col in ((0, 0), (14, 20), (7, 3)):
        assert view.value_at(*placement.cell_center(row, col)) == values[row, col]
    assert view.value_at(*placement.cell_center(-1, 3)) is None
    assert view.value_at(*placement.cell_center(15, 3)) is None
    view.set_overlay(OverlaySettings(visible=False))
    assert view.value_at(*placement.cell_center(7, 3)) is None


def test_that_an_unknown_colour_map_is_refused_at_once(make_canvas):
    with pytest.raises(KeyError, match="rainbow"):
        make_canvas().set_overlay(OverlaySettings(colormap="rainbow"))


def test_that_fading_leaves_the_picture_visible_where_the_map_is_low(
    make_canvas, photograph
) -> None:
    view = make_canvas(level=100)
    values = np.array([[0.0, 1.0]], np.float32)
    view.show_map(ResponseMap(values, Placement.covering(Box(0, 0, 640, 480), (1, 2))))
    view.set_overlay(replace(SHARP, fade=1.0))
    pixels = photograph(view)
    low = pixels[tuple(int(v) for v in (view.frame_to_view(100, 240).y(),
                                        view.frame_to_view(100, 240).x()))]  # fmt: skip
    high = pixels[tuple(int(v) for v in (view.frame_to_view(540, 240).y(),
                                         view.frame_to_view(540, 240).x()))]  # fmt: skip
    assert low.tolist() == [100, 100, 100]
    assert high.tolist() == [255, 255, 255]


def test_that_whatever_changes_about_a_layer_is_seen(make_canvas, photograph) -> None:
    place = Placement.covering(Box(100, 80, 300, 220), (15, 21))
    values = planted(place).values + np.linspace(0, 0.3, 21, dtype=np.float32)
    usual = OverlaySettings(smooth=False, contours=2)
    changes = [
        {"opacity": 0.25}, {"opacity": 0.25, "blend": "screen"}, {"colormap": "magma"},
        {"high": 0.6}, {"gamma": 0.5}, {"smooth": True}, {"contours": 4}, {"threshold": 0.2},
        {"fade": 0.7},
    ]  # fmt: skip
    view, fresh = make_canvas(), make_canvas()
    view.show_map(ResponseMap(values, place))
    seen = []
    for changed in [{}, *changes, {}]:
        settings = replace(usual, **changed)
        view.set_overlay(settings)
        seen.append(photograph(view))
        fresh.show_map(None)
        fresh.set_overlay(settings)
        fresh.show_map(ResponseMap(values, place))
        assert np.array_equal(seen[-1], photograph(fresh)), changed
    assert np.array_equal(seen[0], seen[-1])
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(seen))
    view.show_map(ResponseMap(values[::-1].copy(), place))
    assert not np.array_equal(photograph(view), seen[-1])


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_that_a_line_of_equal_value_has_no_dots_where_its_pieces_meet(
    make_canvas, photograph, ratio
):
    view = make_canvas(level=200, ratio=ratio)
    place = Placement((9.37, 0.0, 221.61, 3.1, 8.11, 83.27))
    ramp = np.tile(np.linspace(0, 1, 21, dtype=np.float32), (15, 1))
    view.show_map(ResponseMap(ramp, place))
    view.set_overlay(replace(SHARP, opacity=0.0, contours=1))
    pixels = photograph(view, ratio)
    across = []
    for row in np.linspace(2, 12, 60):
        at = view.frame_to_view(*place.to_frame(np.array([[10.5, row]]))[0]) * ratio
        near = pixels[int(at.y()), int(at.x() - 4 * ratio) : int(at.x() + 4 * ratio)]
        across.append((near.max(axis=1).min(), near.sum(axis=1).min()))
    shadow, both = np.array(across).T
    assert shadow.max() < 135, "a dark line beside the bright one, all along"
    assert shadow.min() > np.median(shadow) - 15
    assert both.min() > np.median(both) - 40


def test_that_the_outline_of_an_upright_map_is_crisp(make_canvas, photograph):
    view = make_canvas(level=200)
    view.show_map(planted(Placement((9.37, 0.0, 221.61, 0.0, 8.11, 143.27))))
    view.set_overlay(replace(SHARP, opacity=0.0, contours=1))
    left = view.frame_to_view(221.61, 200.0).toPoint()
    across = photograph(view)[left.y() + 2, left.x() - 4 : left.x() + 5].max(axis=1)
    assert np.count_nonzero(np.abs(across - 200) > 5) == 1
