"""Patches, candidates and numbers: shown as reported, large with their values, on the frame."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from app.views.patch_item import Outline, candidates
from app.views.patch_panel import PatchPanel
from app.views.patch_view import PatchCanvas
from core.engine.map_source import Attached
from core.geometry import Box, Placement
from core.trackers.base import Patch, Proposals

IMAGE = np.random.default_rng(2).integers(0, 255, (20, 30, 3), np.uint8)
SEARCH = Patch(IMAGE, Placement.covering(Box(100, 50, 60, 40), (20, 30)), "search")
TEMPLATE = Patch(IMAGE[:10, :10], Placement((1, 0, 0, 0, 1, 0)), "template")
BOXES = np.array([[10.0, 20, 30, 40], [11, 21, 31, 41], [50, 60, 10, 10]])
FOUND = Proposals(BOXES, np.array([0.9, 0.6, 0.1]))


def attached(**changes) -> Attached:
    fields = {
        "patches": {"template": TEMPLATE, "search": SEARCH},
        "proposals": {"anchors": Proposals(BOXES[:1], np.array([0.3])), "top": FOUND},
        "scalars": {"psr": 12.5, "admm.hog.1": 0.25},
    }
    return Attached(**(fields | changes))


@pytest.fixture
def panel(qtbot) -> PatchPanel:
    made = PatchPanel()
    qtbot.addWidget(made)
    return made


def test_that_everything_reported_is_listed(panel: PatchPanel) -> None:
    panel.show_attached(attached(), 7, 0)
    assert [panel._tiles.item(k).text() for k in range(2)] == [
        "template\n10 × 10",
        "search\n30 × 20",
    ]
    assert [panel._lists.itemText(k) for k in range(2)] == ["anchors", "top"]
    names = [panel._numbers.topLevelItem(k).text(0) for k in range(2)]
    assert names == ["admm.hog.1", "psr"]
    assert panel._numbers.topLevelItem(1).text(1) == "12.5"
    panel._find.setText("adm")
    assert panel._numbers.topLevelItem(1).isHidden()
    panel.show_attached(None, 8, 0)
    assert panel._tiles.count() == 0
    assert not panel._tabs.isTabEnabled(1)
    assert "panel open" in panel._note.text()
    panel.show_attached(attached(), 5, 3)
    assert panel._note.text() == "of frame 5"


def test_that_window_and_chosen_candidate_are_told_to_the_frame(panel: PatchPanel) -> None:
    told = []
    panel.on_frame_changed.connect(lambda *what: told.append(what))
    panel.show_attached(attached(), 7, 0)
    panel._lists.setCurrentIndex(1)
    outlines, boxes = told[-1]
    assert outlines == (Outline(((100, 50), (160, 50), (160, 90), (100, 90)), "search"),)
    assert [one.score for one in boxes] == [0.9, 0.6, 0.1]
    assert not any(one.chosen for one in boxes)
    panel._table.setCurrentItem(panel._table.topLevelItem(1))
    assert [one.chosen for one in told[-1][1]] == [False, True, False]
    panel.show_attached(attached(), 8, 0)
    assert [one.chosen for one in told[-1][1]] == [False, True, False], "the choice stays"
    panel._count.setValue(2)
    assert len(told[-1][1]) == 2
    panel._window.setChecked(False)
    panel._boxes.setChecked(False)
    assert told[-1] == ((), ())


def test_that_levels_of_candidates_are_shares_of_the_best() -> None:
    made = candidates(FOUND.boxes, FOUND.scores, 12, None)
    assert [one.level for one in made] == pytest.approx([1, 2 / 3, 1 / 9])
    assert made[2].box == Box(50, 60, 10, 10)
    worst = candidates(BOXES, np.array([0.0, 0.0, -2.0]), 12, None)
    assert [one.level for one in worst] == pytest.approx([1, 1, 0])
    assert candidates(np.empty((0, 4)), np.empty(0), 12, None) == ()


def test_that_a_patch_opens_large_and_follows_the_frame(panel: PatchPanel, qtbot) -> None:
    panel.show_attached(attached(), 7, 0)
    panel._open(panel._tiles.item(1))
    view = panel._views["search"]
    assert view.canvas._patch is SEARCH
    other = Patch(IMAGE[::-1].copy(), SEARCH.placement, "search")
    panel.show_attached(attached(patches={"search": other}), 8, 0)
    assert view.canvas._patch is other
    view.close()
    qtbot.waitUntil(lambda: "search" not in panel._views)


def test_that_the_large_patch_tells_cell_value_and_place(qtbot) -> None:
    canvas = PatchCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)  # ten points per cell
    canvas.set_patch(SEARCH)
    assert canvas.cell_at(QPointF(125, 45)) == (4, 12)
    assert canvas.cell_at(QPointF(301, 45)) is None
    red, green, blue = IMAGE[4, 12]
    said = canvas.describe(4, 12)
    assert f"{red} {green} {blue}" in said
    assert "x 125.0  y 59.0" in said
    values = np.linspace(0, 1, 600, dtype=np.float32).reshape(20, 30)
    canvas.set_patch(Patch(IMAGE, SEARCH.placement, "kernel", values))
    assert f"{values[4, 12]:.4g}" in canvas.describe(4, 12)
    canvas.grab()
    canvas._scale, canvas._origin = 40.0, QPointF(-80, -40)
    assert canvas.cell_at(QPointF(0, 0)) == (1, 2)
    canvas.grab()


def test_that_outline_and_boxes_are_painted_where_they_lie(make_canvas, photograph) -> None:
    view = make_canvas(level=90)
    plain = photograph(view)
    view.show_windows([Outline.of(SEARCH, "search")], candidates(BOXES, FOUND.scores, 3, 1))
    drawn = np.abs(photograph(view) - plain).max(axis=2) > 40
    for x, y in ((130, 90), (160, 70), (10, 40), (25, 60)):  # lines
        at = view.frame_to_view(x, y).toPoint()
        assert drawn[at.y() - 3 : at.y() + 4, at.x() - 3 : at.x() + 4].any(), (x, y)
    for x, y in ((300, 300), (130, 80), (25, 42)):  # beside, and inside of boxes
        at = view.frame_to_view(x, y).toPoint()
        assert not drawn[at.y() - 3 : at.y() + 4, at.x() - 3 : at.x() + 4].any(), (x, y)
    view.show_windows((), ())
    assert (photograph(view) == plain).all()
