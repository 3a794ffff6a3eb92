"""Several trackers in the window: asked together, compared, and decided between."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.app_driver import CTRL, SHIFT, Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from fakes.drifting import Drifting  # noqa: F401  (registers the test trackers)
from PySide6.QtCore import Qt

from app.controller.compare import RUN
from app.features.consensus import ConsensusFeature
from app.features.what_if import WhatIfFeature
from core.document import proposals
from core.states import Flag

COUNT, ASTRAY = 30, 12
CLIP = moving_patch(COUNT, velocity=(1, 1))
ALL = ("drifting", "steady", "template-match")
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", CLIP.images)


def feature(driver: Driver) -> ConsensusFeature:
    found = driver.window.findChild(ConsensusFeature)
    assert isinstance(found, ConsensusFeature)
    return found


@pytest.fixture
def asked(driver: Driver, clip: Path) -> Driver:
    """Three trackers have run, of which one went astray."""
    driver.open(clip)
    driver.choose_tracker("drifting", astray_at=ASTRAY)
    driver.draw(CLIP.boxes[0])
    driver.until(lambda: bool(feature(driver)._listed))
    feature(driver).chooser.set_chosen(ALL)
    driver.key(Qt.Key.Key_E, CTRL | SHIFT)
    driver.until(lambda: driver.desk.state.together)
    driver.until_idle()
    feature(driver).refresh()
    return driver


def test_that_all_say_their_boxes_and_one_may_be_taken_here_for_a_stretch_or_for_all(
    asked: Driver,
) -> None:
    desk, panel = asked.desk, feature(asked).panel
    waiting = proposals.consensus_of(desk.document, desk.state.track)
    assert waiting is not None
    assert [p.run.tracker for p in waiting.members] == list(ALL)  # the panel's tracker first
    assert len(asked.track) == 1  # nothing but the drawn box
    asked.goto(ASTRAY + 6)
    shown = [view.text for view in asked.canvas._proposal_item.views]
    assert shown == [*ALL, "fused"]
    styles = {(view.color, view.pattern) for view in asked.canvas._proposal_item.views}
    assert len(styles) == 4
    feature(asked).refresh()
    assert "disagree" in panel.text.text()
    assert not panel.strip.isHidden()
    here = ASTRAY + 6
    asked.key(Qt.Key.Key_2, ALT)  # steady, on this frame only
    key = asked.track.at(here)
    assert key is not None
    assert key.flags & Flag.CONFIRMED
    assert key.box == waiting.members[1].columns.key(here - 1).box
    assert len(asked.track) == 2
    asked.key(Qt.Key.Key_B, CTRL | SHIFT)  # the fused boxes for the rest
    assert len(asked.track) == COUNT
    assert asked.track.at(here) == key
    assert not desk.state.together
    desk.stack.undo()
    desk.stack.undo()
    assert len(asked.track) == 1
    assert desk.state.together


def test_that_the_best_is_taken_stretch_by_stretch_and_the_doubt_comes_to_the_review(
    asked: Driver,
) -> None:
    desk = asked.desk
    asked.goto(0)
    asked.key(Qt.Key.Key_Period)
    asked.settle()
    assert desk.state.frame == ASTRAY + 1
    asked.key(Qt.Key.Key_B, CTRL)
    run = desk.document.run(int(asked.track.columns.runs[-1]))
    assert run is not None
    assert run.tracker in ("steady", "template-match")
    assert int(asked.track.columns.frames[-1]) == COUNT - 1
    assert desk.state.together  # the stretch on which they agree is left
    asked.goto(3)
    asked.key(Qt.Key.Key_1, CTRL)
    assert len(asked.track) == COUNT
    review = asked.window.controller.review
    review.refresh()
    assert review.queue.places[0].first == ASTRAY + 1
    assert "Another tracker" in review.queue.places[0].reason


def test_that_a_tracker_can_be_left_out_and_too_few_ticks_are_told(asked: Driver) -> None:
    found = feature(asked)
    found.panel.out_wanted.emit(0)
    waiting = proposals.consensus_of(asked.desk.document, asked.desk.state.track)
    assert waiting is not None
    assert [p.run.tracker for p in waiting.members] == list(ALL[1:])
    found.refresh()
    assert "agree on all frames" in found.panel.text.text()
    asked.goto(0)
    found.chooser.set_chosen(ALL[:1])
    asked.key(Qt.Key.Key_E, CTRL | SHIFT)
    assert not asked.desk.state.is_running
    assert any("2 to 5 trackers" in text for text in asked.notice_texts("warning"))


def test_that_a_run_that_is_compared_stays_while_several_trackers_run(
    driver: Driver, clip: Path
) -> None:
    driver.open(clip)
    driver.choose_tracker("steady")
    driver.draw(CLIP.boxes[0])
    driver.window.actions_by_id["track_forward"].trigger()
    driver.until_idle()
    compare = next(f for f in driver.window.features if isinstance(f, WhatIfFeature)).compare
    driver.until(lambda: RUN in compare.sides)
    before = compare._traces[RUN]
    driver.goto(0)
    driver.until(lambda: bool(feature(driver)._listed))
    feature(driver).chooser.set_chosen(ALL)
    driver.key(Qt.Key.Key_E, CTRL | SHIFT)
    driver.until(lambda: driver.desk.state.together)
    compare._on_growth()  # no trace is made of what several trackers said together
    driver.until_idle()
    assert compare._traces[RUN] is before
