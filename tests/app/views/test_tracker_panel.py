"""The tracker panel: values per tracker, signals only for a person's edits."""

from dataclasses import dataclass

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QPushButton

from app.views.action_grid import ActionGrid
from app.views.run_options import RunOptions
from app.views.tracker_panel import TrackerPanel
from core.errors import ParamError
from core.params import param
from core.states import CorrectionPolicy
from core.trackers.base import MapInfo
from core.trackers.registry import Reference, TrackerSpec
from core.weights import Standing
from core.weights.manifest import entry


@dataclass(frozen=True)
class Fast:
    rate: float = param(0.5, "Rate.", bounds=(0, 1), live=True, group="Learning")
    cells: int = param(4, "Cells.", bounds=(1, 8), group="Sampling")


@dataclass(frozen=True)
class Plain:
    pass


def spec(key: str, params: type, title: str = "") -> TrackerSpec:
    paper = Reference("Doe, Roe", "On Tracking", "IEEE T-IP", 2021)
    maps = (MapInfo("response", "Response", "What it saw."),)
    return TrackerSpec(
        key, title or key.upper(), f"Summary of {key}.", params, lambda p, s: None, paper, maps
    )  # pyright: ignore[reportArgumentType]


SPECS = [spec("fast", Fast), spec("plain", Plain), spec("long", Fast, "L" * 400)]


@pytest.fixture
def panel(qtbot):
    made = TrackerPanel()
    qtbot.addWidget(made)
    made.set_trackers(SPECS)
    return made


def chooser(panel) -> QComboBox:
    return next(box for box in panel.findChildren(QComboBox) if box.accessibleName() == "Tracker")


def test_that_a_panel_without_trackers_says_so_and_has_no_values(qtbot):
    panel = TrackerPanel()
    qtbot.addWidget(panel)
    assert panel.key() == ""
    assert panel.values() == {}
    panel.set_values({"rate": 1})
    panel.set_running(running=True)
    panel.set_running(running=False)
    assert not chooser(panel).isEnabled()


def test_that_the_first_trackers_announce_the_chosen_one(qtbot):
    panel = TrackerPanel()
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.tracker_changed) as heard:
        panel.set_trackers(SPECS)
    assert heard.args == ["fast"]


def test_that_choosing_announces_and_programs_do_not(panel, qtbot):
    with qtbot.waitSignal(panel.tracker_changed) as heard:
        chooser(panel).setCurrentIndex(1)
    assert heard.args == ["plain"]
    with qtbot.assertNotEmitted(panel.tracker_changed):
        panel.set_key("long")
        panel.set_key("no such tracker")
    assert panel.key() == "long"


def test_that_new_trackers_keep_the_choice(panel, qtbot):
    panel.set_key("plain")
    with qtbot.assertNotEmitted(panel.tracker_changed):
        panel.set_trackers(list(reversed(SPECS)))
    assert panel.key() == "plain"


def test_that_values_are_remembered_per_tracker(panel):
    panel.editor().line("cells").field.setValue(6)
    panel.set_key("long")
    assert panel.values() == {}
    panel.set_key("fast")
    assert panel.values() == {"cells": 6}
    assert panel.editor().line("cells").field.value() == 6


def test_that_set_values_round_trips_silently(panel, qtbot):
    with (
        qtbot.assertNotEmitted(panel.params_changed),
        qtbot.assertNotEmitted(panel.live_params_changed),
    ):
        panel.set_values({"rate": 0.25, "cells": 7})
    assert panel.values() == {"rate": 0.25, "cells": 7}
    panel.set_values({})
    assert panel.values() == {}


def test_that_wrong_values_are_an_error_and_edits_still_announce(panel, qtbot):
    with pytest.raises(ParamError):
        panel.set_values({"cells": 99})
    with qtbot.waitSignal(panel.params_changed):
        panel.editor().line("cells").field.setValue(5)


