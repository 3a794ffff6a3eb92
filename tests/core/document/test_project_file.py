"""Projects on disk: nothing lost, nothing invented, every mistake named."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import project_file
from core.document.document import Document, VideoRef
from core.document.project_file import VideoMoved, load, locate_video, save, video_differs
from core.document.track import Columns, Track
from core.errors import ProjectError, StorageError


def without_paths(document: Document) -> Document:
    return dataclasses.replace(document, video=VideoRef(""))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_that_any_document_is_loaded_as_it_was_saved(
    any_document: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    document = data.draw(any_document)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.boxtrail"
        save(document, path)
        loaded = load(path)
    assert without_paths(loaded) == without_paths(document)
    assert loaded.video.fingerprint == document.video.fingerprint


def test_that_saving_twice_gives_the_same_bytes(document: Document, tmp_path: Path) -> None:
    save(document, tmp_path / "a.boxtrail")
    save(load(tmp_path / "a.boxtrail"), tmp_path / "b.boxtrail")
    assert (tmp_path / "a.boxtrail").read_bytes() == (tmp_path / "b.boxtrail").read_bytes()


def test_that_the_file_is_plain_json_with_one_row_per_box(
    document: Document, tmp_path: Path
) -> None:
    save(document, tmp_path / "a.boxtrail")
    raw = json.loads((tmp_path / "a.boxtrail").read_text("utf-8"))
    assert (raw["format"], raw["version"]) == ("boxtrail-project", 2)
    car = raw["tracks"][0]
    assert car["frames"] == [[10, 30]]
    assert car["boxes"][0] == [1, 2, 30, 40]
    assert car["sources"] == [[0, 1], [1, 20]]
    assert raw["video"]["fingerprint"] == "f00d"
    assert b"\r" not in (tmp_path / "a.boxtrail").read_bytes()


def test_that_a_box_a_tracker_broke_does_not_make_the_project_unreadable(
    document: Document, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    boxes = np.array([[1, 1, 5, 5], [np.nan, 1, 5, 5], [1, 1, np.inf, 5], [1, 1, -5, 5]], float)
    ones = np.ones(4)
    broken = Columns.of(
        {"frames": [1, 2, 3, 4], "boxes": boxes, "scores": [np.nan, 1, 1, 1], "sources": ones,
         "states": ones, "flags": ones * 0, "runs": ones}
    )  # fmt: skip
    save(document.with_track(Track(7, columns=broken)), tmp_path / "a.boxtrail")
    assert load(tmp_path / "a.boxtrail").track(7).columns.frames.tolist() == [1]
    assert "3 boxes" in caplog.text


def test_that_a_file_name_that_is_not_utf8_survives(document: Document, tmp_path: Path) -> None:
    odd = dataclasses.replace(document, video=VideoRef("/videos/a\udcff.mp4"))
    save(odd, tmp_path / "a.boxtrail")
    assert load(tmp_path / "a.boxtrail").video.path == "/videos/a\udcff.mp4"


# ---- bad files ----------------------------------------------------------------------


def good(document: Document, tmp_path: Path) -> dict[str, Any]:
    save(document, tmp_path / "good.boxtrail")
    return json.loads((tmp_path / "good.boxtrail").read_text("utf-8"))


def put(raw: Any, path: list[Any], value: Any) -> None:
    for step in path[:-1]:
        raw = raw[step]
    if value is DROP:
        del raw[path[-1]]
    else:
        raw[path[-1]] = value


DROP = object()
DAMAGES = [
    (["tracks"], DROP, "tracks: it is missing"),
    (["tracks"], {}, "tracks: a list was expected"),
    (["tracks", 0], 5, "tracks[0]: an object was expected"),
    (["tracks", 0, "id"], "one", "tracks[0].id: a whole number"),
    (["tracks", 0, "id"], True, "tracks[0].id: a whole number"),
    (["tracks", 0, "id"], 0, "tracks[0].id: 0 is not within"),
    (["tracks", 0, "id"], 10**400, "tracks[0].id: a huge number is not within"),
    (["tracks", 1, "id"], 1, "tracks[1].id: 1 is used by tracks[0] already"),
    (["tracks", 0, "color"], "red", "tracks[0].color: \"red\" is not a colour"),
    (["tracks", 0, "visible"], 1, "tracks[0].visible: true or false"),
    (["tracks", 0, "label"], None, "tracks[0].label: text was expected"),
    (["tracks", 0, "boxes", 17], [1, 2, 3], "tracks[0].boxes[17]: four numbers"),
    (["tracks", 0, "boxes", 17], "1234", "tracks[0].boxes[17]: a list was expected"),
    (["tracks", 0, "boxes", 17, 2], "5", "tracks[0].boxes[17][2]: a number was expected"),
    (["tracks", 0, "boxes", 17, 2], True, "tracks[0].boxes[17][2]: a number was expected"),
    (["tracks", 0, "boxes", 17, 2], None, "tracks[0].boxes[17][2]: a number was expected"),
    (["tracks", 0, "boxes", 17, 2], -1, "tracks[0].boxes[17][2]: -1 is not within"),
    (["tracks", 0, "boxes", 17, 0], 1e300, "tracks[0].boxes[17][0]: 1e+300 is not within"),
    (["tracks", 0, "boxes", 17, 0], 10**400, "tracks[0].boxes[17][0]: a huge number is not"),
    (["tracks", 0, "boxes", 17], [[1], 2, 3, 4], "tracks[0].boxes[17][0]: a number"),
    (["tracks", 0, "boxes"], [], "tracks[0].frames: 21 frames for 0 boxes"),
    (["tracks", 0, "frames"], [[-1, 19]], "tracks[0].frames[0][0]: -1 is not within"),
    (["tracks", 0, "frames"], [[30, 10]], "tracks[0].frames[0]: the range ends before"),
    (["tracks", 0, "frames"], [[20, 30], [10, 19]], "tracks[0].frames[1]: frame 10 comes after"),
    (["tracks", 0, "frames"], [[10, 20], [20, 29]], "tracks[0].frames[1]: frame 20 comes after"),
    (["tracks", 0, "frames"], [[0, 2**31 - 1]], "tracks[0].frames: 2147483648 frames for 21"),
    (["tracks", 0, "frames"], [[0]], "tracks[0].frames[0]: a range"),
    (["tracks", 0, "frames"], [[0.5, 3]], "tracks[0].frames[0][0]: a whole number"),
    (["tracks", 0, "scores"], [1.0], "tracks[0].scores: 1 scores for 21 boxes"),
    (["tracks", 0, "scores", 3], "x", "tracks[0].scores[3]: a number"),
    (["tracks", 0, "scores", 3], 10**400, "tracks[0].scores[3]: a huge number"),
    (["tracks", 0, "sources"], [[9, 21]], "tracks[0].sources[0][0]: 9 is not within 0 to 3"),
    (["tracks", 0, "flags"], [[0, 20]], "tracks[0].flags: values for 20 boxes where there are 21"),
    (["tracks", 0, "flags"], [[0, 10**12]], "tracks[0].flags[0][1]: 1000000000000 is not within"),
    (["tracks", 0, "runs"], [[0]], "tracks[0].runs[0]: a pair"),
    (["labels", 1, "name"], "car", "labels[1].name: \"car\" is used by labels[0] already"),
    (["runs", 0, "policy"], "forget", "runs[0].policy: \"forget\" is not a correction policy"),
    (["runs", 0, "params"], {"a": [1]}, "runs[0].params.a: a plain value"),
    (["runs", 0, "seconds"], -1, "runs[0].seconds: -1 is not within"),
    (["video"], DROP, "video: it is missing"),
    (["video", "path"], 3, "video.path: text was expected"),
    (["video", "fps"], "25", "video.fps: a number"),
    (["version"], "1", "version: a whole number"),
    (["version"], DROP, "version: it is missing"),
    (["next_track_id"], 0, "next_track_id: 0 is not within"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), DAMAGES)
def test_that_damage_is_named_by_its_place(
    path: list[Any], value: Any, message: str, document: Document, tmp_path: Path
) -> None:
    raw = good(document, tmp_path)
    put(raw, path, value)
    (tmp_path / "bad.boxtrail").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(ProjectError) as caught:
        load(tmp_path / "bad.boxtrail")
    assert "damaged at " + message in caught.value.message
    assert "older copy" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"not json", "not valid JSON"),
        (b'{"format": "boxtrail-project", "version": 1, "tracks": [', "ends too early"),
        (b'{"format": "boxtrail-project", "version": NaN}', "NaN is not a number"),
        (b'{"format": "boxtrail-project", "version": -Infinity}', "Infinity is not a number"),
        (b"\xff\xfe\x00\x01binary", "not text"),
        (b'{"shapes": [], "imagePath": "a.png"}', "is not a Boxtrail project"),
        (b"[1, 2]", "is not a Boxtrail project"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"format": "boxtrail-project", "version": 4, "x": 1}', "made by a newer Boxtrail"),
        (b"1" * 5000, "cannot be read"),
    ],
)
def test_that_foreign_and_torn_files_are_refused_in_plain_words(
    content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.boxtrail").write_bytes(content)
    with pytest.raises(ProjectError, match=message) as caught:
        load(tmp_path / "bad.boxtrail")
    assert caught.value.hint
    assert (tmp_path / "bad.boxtrail").read_bytes() == content


def test_that_deeply_nested_values_are_refused(document: Document, tmp_path: Path) -> None:
    text = json.dumps(good(document, tmp_path))
    deep = text.replace('"notes": ""', '"notes": ' + "[" * 900 + "]" * 900)
    assert deep != text
    (tmp_path / "bad.boxtrail").write_text(deep)
    with pytest.raises(ProjectError, match="notes: text was expected"):
        load(tmp_path / "bad.boxtrail")


def test_that_missing_files_folders_and_giants_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ProjectError, match="does not exist"):
        load(tmp_path / "none.boxtrail")
    with pytest.raises(ProjectError, match="is a folder"):
        load(tmp_path)
    (tmp_path / "big.boxtrail").write_bytes(b" " * 2000)
    monkeypatch.setattr(project_file, "SIZE_LIMIT", 1000)
    with pytest.raises(ProjectError, match="too large"):
        load(tmp_path / "big.boxtrail")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_that_random_damage_gives_an_error_or_a_document_never_a_crash(data: st.DataObject) -> None:
    raw = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.boxtrail"
        path.write_bytes(raw)
        with contextlib.suppress(ProjectError):
            assert load(path).tracks, "a damaged project must not open as an empty one"


SAMPLE = (
    b'{"format":"boxtrail-project","version":1,"video":{"path":"a.mp4"},"labels":[],"tracks":['
    b'{"id":1,"frames":[[0,1]],"boxes":[[1,2,3,4],[5.5,6,7,8]],"scores":[1,0.5],'
    b'"sources":[[0,2]],"states":[[0,2]],"flags":[[0,2]],"runs":[[0,2]]}],"runs":[]}'
)


def test_that_every_cut_of_a_project_is_refused(tmp_path: Path) -> None:
    for length in range(len(SAMPLE)):
        (tmp_path / "cut.boxtrail").write_bytes(SAMPLE[:length])
        with pytest.raises(ProjectError):
            load(tmp_path / "cut.boxtrail")


# ---- versions -----------------------------------------------------------------------


def test_that_older_versions_are_migrated_step_by_step(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = good(document, tmp_path) | {"version": 1}
    raw["comment"] = raw.pop("notes") + "old"  # version 1 as it might have been

    def rename(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "remark": old["comment"]}

    def rename_again(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "notes": old["remark"]}

    monkeypatch.setattr(project_file, "VERSION", 3)
    monkeypatch.setattr(project_file, "MIGRATIONS", {1: rename, 2: rename_again})
    path = tmp_path / "old.boxtrail"
    path.write_text(json.dumps(raw), "utf-8")
    assert load(path).notes == "old"
    del raw["comment"]
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(ProjectError, match=r"version 1\) cannot be brought up to date"):
        load(path)


def test_that_every_version_before_this_one_has_a_migration() -> None:
    assert set(project_file.MIGRATIONS) == set(range(1, project_file.VERSION))


VERSION_1 = """{"format": "boxtrail-project", "version": 1,
"video": {"path":"/videos/a.mp4","elsewhere":"/videos/a.mp4",
"fingerprint":"f00d","width":640,"height":480,
"frame_count":100,"fps":25.0},
"labels": [{"name":"car","color":"#ff0000"}],
"tracks": [{"id": 1, "label": "car", "name": "", "color": "", "visible": true, "locked": true,
"frames": [[10,12]], "boxes": [[1.0,2.0,30.0,40.0],[1.5,2.0,30.0,40.0],[2.0,2.0,30.0,40.0]],
"scores": [1.0,0.98,0.5], "sources": [[0,1],[1,2]], "states": [[0,2],[1,1]],
"flags": [[0,2],[3,1]], "runs": [[0,1],[1,2]]}],
"runs": [{"id":1,"track":1,"tracker":"ccr","params":{"learning_rate":0.02},"start":10,"end":12,
"policy":"new_template","device":"cpu","seconds":0.8,"created":"2026-01-01T10:42:00+00:00"}],
"next_track_id": 2, "next_run_id": 2, "notes": "a note"}"""


def test_that_a_file_of_the_first_version_still_opens_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "old.boxtrail"
    path.write_text(VERSION_1, "utf-8")
    document = load(path)
    track = document.track(1)
    assert (track.label, track.locked, track.intervals, dict(track.attributes)) == (
        "car", True, (), {})  # fmt: skip
    assert track.columns.boxes.tolist()[2] == [2, 2, 30, 40]
    assert track.at(12) is not None
    assert track.columns.flags.tolist() == [0, 0, 3]
    assert document.runs[0].params == {"learning_rate": 0.02}
    assert document.notes == "a note"
    save(document, path)
    assert load(path) == document


# ---- the clip -----------------------------------------------------------------------


def project_with(video: Path, project: Path) -> Document:
    project.parent.mkdir(parents=True, exist_ok=True)
    save(Document(VideoRef(video.as_posix())), project)
    return load(project)


def test_that_the_clip_is_stored_relative_and_found_when_both_move(tmp_path: Path) -> None:
    video = tmp_path / "work" / "clips" / "ü 1.mp4"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"x")
    project_with(video, tmp_path / "work" / "labels" / "a.boxtrail")
    raw = json.loads((tmp_path / "work" / "labels" / "a.boxtrail").read_text("utf-8"))
    assert raw["video"]["path"] == "../clips/ü 1.mp4"
    (tmp_path / "work").rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere" / "labels" / "a.boxtrail"
    assert locate_video(load(moved), moved) == tmp_path / "elsewhere" / "clips" / "ü 1.mp4"


def test_that_the_clip_is_found_when_only_the_project_moves(tmp_path: Path) -> None:
    video = tmp_path / "clips" / "a.mp4"
    video.parent.mkdir()
    video.write_bytes(b"x")
    project_with(video, tmp_path / "labels" / "a.boxtrail")
    moved = tmp_path / "far" / "away" / "a.boxtrail"
    moved.parent.mkdir(parents=True)
    (tmp_path / "labels" / "a.boxtrail").rename(moved)
    assert locate_video(load(moved), moved) == video
    save(load(moved), moved)
    assert locate_video(load(moved), moved) == video, "saving there must not forget the place"


def test_that_a_clip_beside_the_project_is_found_by_name(tmp_path: Path) -> None:
    project = tmp_path / "a.boxtrail"
    document = project_with(tmp_path / "gone" / "a.mp4", project)
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert locate_video(document, project) == tmp_path / "a.mp4"


def test_that_a_windows_path_is_understood_anywhere(tmp_path: Path) -> None:
    project = tmp_path / "a.boxtrail"
    save(Document(VideoRef("D:/clips/a.mp4")), project)
    assert load(project).video.path == "D:/clips/a.mp4"
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert locate_video(load(project), project) == tmp_path / "a.mp4"
    assert locate_video(Document(VideoRef("D:\\clips\\a.mp4")), project) == tmp_path / "a.mp4"


def test_that_a_missing_clip_is_an_error_of_its_own(tmp_path: Path) -> None:
    project = tmp_path / "a.boxtrail"
    document = project_with(tmp_path / "gone" / "a.mp4", project)
    with pytest.raises(VideoMoved) as caught:
        locate_video(document, project)
    assert isinstance(caught.value, ProjectError)
    assert "“a.mp4”" in caught.value.message
    assert "Locate video…" in caught.value.hint
    assert caught.value.stored == (tmp_path / "gone" / "a.mp4").as_posix()
    for path in ("", "x" * 5000, "nul\0byte"):
        with pytest.raises(VideoMoved):
            locate_video(Document(VideoRef(path)), project)


def test_that_another_clip_is_told_apart_by_all_that_is_known() -> None:
    document = Document(VideoRef("a", "aa", 640, 480, 100, 25.0))
    assert video_differs(document, document.video) == ""
    assert video_differs(document, VideoRef("b")) == "", "nothing known, nothing claimed"
    assert "content" in video_differs(document, VideoRef("b", "bb", 640, 480, 100, 25.0))
    text = video_differs(document, VideoRef("b", "aa", 320, 240, 90, 30.0))
    for part in ("90 frames instead of 100", "320 × 240 instead of 640 × 480", "30 frames per"):
        assert part in text


# ---- failing disks ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "number", "words"),
    [
        ("fsync", errno.ENOSPC, "the disk is full"),
        ("mkstemp", errno.EACCES, "writing there is not allowed"),
        ("mkstemp", errno.EROFS, "read-only"),
        ("replace", errno.EPERM, "writing there is not allowed"),
        ("replace", errno.EIO, "could not be saved"),
    ],
)
def test_that_a_failed_save_leaves_the_old_project_and_no_litter(
    call: str,
    number: int,
    words: str,
    document: Document,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "a.boxtrail"
    save(document, path)
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    owner = {"fsync": os, "mkstemp": tempfile, "replace": Path}[call]
    monkeypatch.setattr(owner, call, fail)
    with pytest.raises(StorageError, match=words) as caught:
        save(document.without_track(1), path)
    assert caught.value.hint
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_that_litter_of_a_killed_save_is_removed_once_it_is_old(
    document: Document, tmp_path: Path
) -> None:
    old, young = tmp_path / ".a.boxtrail.1.tmp", tmp_path / ".a.boxtrail.2.tmp"
    other = tmp_path / ".b.boxtrail.1.tmp"
    for file in (old, young, other):
        file.touch()
    for file in (old, other):
        os.utime(file, (time.time() - 9000,) * 2)
    save(document, tmp_path / "a.boxtrail")
    assert sorted(f.name for f in tmp_path.glob(".*")) == [young.name, other.name]
