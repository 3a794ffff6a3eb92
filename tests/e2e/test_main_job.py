"""The whole job with real mouse and key events: draw, track, correct, re-track, undo, save."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.app_driver import CTRL, SHIFT, Answers, Driver
from fakes.array_video import Clip, moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt

from app.ui_state import RunStatus
from core.document import project_file
from core.geometry import Box, iou
from core.states import CorrectionPolicy, Source

Key = Qt.Key


@pytest.fixture
def clip() -> Clip:
    return moving_patch(40)


@pytest.fixture
def opened(driver: Driver, clip: Clip, tmp_path: Path) -> Driver:
    driver.open(write_clip(tmp_path / "clip.mkv", clip.images))
    driver.choose_tracker("template-match")
    return driver


def drawn(driver: Driver, clip: Clip) -> Driver:
    driver.draw(clip.boxes[0])
    return driver


def near(a: Box, b: Box, pixels: float = 1.0) -> bool:
    return bool(np.all(np.abs(np.subtract(a.as_tuple(), b.as_tuple())) <= pixels))


def test_that_drawing_a_box_makes_an_object_with_exactly_that_box(
    opened: Driver, clip: Clip
) -> None:
    drawn(opened, clip)
    key = opened.track.at(0)
    assert key is not None
    assert near(key.box, clip.boxes[0], 0.6)
    assert key.source is Source.MANUAL
    assert opened.desk.state.mode == "select"
    opened.key(Key.Key_Z, CTRL)
    assert opened.desk.document.tracks == ()


def test_the_whole_job(opened: Driver, clip: Clip, answers: Answers, tmp_path: Path) -> None:
    drawn(opened, clip)
    start = opened.desk.document

    opened.key(Key.Key_E)
    opened.until_idle()
    tracked = opened.desk.document
    assert len(opened.track) == 40
    assert all(iou(opened.track.at(k).box, clip.boxes[k]) > 0.7 for k in range(40))
    assert opened.desk.state.frame == 39

    # The overlay: its peak lies in the box, through the canvas' own transform.
    response = opened.window.controller.runs.map_at(39)
    assert response is not None
    x, y = response[0].peak()
    assert opened.track.at(39).box.contains(x, y)
    assert opened.canvas.value_at(x, y) == pytest.approx(response[0].values.max(), abs=1e-3)

    opened.goto(20)
    box = opened.track.at(20).box
    opened.drag((box.right, box.bottom), (box.right + 6, box.bottom + 4))
    corrected = opened.track.at(20)
    assert corrected.source is Source.MANUAL
    assert near(corrected.box, Box(box.x, box.y, box.w + 6, box.h + 4), 0.6)

    opened.window.panels.tracker.set_policy(CorrectionPolicy.NEW_TEMPLATE)
    opened.key(Key.Key_R)
    opened.until_idle()
    final = opened.desk.document
    assert opened.track.at(20) == corrected
    assert opened.track.at(30).box.w == pytest.approx(corrected.box.w)
    assert opened.track.at(10) == tracked.tracks[0].at(10)

    while opened.desk.state.can_undo:
        opened.key(Key.Key_Z, CTRL)
    assert opened.desk.document.tracks == ()
    while opened.desk.state.can_redo:
        opened.key(Key.Key_Z, CTRL | SHIFT)
    assert opened.desk.document == final
    assert final != start

    answers.save_path = tmp_path / "out" / "work.boxtrail"
    opened.key(Key.Key_S, CTRL)
    assert not opened.desk.state.dirty
    assert not opened.window.isWindowModified()
    again = project_file.load(answers.save_path)
    assert again.tracks == final.tracks


def test_that_a_run_is_one_undo_step_and_undo_shows_where_it_happened(
    opened: Driver, clip: Clip
) -> None:
    drawn(opened, clip)
    before = opened.desk.document
    opened.key(Key.Key_E)
    opened.until_idle()
    opened.key(Key.Key_Z, CTRL)
    opened.settle()
    assert opened.desk.document is before
    assert opened.desk.state.frame == 0


def test_that_a_drag_is_one_undo_step(opened: Driver, clip: Clip) -> None:
    drawn(opened, clip)
    before = opened.desk.document
    box = clip.boxes[0]
    opened.drag((box.cx, box.cy), (box.cx + 20, box.cy + 10), steps=15)
    assert near(opened.track.at(0).box, box.shifted(20, 10))
    opened.key(Key.Key_Z, CTRL)
    assert opened.desk.document is before


def test_that_a_burst_of_nudges_is_one_undo_step(opened: Driver, clip: Clip) -> None:
    drawn(opened, clip)
    box = opened.track.at(0).box
    for _ in range(4):
        opened.key(Key.Key_Right)
    assert opened.track.at(0).box.x == pytest.approx(box.x + 4)
    opened.until(lambda: opened.desk.state.can_undo)
    opened.key(Key.Key_Z, CTRL)
    assert opened.track.at(0).box == box


def test_that_stopping_keeps_what_was_tracked(opened: Driver, clip: Clip) -> None:
    opened.choose_tracker("template-match", delay=0.03)
    drawn(opened, clip)
    opened.key(Key.Key_E)
    opened.until_tracked(8)
    opened.key(Key.Key_Space, SHIFT)
    opened.until_idle()
    assert 8 < len(opened.track) < 40
    assert opened.track.at(len(opened.track) - 1) is not None, "no hole in what was kept"


def test_that_space_holds_a_run_and_lets_it_go_on_as_one_run(opened: Driver, clip: Clip) -> None:
    opened.choose_tracker("template-match", delay=0.02)
    drawn(opened, clip)
    opened.key(Key.Key_E)
    opened.until_tracked(5)
    opened.key(Key.Key_Space)
    opened.until(lambda: opened.desk.state.run is RunStatus.PAUSED)
    opened.settle()
    held_at = len(opened.desk.growing)
    assert opened.desk.shown == held_at, "the last tracked frame is on the canvas"
    assert len(opened.track) == 1, "the document waits for the end of the run"
    opened.key(Key.Key_Space)
    opened.until_idle()
    assert len(opened.track) == 40
    assert len(opened.desk.document.runs) == 1


def test_that_manual_boxes_survive_tracking_over_them(opened: Driver, clip: Clip) -> None:
    drawn(opened, clip)
    opened.goto(15)
    opened.draw(Box(10, 10, 30, 30))
    manual = opened.track.at(15)
    opened.goto(0)
    opened.key(Key.Key_E)
    opened.until_idle()
    assert opened.track.at(15) == manual
    assert len(opened.track) == 40


def test_that_a_correction_during_a_run_holds_it_and_space_tracks_on_from_there(
    opened: Driver, clip: Clip
) -> None:
    opened.choose_tracker("template-match", delay=0.03)
    drawn(opened, clip)
    opened.key(Key.Key_E)
    opened.until_tracked(8)
    opened.goto(4)
    box = clip.boxes[4]
    opened.drag((box.right, box.bottom), (box.right + 8, box.bottom + 8))
    opened.until(lambda: opened.desk.state.run is RunStatus.PAUSED)
    corrected = opened.track.at(4)
    assert corrected.source is Source.MANUAL
    opened.choose_tracker("template-match")
    opened.key(Key.Key_Space)
    opened.until(lambda: len(opened.desk.document.runs) == 2 or not opened.desk.state.is_running)
    opened.until_idle()
    assert opened.track.at(4) == corrected
    assert opened.track.at(30).box.w == pytest.approx(corrected.box.w)
    assert [run.start for run in opened.desk.document.runs] == [0, 4]


def test_that_tracking_backwards_fills_the_frames_before(opened: Driver, clip: Clip) -> None:
    opened.goto(25)
    opened.draw(clip.boxes[25])
    opened.key(Key.Key_W)
    opened.until_idle()
    assert [int(f) for f in opened.track.columns.frames] == list(range(26))
    assert all(iou(opened.track.at(k).box, clip.boxes[k]) > 0.7 for k in range(26))
    assert opened.desk.state.frame == 0


def test_that_one_frame_and_n_frames_stop_where_they_should(opened: Driver, clip: Clip) -> None:
    drawn(opened, clip)
    opened.key(Key.Key_E, SHIFT)
    opened.until_idle()
    assert opened.desk.state.frame == 1
    assert len(opened.track) == 2
    opened.window.panels.tracker.set_frames(10)
    opened.key(Key.Key_J)
    opened.until_idle()
    assert opened.desk.state.frame == 11
    assert len(opened.track) == 12


def test_that_a_failing_tracker_is_told_and_its_results_are_kept(
    opened: Driver, clip: Clip
) -> None:
    opened.choose_tracker("template-match", fail_at=12)
    drawn(opened, clip)
    opened.key(Key.Key_E)
    opened.until_idle()
    assert len(opened.track) == 13
    assert "The tracker gave up." in opened.notice_texts("error")
