"""Several clips in the window: the list, going through it, and tracking all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.app_driver import Answers, Driver
from fakes.array_video import Clip, moving_patch
from fakes.clip_file import write_clip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.controller.batch_wish import BatchWish
from app.features.clips import ClipsFeature
from core.collection import file as collection_file
from core.collection.collection import ClipStatus
from core.document import project_file
from core.document.document import Document
from core.document.track import Keyframe
from core.errors import StorageError
from core.geometry import Box
from core.states import Source


@pytest.fixture
def clip() -> Clip:
    return moving_patch(30)


@pytest.fixture
def videos(tmp_path: Path, clip: Clip) -> list[Path]:
    folder = tmp_path / "videos"
    folder.mkdir()
    first = write_clip(folder / "a.mkv", clip.images)
    for name in "bc":
        (folder / f"{name}.mkv").write_bytes(first.read_bytes())
    return sorted(folder.iterdir())


class Hands:
    """What a person does with the panel."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        (self.feature,) = [f for f in driver.window.features if isinstance(f, ClipsFeature)]
        self.clips, self.batch, self.panel = (
            self.feature.clips, self.feature.batch, self.feature.panel,
        )  # fmt: skip
        self.batch.in_processes = False

    def match(self, **values: object) -> None:
        self.driver.choose_tracker("template-match", **values)

    def do(self, action: str) -> None:
        self.driver.window.actions_by_id[action].trigger()

    def make(self, path: Path, videos: list[Path]) -> None:
        answers = self.driver.answers
        answers.save_path, answers.clip_paths = path, videos
        self.do("clips_add")
        self.driver.until(lambda: len(self.clips.collection.clips) == len(videos))

    def open(self, number: int) -> None:
        before = self.driver.desk.session
        item = self.panel.list.item(number)
        self.panel.list.itemDoubleClicked.emit(item)
        self.driver.until(lambda: self.driver.desk.session not in (None, before))
        self.driver.settle()

    def row(self, number: int):
        return self.panel.list.item(number).data(Qt.ItemDataRole.UserRole)

    def until_row(self, number: int, text: str) -> None:
        self.driver.until(lambda: text in self.panel.list.item(number).text())

    def until_no_batch(self) -> None:
        self.driver.until(lambda: not self.batch.is_running, 60)


@pytest.fixture
def hands(driver: Driver, tmp_path: Path, videos: list[Path]) -> Hands:
    found = Hands(driver)
    found.make(tmp_path / "work.boxtrails", videos)
    return found


def test_that_clips_are_added_listed_and_kept_in_the_file(hands: Hands, tmp_path: Path) -> None:
    assert [hands.row(k).title for k in range(3)] == ["a.mkv", "b.mkv", "c.mkv"]
    assert hands.feature.dock.isVisible()
    listed = collection_file.load(tmp_path / "work.boxtrails")
    assert [clip.video.name for clip in listed.clips] == ["a.mkv", "b.mkv", "c.mkv"]
    hands.make(tmp_path / "work.boxtrails", [c.video for c in listed.clips])
    assert len(hands.clips.collection.clips) == 3, "a clip is listed once"
    hands.driver.until(lambda: hands.panel._images.get(1) is not None)
    assert not hands.panel._images[1].isNull()


