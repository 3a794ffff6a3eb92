"""A label that shortens its text and keeps it readable elsewhere."""

import pytest

from app.views.elided_label import ElidedLabel


@pytest.fixture
def label(qtbot):
    made = ElidedLabel("a long name of a track " * 4)
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_a_narrow_label_shortens_and_tells_all_in_the_tooltip(label):
    label.resize(60, 20)
    assert label.text().endswith("…")
    assert label.toolTip() == label.full_text() == label.accessibleName()


def test_that_a_wide_label_shows_all_and_needs_no_tooltip(label):
    label.resize(label.sizeHint())
    assert label.text() == label.full_text()
    assert label.toolTip() == ""


def test_that_an_explanation_is_always_there(label):
    label.show_text("short", "why it is short")
    label.resize(400, 20)
    assert label.toolTip() == "why it is short"


def test_that_it_never_asks_for_much_room(label):
    assert label.minimumSizeHint().width() <= 32
