from __future__ import annotations

import numpy as np


def redness(pixels):
    return np.clip(pixels[..., 0] - np.maximum(pixels[..., 1], pixels[..., 2]), 0, None)


def test_that_the_trail_follows_its_points_and_fades_into_the_past(make_canvas, photograph):
    view = make_canvas()
    points = np.stack([np.linspace(100, 500, 41), np.full(41, 240.0)], axis=1)
    view.show_trail(points, "#ff0000")
    seen = redness(photograph(view))
    y = round(view.frame_to_view(0, 240).y())
    at = [int(view.frame_to_view(x, 0).x()) for x in (115, 300, 470)]
    old, middle, new = (int(seen[y - 3 : y + 3, x].max()) for x in at)
    assert 0 < old < middle < new
    assert seen[: y - 8].max() == 0
    assert seen[y + 8 :].max() == 0


def test_that_a_gap_breaks_the_trail(make_canvas, photograph):
    view = make_canvas()
    points = np.stack([np.linspace(100, 500, 41), np.full(41, 240.0)], axis=1)
    points[17:19] = np.nan
    view.show_trail(points, "#ff0000")
    seen = redness(photograph(view))
    y = round(view.frame_to_view(0, 240).y())
    gap, line = (int(view.frame_to_view(x, 0).x()) for x in (275, 360))
    assert seen[y - 5 : y + 5, gap].max() == 0
    assert seen[y - 5 : y + 5, line].max() > 60


def test_that_fewer_than_two_points_show_no_trail(make_canvas, photograph):
    view = make_canvas()
    for points in (np.empty((0, 2)), np.array([[50.0, 60.0]])):
        view.show_trail(points, "#ff0000")
        assert redness(photograph(view)).max() == 0


def test_that_a_trail_of_two_points_reaches_both(make_canvas, photograph):
    view = make_canvas()
    view.show_trail(np.array([[100.0, 100.0], [140.0, 100.0]]), "#ff0000")
    red = np.nonzero(redness(photograph(view)).max(axis=0) > 30)[0]
    assert abs(red.min() - view.frame_to_view(100, 0).x()) < 3
    assert abs(red.max() - view.frame_to_view(140, 0).x()) < 6
