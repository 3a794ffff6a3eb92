"""The window as a whole: what is wired to what, what it costs, and that it ends cleanly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.app_driver import CTRL, SHIFT, Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt, QThread
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import theme
from app.ui_state import RunStatus
from core.geometry import Box, iou
from core.states import Source

Key = Qt.Key
CLIP = moving_patch(60, velocity=(1, 1))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", CLIP.images)


@pytest.fixture
def opened(driver: Driver, clip: Path) -> Driver:
    driver.open(clip)
    driver.choose_tracker("template-match")
    return driver


def test_that_the_first_thing_one_sees_is_what_to_do(driver: Driver) -> None:
    welcome = driver.window.panels.welcome
    assert driver.window.panels.stack.currentWidget() is welcome
    assert not driver.window.actions_by_id["track_forward"].isEnabled()


def test_that_the_first_drag_in_a_new_clip_draws_the_first_box(opened: Driver) -> None:
    box = CLIP.boxes[0]
    opened.drag((box.x, box.y), (box.right, box.bottom))
    (track,) = opened.desk.document.tracks
    drawn = opened.desk.key_at(track.id, 0)
    assert drawn is not None
    assert iou(drawn.box, box) > 0.8
    opened.drag((box.x - 20, box.y - 20), (box.x - 5, box.y - 5))
    assert len(opened.desk.document.tracks) == 1  # from then on a drag moves the picture


def test_that_a_clip_opens_on_its_first_frame_with_its_facts(opened: Driver) -> None:
    assert opened.canvas.has_picture
    assert opened.desk.state.frame_count == 60
    assert opened.window.panels.stack.currentWidget() is opened.canvas
    assert opened.window.status._access.text() in ("verified", "exact", "sequential")


@pytest.mark.parametrize(("key", "status"), [(Key.Key_Space, RunStatus.PAUSED)])
def test_that_a_run_on_hold_tracks_no_further(opened: Driver, key: Key, status: RunStatus) -> None:
    opened.choose_tracker("template-match", delay=0.02)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(3)
    for _ in range(3):
        opened.key(key)
        opened.until(lambda: opened.desk.state.run is status)
        held = len(opened.desk.growing)
        QTest.qWait(150)  # seven frames, if it went on
        assert len(opened.desk.growing) <= held + 1
        opened.key(key)
        opened.until(lambda held=held: len(opened.desk.growing) > held + 1)
    opened.window.controller.runs.conclude()


def test_that_a_held_run_goes_frame_by_frame_and_then_on(opened: Driver) -> None:
    opened.choose_tracker("template-match", delay=0.02)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(3)
    opened.key(Key.Key_Space)
    opened.until(lambda: opened.desk.state.run is RunStatus.PAUSED)
    opened.settle()
    run, held = opened.desk.growing, len(opened.desk.growing)
    for count in (1, 2):
        opened.key(Key.Key_E, SHIFT)
        opened.until(lambda n=held + count: len(run) == n)
        opened.until(lambda: opened.desk.state.run is RunStatus.PAUSED)
        opened.settle()
        assert (opened.desk.growing, opened.desk.shown) == (run, run.last.frame)
    opened.key(Key.Key_Space)
    opened.until(lambda: len(run) > held + 3)
    opened.key(Key.Key_Escape)
    opened.until_idle()
    assert len(opened.desk.document.runs) == 1
    opened.key(Key.Key_Z, CTRL)
    assert len(opened.track) == 1, "one run, one step"


def test_that_a_stopped_run_ends_at_once_and_keeps_what_it_tracked(opened: Driver) -> None:
    opened.choose_tracker("template-match", delay=0.1)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(3)
    opened.key(Key.Key_Space, SHIFT)
    opened.until(lambda: opened.desk.state.run is RunStatus.IDLE)
    assert 3 < len(opened.track) < len(CLIP.boxes)


def test_that_the_result_grows_on_screen_while_the_document_waits(opened: Driver) -> None:
    opened.choose_tracker("template-match", delay=0.02)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(10)
    opened.until(lambda: opened.desk.shown >= 5)
    assert len(opened.track) == 1
    shown = opened.desk.key_at(opened.desk.state.track, opened.desk.shown)
    assert shown is not None
    assert shown.source is Source.TRACKED
    opened.window.controller.runs.conclude()


def test_that_looking_elsewhere_does_not_stop_the_run_and_the_view_stays(opened: Driver) -> None:
    opened.choose_tracker("template-match", delay=0.02)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(5)
    opened.goto(2)
    count = len(opened.desk.growing)
    opened.until(lambda: len(opened.desk.growing) > count + 3)
    assert opened.desk.shown == 2
    assert opened.desk.state.run is RunStatus.RUNNING
    opened.window.controller.runs.conclude()


def test_that_maps_are_made_only_while_the_overlay_is_shown(opened: Driver) -> None:
    opened.key(Key.Key_M)
    assert not opened.desk.state.overlay.visible
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E, SHIFT)
    opened.until_idle()
    runs = opened.window.controller.runs
    assert runs.map_at(1) is None
    opened.key(Key.Key_M)
    opened.key(Key.Key_E, SHIFT)
    opened.until_idle()
    assert runs.map_at(2) is not None
    opened.key(Key.Key_M, SHIFT)
    assert opened.desk.state.overlay.map_key == "template"


def test_that_scrubbing_back_after_a_run_shows_the_map_of_that_frame(opened: Driver) -> None:
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_idle()
    runs = opened.window.controller.runs
    for frame in (30, 12):
        opened.goto(frame)
        response, age = runs.map_at(frame)
        assert age == 0
        x, y = response.peak()
        assert CLIP.boxes[frame].contains(x, y)
        assert opened.canvas.value_at(x, y) == pytest.approx(float(response.values.max()))


def test_that_undo_during_a_run_that_removes_its_object_stops_it(opened: Driver) -> None:
    opened.choose_tracker("template-match", delay=0.02)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(4)
    opened.key(Key.Key_Z, CTRL)
    opened.until_idle()
    assert opened.desk.document.tracks == ()
    assert any("removed" in text for text in opened.notice_texts())


def test_that_edits_to_other_objects_go_on_during_a_run(opened: Driver) -> None:
    opened.choose_tracker("template-match", delay=0.01)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(4)
    edits = opened.window.controller.edits
    edits.draw_mode(new_object=True)
    edits.drawn(Box(100, 80, 20, 20))
    assert opened.desk.state.run is RunStatus.RUNNING
    opened.until_idle()
    assert [len(t) for t in opened.desk.document.tracks] == [60, 1]


def test_that_live_parameters_reach_the_running_tracker(
    opened: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fakes.template_match import TemplateMatch

    tuned = []
    monkeypatch.setattr(TemplateMatch, "tune", lambda self, params: tuned.append(params))
    opened.choose_tracker("template-match", delay=0.02)
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_tracked(3)
    opened.window.panels.tracker.live_params_changed.emit({"learning_rate": 0.25})
    opened.until(lambda: bool(tuned))
    assert tuned[0].learning_rate == 0.25
    opened.window.controller.runs.conclude()


def test_that_the_last_frame_has_nothing_to_track_after_it_and_says_so(opened: Driver) -> None:
    opened.goto(59)
    opened.draw(CLIP.boxes[59])
    opened.key(Key.Key_E)
    assert not opened.desk.state.is_running
    assert opened.notice_texts("error")


def test_that_typing_in_a_field_is_not_taken_for_keys_and_enter_gives_them_back(
    opened: Driver,
) -> None:
    opened.draw(CLIP.boxes[0])
    from PySide6.QtWidgets import QDoubleSpinBox

    field = opened.window.panels.box.findChildren(QDoubleSpinBox)[0]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "42")
    assert opened.desk.state.frame == 0
    assert opened.desk.state.track == 1
    QTest.keyClick(field, Key.Key_Return)
    opened.until(lambda: opened.track.at(0).box.x == pytest.approx(42))
    assert QApplication.focusWidget() is opened.canvas
    opened.key(Key.Key_F)
    assert opened.desk.state.frame == 1


def test_that_the_theme_switches_live_and_is_remembered(opened: Driver) -> None:
    before = theme.colors()
    opened.key(Key.Key_T, CTRL)
    assert theme.colors() != before
    from app.settings import load_preferences

    assert load_preferences()[0].theme in ("light", "dark")
    opened.key(Key.Key_T, CTRL)
    assert theme.colors() == before


def test_that_the_layout_is_remembered(make_driver: Callable[..., Driver]) -> None:
    first = make_driver()
    first.window.panels.docks["curves"].hide()
    first.window.resize(1100, 700)
    first.close()
    second = make_driver()
    assert second.window.panels.docks["curves"].isHidden()
    second.window.actions_by_id["reset_layout"].trigger()
    assert not second.window.panels.docks["curves"].isHidden()


def test_that_a_defect_in_a_slot_opens_one_report_and_the_window_lives_on(
    opened: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.dialogs.report import ErrorDialog

    opened.window.hub.report(ValueError("first"))
    opened.window.hub.report(ValueError("second"))
    opened.until(lambda: bool(opened.window.findChildren(ErrorDialog)))
    dialogs = [d for d in opened.window.findChildren(ErrorDialog) if d.isVisible()]
    assert len(dialogs) == 1
    dialogs[0].copy()
    text = QApplication.clipboard().text()
    assert "ValueError: first" in text
    assert "clip: 160×120, 60 frames" in text
    dialogs[0].reject()
    opened.window.activateWindow()
    opened.until(opened.window.isActiveWindow)
    opened.key(Key.Key_F)
    assert opened.desk.state.frame == 1


def test_that_closing_ends_every_thread(make_driver: Callable[..., Driver], clip: Path) -> None:
    driver = make_driver()
    driver.open(clip)
    driver.choose_tracker("template-match", delay=0.05)
    driver.draw(CLIP.boxes[0])
    driver.key(Key.Key_E)
    driver.until_tracked(2)
    driver.close()
    assert not driver.window.isVisible()
    assert [t for t in driver.window.findChildren(QThread) if t.isRunning()] == []
    controller = driver.window.controller
    assert not controller.playback._loader._thread.is_running
    assert not controller.background.is_busy


def test_that_curves_of_a_run_that_was_taken_back_are_gone(
    opened: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.draw(CLIP.boxes[0])
    opened.key(Key.Key_E)
    opened.until_idle()
    cleared = []
    monkeypatch.setattr(opened.window.panels.plot, "start_run", lambda *run: cleared.append(run))
    opened.key(Key.Key_Z, CTRL)
    opened.settle()
    assert cleared == [(0, (0, 0))]
