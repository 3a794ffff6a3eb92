from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from app.views.view_types import DisplayFrame, to_display
from core.geometry import Box


def test_that_a_frame_for_display_has_the_colours_of_the_frame():
    rgb = np.random.default_rng(0).integers(0, 255, (7, 5, 3), np.uint8)
    frame = to_display(12, rgb)
    assert frame.index == 12
    assert frame.size == (5, 7)
    assert (frame.bgra[..., 2::-1] == rgb).all()
    assert frame.bgra.flags.c_contiguous
    assert not frame.bgra.flags.writeable


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_that_at_actual_size_every_pixel_is_on_the_screen_unchanged(make_canvas, photograph, ratio):
    view = make_canvas(64, 48, ratio=ratio)
    rgb = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    view.show_frame(to_display(1, rgb))
    view.actual_size()
    left, top = (round(v * ratio) for v in view.frame_to_view(0, 0).toTuple())
    seen = photograph(view, ratio)[top : top + 48, left : left + 64]
    assert (seen == rgb).all()


def test_that_far_in_pixels_are_squares_between_grid_lines(make_canvas, photograph):
    view = make_canvas(64, 48)
    rgb = np.random.default_rng(2).integers(0, 255, (48, 64, 3), np.uint8)
    view.show_frame(to_display(1, rgb))
    view.zoom_to(Box(30, 20, 4, 4))
    view.set_zoom(20)
    seen = photograph(view)
    for x, y in ((30, 20), (33, 23), (25, 18)):
        corner = view.frame_to_view(x, y).toPoint()
        inside = seen[corner.y() + 2 : corner.y() + 19, corner.x() + 2 : corner.x() + 19]
        assert (inside == rgb[y, x]).all()
        line = seen[corner.y() + 10, corner.x() - 1 : corner.x() + 1]
        wanted = (rgb[y, x - 1].astype(int), rgb[y, x].astype(int))
        assert any(np.abs(line[i] - wanted[i]).max() > 5 for i in (0, 1))


@pytest.mark.parametrize("zoom", [0.73, 2.9, 8.51, 13.7, 31.3])
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_that_a_pixel_far_from_the_corner_is_where_the_view_says(
    make_canvas, photograph, zoom, ratio
):
    view = make_canvas(1920, 1080, ratio=ratio)
    rgb = np.zeros((1080, 1920, 3), np.uint8)
    rgb[1000:1010, 1840:1850] = (255, 0, 255)
    view.show_frame(to_display(1, rgb))
    view.zoom_to(Box(1844.3, 1004.6, 1, 1))
    view.set_zoom(zoom)
    seen = photograph(view, ratio)
    # At least a third remains of the colour under the grid.
    magenta = (np.minimum(seen[..., 0], seen[..., 2]) - seen[..., 1]).clip(0)
    rows, cols = np.nonzero(magenta > (90 if zoom > 9 else 127))
    corner, opposite = view.frame_to_view(1840, 1000), view.frame_to_view(1850, 1010)
    assert cols.min() == pytest.approx(corner.x() * ratio, abs=0.7)
    assert cols.max() + 1 == pytest.approx(opposite.x() * ratio, abs=0.7)
    assert rows.min() == pytest.approx(corner.y() * ratio, abs=0.7)
    assert rows.max() + 1 == pytest.approx(opposite.y() * ratio, abs=0.7)


def test_that_frames_are_shown_without_copying_and_let_go_afterwards(make_canvas, photograph):
    view = make_canvas()
    frame = to_display(1, np.full((480, 640, 3), 7, np.uint8))
    view.show_frame(frame)
    image = view._frame_item._image
    buffer = np.frombuffer(image.constBits(), np.uint8)
    assert np.shares_memory(buffer, frame.bgra)
    watched = weakref.ref(frame.bgra)
    del frame, image, buffer
    photograph(view)
    assert watched() is not None, "the view keeps what it shows"
    view.show_frame(to_display(2, np.zeros((480, 640, 3), np.uint8)))
    gc.collect()
    assert watched() is None


def test_that_an_empty_canvas_shows_its_message(make_canvas, photograph):
    view = make_canvas()
    view.show_frame(None)
    plain = photograph(view)
    view.set_message("Open a video\nor drop one here")
    assert (photograph(view) != plain).any()
    view.set_message("")
    assert (photograph(view) == plain).all()


def test_that_taking_the_frame_away_takes_all_that_lay_on_it(make_canvas, make_box, photograph):
    view = make_canvas()
    view.show_boxes([make_box(Box(100, 100, 50, 50), title="gone")])
    view.show_trail(np.array([[10.0, 10.0], [200.0, 200.0]]), "#ff0000")
    view.show_frame(None)
    seen = photograph(view)
    assert (seen == seen[0, 0]).all()


def test_that_display_frames_are_compared_by_identity():
    frame = to_display(0, np.zeros((2, 2, 3), np.uint8))
    assert frame == frame
    assert frame != DisplayFrame(0, frame.bgra)
