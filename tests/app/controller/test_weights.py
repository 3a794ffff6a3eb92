"""A tracker without its weights: nothing fails, everything says why, and they can be got."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fakes.app_driver import Driver
from fakes.listed_weights import CONTENT, folder, listed, no_names, server
from fakes.template_match import TemplateMatch, TemplateMatchParams
from PySide6.QtWidgets import QComboBox

from app.actions import ACTIONS
from core.errors import WeightsError
from core.trackers import load_all, registry
from core.trackers.registry import Reference

__all__ = ["folder", "listed", "no_names", "server"]

NEEDY = "needy"


@pytest.fixture(autouse=True)
def needy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker that needs the weights “plain”."""
    load_all()  # they register only once: not in the copy
    monkeypatch.setattr(registry, "_specs", own := dict(registry._specs))
    monkeypatch.setattr(registry, "trackers", own)
    registry.register(
        key=NEEDY,
        title="Needy",
        summary="Needs weights.",
        params=TemplateMatchParams,
        reference=Reference("Doe", "On Needs", "Tests", 2021),
        maps=registry.find("template-match").maps,
        weights=("plain",),
    )(TemplateMatch)


def _choose(driver: Driver, key: str) -> None:
    boxes = driver.window.panels.tracker.findChildren(QComboBox)
    chooser = next(box for box in boxes if box.accessibleName() == "Tracker")
    chooser.setCurrentIndex(chooser.findData(key))


def _note(driver: Driver):
    return driver.window.panels.tracker.weights()


def _with_box(driver: Driver) -> None:
    driver.window.controller.open_demo()
    driver.until(lambda: driver.desk.state.box_here)
    driver.settle()


def test_that_a_tracker_without_weights_cannot_be_started_and_says_why(driver, listed) -> None:
    listed()
    _with_box(driver)
    run = [driver.window.actions_by_id[s.id] for s in ACTIONS if s.needs == "can_track"]
    assert all(action.isEnabled() for action in run)
    _choose(driver, NEEDY)
    assert not any(action.isEnabled() for action in run)
    assert all("Needy needs weights first" in action.toolTip() for action in run)
    assert _note(driver).isVisible()
    assert "Plain weights" in _note(driver).text()
    _choose(driver, "template-match")
    assert all(action.isEnabled() for action in run)
    assert not any("needs weights" in action.toolTip() for action in run)
    assert not _note(driver).isVisible()


def test_that_another_clip_does_not_make_it_startable(driver, listed) -> None:
    listed()
    _choose(driver, NEEDY)
    _with_box(driver)
    assert not driver.window.actions_by_id["track_forward"].isEnabled()


def test_that_getting_them_makes_it_startable(driver, listed, server, folder) -> None:
    listed(address=server.address)
    _with_box(driver)
    _choose(driver, NEEDY)
    _note(driver).wanted.emit("plain")
    assert "Getting Plain weights" in _note(driver).text()
    driver.until(lambda: not driver.desk.state.lacks)
    assert driver.window.actions_by_id["track_forward"].isEnabled()
    assert (folder / "plain-1.safetensors").read_bytes() == CONTENT
    assert driver.notice_texts("success") == ["Plain weights: the weights are here."]
    assert not _note(driver).isVisible()


def test_that_a_failure_is_a_message_and_can_be_tried_again(
    driver, listed, server, no_names
) -> None:
    listed(address="https://weights.example/x")
    _choose(driver, NEEDY)
    _note(driver).wanted.emit("plain")
    driver.until(lambda: driver.notice_texts("error"))
    assert "weights.example cannot be reached." in driver.notice_texts("error")[0]
    assert "Needs weights" in _note(driver).text()
    assert "Getting" not in _note(driver).text()
    assert _note(driver)._buttons.isEnabled()


def test_that_a_chosen_file_is_checked_and_called_unverified_without_a_checksum(
    driver, listed, tmp_path: Path
) -> None:
    listed(sha256="", bytes=0)
    _choose(driver, NEEDY)
    wrong = tmp_path / "notes.safetensors"
    wrong.write_text("no weights")
    driver.answers.open_path = wrong
    _note(driver).file_wanted.emit("plain")
    driver.until(lambda: driver.notice_texts("error"))
    assert "cannot be read as weights" in driver.notice_texts("error")[0]
    right = tmp_path / "mine.safetensors"
    right.write_bytes(CONTENT)
    driver.answers.open_path = right
    _note(driver).file_wanted.emit("plain")
    driver.until(lambda: not driver.desk.state.lacks)
    assert _note(driver).text() == "Unverified weights: plain.safetensors"
    assert "unverified" in driver.notices[-1][2]
    assert driver.answers.asked == ["weights Plain weights"] * 2


def test_that_not_choosing_changes_nothing(driver, listed) -> None:
    listed()
    _choose(driver, NEEDY)
    driver.answers.open_path = None
    _note(driver).file_wanted.emit("plain")
    assert driver.desk.state.lacks
    assert driver.notices == []


def test_that_leaving_the_window_stops_what_is_coming(driver, listed, server, folder) -> None:
    listed(address=server.address)
    _choose(driver, NEEDY)
    _note(driver).wanted.emit("plain")
    driver.window.shut_down()
    assert not driver.window.controller.background.is_busy
    assert [p for p in folder.glob("*") if p.suffix != ".safetensors"] == []


def test_that_weights_of_another_network_are_a_message_and_end_the_run(
    driver, listed, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(params: object, services: object) -> None:
        raise WeightsError("These weights are not those of Needy.", "Choose the right file.")

    listed(sha256="", bytes=0)
    folder.mkdir(parents=True)
    (folder / "plain.safetensors").write_bytes(CONTENT)
    spec = dataclasses.replace(registry.find(NEEDY), build=refuse)
    monkeypatch.setitem(registry._specs, NEEDY, spec)
    _with_box(driver)
    _choose(driver, NEEDY)
    driver.window.actions_by_id["track_forward"].trigger()
    driver.until(lambda: driver.notice_texts("error"))
    driver.until_idle()
    assert driver.notices[-1][1:] == (
        "These weights are not those of Needy.",
        "Choose the right file.",
    )
    assert driver.window.actions_by_id["track_forward"].isEnabled()
