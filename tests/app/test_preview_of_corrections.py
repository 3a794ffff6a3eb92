"""The preview of corrections: strips and ghosts, a choice by key, and leaving for nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.app_driver import Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt

from app.features.reinit import ReinitFeature
from core.states import CorrectionPolicy

COUNT, AT, AHEAD = 30, 10, 5
ALT = Qt.KeyboardModifier.AltModifier
CLIP = moving_patch(COUNT, velocity=(1, 1))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", CLIP.images)


def feature(driver: Driver) -> ReinitFeature:
    found = driver.window.findChild(ReinitFeature)
    assert isinstance(found, ReinitFeature)
    return found


@pytest.fixture
def corrected(driver: Driver, clip: Path) -> Driver:
    """The clip was tracked, and a box then moved a little."""
    driver.open(clip)
    driver.choose_tracker("template-match", learning_rate=0.1)
    driver.draw(CLIP.boxes[0])
    driver.key(Qt.Key.Key_E)
    driver.until(lambda: len(driver.track) == COUNT)
    driver.until_idle()
    driver.goto(AT)
    driver.key(Qt.Key.Key_Right)  # one pixel
    driver.goto(AT + 1)  # the edit is over
    driver.goto(AT)
    feature(driver).panel.count.setValue(AHEAD)
    return driver


def opened(driver: Driver) -> ReinitFeature:
    found = feature(driver)
    driver.key(Qt.Key.Key_R, ALT)
    driver.until(lambda: found.preview.trials is not None and found.preview.trials.done)
    return found


def test_that_three_ways_are_shown_and_the_run_goes_on_with_the_one_chosen_by_key(
    corrected: Driver,
) -> None:
    before = corrected.desk.document
    found = opened(corrected)
    assert corrected.desk.document is before
    assert found.dock.isVisible()
    trials = found.preview.trials
    assert trials is not None
    for policy in CorrectionPolicy:
        frames = [glimpse.row.frame for glimpse in trials.of(policy)]
        assert frames == list(range(AT, AT + AHEAD + 1))
    promised = [g.row.box for g in trials.of(CorrectionPolicy.KEEP_TEMPLATE)[1:]]
    corrected.goto(AT + 2)
    ghosts = found._ghosts.views
    assert [view.text[0] for view in ghosts] == ["1", "2", "3"]
    assert ghosts[1].box == promised[1]
    assert len({(view.color, view.pattern) for view in ghosts}) == 3
    corrected.key(Qt.Key.Key_2)
    corrected.until(lambda: not found.preview.is_open)
    corrected.until_idle()
    run = corrected.desk.document.runs[-1]
    assert (run.start, run.policy) == (AT, CorrectionPolicy.KEEP_TEMPLATE)
    boxes = [corrected.track.at(frame) for frame in range(AT + 1, AT + AHEAD + 1)]
    assert [key.box for key in boxes if key is not None] == promised
    assert found._ghosts.views == ()
    assert not found.dock.isVisible()


def test_that_leaving_costs_nothing_and_the_keys_are_the_windows_again(corrected: Driver) -> None:
    before, steps = corrected.desk.document, corrected.desk.stack.count()
    found = opened(corrected)
    corrected.key(Qt.Key.Key_Escape)
    assert not found.preview.is_open
    assert corrected.desk.document is before
    assert corrected.desk.stack.count() == steps
    corrected.desk.update(track=None)
    corrected.key(Qt.Key.Key_1)  # selects the first object again
    assert corrected.desk.state.track == 1


def test_that_a_run_that_holds_for_a_correction_makes_way(driver: Driver, clip: Path) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match", delay=0.05)
    driver.draw(CLIP.boxes[0])
    driver.key(Qt.Key.Key_E)
    driver.until_tracked(4)
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: driver.desk.state.run.value == "paused")
    driver.settle()
    driver.key(Qt.Key.Key_Right)
    at = driver.desk.state.frame
    found = feature(driver)
    found.panel.count.setValue(AHEAD)
    driver.key(Qt.Key.Key_R, ALT)
    driver.until(lambda: found.preview.trials is not None and found.preview.trials.done)
    assert found.preview.trials is not None
    assert (found.preview.trials.frame, found.preview.trials.lacking) == (at, {})
    crop = found.preview.trials.glimpses[0].crop
    assert np.ptp(crop) > 0
    found.panel.chosen.emit(3)
    driver.until_tracked(2)
    driver.window.controller.runs.conclude()
    assert driver.desk.document.runs[-1].policy is CorrectionPolicy.ADD_TEMPLATE


def test_that_without_an_earlier_run_only_a_new_template_can_be_had(
    driver: Driver, clip: Path
) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match")
    driver.draw(CLIP.boxes[0])
    found = opened(driver)
    assert found.preview.trials is not None
    assert set(found.preview.trials.lacking) == {
        CorrectionPolicy.KEEP_TEMPLATE, CorrectionPolicy.ADD_TEMPLATE
    }  # fmt: skip
    assert [button.isEnabled() for button in found.panel.buttons()] == [True, False, False]
    driver.key(Qt.Key.Key_3)
    assert any("No appearance is known" in text for text in driver.notice_texts("warning"))
    assert found.preview.is_open
