"""What is painted for a box, measured in the pixels a screen would show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from app.views.box_chip import badges, chip_place
from app.views.box_geometry import handle_positions
from app.views.view_types import to_display
from core.geometry import Box
from core.states import Flag, Source, TargetState

ZOOMS = (0.1, 0.37, 1.0, 2.5, 8.0, 32.0)
RATIOS = (1.0, 1.5, 2.0)


def greenness(pixels):
    """How much a pixel is of the pure green box line, 0..255."""
    return np.clip(pixels[..., 1] - np.maximum(pixels[..., 0], pixels[..., 2]), 0, None)


def line_center(profile, near: float) -> float:
    """Centre in pixels (edges) of the bright line nearest to `near`."""
    window = np.arange(max(int(near) - 7, 0), min(int(near) + 8, len(profile)))
    weight = profile[window].astype(float)
    assert weight.sum() > 100, "no line there"
    return float(((window + 0.5) * weight).sum() / weight.sum())


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("source", [Source.MANUAL, Source.TRACKED])
def test_that_the_painted_edge_is_the_edge_of_the_box(
    make_canvas, make_box, photograph, zoom, ratio, source
):
    view = make_canvas(2400, 1800, ratio=ratio)
    side = 200 * ratio / zoom
    box = Box(1200.37 - side / 2, 900.81 - side / 3, side, side * 0.6)
    view.zoom_to(Box(box.cx - 0.5, box.cy - 0.5, 1, 1))
    view.set_zoom(zoom)
    view.show_boxes([make_box(box, selected=False, source=source)])
    green = greenness(photograph(view, ratio))
    corner, opposite = view.frame_to_view(box.x, box.y), view.frame_to_view(box.right, box.bottom)
    across = green[int((corner.y() + 40) * ratio)]
    down = green[:, int((corner.x() + 100) * ratio)]
    for profile, edge in (
        (across, corner.x()),
        (across, opposite.x()),
        (down, corner.y()),
        (down, opposite.y()),
    ):
        assert line_center(profile, edge * ratio) == pytest.approx(edge * ratio, abs=0.5)


@pytest.mark.parametrize("zoom", [1.0, 4.0, 32.0])
def test_that_the_line_runs_along_the_pixels_it_encloses(make_canvas, make_box, photograph, zoom):
    view = make_canvas(640, 480, level=0)
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[230:250, 310:330] = (255, 0, 255)  # the picture itself shows where the box must be
    view.show_frame(to_display(1, rgb))
    view.zoom_to(Box(312, 232, 1, 1))
    view.set_zoom(zoom)
    view.show_boxes([])
    row = int(view.frame_to_view(0, 236.5).y())
    bare = photograph(view)[row]
    start = int(np.argmax(np.minimum(bare[:, 0], bare[:, 2]) - bare[:, 1] > 90))
    view.show_boxes([make_box(Box(310, 230, 20, 20), selected=False)])
    line = line_center(greenness(photograph(view))[row], start)
    assert line == pytest.approx(start, abs=0.5)


@pytest.mark.parametrize("zoom", [1.5, 8.0])
def test_that_handles_keep_their_size_and_are_where_they_are_grabbed(
    make_canvas, make_box, photograph, zoom
):
    view = make_canvas()
    view.zoom_to(Box(320, 240, 1, 1))
    view.set_zoom(zoom)
    side = 160 / zoom
    box = Box(320 - side / 2, 240 - side / 2, side, side)
    view.show_boxes([make_box(box)])
    white = photograph(view).min(axis=2) > 220
    corner = view.frame_to_view(box.x, box.y)
    for x, y in handle_positions(corner.x(), corner.y(), 160, 160).values():
        patch = white[int(y) - 10 : int(y) + 10, int(x) - 10 : int(x) + 10]
        assert 16 <= patch.sum() <= 81, "a white square of about six points in its frame"


def test_that_only_a_selected_unlocked_box_has_handles(make_canvas, make_box, photograph):
    view = make_canvas()
    box = Box(200, 150, 120, 90)
    corner = view.frame_to_view(box.right, box.bottom)
    spot = (slice(int(corner.y()) - 2, int(corner.y()) + 2), int(corner.x()))
    seen = []
    for changes in ({}, {"selected": False}, {"locked": True}):
        view.show_boxes([make_box(box, **changes)])
        seen.append(bool((photograph(view)[spot].min(axis=1) > 220).all()))
    assert seen == [True, False, False]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"source": Source.MANUAL}, {"source": Source.TRACKED}),
        ({"source": Source.MANUAL}, {"source": Source.INTERPOLATED}),
        ({"source": Source.INTERPOLATED}, {"source": Source.IMPORTED}),
        ({"state": TargetState.TRACKING}, {"state": TargetState.UNCERTAIN}),
        ({"state": TargetState.UNCERTAIN}, {"state": TargetState.LOST}),
        ({"flags": Flag.NONE}, {"flags": Flag.ABSENT}),
    ],
)
def test_that_source_and_state_show_in_the_line_without_any_colour(
    make_canvas, make_box, photograph, first, second
):
    view = make_canvas()
    box = Box(200, 150, 120, 90)
    corner = view.frame_to_view(box.x, box.y)
    seen = []
    for changes in (first, second):
        view.show_boxes([make_box(box, color="#ffffff", selected=False, **changes)])
        grey = photograph(view).mean(axis=2)
        top, left = int(corner.y()), int(corner.x())
        seen.append(grey[top - 3 : top + 100, left - 3 : left + 130])
    assert np.abs(seen[0] - seen[1]).max() > 60


def test_that_a_dashed_line_has_gaps_and_a_manual_one_has_none(make_canvas, make_box, photograph):
    view = make_canvas()
    box = Box(200, 150, 120, 90)
    y = int(view.frame_to_view(0, 195).y())
    x = round(view.frame_to_view(200, 0).x())
    filled = []
    for source in (Source.MANUAL, Source.INTERPOLATED, Source.IMPORTED):
        view.show_boxes([make_box(box, selected=False, source=source)])
        line = greenness(photograph(view))[y - 40 : y + 40, x - 1 : x + 1].max(axis=1)
        filled.append(float((line > 100).mean()))
    assert filled[0] == 1.0
    assert 0.4 < filled[1] < 0.8
    assert 0.2 < filled[2] < 0.7


def test_that_state_is_told_in_words_too(make_box):
    box = make_box(Box(0, 0, 9, 9))
    lost = replace(box, state=TargetState.LOST)
    assert badges(box) == []
    assert [text for text, _ in badges(replace(box, state=TargetState.UNCERTAIN))] == ["?"]
    assert [text for text, _ in badges(lost)] == ["lost"]
    assert [text for text, _ in badges(replace(lost, flags=Flag.ABSENT | Flag.OCCLUDED))] == [
        "absent",
        "occluded",
    ]


SEEN = QRectF(0, 0, 800, 600)


@pytest.mark.parametrize(
    "rect",
    [
        QRectF(100, 100, 50, 40),
        QRectF(-500, 100, 520, 40),
        QRectF(780, 100, 300, 40),
        QRectF(100, -40, 50, 60),
        QRectF(-900, -900, 3000, 3000),
        QRectF(300, 590, 50, 400),
    ],
)
def test_that_the_label_of_a_box_in_sight_is_in_sight(rect):
    assert SEEN.contains(chip_place(rect, SEEN, 120, 8))


def test_that_labels_make_room_for_one_another():
    taken: list[QRectF] = []
    for nth in range(6):
        rect = QRectF(100 + 10 * nth, 200, 40, 30)
        place = chip_place(rect, SEEN, 120, 4, taken)
        assert not any(place.intersects(other) for other in taken)
        taken.append(place)


def test_that_labels_keep_their_size_at_any_zoom(make_canvas, make_box, photograph):
    view = make_canvas()
    heights = []
    for zoom in (0.8, 4.0, 20.0):
        view.zoom_to(Box(320, 240, 1, 1))
        view.set_zoom(zoom)
        side = 200 / zoom
        box = Box(320 - side / 2, 240 - side / 2, side, side)
        view.show_boxes([make_box(box, title="target", selected=False)])
        left = int(view.frame_to_view(box.x, 0).x())
        column = photograph(view)[:, left + 40 : left + 43].max(axis=(1, 2))
        top = int(view.frame_to_view(0, box.y).y())
        heights.append(int((column[top - 30 : top - 2] < 60).sum()))
    assert heights[0] == heights[1] == heights[2] > 8


def test_that_a_track_far_out_of_sight_paints_nothing(make_canvas, make_box, photograph):
    view = make_canvas()
    view.zoom_to(Box(600, 440, 2, 2))
    view.show_boxes([make_box(Box(10, 10, 20, 20), title="far away", selected=False)])
    assert greenness(photograph(view)).max() == 0


SCALED = """
import json, sys
import torch
import numpy as np
from PySide6.QtWidgets import QApplication
app = QApplication([])
from app.views.video_view import VideoView
from app.views.view_types import BoxView, to_display
from core.geometry import Box
from core.states import Flag, Source, TargetState
view = VideoView(); view.resize(400, 300); view.show(); app.processEvents()
view.show_frame(to_display(0, np.full((240, 320, 3), 90, np.uint8)))
view.actual_size()
view.show_boxes([BoxView(1, Box(100, 80, 60, 50), "#00ff00", "", Source.MANUAL,
                 TargetState.TRACKING, Flag.NONE, 1.0, False, False)])
image = view.grab().toImage()
row = int(view.frame_to_view(0, 105).y() * view.devicePixelRatioF())
line = [image.pixelColor(x, row) for x in range(image.width())]
green = [max(c.green() - max(c.red(), c.blue()), 0) for c in line]
left = view.frame_to_view(100, 0).x() * view.devicePixelRatioF()
print(json.dumps([view.devicePixelRatioF(), image.width(), left, green]))
view.close()
"""


def test_that_on_a_scaled_screen_a_frame_pixel_is_a_device_pixel():
    environment = os.environ | {"QT_SCALE_FACTOR": "1.5", "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", SCALED], env=environment, capture_output=True, text=True, check=True
    )
    ratio, width, left, green = json.loads(run.stdout.splitlines()[-1])
    assert (ratio, width) == (1.5, 600)
    weight = np.array(green, float)
    bright = np.flatnonzero(weight > 100)
    first = line_center(weight, bright[0] + 1)
    second = line_center(weight, bright[-1])
    assert second - first == pytest.approx(60, abs=0.5)
    assert first == pytest.approx(left, abs=0.5)
