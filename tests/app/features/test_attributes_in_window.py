"""Attributes in the real window: entered, held over frames, undone, saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.app_driver import Driver
from fakes.array_video import moving_patch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.controller.attributes import SchemaChange
from app.features.attributes import AttributesFeature
from app.views.attribute_panel import Extent
from core.document import attributes, project_file
from core.document.document import Document
from core.document.schema import Attribute, AttributeKind
from core.document.track import Keyframe
from core.geometry import Box
from core.session import Session, video_ref

SCHEMA = (
    Attribute("pose", AttributeKind.CHOICE, None, ("walks", "runs"), per_frame=True),
    Attribute("name", AttributeKind.TEXT),
    Attribute("age", AttributeKind.NUMBER, low=0, high=99),
)


@pytest.fixture
def feature(driver: Driver) -> AttributesFeature:
    video = moving_patch(20).video()
    driver.window.controller.project.put(Session(video, Document(video_ref(video))))
    desk = driver.desk
    document, track = desk.document.with_new_track("man")
    keys = [Keyframe(f, Box(5, 5, 9, 9)) for f in range(20)]
    desk.edit("draw", document.with_track(track.with_keyframes(keys)))
    desk.update(track=track.id)
    driver.settle()
    found = next(f for f in driver.window.features if isinstance(f, AttributesFeature))
    assert found.edits.set_schemas([SchemaChange("man", SCHEMA)])
    driver.window.actions_by_id["attribute_panel"].trigger()
    driver.settle()
    return found


def poses(driver: Driver) -> list[object]:
    document = driver.desk.document
    return [attributes.values_of(document, document.track(1), f)["pose"] for f in range(20)]


def choose(driver: Driver, feature: AttributesFeature, value: str) -> None:
    feature.panel.fields["pose"].setCurrentText(value)  # type: ignore[union-attr]
    driver.settle()


def test_that_values_hold_from_the_frame_on_which_they_are_entered(
    driver: Driver, feature: AttributesFeature
) -> None:
    go = driver.window.controller.playback.go
    go(5)
    choose(driver, feature, "runs")
    go(12)
    choose(driver, feature, "walks")
    assert poses(driver) == ["walks"] * 5 + ["runs"] * 7 + ["walks"] * 8
    feature.panel.set_extent(Extent.FRAME)
    go(15)
    choose(driver, feature, "runs")
    assert poses(driver)[14:17] == ["walks", "runs", "walks"]
    feature.panel.set_extent(Extent.RANGE, (0, 2))
    go(16)
    choose(driver, feature, "runs")
    assert poses(driver)[:4] == ["runs"] * 3 + ["walks"]
    driver.window.actions_by_id["attribute_prev"].trigger()
    assert driver.desk.state.frame == 15
    for _ in range(4):
        driver.desk.stack.undo()
    assert poses(driver) == ["walks"] * 20


def test_that_the_panel_follows_the_playhead_and_the_selection(
    driver: Driver, feature: AttributesFeature
) -> None:
    go = driver.window.controller.playback.go
    feature.edits.set_value("pose", "runs", (5, 8))
    field = feature.panel.fields["pose"]
    shown = []
    for frame in (4, 5, 8, 9):
        go(frame)
        shown.append(field.currentText())  # type: ignore[union-attr]
    assert shown == ["walks", "runs", "runs", "walks"]
    driver.desk.update(track=None)
    assert not feature.panel.fields
    driver.desk.update(track=1)
    assert set(feature.panel.fields) == {"pose", "name", "age"}


def test_that_typing_a_text_is_one_step_and_keys_of_actions_stay_quiet(
    driver: Driver, feature: AttributesFeature
) -> None:
    field, before = feature.panel.fields["name"], driver.desk.stack.count()
    field.setFocus()
    QTest.keyClicks(field, "Adele")
    assert driver.desk.stack.count() == before
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert attributes.values_of(driver.desk.document, driver.desk.document.track(1))["name"] == (
        "Adele"
    )
    assert driver.desk.stack.count() == before + 1
    assert driver.desk.stack.undoText() == "name of man 1: Adele"


def test_that_a_number_that_runs_up_is_one_step(driver: Driver, feature: AttributesFeature) -> None:
    field, before = feature.panel.fields["age"], driver.desk.stack.count()
    for _ in range(5):
        field.stepUp()  # type: ignore[union-attr]
    assert driver.desk.stack.count() == before + 1
    driver.desk.stack.undo()
    assert field.value() == 0  # type: ignore[union-attr]


def test_that_a_locked_object_cannot_be_changed_and_all_of_it_is_saved(
    driver: Driver, feature: AttributesFeature, tmp_path: Path
) -> None:
    feature.edits.set_value("pose", "runs", (5, None))
    driver.window.controller.edits.set_locked(1, True)
    driver.settle()
    assert not feature.panel.fields["pose"].isEnabled()
    driver.answers.save_path = tmp_path / "a.boxtrail"
    assert driver.window.controller.project.save()
    loaded = project_file.load(tmp_path / "a.boxtrail")
    assert loaded.tracks == driver.desk.document.tracks
    assert loaded.labels == driver.desk.document.labels
