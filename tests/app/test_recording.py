"""Recording in the window and replaying what was recorded, by real keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.app_driver import CTRL, Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from core import paths
from core.geometry import iou
from core.recording.recording import Recording
from core.replay import ReplaySession

Key = Qt.Key
CLIP = moving_patch(40, velocity=(1, 1))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", CLIP.images)


@pytest.fixture
def opened(driver: Driver, clip: Path) -> Driver:
    driver.open(clip)
    driver.choose_tracker("template-match")
    driver.draw(CLIP.boxes[0])
    return driver


def feature(driver: Driver):
    from app.features.recording import RecordingFeature

    return next(f for f in driver.window.features if isinstance(f, RecordingFeature))


def stop_recording(driver: Driver) -> Path:
    done: list[Path] = []
    feature(driver).recordings.finished.connect(done.append)
    driver.key(Key.Key_R, CTRL)
    driver.until(lambda: done)
    return done[0]


def grabbed(driver: Driver) -> np.ndarray:
    """Pixels of the canvas, without what floats over it."""
    driver.settle()
    image = driver.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8)
    return pixels.reshape(image.height(), image.bytesPerLine())[:, : 4 * image.width()].copy()


@pytest.mark.parametrize("precision", ["compact", "exact"])
def test_that_a_replay_shows_the_pixels_of_the_live_run(opened: Driver, precision: str) -> None:
    from dataclasses import replace

    from core.recording.coding import Precision

    recordings = feature(opened).recordings
    recordings.set_options(replace(recordings.options, precision=Precision(precision)))
    opened.key(Key.Key_R, CTRL)
    opened.key(Key.Key_E)
    opened.until_idle()
    shown = {}
    for frame in (3, 17, 39):
        opened.goto(frame)
        assert opened.canvas.value_at(*centre(frame)) is not None
        shown[frame] = grabbed(opened)
    path = stop_recording(opened)
    opened.open(path)
    assert isinstance(opened.desk.session, ReplaySession)
    opened.window.controller.edits.select(1)
    for frame, before in shown.items():
        opened.goto(frame)
        after = grabbed(opened)
        assert len(np.unique(before)) > 50
        assert np.array_equal(after, before), f"frame {frame}"


def centre(frame: int) -> tuple[float, float]:
    box = CLIP.boxes[frame]
    return box.cx, box.cy


def test_that_what_is_recorded_is_what_was_chosen(opened: Driver, clip: Path) -> None:
    panel = feature(opened).panel
    panel._list.item(1).setCheckState(Qt.CheckState.Checked)
    opened.key(Key.Key_R, CTRL)
    assert panel.text() == "The next run will be recorded."
    opened.key(Key.Key_M)  # nobody looks at maps: they are recorded all the same
    opened.answers.on_number = 20
    opened.key(Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    opened.until_idle()
    assert panel.text().startswith("Recording: 21 frames")
    opened.goto(20)
    opened.key(Key.Key_E)
    opened.until_idle()
    path = stop_recording(opened)
    assert path.parent == clip.parent
    assert path.name.startswith("clip-object_1-")
    with Recording(path) as recording:
        assert recording.complete
        assert [info.key for info in recording.maps] == ["response", "template"]
        assert sorted(recording.rows) == list(range(40))
        assert recording.clip.relative == "clip.mkv"
    assert any("Recorded 41 frames" in text for text in opened.notice_texts("success"))
    assert panel.text() == "Runs are not recorded."


def test_that_closing_finishes_the_file(opened: Driver, tmp_path: Path) -> None:
    opened.key(Key.Key_R, CTRL)
    opened.key(Key.Key_E)
    opened.until_tracked(10)
    opened.window.close()
    (path,) = tmp_path.glob("*.h5")
    with Recording(path) as recording:
        assert recording.complete
        assert len(recording) > 10


def test_that_a_folder_that_went_away_ends_the_recording_and_not_the_run(
    opened: Driver, tmp_path: Path
) -> None:
    from dataclasses import replace

    gone = tmp_path / "gone"
    gone.mkdir()
    recordings = feature(opened).recordings
    recordings.set_options(replace(recordings.options, folder=str(gone)))
    gone.rmdir()
    opened.key(Key.Key_R, CTRL)
    opened.key(Key.Key_E)
    opened.until_idle()
    assert len(opened.track) == 40
    opened.until(lambda: opened.notice_texts("error"))
    assert "Nothing more is recorded; tracking goes on." in opened.notice_texts("error")[0]


def test_that_options_hold_from_one_start_to_the_next(opened: Driver, make_driver) -> None:
    panel = feature(opened).panel
    panel._patches.setChecked(True)
    panel._list.item(0).setCheckState(Qt.CheckState.Unchecked)
    other = make_driver()
    options = feature(other).recordings.options
    assert options.patches
    assert options.maps["template-match"] == ()
    (paths.config_dir() / "recording.json").write_text('{"maps": 3, "precision": [1]}')
    third = make_driver()
    assert not feature(third).recordings.options.patches


def test_that_a_recording_without_its_video_shows_boxes_and_maps(
    opened: Driver, clip: Path, tmp_path: Path
) -> None:
    opened.key(Key.Key_R, CTRL)
    opened.key(Key.Key_E)
    opened.until_idle()
    path = stop_recording(opened)
    opened.key(Key.Key_W, CTRL)
    moved = clip.rename(tmp_path / "moved.bin")
    opened.open(path)
    assert "The video “clip.mkv” of this recording is not where it was." in (
        opened.notice_texts("warning")
    )
    opened.goto(17)
    assert opened.canvas.value_at(*centre(17)) is not None
    (item,) = opened.canvas._box_items.values()
    assert iou(item.box, CLIP.boxes[17]) > 0.99
    assert opened.window.panels.tracker.key() == "template-match"
    assert opened.window.windowTitle().startswith(path.name)
    opened.answers.video_path = moved
    before = opened.desk.session
    opened.window.actions_by_id["locate_video"].trigger()
    opened.until(lambda: opened.desk.session is not before)
    opened.settle()
    session = opened.desk.session
    assert isinstance(session, ReplaySession)
    assert not session.missing


def test_that_a_run_on_a_replay_shows_its_own_maps(opened: Driver) -> None:
    opened.key(Key.Key_R, CTRL)
    opened.key(Key.Key_E)
    opened.until_idle()
    path = stop_recording(opened)
    opened.open(path)
    overlay = opened.window.controller.overlay
    assert overlay.source()[0] is opened.desk.session.recording
    opened.goto(0)
    opened.key(Key.Key_E)
    opened.until_idle()
    assert overlay.source()[0] is not opened.desk.session.recording
