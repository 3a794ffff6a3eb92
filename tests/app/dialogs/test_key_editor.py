"""Changing keys: what a key means is said first, and nothing may mean two things."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from app.actions import ACTIONS
from app.dialogs.key_editor import KeyEditor

USUAL = {spec.id: spec.keys for spec in ACTIONS}


@pytest.fixture
def editor(qtbot) -> KeyEditor:
    made = KeyEditor(USUAL)
    qtbot.addWidget(made)
    return made


def may_end(editor: KeyEditor) -> bool:
    return editor.box.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def test_that_a_pressed_key_is_taken_from_its_owner_after_saying_so(editor: KeyEditor) -> None:
    editor.show()
    editor.choose("retrack")
    editor.recorder.setFocus()
    QTest.keyClick(editor.recorder, Qt.Key.Key_E)
    assert editor.pressed() == "E"
    assert "Track forward" in editor.meaning()
    editor.replace_key()
    assert editor.keys["retrack"] == ("E",)
    assert editor.keys["track_forward"] == ()
    assert may_end(editor)
    assert editor.message().startswith("2 actions")
    editor.choose("track_forward")
    editor.default()
    assert not may_end(editor)
    assert "Track forward" in editor.message()
    assert "Re-track from here" in editor.message()


def test_that_a_key_is_added_or_taken_away(editor: KeyEditor) -> None:
    editor.choose("fit")
    editor.recorder.setKeySequence(QKeySequence("Ctrl+Alt+9"))
    assert "free" in editor.meaning()
    editor.add_key()
    assert editor.keys["fit"] == ("0", "Ctrl+Alt+9")
    editor.clear()
    assert editor.keys["fit"] == ()
    assert editor.items["fit"].text(1) == ""
    editor.restore_all()
    assert editor.keys["fit"] == ("0",)
    assert editor.message() == ""


def test_that_keys_of_the_picture_are_not_given_away(editor: KeyEditor) -> None:
    editor.choose("back1")
    editor.recorder.setKeySequence(QKeySequence("Left"))
    editor.replace_key()
    assert not may_end(editor)
    assert "needed in the picture" in editor.message()


def test_that_keys_travel_in_a_file(editor: KeyEditor, tmp_path: Path) -> None:
    editor.choose("fit")
    editor.clear()
    editor.write(tmp_path / "k.toml")
    editor.restore_all()
    editor.take(tmp_path / "k.toml")
    assert editor.keys["fit"] == ()
    (tmp_path / "bad.toml").write_text("x", "utf-8")
    editor.take(tmp_path / "bad.toml")
    assert "no key map" in editor.message()
    assert editor.keys["fit"] == ()
    (tmp_path / "odd.toml").write_text('[keys]\nfly = ["F"]\n', "utf-8")
    editor.take(tmp_path / "odd.toml")
    assert "fly" in editor.message()


def test_that_the_search_leaves_what_has_the_words(editor: KeyEditor) -> None:
    editor._search.setText("track back")
    left = {name for name, item in editor.items.items() if not item.isHidden()}
    assert "track_backward" in left
    assert "open" not in left
