"""What the tracker panel says about weights."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fakes.listed_weights import PLAIN
from PySide6.QtWidgets import QPushButton

from app.views.weights_note import WeightsNote
from core.weights import Standing


@pytest.fixture
def note(qtbot) -> WeightsNote:
    made = WeightsNote()
    qtbot.addWidget(made)
    made.show()
    return made


def _entry(**changes):
    return dataclasses.replace(PLAIN, bytes=102_530_333, **changes)


def _buttons(note: WeightsNote) -> list[str]:
    return [b.text() for b in note.findChildren(QPushButton) if b.isVisible()]


def test_that_nothing_is_said_when_all_is_there(note):
    note.show_standing(Standing())
    assert not note.isVisible()
    assert note.text() == ""


def test_that_published_weights_can_be_got_with_their_size_told(note, qtbot):
    note.show_standing(Standing((_entry(address="https://example.org/plain-1.safetensors"),)))
    assert note.isVisible()
    assert "Needs weights: Plain weights." in note.text()
    assert _buttons(note) == ["Get them (103 MB)", "Choose a file…"]
    with qtbot.waitSignal(note.wanted) as asked:
        note.findChildren(QPushButton)[0].click()
    assert asked.args == ["plain"]


def test_that_weights_without_an_address_can_only_be_chosen(note, qtbot):
    note.show_standing(Standing((_entry(sha256=""),)))
    assert _buttons(note) == ["Choose a file…"]
    with qtbot.waitSignal(note.file_wanted) as asked:
        note.findChildren(QPushButton)[1].click()
    assert asked.args == ["plain"]
    note.show_standing(Standing((_entry(package="some_package"),)))
    assert "come with Boxtrail" in note.text()


def test_that_all_missing_ones_are_named_and_the_first_is_got_first(note, qtbot):
    second = _entry(key="second", title="Second ones")
    note.show_standing(Standing((_entry(), second)))
    assert "Plain weights, Second ones" in note.text()
    with qtbot.waitSignal(note.file_wanted) as asked:
        note.findChildren(QPushButton)[1].click()
    assert asked.args == ["plain"]


def test_that_unverified_files_are_called_so_and_their_place_told(note):
    note.show_standing(Standing((), (Path("/weights/mine.safetensors"),)))
    assert note.isVisible()
    assert note.text() == "Unverified weights: mine.safetensors"
    assert _buttons(note) == []
    tips = " ".join(w.toolTip() for w in note.findChildren(type(note._doubt)))
    assert "/weights/mine.safetensors" in tips


def test_that_progress_takes_the_place_of_the_advice_and_goes_again(note):
    note.show_standing(Standing((_entry(sha256=""),)))
    note.show_progress("Getting Plain weights… 40%")
    assert "40%" in note.text()
    assert not any(b.isEnabled() for b in note.findChildren(QPushButton))
    note.show_progress("")
    assert "40%" not in note.text()
    assert all(b.isEnabled() for b in note.findChildren(QPushButton))
