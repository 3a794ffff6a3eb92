"""The table of actions: every key once, everything reachable, texts complete."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.app_driver import Driver
from PySide6.QtGui import QAction, QKeySequence

from app import actions, theme
from app.actions import ACTIONS, PREDICATES
from app.ui_state import RunStatus, UiState

ROOT = Path(__file__).resolve().parents[2]


def normal(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def test_that_no_two_actions_share_a_key(qapp) -> None:
    used = Counter(normal(key) for spec in ACTIONS for key in spec.keys)
    assert "" not in used, "a key that Qt does not know"
    assert [key for key, count in used.items() if count > 1] == []


def test_that_ids_and_mnemonics_are_unique_within_their_menu() -> None:
    assert len({spec.id for spec in ACTIONS}) == len(ACTIONS)
    for menu in {spec.menu for spec in ACTIONS}:
        marks = Counter(
            spec.text[spec.text.index("&") + 1].lower() for spec in ACTIONS if spec.menu == menu
        )
        assert [mark for mark, count in marks.items() if count > 1] == [], menu


@pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.id)
def test_that_every_action_has_a_sentence_and_a_known_condition(spec) -> None:
    assert spec.tip.endswith(".")
    assert spec.needs in PREDICATES
    assert not spec.icon or spec.icon in theme.icon_names()


def test_that_every_action_is_in_a_menu_and_connected(driver: Driver) -> None:
    def within(menu) -> list[QAction]:
        found = []
        for action in menu.actions():
            found.append(action)
            if action.menu() is not None:
                found.extend(within(action.menu()))
        return found

    listed = within(driver.window.menuBar())
    for name, action in driver.window.actions_by_id.items():
        assert action in listed, name
        assert action.receivers("2triggered(bool)") > 0, name
        if not action.shortcut().isEmpty():
            assert action.toolTip().splitlines()[0].endswith(")"), "the tooltip names the key"


def test_that_nothing_that_needs_a_clip_is_available_without_one() -> None:
    state = UiState()
    free = {spec.id for spec in ACTIONS if PREDICATES[spec.needs](state)}
    assert {"open", "preferences", "quit", "keys"} <= free
    assert not free & {"save", "export", "track_forward", "play", "draw_mode", "undo"}


def test_that_tracking_can_start_with_a_box_and_go_on_from_a_hold_but_not_twice() -> None:
    can = PREDICATES["can_track"]
    ready = UiState(has_clip=True, trackers_ready=True, box_here=True)
    assert can(ready)
    assert can(replace(ready, run=RunStatus.PAUSED))
    assert not can(replace(ready, run=RunStatus.RUNNING))
    assert not can(replace(ready, box_here=False))
    assert not can(replace(ready, trackers_ready=False))


def test_that_the_documented_keys_are_those_of_the_table() -> None:
    assert (ROOT / "docs" / "keyboard.md").read_text(encoding="utf-8") == actions.markdown()


def test_that_sections_of_a_menu_stand_in_order_and_quit_comes_last(driver: Driver) -> None:
    specs = {spec.id: spec for spec in ACTIONS}
    for title, menu in driver.window.panels.menus.items():
        shown = [specs[a.objectName()] for a in menu.actions() if a.objectName() in specs]
        sections = [spec.section for spec in shown if spec.menu == title]
        assert sections == sorted(sections), title
    entries = [a.objectName() for a in driver.window.panels.menus["File"].actions()]
    assert entries[-1] == "quit"
    track = driver.window.panels.menus["Track"].actions()
    names = [a.objectName() or a.text() for a in track if not a.isSeparator()]
    assert names.index("Proposal") == names.index("propose") + 2  # with what proposes
