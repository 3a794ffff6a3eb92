"""What a video shows of a stack of layers is what the window shows of it, pixel for pixel."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.views.layer_types import ShownLayer
from app.views.view_types import OverlaySettings, to_display
from core.geometry import Box, Placement
from core.render.layers import BLENDS, DrawnLayer, paint_layers
from core.trackers.base import ResponseMap

WIDTH, HEIGHT = 320, 240
LOOK = OverlaySettings("m", opacity=0.7, fade=0.5)


def picture() -> np.ndarray:
    rng = np.random.default_rng(3)
    small = rng.integers(20, 235, (12, 16, 3), np.uint8)
    return np.ascontiguousarray(cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))


def response(cells: int, box: Box, seed: int = 0) -> ResponseMap:
    rng = np.random.default_rng(seed)
    small = rng.uniform(0, 1, (5, 5)).astype(np.float32)
    values = cv2.resize(small, (cells, cells), interpolation=cv2.INTER_CUBIC)
    return ResponseMap(values.astype(np.float32), Placement.covering(box, (cells, cells)))


COARSE = response(17, Box(60, 40, 170, 136))
FINE = response(65, Box(-40, 90.5, 195, 195), 1)  # beyond the frame's border
TINY = response(120, Box(180, 30, 60, 60), 2)  # cells smaller than pixels

STACKS = {
    **{f"blend {blend}": [(replace(LOOK, blend=blend), COARSE)] for blend in BLENDS},
    "sharp cells": [(replace(LOOK, smooth=False), COARSE)],
    "threshold and gamma": [(replace(LOOK, threshold=0.4, gamma=2.0, smooth=False), COARSE)],
    "levels": [(replace(LOOK, low=0.2, high=0.5, auto_levels=False), COARSE)],
    "three": [
        (LOOK, FINE),
        (replace(LOOK, blend="screen", colormap="magma"), COARSE),
        (replace(LOOK, blend="multiply", opacity=0.4, colormap="grey"), TINY),
    ],
    "difference map": [(replace(LOOK, colormap="balance", fade=1.0), COARSE)],
}


@pytest.mark.parametrize("name", STACKS)
def test_that_a_video_shows_the_layers_as_the_window_does(name, make_canvas, photograph):
    ground = picture()
    view = make_canvas(WIDTH, HEIGHT)
    view.show_frame(to_display(0, ground))
    view.set_message("")
    view.set_zoom(1.0)
    layers = [ShownLayer(look, "m", found, 0) for look, found in STACKS[name]]
    view.show_layers(layers)
    at = view.frame_to_view(0, 0)
    x, y = round(at.x()), round(at.y())
    assert (at.x(), at.y()) == pytest.approx((x, y), abs=1e-3), "the frame lies on whole pixels"
    seen = photograph(view)[y : y + HEIGHT, x : x + WIDTH].astype(int)
    drawn = paint_layers(ground, [DrawnLayer(look, found) for look, found in STACKS[name]])
    # The dashes along a map's rim may fall elsewhere.
    inner = np.ones((HEIGHT, WIDTH), bool)
    for _, found in STACKS[name]:
        edge = found.placement.extent(found.values.shape)
        for x0, y0, x1, y1 in (
            (edge.x, edge.y, edge.x, edge.bottom), (edge.right, edge.y, edge.right, edge.bottom),
            (edge.x, edge.y, edge.right, edge.y), (edge.x, edge.bottom, edge.right, edge.bottom),
        ):  # fmt: skip
            a, b = max(int(x0) - 2, 0), max(int(y0) - 2, 0)
            inner[b : int(y1) + 3, a : int(x1) + 3] = False
    off = np.abs(seen - drawn.astype(int)).max(axis=2)[inner]
    changed = np.abs(drawn.astype(int) - ground).max(axis=2)[inner]
    assert (changed > 12).mean() > 0.05, "the layers can be seen"
    assert np.median(off) <= 1
    # Where a sharp cell ends either may have it.
    assert np.percentile(off, 97) <= 4, np.percentile(off, [90, 95, 97, 99])


def test_that_contours_run_where_the_window_draws_them(make_canvas, photograph):
    ground = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    look = replace(LOOK, opacity=0.0, contours=3)
    view = make_canvas(WIDTH, HEIGHT)
    view.set_message("")
    view.set_zoom(1.0)
    view.show_layers([ShownLayer(look, "m", COARSE, 0)])
    at = view.frame_to_view(0, 0)
    x, y = round(at.x()), round(at.y())
    seen = photograph(view)[y : y + HEIGHT, x : x + WIDTH]
    drawn = paint_layers(ground, [DrawnLayer(look, COARSE)])
    marks = []
    for pixels in (seen, drawn):
        away = np.abs(pixels.astype(int) - 90).max(axis=2) > 60
        away[:, :64], away[:, 226:], away[:44], away[172:] = False, False, False, False
        marks.append(away)
    assert marks[0].sum() > 100
    for one, other in (marks, marks[::-1]):
        near = cv2.dilate(other.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        assert (one & near).sum() > 0.98 * one.sum()
