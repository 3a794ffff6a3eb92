"""The user's keys and the palette in the real window."""

from __future__ import annotations

from collections.abc import Callable

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
