"""Moved videos: one is shown, the others follow, and no other clip is taken for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.collection.collection import Clip
from core.collection.relocate import Missing, located, missing, relocate
from core.document import project_file
from core.document.document import Document, VideoRef
from core.video.fingerprint import file_fingerprint


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXTRAIL_HOME", str(tmp_path / "home"))


def video(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def clips_of(work: Path, videos: list[Path]) -> list[Clip]:
    clips = []
    for number, place in enumerate(videos, 1):
        project = work / f"{number}.boxtrail"
        ref = VideoRef(str(place), file_fingerprint(place))
        project_file.save(Document(ref), project)
        clips.append(Clip(number, project, place))
    return clips


def test_that_the_others_are_found_below_the_folder_that_moved(tmp_path: Path) -> None:
    old = tmp_path / "disk" / "shoot"
    names = ["day1/a.mp4", "day1/b.mp4", "day2/a.mp4"]
    clips = clips_of(tmp_path / "work", [video(old / name, name) for name in names])
    assert missing(clips) == []
    new = tmp_path / "other" / "shoot"
    new.parent.mkdir()
    old.rename(new)
    gone = missing(clips)
    assert [m.clip.id for m in gone] == [1, 2, 3]
    places = located(gone[0], new / "day1" / "a.mp4", gone)
    assert places == {k: new / name for k, name in enumerate(names, 1)}
    changed = relocate(clips, places)
    assert [clip.video for clip in changed.values()] == list(places.values())
    assert missing(changed.values()) == []
    stored = project_file.load(clips[2].project).video
    assert stored.path == (new / "day2" / "a.mp4").as_posix()
    assert stored.fingerprint


def test_that_a_flat_folder_is_searched_by_name_and_another_clip_is_not_taken(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "old", tmp_path / "flat"
    clips = clips_of(tmp_path / "work", [video(old / f"{n}/{n}.mp4", n) for n in "abc"])
    for n in "ab":
        video(new / f"{n}.mp4", n)
    video(new / "c.mp4", "something else")
    for n in "abc":
        (old / f"{n}/{n}.mp4").unlink()
    gone = missing(clips)
    assert located(gone[0], new / "a.mp4", gone) == {1: new / "a.mp4", 2: new / "b.mp4"}


def test_that_paths_of_another_system_are_understood(tmp_path: Path) -> None:
    new = video(tmp_path / "clips" / "day1" / "a.mp4", "a")
    video(tmp_path / "clips" / "day2" / "b.mp4", "b")
    blank = Clip(1, tmp_path / "1.boxtrail", Path("x"))
    first = Missing(blank, r"C:\clips\day1\a.mp4")
    second = Missing(replace(blank, id=2), r"C:\clips\day2\b.mp4")
    assert located(first, new, [first, second])[2] == tmp_path / "clips" / "day2" / "b.mp4"


def test_that_a_renamed_video_is_taken_as_shown_and_nobody_follows(tmp_path: Path) -> None:
    new = video(tmp_path / "renamed.mp4", "a")
    blank = Clip(1, tmp_path / "1.boxtrail", Path("x"))
    first, second = Missing(blank, "/v/a.mp4"), Missing(replace(blank, id=2), "/v/b.mp4")
    assert located(first, new, [second]) == {1: new}
