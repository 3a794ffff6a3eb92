"""The review panel shows what it is given and announces what a person wants."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app.views.review_panel import ReviewPanel, ReviewRow

ROWS = (
    ReviewRow(5, 9, "object 1", "#ff0000", "The box jumped.", 0.3),
    ReviewRow(40, 40, "object 2", "#00ff00", "The score is low.", 0.9, lost=True),
)


@pytest.fixture
def panel(qtbot) -> ReviewPanel:
    panel = ReviewPanel()
    qtbot.addWidget(panel)
    panel.resize(280, 400)
    panel.show()
    return panel


def test_that_progress_counts_frames_and_places(panel: ReviewPanel) -> None:
    assert panel.progress() == "Nothing doubtful is left"
    panel.set_places(ROWS, 6)
    assert panel.progress() == "6 frames left, in 2 places"
    panel.set_places(ROWS[1:], 1)
    assert panel.progress() == "One frame left"


def test_that_every_place_says_where_whose_and_why(panel: ReviewPanel) -> None:
    panel.set_places(ROWS, 6)
    texts = [panel.list.item(k).text() for k in range(panel.list.count())]
    assert texts == ["5 – 9, object 1: The box jumped.", "40, object 2: The score is low."]


def test_that_a_click_asks_for_the_place(panel: ReviewPanel, qtbot) -> None:
    panel.set_places(ROWS, 6)
    middle = panel.list.visualItemRect(panel.list.item(1)).center()
    with qtbot.waitSignal(panel.place_chosen) as told:
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert told.args == [1]


def test_that_the_place_under_the_playhead_is_marked_silently(panel: ReviewPanel, qtbot) -> None:
    panel.set_places(ROWS, 6)
    with qtbot.assertNotEmitted(panel.place_chosen):
        panel.set_current(1)
    assert panel.list.currentRow() == 1
    panel.set_current(None)
    assert not panel.list.selectedItems()


def test_that_what_was_learnt_is_shown_and_can_be_reset(panel: ReviewPanel, qtbot) -> None:
    reset = panel.findChild(QPushButton)
    assert reset is not None
    assert not reset.isVisible()
    panel.set_learnt("ccr", [("Score", 0.45, 0.42)])
    assert "ccr" in panel.learnt()
    assert "Score 0.45 → 0.42" in panel.learnt()
    with qtbot.waitSignal(panel.reset_wanted):
        reset.click()


def test_that_rows_are_drawn_in_their_colours(panel: ReviewPanel) -> None:
    panel.set_places(ROWS, 6)
    area = panel.list.visualItemRect(panel.list.item(0))
    picture = panel.list.viewport().grab().toImage()
    ratio = picture.devicePixelRatio()
    color = picture.pixelColor(round(6 * ratio), round(area.center().y() * ratio))
    assert color.name() == "#ff0000"
