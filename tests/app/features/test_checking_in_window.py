"""Checking with other trackers, and carrying corrections, by key in the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.app_driver import SHIFT, Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from fakes.template_match import TemplateMatch  # noqa: F401  (registers the test tracker)
from PySide6.QtCore import Qt

import core.engine.check as checking
from app.features.checking import CheckingFeature
from core.alarms.kinds import Alarm
from core.alarms.thresholds import Calibration, Checkers
from core.document.document import Run
from core.document.track import Columns, Keyframe
from core.geometry import Box, iou
from core.states import Source

CLIP = moving_patch(30, velocity=(2, 1))
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", CLIP.images)


@pytest.fixture
def by_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes are checked by the fast tracker of tests."""
    one = Checkers(("template-match",), 0.6)
    judge = Calibration(quick=one, thorough=one)
    monkeypatch.setattr(checking, "calibration", lambda _: judge)


def _drifting(frame: int) -> Box:
    true = CLIP.boxes[frame]
    return Box.from_center(true.cx + 0.5 * frame, true.cy, true.w * 1.02**frame, true.h)


def _tracked(driver: Driver, clip: Path) -> None:
    """A track whose boxes creep off and grow, with the true box on its first frame."""
    driver.open(clip)
    driver.draw(CLIP.boxes[0])
    keys = [Keyframe(f, _drifting(f), Source.TRACKED, 0.9, run=1) for f in range(1, 30)]
    track = driver.track.with_keyframes(keys)
    driver.desk.edit("Track", driver.desk.document.with_track(track), focus=(track.id, 0))


def _feature(driver: Driver) -> CheckingFeature:
    return next(f for f in driver.window.features if isinstance(f, CheckingFeature))


def test_that_a_check_finds_the_drift_that_no_sign_showed(
    driver: Driver, clip: Path, by_template: None, qtbot: Any
) -> None:
    _tracked(driver, clip)
    review = driver.window.controller.review
    review.refresh()
    assert not review.queue.places
    with qtbot.waitSignal(_feature(driver).checking.finished, timeout=20_000):
        driver.key(Qt.Key.Key_Q, ALT)
    review.refresh()
    (place,) = review.queue.places
    truly = [f for f in range(30) if iou(_drifting(f), CLIP.boxes[f]) < 0.6]
    assert abs(place.first - truly[0]) <= 2
    assert place.last == 29
    assert place.alarms == Alarm.SECOND
    assert any("would place others" in text for text in driver.notice_texts("info"))
    driver.desk.stack.undo()
    review.refresh()
    assert not review.queue.places


def test_that_a_further_check_asks_only_about_what_is_new(
    driver: Driver, clip: Path, by_template: None, qtbot: Any
) -> None:
    _tracked(driver, clip)
    checker = _feature(driver).checking

    def checked() -> int:
        with qtbot.waitSignal(checker.finished, timeout=20_000) as told:
            driver.key(Qt.Key.Key_Q, ALT)
        return told.args[0]

    driver.window.controller.seek(29)
    driver.settle()
    assert checked() == 29
    driver.window.controller.edits.typed(CLIP.boxes[29])
    keys = [Keyframe(f, CLIP.boxes[f], Source.TRACKED, 0.9, run=1) for f in range(15, 26)]
    track = driver.track.with_keyframes(keys)
    driver.desk.edit("Track", driver.desk.document.with_track(track), focus=(track.id, 15))
    assert checked() == 25, "from the box on frame 0 to the last new one"
    doubted = driver.track.columns.alarms & int(Alarm.SECOND)
    assert not doubted[17:24].any()
    assert doubted[14]
    assert doubted[28]


def test_that_closing_the_window_ends_a_check(
    driver: Driver, clip: Path, by_template: None
) -> None:
    _tracked(driver, clip)
    driver.key(Qt.Key.Key_Q, ALT)
    checker = _feature(driver).checking
    assert checker.is_busy
    checker.finish()
    assert not checker.is_busy


def test_that_a_correction_is_carried_over_and_back(driver: Driver, clip: Path) -> None:
    _tracked(driver, clip)
    driver.window.controller.seek(29)
    driver.settle()
    before = driver.track
    driver.window.controller.edits.typed(CLIP.boxes[29])
    driver.key(Qt.Key.Key_R, SHIFT)
    now = driver.track
    overlaps = [iou(k.box, CLIP.boxes[k.frame]) for k in now.keyframes()]
    assert min(overlaps) > 0.85 > 0.6 > iou(_drifting(29), CLIP.boxes[29])
    driver.key(Qt.Key.Key_R, SHIFT)
    assert np.allclose(driver.track.columns.boxes, now.columns.boxes), "it adds up to nothing more"
    for _ in range(3):
        driver.desk.stack.undo()
    assert driver.track.columns == before.columns


def test_that_a_tracked_box_is_not_carried(driver: Driver, clip: Path) -> None:
    _tracked(driver, clip)
    driver.window.controller.seek(10)
    driver.settle()
    before = driver.track
    driver.key(Qt.Key.Key_R, SHIFT)
    assert driver.track == replace(before)
    assert any("no box of yours" in text for text in driver.notice_texts("error"))


def test_that_the_tracker_itself_checks_on_the_way_back(
    driver: Driver, clip: Path, qtbot: Any
) -> None:
    driver.window.controller.desk.set_preferences(
        replace(driver.desk.preferences, check_with="way back")
    )
    driver.open(clip)
    driver.draw(CLIP.boxes[0])
    document, track = driver.desk.document, driver.track
    run = Run(document.next_run_id, track.id, "template-match", {"radius": 6}, 1, 29)
    rows = [
        Keyframe(f, CLIP.boxes[f].shifted(0.0 if f < 11 else 40.0, 0.0), Source.TRACKED, 0.9,
                 run=run.id)
        for f in range(1, 30)
    ]  # fmt: skip
    driver.desk.edit("Track", document.with_run(run, Columns.of_keyframes(rows)))
    driver.goto(0)
    with qtbot.waitSignal(_feature(driver).checking.finished, timeout=60_000):
        driver.key(Qt.Key.Key_Q, ALT)
    columns = driver.track.columns
    rung = columns.frames[columns.alarms == int(Alarm.ROUND_TRIP)].tolist()
    assert set(range(11, 21)) <= set(rung)
    assert rung[0] > 5
    assert any("the way back" in text for text in driver.notice_texts())
