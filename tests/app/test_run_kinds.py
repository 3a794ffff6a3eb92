"""Kinds of runs by real keys: to a frame, to the next box, from both sides, as a proposal."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.app_driver import CTRL, SHIFT, Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt

from core.geometry import iou
from core.states import RunKind, Source

Key = Qt.Key
CLIP = moving_patch(40, velocity=(1, 1))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", CLIP.images)


@pytest.fixture
def opened(driver: Driver, clip: Path) -> Driver:
    driver.open(clip)
    driver.choose_tracker("template-match")
    driver.draw(CLIP.boxes[0])
    return driver


def frames(driver: Driver) -> list[int]:
    return driver.track.columns.frames.tolist()


def draw_at(driver: Driver, frame: int) -> None:
    driver.goto(frame)
    driver.draw(CLIP.boxes[frame])


def test_that_a_run_ends_at_the_frame_that_was_typed_or_at_the_next_box(opened: Driver) -> None:
    opened.answers.on_number = 6
    opened.key(Key.Key_J, SHIFT)
    opened.until_idle()
    assert frames(opened) == list(range(7))
    draw_at(opened, 12)
    opened.goto(6)
    opened.key(Key.Key_T, SHIFT)
    opened.until_idle()
    assert frames(opened) == list(range(13))
    twelve = opened.track.at(12)
    assert twelve.source is Source.MANUAL
    # It went on from its own box as if it had never stopped.
    assert all(iou(opened.track.at(f).box, CLIP.boxes[f]) > 0.9 for f in range(1, 12))
    opened.goto(12)
    opened.key(Key.Key_T, SHIFT)
    opened.until_idle()
    assert "There is no box of yours after frame 12." in opened.notice_texts("error")


def test_that_a_stretch_is_tracked_from_both_sides_in_one_step(opened: Driver) -> None:
    draw_at(opened, 20)
    steps = opened.desk.stack.count()
    opened.goto(9)
    opened.key(Key.Key_T)
    opened.until_idle()
    assert frames(opened) == list(range(21))
    (run,) = opened.desk.document.runs
    assert run.kind is RunKind.TWO_WAY
    assert sorted(run.disagreement) == list(range(1, 20))
    assert max(run.disagreement.values()) < 0.1
    assert opened.desk.stack.count() == steps + 1
    opened.key(Key.Key_Z, CTRL)
    assert frames(opened) == [0, 20]


@pytest.mark.parametrize("way", ["undo", "delete"])
def test_that_a_run_that_proposes_ends_quietly_when_its_object_is_removed(
    driver: Driver, clip: Path, way: str
) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match", delay=0.03)
    driver.draw(CLIP.boxes[0])
    driver.key(Key.Key_O)
    driver.key(Key.Key_E)
    driver.until_tracked(3)
    driver.key(*((Key.Key_Z, CTRL) if way == "undo" else (Key.Key_Delete, CTRL)))
    assert driver.desk.document.tracks == ()
    driver.until_idle()
    assert "Tracking stopped: its object was removed." in driver.notice_texts()
    assert driver.desk.document.proposals == ()


def test_that_a_proposal_leaves_the_object_alone_until_it_is_accepted(opened: Driver) -> None:
    tracks = opened.desk.document.tracks
    bar = opened.window.panels.proposal
    opened.key(Key.Key_O)
    opened.answers.on_number = 10
    opened.key(Key.Key_J, SHIFT)
    opened.until_idle()
    assert opened.desk.document.tracks is tracks
    assert bar.isVisible()
    assert bar.text() == "10 boxes of template-match proposed on frames 1 to 10"
    opened.goto(4)
    (view,) = opened.canvas._proposal_item.views
    assert iou(view.box, CLIP.boxes[4]) > 0.9
    opened.key(Key.Key_P, SHIFT)
    assert frames(opened) == [0, 1, 2, 3, 4]
    opened.key(Key.Key_P, CTRL | SHIFT)
    opened.settle()
    assert frames(opened) == [0, 1, 2, 3, 4]
    assert not bar.isVisible()
    for _ in range(3):
        opened.key(Key.Key_Z, CTRL)
    assert opened.desk.document.tracks == tracks
    assert opened.desk.document.proposals == ()


def test_that_edits_of_objects_are_in_the_menu_of_the_list(opened: Driver) -> None:
    opened.window.panels.tracks.table.selectRow(0)
    menu = opened.window.panels.tracks.context_menu()
    names = {action.objectName() for action in menu.actions()}
    assert {"lock", "hide", "solo", "split", "join", "merge", "swap", "duplicate"} <= names
    menu.deleteLater()
    opened.key(Key.Key_L, CTRL)
    assert opened.track.locked
    opened.key(Key.Key_H)
    assert not opened.track.visible
