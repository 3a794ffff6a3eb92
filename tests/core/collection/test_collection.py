"""Lists of clips: order, ids, files that add up, and what clips are in them."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.collection import file as collection_file
from core.collection.collection import Clip, ClipStatus, Collection
from core.collection.gather import gather
from core.document import project_file
from core.document.document import Document, VideoRef
from core.errors import ProjectError


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXTRAIL_HOME", str(tmp_path / "home"))


def clips(folder: Path, *names: str) -> list[Clip]:
    return [Clip(1, folder / f"{name}.boxtrail", folder / f"{name}.mp4") for name in names]


def titles(collection: Collection) -> str:
    return "".join(clip.title[0] for clip in collection.clips)


def five() -> Collection:
    return Collection().added(clips(Path("/v"), *"abcde"))


@pytest.mark.parametrize(
    ("rows", "by", "expected"),
    [
        ((1, 2), -1, "bcade"),
        ((1, 2), 1, "adbce"),
        ((0,), -1, "abcde"),
        ((4,), 1, "abcde"),
        ((0, 4), 1, "bcdae"),
        ((1, 3), -1, "bdace"),
        ((), 1, "abcde"),
    ],
)
def test_that_chosen_clips_move_as_a_block_and_no_clip_is_lost(rows, by, expected) -> None:
    before = five()
    after = before.moved([before.clips[row].id for row in rows], by)
    assert titles(after) == expected


def test_that_ids_are_never_used_twice_and_a_clip_is_listed_once() -> None:
    some = five().without([5]).added(clips(Path("/v"), "a", "f"))
    assert titles(some) == "abcdf"
    assert [clip.id for clip in some.clips] == [1, 2, 3, 4, 6]


def test_that_a_clip_taken_off_comes_back_to_its_place() -> None:
    before = five()
    gone = before.clip(3)
    assert before.without([3]).restored(gone, 2) == before
    assert before.restored(gone, 0) == before


def test_that_a_list_reads_back_as_it_was_and_can_be_moved_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "ä work"
    (folder / "clips").mkdir(parents=True)
    (folder / "clips" / "a.mp4").write_bytes(b"x")
    entry = Clip(1, folder / "work_projects" / "a.boxtrail", folder / "clips" / "a.mp4",
                 ClipStatus.DONE, "the first")  # fmt: skip
    path = folder / "work.boxtrails"
    made = collection_file.create(path, Collection().added([entry]))
    assert collection_file.load(path) == made
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    (found,) = collection_file.load(moved / "work.boxtrails").clips
    assert found.video == moved / "clips" / "a.mp4"
    assert found.project == moved / "work_projects" / "a.boxtrail"
    assert found.status is ClipStatus.DONE


def test_that_only_the_list_moving_still_finds_the_clips(tmp_path: Path) -> None:
    video = tmp_path / "videos" / "a.mp4"
    video.parent.mkdir()
    video.write_bytes(b"x")
    path = tmp_path / "one" / "work.boxtrails"
    collection_file.create(path, Collection().added([Clip(1, tmp_path / "a.boxtrail", video)]))
    target = tmp_path / "x" / "y" / "work.boxtrails"
    target.parent.mkdir(parents=True)
    path.rename(target)
    assert collection_file.load(target).clips[0].video == video


def test_that_changes_made_at_the_same_time_add_up(tmp_path: Path) -> None:
    path = tmp_path / "work.boxtrails"
    collection_file.create(path)

    def add(number: int) -> None:
        for k in range(5):
            new = clips(tmp_path, f"{number}-{k}")
            collection_file.update(path, lambda c, new=new: c.added(new))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(collection_file.load(path).clips) == 30


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "is not a Boxtrail list"),
        ({"version": 99}, "newer Boxtrail"),
        ({"clips": [{"id": 0}]}, r"clips\[0\].id: 0 is not within"),
        ({"clips": [{"id": 1, "project": ""}]}, r"clips\[0\].project: it is empty"),
        ({"clips": [{"id": 1, "project": "a", "video": "b"}] * 2}, "used twice"),
        ({"clips": [{"id": 1, "project": "a", "video": "b", "status": "x"}]}, "not a status"),
    ],
)
def test_that_a_damaged_list_is_refused_with_the_place_and_left_alone(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "a.boxtrails"
    value = {"format": "boxtrail-collection", "version": 1, "clips": [], "next_id": 1} | change
    path.write_text(json.dumps(value))
    with pytest.raises(ProjectError, match=message):
        collection_file.update(path, lambda c: c.added(clips(tmp_path, "a")))
    assert json.loads(path.read_text()) == value


def test_that_a_folder_is_searched_and_a_project_stands_for_its_clip(tmp_path: Path) -> None:
    work = tmp_path / "in"
    for name in ("clip10.mp4", "clip2.MP4", "sub/deep/x.avi", "notes.txt", ".hidden.mp4"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(b"x")
    for k in range(3):
        (work / "pictures").mkdir(exist_ok=True)
        (work / "pictures" / f"{k}.jpg").write_bytes(b"x")
    project_file.save(Document(VideoRef(str(work / "clip2.MP4"))), work / "clip2.boxtrail")
    listed = tmp_path / "list.boxtrails"
    found = gather([work], listed, Collection())
    assert [clip.title for clip in found.clips] == ["clip2.MP4", "clip10.mp4", "pictures", "x.avi"]
    assert found.clips[0].project == work / "clip2.boxtrail"
    assert found.clips[1].project == tmp_path / "list_projects" / "clip10.boxtrail"
    known = Collection().added(found.clips)
    assert gather([work], listed, known).clips == []


def test_that_a_video_named_alone_is_known_by_the_project_beside_it(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"x")
    project_file.save(Document(VideoRef(str(tmp_path / "a.mp4"))), tmp_path / "a.boxtrail")
    project_file.save(Document(VideoRef(str(tmp_path / "other.mp4"))), tmp_path / "b.boxtrail")
    found = gather([tmp_path / "a.mp4", tmp_path / "b.mp4"], tmp_path / "l.boxtrails", Collection())
    assert [clip.project.parent.name for clip in found.clips] == [tmp_path.name, "l_projects"]


def test_that_clips_of_one_name_get_projects_of_their_own(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").write_bytes(b"x")
    found = gather([tmp_path], tmp_path / "l.boxtrails", Collection()).clips
    assert sorted(clip.project.name for clip in found) == ["a-2.boxtrail", "a.boxtrail"]


def test_that_what_cannot_be_used_is_said_and_the_rest_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "bad.boxtrail").write_text("{")
    found = gather([tmp_path, tmp_path / "gone.mp4"], tmp_path / "l.boxtrails", Collection())
    assert [clip.title for clip in found.clips] == ["a.mp4"]
    assert len(found.problems) == 2
    assert "bad.boxtrail" in found.problems[0]
    assert "gone.mp4" in found.problems[1]


def test_that_status_by_hand_can_be_taken_back() -> None:
    done = five().with_status([2, 3], ClipStatus.DONE)
    assert [clip.status for clip in done.clips] == [None, "done", "done", None, None]
    assert done.with_status([2, 3], None) == five()
    assert done.with_clip(replace(done.clip(1), name="x")).clip(1).title == "x"
