"""Opening, saving, closing and recovering: nothing is lost, everything is said."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.app_driver import CTRL, Answers, Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt

from app.autosave import folder as recovery_folder
from core.document import autosave, project_file
from core.document.autosave import Autosave
from core.document.track import Keyframe
from core.geometry import Box
from core.session import Session

Key = Qt.Key
CLIP = moving_patch(20)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", CLIP.images)


@pytest.fixture
def project(clip: Path, tmp_path: Path) -> Path:
    """A saved project with one box."""
    session = Session.of_video(clip)
    document, track = session.store.current.with_new_track("ball")
    from core.document.store import Change

    track = track.with_keyframes([Keyframe(3, CLIP.boxes[3])])
    session.store.replace(document.with_track(track), Change(""))
    session.save(tmp_path / "work.boxtrail")
    session.close()
    return tmp_path / "work.boxtrail"


def test_that_a_project_opens_with_its_boxes_and_is_clean(driver: Driver, project: Path) -> None:
    driver.open(project)
    assert driver.track.at(3).box == CLIP.boxes[3]
    assert not driver.desk.state.dirty
    assert driver.window.windowTitle().startswith("work.boxtrail")


def test_that_saving_under_a_new_name_adds_the_suffix_and_is_read_back(
    driver: Driver, project: Path, answers: Answers, tmp_path: Path
) -> None:
    driver.open(project)
    driver.key(Key.Key_Delete)
    driver.goto(3)
    driver.key(Key.Key_Delete)
    answers.save_path = tmp_path / "later"
    driver.window.actions_by_id["save_as"].trigger()
    assert len(project_file.load(tmp_path / "later.boxtrail").tracks[0]) == 0
    assert len(project_file.load(project).tracks[0]) == 1, "the old project is as it was"


def test_that_a_moved_video_is_asked_for_and_the_project_opens_on_it(
    driver: Driver, project: Path, clip: Path, answers: Answers, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere" / "renamed.mkv"
    moved.parent.mkdir()
    clip.rename(moved)
    answers.video_path = moved
    driver.open(project)
    assert [q for q in answers.asked if q.startswith("moved")]
    assert driver.desk.session.video.info.path == moved
    assert driver.track.at(3).box == CLIP.boxes[3]


def test_that_another_video_in_its_place_is_warned_about_and_can_be_refused(
    driver: Driver, project: Path, clip: Path, answers: Answers
) -> None:
    write_clip(clip, moving_patch(25, seed=9).images)
    answers.other_video = False
    driver.window.open(project)
    driver.until(lambda: any(q.startswith("other video") for q in answers.asked))
    assert "25 frames instead of 20" in answers.asked[-1]
    assert driver.desk.session is None


def test_that_a_corrupt_project_is_told_and_what_is_open_stays_open(
    driver: Driver, project: Path, clip: Path
) -> None:
    driver.open(project)
    before = driver.desk.session
    broken = project.with_name("broken.boxtrail")
    broken.write_text(project.read_text()[:-40])
    content = broken.read_bytes()
    driver.window.open(broken)
    driver.until(lambda: driver.notice_texts("error"))
    assert "broken.boxtrail" in driver.notice_texts("error")[0]
    assert driver.desk.session is before
    assert len(driver.track) == 1
    assert broken.read_bytes() == content, "a damaged project is not touched"


@pytest.mark.parametrize("content", [b"", b"this is no video at all" * 100])
def test_that_an_unreadable_video_is_told(driver: Driver, tmp_path: Path, content: bytes) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(content)
    driver.window.open(bad)
    driver.until(lambda: driver.notice_texts("error"))
    _severity, text, hint = driver.notices[-1]
    assert "bad.mp4" in text
    assert hint
    assert driver.desk.session is None


def test_that_unsaved_changes_are_asked_about_and_cancel_keeps_everything(
    driver: Driver, clip: Path, answers: Answers
) -> None:
    driver.open(clip)
    driver.draw(CLIP.boxes[0])
    answers.on_save = "cancel"
    driver.close()
    assert driver.window.isVisible()
    assert driver.desk.session is not None
    driver.window.open(clip)
    assert answers.asked == ["save clip.mkv", "save clip.mkv"]
    assert len(driver.track) == 1


def test_that_closing_while_tracking_ends_the_run_and_can_save_it(
    driver: Driver, clip: Path, answers: Answers, tmp_path: Path
) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match", delay=0.05)
    driver.draw(CLIP.boxes[0])
    driver.key(Key.Key_E)
    driver.until_tracked(4)
    answers.on_save, answers.save_path = "save", tmp_path / "closed.boxtrail"
    driver.close()
    assert not driver.window.isVisible()
    saved = project_file.load(tmp_path / "closed.boxtrail")
    assert 4 < len(saved.tracks[0]) < 20
    assert len(saved.runs) == 1


def test_that_a_failed_save_is_told_and_the_work_stays_unsaved(
    driver: Driver, clip: Path, answers: Answers, tmp_path: Path
) -> None:
    driver.open(clip)
    driver.draw(CLIP.boxes[0])
    (tmp_path / "a file").write_text("not a folder")
    answers.save_path = tmp_path / "a file" / "work.boxtrail"
    driver.key(Key.Key_S, CTRL)
    assert driver.notice_texts("error")
    assert driver.desk.state.dirty


def test_that_changes_reach_the_recovery_copy_and_saving_removes_it(
    driver: Driver, clip: Path, answers: Answers, tmp_path: Path
) -> None:
    driver.open(clip)
    driver.draw(CLIP.boxes[0])
    saver = driver.window.controller.project.autosaver
    saver.save_now()
    driver.until(lambda: list(recovery_folder().glob("*.recovery")))
    answers.save_path = tmp_path / "work.boxtrail"
    driver.key(Key.Key_S, CTRL)
    assert not list(recovery_folder().glob("*.recovery"))


def test_that_the_recovery_copy_holds_the_boxes_of_a_run_under_way(
    driver: Driver, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.open(clip)
    driver.choose_tracker("template-match", delay=0.05)
    driver.draw(CLIP.boxes[0])
    driver.key(Key.Key_E)
    driver.until_tracked(5)
    assert driver.window.controller.project.autosaver.save_and_wait()
    monkeypatch.setattr(autosave, "is_held", lambda path: False)
    found = autosave.candidates(recovery_folder())
    assert len(found[0].document.tracks[0]) >= 6
    driver.window.controller.runs.conclude()


def left_behind(clip: Path, project: Path | None) -> None:
    """A recovery copy as a killed program leaves it."""
    session = Session.of_video(clip)
    document, track = session.store.current.with_new_track("rescued")
    document = document.with_track(track.with_keyframes([Keyframe(7, Box(5, 6, 30, 40))]))
    journal = Autosave(recovery_folder(), project)
    journal.write(document)
    assert journal._lock is not None
    journal._lock.release()
    session.close()


def test_that_unsaved_work_is_offered_with_the_difference_and_restored_as_an_undo_step(
    driver: Driver, clip: Path, answers: Answers
) -> None:
    left_behind(clip, None)
    driver.open(clip)
    assert answers.asked == ["recover"]
    assert "1 new object" in answers.recoveries[0][1]
    assert driver.track.at(7).box == Box(5, 6, 30, 40)
    assert driver.desk.state.dirty
    driver.key(Key.Key_Z, CTRL)
    assert driver.desk.document.tracks == ()
    assert len(list(recovery_folder().glob("*.recovery"))) == 1, "a copy of our own"


def test_that_declined_work_is_removed_and_postponed_work_stays(
    make_driver: Callable[..., Driver], clip: Path
) -> None:
    left_behind(clip, None)
    later = Answers()
    later.on_recover = "later"
    make_driver(later).open(clip)
    assert len(list(recovery_folder().glob("*.recovery"))) == 1
    discard = Answers()
    discard.on_recover = "discard"
    make_driver(discard).open(clip)
    assert not list(recovery_folder().glob("*.recovery"))


def left_after(clip: Path, *frames: int) -> None:
    """A recovery copy of a program that drew on these frames, one write each, and was killed."""
    session = Session.of_video(clip)
    document, track = session.store.current.with_new_track("rescued")
    journal = Autosave(recovery_folder(), None)
    for frame in frames:
        track = track.with_keyframes([Keyframe(frame, Box(frame, 6, 30, 40))])
        document = document.with_track(track)
        journal.write(document)
    assert journal._lock is not None
    journal._lock.release()
    session.close()


def drawn(driver: Driver) -> list[int]:
    """Frames with a box of the selected object."""
    return driver.track.columns.frames.tolist()


def test_that_of_several_copies_the_newest_is_offered_and_the_others_stay_within_reach(
    make_driver: Callable[..., Driver], clip: Path, tmp_path: Path
) -> None:
    left_after(clip, 3)
    left_after(clip, 5)
    driver = make_driver()
    driver.open(clip)
    assert driver.answers.asked == ["recover"]
    assert drawn(driver) == [5]
    assert "An older recovery copy of this clip differs and is kept." in driver.notice_texts()
    driver.answers.save_path = tmp_path / "work.boxtrail"
    driver.key(Key.Key_S, CTRL)

    again = make_driver()
    again.open(clip)
    assert again.answers.asked == [], "what was put by is not offered again"
    again.answers.on_choice = 1
    again.window.actions_by_id["older_copies"].trigger()
    assert [number for number, _ in again.answers.offered] == [1]
    assert drawn(again) == [3]
    again.key(Key.Key_Z, CTRL)
    assert again.desk.document.tracks == ()
    again.window.actions_by_id["older_copies"].trigger()
    assert "There are no older recovery copies of this clip." in again.notice_texts()


def test_that_a_copy_that_a_newer_one_holds_goes_with_it(
    make_driver: Callable[..., Driver], clip: Path
) -> None:
    left_after(clip, 3)
    left_after(clip, 3, 5)
    driver = make_driver()
    driver.open(clip)
    assert driver.answers.asked == ["recover"]
    assert drawn(driver) == [3, 5]
    assert driver.notice_texts() == []
    assert len(list(recovery_folder().glob("*.recovery*"))) == 2, "our own and its lock"


@pytest.mark.parametrize(("answer", "questions", "left"), [("later", 1, 2), ("discard", 2, 0)])
def test_that_an_older_copy_is_offered_only_where_the_newer_one_is_declined(
    answer: str, questions: int, left: int, make_driver: Callable[..., Driver], clip: Path
) -> None:
    left_after(clip, 3)
    left_after(clip, 5)
    driver = make_driver()
    driver.answers.on_recover = answer
    assert not driver.window.controller.project.offer_recovery()
    assert driver.answers.asked == ["recover"] * questions
    shown = [r.document.tracks[0].columns.frames.tolist() for r, _ in driver.answers.recoveries]
    assert shown == [[5], [3]][:questions]
    assert len(list(recovery_folder().glob("*.recovery"))) == left


def test_that_unsaved_work_is_offered_at_the_start(
    driver: Driver, clip: Path, project: Path, answers: Answers
) -> None:
    left_behind(clip, project)
    assert driver.window.controller.project.offer_recovery()
    driver.until(lambda: driver.desk.session is not None)
    driver.settle()
    assert driver.desk.session.project_path == project
    assert driver.track.label == "rescued"


def test_that_imported_boxes_are_proposed_where_runs_propose(
    driver: Driver, clip: Path, answers: Answers, tmp_path: Path
) -> None:
    driver.open(clip)
    driver.draw(CLIP.boxes[0])
    driver.goto(1)
    driver.draw(CLIP.boxes[1])
    answers.open_path = tmp_path / "boxes.csv"
    driver.desk.session.export("csv", answers.open_path)
    driver.key(Key.Key_O)
    driver.key(Key.Key_I, CTRL)
    driver.until(lambda: len(driver.desk.document.tracks) == 2)
    assert "Boxes of 1 object from boxes.csv are proposed." in driver.notice_texts()
    assert len(driver.track) == 0
    assert driver.desk.state.proposed
    driver.key(Key.Key_P, CTRL)
    assert (
        driver.track.columns.boxes.tolist() == driver.desk.document.tracks[0].columns.boxes.tolist()
    )


def test_that_an_autosave_failure_is_told_once_until_one_succeeds(
    driver: Driver, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.errors import StorageError

    driver.open(clip)
    saver = driver.window.controller.project.autosaver
    working = Autosave.write
    failing = True

    def write(self, document, running=None):
        if failing:
            raise StorageError("The disk is full.", "Free some space.")
        return working(self, document, running)

    monkeypatch.setattr(Autosave, "write", write)
    for n in range(3):
        driver.goto(n)
        driver.draw(CLIP.boxes[n])
        saver.save_now()
        driver.until(lambda: not saver._busy)
    assert len(driver.notice_texts("error")) == 1
    failing = False
    saver.save_now()
    driver.until(lambda: not saver._busy)
    failing = True
    driver.goto(9)
    driver.draw(CLIP.boxes[9])
    saver.save_now()
    driver.until(lambda: not saver._busy)
    assert len(driver.notice_texts("error")) == 2


def test_that_an_export_is_read_back_by_another_parser(
    driver: Driver, clip: Path, tmp_path: Path
) -> None:
    from app.dialogs.export_dialog import ExportDialog

    driver.open(clip)
    driver.choose_tracker("template-match")
    driver.draw(CLIP.boxes[0])
    driver.key(Key.Key_E)
    driver.until_idle()
    for key, name in (("csv", "boxes.csv"), ("coco", "boxes.json")):
        dialog = ExportDialog(driver.desk.session, driver.window.controller.background)
        done: list[tuple[str, str, str]] = []
        dialog.finished_with.connect(lambda *what, done=done: done.append(what))
        dialog.format_box.setCurrentIndex(dialog.format_box.findData(key))
        dialog.path_edit.setText(str(tmp_path / name))
        assert "20 boxes of one object" in dialog.preview.text()
        dialog.export()
        driver.until(lambda done=done: done)
        dialog.deleteLater()
    with (tmp_path / "boxes.csv").open(newline="") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    assert len(rows) == 20
    coco = json.loads((tmp_path / "boxes.json").read_text())
    boxes = {a["image_id"]: a["bbox"] for a in coco["annotations"]}
    expected = [list(k.box.as_tuple()) for k in driver.track.keyframes()]
    assert list(boxes.values()) == [pytest.approx(box, abs=0.01) for box in expected]


def test_that_imported_boxes_become_new_objects_in_one_step(
    driver: Driver, clip: Path, answers: Answers, tmp_path: Path
) -> None:
    driver.open(clip)
    driver.draw(CLIP.boxes[0])
    before = driver.desk.document
    target = tmp_path / "boxes.csv"
    driver.desk.session.export("csv", target)
    answers.open_path = target
    driver.key(Key.Key_I, CTRL)
    driver.until(lambda: len(driver.desk.document.tracks) == 2)
    assert driver.desk.document.tracks[0] == before.tracks[0]
    driver.key(Key.Key_Z, CTRL)
    assert driver.desk.document is before
