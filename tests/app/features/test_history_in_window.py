"""The list of steps in the real window: times, the saved state, going anywhere, recovery."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.app_driver import Answers, Driver
from fakes.array_video import moving_patch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.autosave import folder
from app.features.history import HistoryFeature
from core.document.autosave import Autosave
from core.document.document import Document
from core.document.track import Keyframe
from core.geometry import Box
from core.session import Session, video_ref


def open_clip(driver: Driver) -> None:
    video = moving_patch(20).video()
    driver.window.controller.project.put(Session(video, Document(video_ref(video))))
    driver.settle()


def draw(driver: Driver, frame: int) -> None:
    driver.window.controller.playback.go(frame)
    driver.settle()
    driver.window.controller.edits.drawn(Box(5 + frame, 5, 9, 9))


@pytest.fixture
def feature(driver: Driver) -> HistoryFeature:
    open_clip(driver)
    for frame in (0, 4, 8):
        draw(driver, frame)
    return shown(driver)


def shown(driver: Driver) -> HistoryFeature:
    driver.window.actions_by_id["history"].trigger()
    driver.settle()
    return next(f for f in driver.window.features if isinstance(f, HistoryFeature))


def frames(driver: Driver) -> list[int]:
    return [int(f) for t in driver.desk.document.tracks for f in t.columns.frames]


def click(feature: HistoryFeature, row: int) -> None:
    view = feature.panel.list
    place = view.visualRect(feature.panel.model.index(row)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, place.y()))
    feature.refresh()


def test_that_a_click_goes_to_any_state_and_tells_the_window_once(
    driver: Driver, feature: HistoryFeature
) -> None:
    rows = feature.panel.model.rows
    assert [row.index for row in rows] == [0, 1, 2, 3]
    assert [row.current for row in rows] == [False, False, False, True]
    assert rows[0].saved
    assert all(abs(row.at - time.time()) < 60 for row in rows[1:])  # type: ignore[operator]
    told: list[object] = []
    driver.desk.document_changed.connect(told.append)
    click(feature, 1)
    assert frames(driver) == [0]
    assert len(told) == 1
    assert feature.panel.note().startswith("Undone: 2 steps;")
    assert [row.done for row in feature.panel.model.rows] == [True, True, False, False]
    click(feature, 3)
    assert frames(driver) == [0, 4, 8]
    assert driver.desk.state.frame == 8  # the view went where the last step was
    click(feature, 0)
    assert frames(driver) == []
    draw(driver, 2)
    feature.refresh()
    assert len(feature.panel.model.rows) == 2


def test_that_the_saved_state_is_marked(
    driver: Driver, feature: HistoryFeature, tmp_path: Path
) -> None:
    driver.answers.save_path = tmp_path / "a.boxtrail"
    click(feature, 2)
    assert driver.window.controller.project.save()
    feature.refresh()
    assert [row.saved for row in feature.panel.model.rows] == [False, False, True, False]
    click(feature, 3)
    assert driver.desk.state.dirty
    click(feature, 2)
    assert not driver.desk.state.dirty


def test_that_a_recovery_brings_its_steps_back_with_their_times(
    make_driver: Callable[..., Driver],
) -> None:
    video = moving_patch(20).video()
    document, track = Document(video_ref(video)).with_new_track("car")
    journal = Autosave(folder())
    ends = []
    for frame in (3, 6, 9):
        track = track.with_keyframes([Keyframe(frame, Box(1, 2, 9, 9))])
        document = document.with_track(track)
        journal.write(document)
        ends.append(time.time())
    assert journal._lock is not None
    journal._lock.release()  # as after a crash: the file stays, its program is gone

    driver = make_driver(Answers())
    driver.window.controller.project.put(Session(video, Document(video_ref(video))))
    driver.settle()
    assert frames(driver) == [3, 6, 9]
    feature = shown(driver)
    rows = feature.panel.model.rows
    assert [row.text for row in rows] == [
        "Start",
        "Restored: 1 new object, 1 box entered or edited, changed labels",
        "Restored: 1 box entered or edited",
        "Restored: 1 box entered or edited",
    ]
    assert [row.at for row in rows[1:]] == pytest.approx(ends, abs=0.5)
    click(feature, 2)
    assert frames(driver) == [3, 6]
