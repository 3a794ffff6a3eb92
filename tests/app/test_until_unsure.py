"""“Track until unsure” in the window: it stops, says why, leaves the tail out and offers it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.app_driver import CTRL, SHIFT, Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt

from app.ui_state import RunStatus

CLIP = moving_patch(60, velocity=(1, 1))
GONE = 25


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = [np.array(image) for image in CLIP.images]
    blank = np.random.default_rng(0).integers(0, 40, images[0].shape, np.uint8)
    images[GONE:] = [blank] * (len(images) - GONE)
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", images)


def test_that_the_run_stops_where_the_target_is_gone_and_the_tail_is_offered(
    driver: Driver, clip: Path
) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match")
    driver.draw(CLIP.boxes[0])
    driver.key(Qt.Key.Key_U)
    driver.until_tracked(1)
    driver.until_idle()
    kept = int(driver.track.columns.frames[-1])
    assert GONE - 1 <= kept <= GONE + 6
    assert driver.desk.state.frame == kept + 1  # the first doubtful frame
    assert any("frame" in text for text in driver.notice_texts("warning"))
    assert not driver.window.controller.review.queue.places
    driver.key(Qt.Key.Key_U, SHIFT)
    driver.settle()
    assert int(driver.track.columns.frames[-1]) > kept
    review = driver.window.controller.review
    review.refresh()
    assert review.queue.places[0].first == kept + 1
    assert driver.window.panels.review.list.count() == 1
    driver.desk.stack.undo()
    assert int(driver.track.columns.frames[-1]) == kept
    assert driver.desk.state.run is RunStatus.IDLE


def test_that_the_tail_waits_while_its_object_is_gone(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match")
    driver.draw(CLIP.boxes[0])
    driver.key(Qt.Key.Key_U)
    driver.until_tracked(1)
    driver.until_idle()
    kept = int(driver.track.columns.frames[-1])
    driver.key(Qt.Key.Key_Delete, CTRL)
    driver.draw(CLIP.boxes[3])  # another object, so that the action is there
    before = driver.desk.document
    driver.key(Qt.Key.Key_U, SHIFT)
    assert "The object of these frames was removed." in driver.notice_texts()
    assert driver.desk.document is before
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.key(Qt.Key.Key_U, SHIFT)
    assert int(driver.track.columns.frames[-1]) > kept


def test_that_the_tail_of_a_run_that_proposes_joins_its_proposal(
    driver: Driver, clip: Path
) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match")
    driver.draw(CLIP.boxes[0])
    tracks = driver.desk.document.tracks
    driver.desk.update(propose=True)
    driver.key(Qt.Key.Key_U)
    driver.until_tracked(1)
    driver.until_idle()
    (waiting,) = driver.desk.document.proposals
    kept = int(waiting.columns.frames[-1])
    assert GONE - 1 <= kept <= GONE + 6
    assert driver.desk.document.tracks is tracks

    driver.key(Qt.Key.Key_U, SHIFT)
    driver.settle()
    (longer,) = driver.desk.document.proposals
    last = int(longer.columns.frames[-1])
    assert last > kept
    assert longer.run.end == last
    assert longer.columns.select(longer.columns.frames <= kept) == waiting.columns
    assert driver.desk.document.tracks is tracks  # nothing is in the object before it is accepted

    driver.window.controller.proposals.accept_all()
    assert int(driver.track.columns.frames[-1]) == last
    assert driver.desk.document.run(longer.run.id).end == last
    driver.desk.stack.undo()
    driver.desk.stack.undo()
    assert driver.desk.document.proposals == (waiting,)


def test_that_the_lines_of_timeline_and_curves_move_together(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    panels = driver.window.panels
    panels.timeline.threshold_changed.emit(0.7)
    assert panels.plot.threshold() == pytest.approx(0.7)
    panels.plot.plot.threshold_moved.emit(0.25)
    assert panels.timeline.threshold() == pytest.approx(0.25)
    assert driver.desk.threshold == pytest.approx(0.25)
