"""The user's keys and the palette in the real window."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

from fakes.app_driver import Driver
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import actions as table
from app import keymap
from app.dialogs.keys import KeysDialog
from app.dialogs.palette import Palette
from app.features.keyboard import KeyboardFeature


def feature_of(driver: Driver) -> KeyboardFeature:
    return next(f for f in driver.window.features if isinstance(f, KeyboardFeature))


def keys(driver: Driver) -> dict[str, tuple[str, ...]]:
    return {name: table.keys_of(action) for name, action in driver.window.actions_by_id.items()}


def test_that_own_keys_work_are_shown_and_are_there_at_the_next_start(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver()
    changed = keys(driver) | {"palette": ("F9",), "full_screen": ()}
    feature_of(driver).use(changed)
    again = make_driver()
    action = again.window.actions_by_id["palette"]
    assert table.keys_of(action) == ("F9",)
    assert action.toolTip().startswith("Find an action (F9)")
    assert again.window.actions_by_id["full_screen"].shortcut().isEmpty()
    again.window.controller.desk.update(lacks="no weights")  # tooltips made anew
    assert action.toolTip().startswith("Find an action (F9)")
    dialog = KeysDialog(again.window.actions_by_id)
    assert dialog.shown_keys()["Find an action"] == "F9  (usually Ctrl+K)"
    assert dialog.shown_keys()["Full screen"] == "–  (usually F11)"
    dialog.search("f9")
    assert dialog.visible_actions() == ["Find an action"]
    dialog.deleteLater()
    feature_of(again).use({spec.id: spec.keys for spec in table.ACTIONS})
    assert keymap.stored(keys(again)) == ({}, "")


def test_that_keys_that_mean_two_things_are_not_used(make_driver: Callable[..., Driver]) -> None:
    keymap.save({"undo": ("E",), "redo": ("E",)}, keymap.path())
    driver = make_driver()
    assert table.keys_of(driver.window.actions_by_id["undo"]) == ("Ctrl+Z",)
    driver.until(lambda: any("mean two things" in text for _, text, _ in driver.notices))


def palette_of(driver: Driver) -> Palette:
    return driver.window.findChildren(Palette)[-1]


def test_that_the_palette_carries_out_what_was_typed(driver: Driver) -> None:
    driver.window.controller.open_demo()
    driver.until(lambda: driver.desk.session is not None)
    driver.settle()
    driver.window.actions_by_id["palette"].trigger()
    palette = palette_of(driver)
    QTest.keyClicks(palette.field, "drawbox")
    assert palette.listed()[0] == "draw_mode"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    driver.until(lambda: driver.desk.state.mode == "draw")
    assert not palette.isVisible()

    driver.window.actions_by_id["palette"].trigger()
    palette = palette_of(driver)
    assert palette.listed()[0] == "draw_mode"  # done last
    QTest.keyClicks(palette.field, "17")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    driver.until(lambda: driver.desk.state.frame == 17)


def test_that_what_cannot_be_done_says_why_and_is_not_done(driver: Driver) -> None:
    driver.window.actions_by_id["palette"].trigger()
    palette = palette_of(driver)
    QTest.keyClicks(palette.field, "trackforward")
    assert palette.listed()[0] == "track_forward"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    entries = {entry.id: entry for entry in feature_of(driver).entries()}
    assert entries["save"].why == "Open a clip first."
    assert entries["open"].why == ""
    assert entries["undo"].keys == "Ctrl+Z"
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert not palette.isVisible()


def test_that_texts_name_the_keys_that_are_in_force(driver: Driver) -> None:
    welcome, desk = driver.window.panels.welcome, driver.desk
    assert "press <b>E</b>" in welcome.hint()
    assert desk.key_note("play") == " (Space)"
    feature_of(driver).use(keys(driver) | {"track_forward": ("F9",), "play": (), "together": ()})
    assert "press <b>F9</b>" in welcome.hint()
    assert desk.key_note("play") == ""
    assert "F9" in desk.key_note("track_forward")
    consensus = driver.window.panels.docks["consensus"].widget().widget()
    driver.window.panels.docks["consensus"].show()
    driver.until(lambda: "from a frame with a box." in consensus.text.text())
    feature_of(driver).use(keys(driver) | {"track_forward": (), "together": ("F8",)})
    assert "choose <b>Track forward</b>" in welcome.hint()
    driver.until(lambda: "from a frame with a box (F8)." in consensus.text.text())
    feature_of(driver).use({spec.id: spec.keys for spec in table.ACTIONS})


def test_that_no_text_of_the_program_names_a_key_that_may_be_changed() -> None:
    # Texts say what a key does by asking for it (Desk.key_note); the tables name the usual ones.
    usual = {key for spec in table.ACTIONS for key in spec.keys if "+" in key[1:]}
    named = re.compile("|".join(rf"(?<![\w+]){re.escape(key)}(?![\w+])" for key in sorted(usual)))
    pressed = re.compile(r"\b[Pp]ress (<b>)?([A-Z]|Space)\b|\b([A-Z]|Space) goes on\b")
    found = []
    files = sorted(Path(table.__file__).parent.parent.rglob("*.py"))
    assert len(files) > 100
    for path in files:
        if path.parent.name == "actions" or path.name == "keymap.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docs
        texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in told]
        found += [
            f"{path}:{node.lineno} {node.value}"
            for node in texts
            if isinstance(node.value, str)
            and (named.search(node.value) or pressed.search(node.value))
        ]
    assert found == []
