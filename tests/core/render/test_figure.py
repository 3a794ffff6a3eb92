"""Figures: what stands where, with pictures as images and everything else as vectors."""

from __future__ import annotations

import numpy as np
import pytest

from core.drawing.drawing import MM, Group, Path, Picture, Text
from core.drawing.raster import raster
from core.geometry import Box, Placement
from core.render.boxes import DrawnBox
from core.render.chart import Series
from core.render.figure import FigureLook, FrameView, draw_figure
from core.trackers.base import ResponseMap

BOX = Box(40, 20, 20, 10)


def view(index: int = 3, **changes) -> FrameView:
    picture = np.full((60, 120, 3), 90, np.uint8)
    values = np.zeros((6, 12), np.float32)
    values[2, 4] = 1.0  # the cell over x 40..50, y 20..30
    response = ResponseMap(values, Placement.covering(Box(0, 0, 120, 60), (6, 12)))
    made = {
        "picture": picture,
        "boxes": (DrawnBox(BOX, "#ff0000", "duck"),),
        "response": response,
        "truth": np.array([[30.0, 10], [50, 10], [50, 25], [30, 25]]),
    }
    return FrameView(index, (120, 60), **(made | changes))


def flat(shapes) -> list:
    found = []
    for shape in shapes:
        found += flat(shape.shapes) if isinstance(shape, Group) else [shape]
    return found


def of(drawing, kind) -> list:
    return [shape for shape in flat(drawing.shapes) if isinstance(shape, kind)]


def test_that_a_figure_has_the_width_that_was_asked_for_and_the_frames_shape():
    look = FigureLook(width=86.0, titles=False, bar=False)
    drawing = draw_figure([view()], ["frame"], look)
    assert drawing.width == pytest.approx(86 * MM)
    assert drawing.height == pytest.approx(43 * MM)


def test_that_boxes_are_vectors_where_they_lie_in_the_frame():
    look = FigureLook(width=100.0, titles=False, bar=False)
    drawing = draw_figure([view()], ["frame"], look)
    red = next(p for p in of(drawing, Path) if p.ink.stroke == "#ff0000")
    scale = 100 * MM / 120
    assert red.points[0] == pytest.approx((40 * scale, 20 * scale))
    assert red.points[2] == pytest.approx((60 * scale, 30 * scale))
    white = next(p for p in of(drawing, Path) if p.ink.stroke == "#ffffff")
    assert white.points[1] == pytest.approx((50 * scale, 10 * scale))
    assert [t.text for t in of(drawing, Text)] == ["duck"]


def test_that_the_map_lies_on_its_place_in_the_overlay_and_keeps_its_cells_alone():
    look = FigureLook(width=100.0, titles=False, bar=False, legend=False, opacity=1.0)
    drawing = draw_figure([view(boxes=(), truth=None)], ["overlay", "map"], look)
    overlay, cells = of(drawing, Picture)
    assert cells.image.shape == (6, 12, 3)
    brightest = np.unravel_index(int(overlay.image[:, :, 1].argmax()), (60, 120))
    assert 20 <= brightest[0] < 30
    assert 40 <= brightest[1] < 50


def test_that_frames_stand_in_columns_and_are_marked_in_the_curves():
    curve = Series("score", np.arange(10.0), np.linspace(0, 1, 10))
    views = [view(2), view(7)]
    look = FigureLook(width=178.0)
    drawing = draw_figure(views, ["frame", "curves"], look, curves=[curve])
    words = [t.text for t in of(drawing, Text)]
    assert "Frame 2" in words
    assert "Frame 7" in words
    dashed = [p for p in of(drawing, Path) if p.ink.dash == (2, 1.5)]
    assert len(dashed) == 2
    across = draw_figure(views, ["frame"], FigureLook(columns=1, titles=False, bar=False))
    whole = draw_figure(views, ["frame"], FigureLook(titles=False, bar=False))
    assert across.height > 3 * whole.height


def test_that_the_curve_ends_where_its_values_say():
    values = np.array([0.0, 0.5, np.nan, 1.0, 1.0])
    curve = Series("score", np.arange(5.0), values, color="#123456")
    drawing = draw_figure([view()], ["curves"], FigureLook(width=100.0), curves=[curve])
    pieces = [p for p in of(drawing, Path) if p.ink.stroke == "#123456" and len(p.points) == 2]
    curves = [p for p in pieces if p.ink.width == 1.0]
    assert len(curves) == 2  # the gap stays a gap
    (x0, y0), (x1, y1) = curves[0].points
    (_, y3), (x4, y4) = curves[1].points
    assert y3 == y4
    assert y0 - y1 == pytest.approx(y1 - y3)
    assert x4 - x0 == pytest.approx(4 * (x1 - x0))


def test_that_a_figure_can_be_published_without_the_pictures():
    shown = draw_figure([view()], ["frame", "overlay"], FigureLook())
    blank = draw_figure([view()], ["frame", "overlay"], FigureLook(blank=True))
    assert (of(shown, Picture)[0].image == 90).any()
    assert not any((p.image[:, :, :3] == 90).all(axis=2).any() for p in of(blank, Picture))


def test_that_a_crop_keeps_to_the_frame():
    corner = (DrawnBox(Box(0, 0, 10, 10), "#ff0000"),)
    look = FigureLook(crop=3.0, titles=False, bar=False)
    drawing = draw_figure([view(boxes=corner)], ["frame"], look)
    assert of(drawing, Picture)[0].image.shape == (30, 30, 3)


def test_that_nothing_to_show_is_an_error_and_a_missing_map_is_left_out():
    with pytest.raises(ValueError, match="needs"):
        draw_figure([], ["frame"], FigureLook())
    drawing = draw_figure([view(response=None)], ["frame", "map"], FigureLook())
    assert len(of(drawing, Picture)) == 1
    assert raster(drawing, 72).shape[1] == round(178 / 25.4 * 72)


def test_that_a_frame_without_what_is_asked_for_is_an_error_not_a_crash() -> None:
    with pytest.raises(ValueError, match="nothing for these panels"):
        draw_figure([view(response=None)], ["map", "overlay"], FigureLook())