def test_that_going_to_another_clip_loses_nothing_and_asks_nothing(
    hands: Hands, clip: Clip, answers: Answers
) -> None:
    driver = hands.driver
    hands.open(0)
    driver.draw(Box(20, 20, 30, 25))
    driver.goto(7)
    drawn = driver.desk.document.tracks[0].keyframes().__next__().box
    answers.asked.clear()
    driver.key(Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    driver.until(lambda: hands.clips.current is not None and hands.clips.current.id == 2)
    assert answers.asked == []
    saved = project_file.load(hands.clips.collection.clip(1).project)
    assert next(saved.tracks[0].keyframes()).box == drawn
    assert not driver.desk.document.tracks
    assert not hands.clips.collection.clip(2).has_project, "nothing was done there"
    hands.open(0)
    assert driver.desk.document.tracks == saved.tracks
    driver.until(lambda: driver.desk.state.frame == 7)
    hands.until_row(0, "1 box")


def test_that_work_done_while_the_next_clip_loads_is_saved_too(hands: Hands) -> None:
    driver = hands.driver
    hands.open(0)
    hands.clips.open_clip(2)
    driver.window.controller.edits.drawn(Box(20, 20, 30, 25))
    driver.until(lambda: hands.clips.current is not None and hands.clips.current.id == 2)
    assert len(project_file.load(hands.clips.collection.clip(1).project).tracks) == 1


def test_that_a_disk_that_cannot_be_written_keeps_the_clip_open(
    hands: Hands, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = hands.driver
    hands.open(0)
    driver.draw(Box(20, 20, 30, 25))

    def full(*_: object) -> None:
        raise StorageError("The disk is full.", "Free some space.")

    monkeypatch.setattr(project_file, "save", full)
    answers.on_save = "cancel"
    before = driver.desk.session
    hands.clips.step(1)
    assert any(question.startswith("save ") for question in answers.asked)
    driver.settle()
    assert driver.desk.session is before
    assert driver.desk.state.dirty


def test_that_status_follows_the_numbers_until_a_person_says_it(hands: Hands) -> None:
    driver = hands.driver
    assert hands.row(0).status_text == "New"
    hands.open(0)
    driver.draw(Box(30, 40, 24, 20))
    hands.match()
    hands.do("track_forward")
    driver.until_idle()
    hands.until_row(0, "Tracked")
    hands.do("clips_done")
    driver.until(lambda: hands.clips.current is not None and hands.clips.current.id == 2)
    assert hands.row(0).status_text == "Done"
    assert collection_file.load(hands.clips.path).clip(1).status is ClipStatus.DONE
    hands.panel.status_wanted.emit([1], "")
    hands.until_row(0, "Tracked")
    assert "3 clips: 2 new, 1 tracked" in hands.panel.sums()
    hands.panel.filter.setCurrentIndex(hands.panel.filter.findData("new"))
    assert hands.panel.shown() == [2, 3]
    hands.panel.search.setText("C.")
    assert hands.panel.shown() == [3]


def test_that_clips_are_moved_taken_off_and_put_back_by_keys(hands: Hands) -> None:
    panel = hands.panel
    panel.list.setCurrentRow(2)
    QTest.keyClick(panel.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [clip.id for clip in hands.clips.collection.clips] == [1, 3, 2]
    assert panel.selected() == [3]
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert [clip.id for clip in hands.clips.collection.clips] == [1, 2]
    hands.do("clips_restore")
    assert [clip.id for clip in hands.clips.collection.clips] == [1, 3, 2]
    assert all(clip.video.exists() for clip in hands.clips.collection.clips)


def with_boxes(hands: Hands, clip: Clip) -> None:
    """A first box in every clip's project."""
    for entry in hands.clips.collection.clips:
        document, track = Document(replace_video(entry.video)).with_new_track("car")
        document = document.with_track(track.with_keyframes([Keyframe(0, clip.boxes[0])]))
        project_file.save(document, entry.project)


def replace_video(path: Path):
    from core.document.document import VideoRef

    return VideoRef(str(path))


def test_that_all_clips_are_tracked_in_the_background_the_open_one_too(
    hands: Hands, clip: Clip
) -> None:
    driver = hands.driver
    with_boxes(hands, clip)
    hands.open(0)
    drawn = Box(3, 3, 12, 12)
    driver.goto(20)
    driver.draw(drawn)
    hands.match()
    hands.do("clips_track")
    assert driver.desk.state.batch
    driver.until(lambda: hands.panel.busy() != "")
    hands.until_no_batch()
    hands.until_row(1, "30 boxes")
    track = driver.desk.document.tracks[0]
    assert len(track) == 30, "what was tracked came into the open clip"
    assert track.at(20).source is Source.MANUAL
    np.testing.assert_allclose(track.at(10).box.as_tuple(), clip.boxes[10].as_tuple())
    assert driver.desk.stack.undoText() == "Take over tracked boxes"
    hands.clips.step(1)
    driver.until(lambda: hands.clips.current is not None and hands.clips.current.id == 2)
    first = project_file.load(hands.clips.collection.clip(1).project)
    assert first.tracks == (track,), "saving over what the batch wrote lost nothing"
    assert "frames tracked in 3 clips" in driver.notice_texts("success")[-1]


def test_that_a_failing_clip_is_told_and_the_others_are_tracked(hands: Hands, clip: Clip) -> None:
    with_boxes(hands, clip)
    hands.clips.collection.clip(2).project.write_text("{")
    hands.clips.refresh()
    hands.until_row(1, "cannot be read")
    hands.match()
    hands.do("clips_track")
    hands.until_no_batch()
    hands.until_row(2, "30 boxes")
    assert any("3 clips" not in t and "2 clips" in t for t in hands.driver.notice_texts("warning"))
    assert "b.boxtrail" in hands.row(1).tip


def test_that_a_stopped_batch_keeps_what_it_found_and_goes_on_later(
    hands: Hands, clip: Clip
) -> None:
    with_boxes(hands, clip)
    driver = hands.driver
    hands.match(delay=0.02)
    hands.do("clips_track")
    driver.until(lambda: (p := hands.batch.of(1)) is not None and (p.fraction or 0) > 0.2)
    hands.do("clips_stop")
    hands.until_no_batch()
    kept = len(project_file.load(hands.clips.collection.clip(1).project).tracks[0])
    assert 3 < kept < 30
    hands.match(delay=0.0)
    hands.do("clips_track")
    hands.until_no_batch()
    for entry in hands.clips.collection.clips:
        assert len(project_file.load(entry.project).tracks[0]) == 30


def test_that_the_wish_of_the_dialog_reaches_the_batch(
    hands: Hands, clip: Clip, answers: Answers
) -> None:
    with_boxes(hands, clip)
    hands.clips.set_status([2], ClipStatus.DONE)
    answers.on_batch = None
    hands.match()
    hands.do("clips_track")
    assert not hands.batch.is_running
    assert answers.asked[-1] == "batch 3 template-match"
    answers.on_batch = replace(BatchWish(), until_unsure=False)
    hands.do("clips_track")
    hands.until_no_batch()
    sizes = [len(project_file.load(c.project).tracks[0]) for c in hands.clips.collection.clips]
    assert sizes == [30, 1, 30], "what is done stays as it is"


def test_that_one_moved_video_leads_to_the_others_and_opens(
    hands: Hands, answers: Answers, videos: list[Path], tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    videos[0].parent.rename(moved)
    answers.video_path = moved / "b.mkv"
    hands.panel.list.itemDoubleClicked.emit(hands.panel.list.item(1))
    hands.driver.until(lambda: hands.clips.current is not None)
    assert hands.clips.current.id == 2
    assert [c.video.parent for c in hands.clips.collection.clips] == [moved] * 3
    assert len([q for q in answers.asked if q.startswith("moved")]) == 1
    assert "3 of 3 videos found." in hands.driver.notice_texts()


def test_that_a_video_found_again_gets_its_thumbnail(
    hands: Hands, answers: Answers, videos: list[Path], tmp_path: Path
) -> None:
    images = hands.panel._images
    hands.driver.until(lambda: len(images) == 3)
    moved = tmp_path / "elsewhere"
    videos[0].parent.rename(moved)
    hands.panel.forget_thumbnail(1)
    hands.driver.until(lambda: 1 in images)
    assert images[1].isNull()
    answers.video_path = moved / "a.mkv"
    hands.do("clips_locate")
    hands.driver.until(lambda: 1 in images and not images[1].isNull())


def test_that_several_dropped_files_become_a_list(
    driver: Driver, videos: list[Path], tmp_path: Path, answers: Answers
) -> None:
    hands = Hands(driver)
    answers.save_path = tmp_path / "dropped"
    driver.canvas.files_dropped.emit([str(path) for path in videos])
    driver.until(lambda: len(hands.clips.collection.clips) == 3)
    assert hands.clips.path == tmp_path / "dropped.boxtrails"
    assert driver.desk.session is None


def test_that_unsaved_work_of_a_clip_that_was_never_saved_is_recovered_in_its_place(
    hands: Hands, make_driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.autosave import folder
    from core.document import autosave

    hands.open(0)
    hands.driver.draw(Box(20, 20, 30, 25))
    hands.driver.window.controller.project.autosaver.save_and_wait()
    (journal,) = folder().glob("*.recovery")
    kept = journal.read_bytes()
    project = hands.clips.collection.clip(1).project
    hands.driver.desk.stack.setClean()
    hands.driver.close()
    assert not project.exists()
    journal.write_bytes(kept)  # as a killed program leaves it
    again = make_driver()
    again.answers.on_recover = "restore"
    assert again.window.controller.project.offer_recovery()
    again.until(lambda: again.desk.session is not None)
    again.settle()
    assert len(again.desk.document.tracks) == 1
    again.window.controller.project.save()
    assert len(project_file.load(project).tracks) == 1
    assert autosave.candidates(folder()) == []
