"""Labels of boxes are put together from pieces made once: none may be out of date."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QFont, QGuiApplication

from app.views import box_chip, overlay_paint
from core.geometry import Box
from core.states import Flag, Source, TargetState

CHANGES: dict[str, dict[str, Any]] = {
    "title": {"title": "somebody else"},
    "colour": {"color": "#cc79a7"},
    "source": {"source": Source.IMPORTED},
    "score": {"score": 0.31},
    "no score": {"score": float("nan")},
    "state": {"state": TargetState.LOST},
    "confirmed": {"flags": Flag.CONFIRMED},
    "hidden": {"flags": Flag.OCCLUDED},
    "absent": {"flags": Flag.ABSENT},
    "locked": {"locked": True},
    "selected": {"selected": True},
    "place": {"box": Box(300, 200, 90, 70)},
}


@pytest.fixture(autouse=True)
def nothing_made_yet():
    def forget() -> None:
        for made in (box_chip._text, box_chip._pill, box_chip._source_glyph, overlay_paint._pens):
            made.cache_clear()

    forget()
    return forget


def test_that_whatever_changes_about_a_box_is_seen(
    make_canvas, make_box, photograph, nothing_made_yet
) -> None:
    view = make_canvas()
    box = replace(make_box(Box(200, 150, 120, 90), selected=False), source=Source.TRACKED)
    others = [replace(box, track_id=9, title="man 9", box=Box(420, 300, 80, 60), color="#009e73")]
    view.show_boxes([box, *others])
    first = photograph(view)
    for name, changes in CHANGES.items():
        changed = [replace(box, **changes), *others]
        view.show_boxes(changed)
        shown = photograph(view)
        nothing_made_yet()
        view.show_boxes([])
        view.show_boxes(changed)
        assert np.array_equal(shown, photograph(view)), name
        assert not np.array_equal(shown, first), f"{name} shows nothing"
        view.show_boxes([box, *others])
        assert np.array_equal(photograph(view), first), f"{name} leaves traces"


@pytest.mark.parametrize("zoom", [0.37, 1.0, 8.0])
def test_that_pieces_made_at_one_zoom_fit_every_other(
    make_canvas, make_box, photograph, nothing_made_yet, zoom: float
) -> None:
    view = make_canvas()
    boxes = [make_box(Box(310, 230, 20, 15), title="target", flags=Flag.CONFIRMED)]
    view.show_boxes(boxes)
    photograph(view)
    view.set_zoom(zoom)
    shown = photograph(view)
    nothing_made_yet()
    assert np.array_equal(shown, photograph(view))


def test_that_another_font_of_the_program_is_taken_up(make_canvas, make_box, photograph) -> None:
    view = make_canvas()
    view.show_boxes([make_box(Box(200, 150, 120, 90), title="target")])
    usual, font = photograph(view), QGuiApplication.font()
    larger = QFont(font)
    larger.setPointSizeF(font.pointSizeF() + 4)
    QGuiApplication.setFont(larger)
    try:
        assert not np.array_equal(photograph(view), usual)
    finally:
        QGuiApplication.setFont(font)
    assert np.array_equal(photograph(view), usual)


LAST = 4  # places beside the box are taken by then


def test_that_a_label_far_from_its_box_is_tied_to_it(make_canvas, make_box, photograph) -> None:
    view = make_canvas()
    crowd = [
        replace(
            make_box(Box(200 + 2 * k, 200 + 2 * k, 60, 50), selected=False),
            track_id=k + 1, title=f"somebody {k}", color="#ff00ff" if k == LAST else "#009e73",
        )
        for k in range(LAST + 1)
    ]  # fmt: skip
    view.set_zoom(1.0)
    view.show_boxes(crowd)
    picture = photograph(view).astype(int)
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    magenta = ((red > 70) & (blue > 70) & (green < red // 2)).any(axis=1)
    rows = np.flatnonzero(magenta)
    box_top = view.frame_to_view(crowd[LAST].box.x, crowd[LAST].box.y).y()
    assert (rows < box_top - 20).any(), "the last label stands in a row further up"
    assert magenta[int(box_top) - 10 : int(box_top)].all(), "a thread leads down to the box"