def test_that_an_edit_announces_all_changes_and_live_ones_apart(panel, qtbot):
    panel.set_values({"cells": 7})
    changed, live = [], []
    panel.params_changed.connect(changed.append)
    panel.live_params_changed.connect(live.append)
    panel.editor().line("rate").field.setValue(0.75)
    assert changed == [{"rate": 0.75, "cells": 7}]
    assert live == [{"rate": 0.75}]
    with qtbot.assertNotEmitted(panel.live_params_changed):
        panel.editor().line("cells").field.setValue(3)


def test_that_reset_all_is_offered_only_when_something_was_changed(panel, qtbot):
    panel.show()
    button = next(b for b in panel.findChildren(QPushButton) if b.text() == "Reset all")
    assert not button.isVisible()
    panel.editor().line("rate").field.setValue(0.75)
    assert button.isVisible()
    with qtbot.waitSignal(panel.params_changed):
        button.click()
    assert panel.values() == {}
    assert not button.isVisible()


def test_that_running_leaves_only_live_parameters_open(panel):
    panel.set_running(running=True)
    assert not chooser(panel).isEnabled()
    assert panel.editor().line("rate").field.isEnabled()
    assert not panel.editor().line("cells").field.isEnabled()
    panel.set_running(running=False)
    assert chooser(panel).isEnabled()


@pytest.mark.parametrize("policy", list(CorrectionPolicy))
def test_that_each_policy_round_trips_and_is_explained(panel, qtbot, policy):
    with qtbot.assertNotEmitted(panel.policy_changed):
        panel.set_policy(policy)
    assert panel.policy() is policy
    explained = panel.findChild(RunOptions).explanation()
    assert explained.endswith(".")


def test_that_policy_and_frame_count_are_announced(panel, qtbot):
    box = next(b for b in panel.findChildren(QComboBox) if "correction" in b.accessibleName())
    with qtbot.waitSignal(panel.policy_changed) as heard:
        box.setCurrentIndex(1)
    assert heard.args == [CorrectionPolicy.KEEP_TEMPLATE.value]
    panel.set_frames(0)
    assert panel.frames() == 1
    panel.set_frames(120)
    assert panel.frames() == 120


def test_that_a_low_window_shows_all_buttons_below_a_note_on_weights(panel, qtbot):
    names = ("Track forward", "Back", "One", "Some", "Again", "Stop")
    panel.add_actions([QAction(text, panel) for text in names])
    panel.weights().show_standing(Standing((entry("crpn"),), ()))
    grid = panel.findChild(ActionGrid)
    panel.resize(333, 700)
    panel.show()
    head = grid.parentWidget()
    # The head has its true height only once the buttons have found their rows.
    qtbot.waitUntil(
        lambda: grid.height() >= grid.minimumSizeHint().height() and not grid.is_compact()
    )
    panel.resize(333, head.height() + 60)
    qtbot.waitUntil(lambda: panel.height() < 500)
    assert all(button.height() >= 30 for button in grid.buttons())
    assert all(grid.rect().contains(button.geometry()) for button in grid.buttons())


def test_that_buttons_follow_their_actions_and_reflow(panel, qtbot):
    actions = [QAction(text, panel) for text in ("Track forward", "Back", "One", "Stop")]
    panel.add_actions(actions)
    grid = panel.findChild(ActionGrid)
    buttons = grid.buttons()
    actions[3].setEnabled(False)
    assert not buttons[3].isEnabled()
    with qtbot.waitSignal(actions[1].triggered):
        buttons[1].click()
    widest = max(button.sizeHint().width() for button in buttons[1:])
    grid.setParent(None)
    qtbot.addWidget(grid)
    grid.show()
    grid.resize(widest * 3, 200)
    assert not grid.is_compact()
    grid.resize(widest, 200)
    assert grid.is_compact()
    grid.layout().activate()
    assert len({button.y() for button in buttons[1:]}) == 1
    assert all(button.accessibleName() for button in buttons)
    grid.resize(widest * 3, 200)
    assert not grid.is_compact()


def test_that_long_titles_do_not_widen_the_panel(panel):
    panel.set_key("long")
    panel.set_device_text("D" * 400)
    assert panel.minimumSizeHint().width() < 320
