"""Several recovery files of one clip: which belong together, and which of them may go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.document import autosave, leftovers
from core.document.autosave import Autosave, Recovery, candidates, older_copies, put_by
from core.document.document import Document, VideoRef
from core.document.track import Keyframe
from core.geometry import Box


def left(folder: Path, *states: Document, project: Path | None = None) -> Recovery:
    """What a program leaves that wrote these states."""
    saver = Autosave(folder, project)
    for state in states:
        saver.write(state)
    assert saver._lock is not None
    saver._lock.release()
    assert saver.path is not None
    return next(found for found in candidates(folder) if found.path == saver.path)


def moved(document: Document, frame: int) -> Document:
    """The document with one more box."""
    track = document.track(1).with_keyframes([Keyframe(frame, Box(frame, 1, 2, 3))])
    return document.with_track(track)


def test_that_a_copy_holds_every_state_that_it_went_through(
    tmp_path: Path, document: Document
) -> None:
    first, second = moved(document, 70), moved(moved(document, 70), 71)
    newer = left(tmp_path, first, second)
    assert leftovers.holds(newer, left(tmp_path, document, first))
    assert leftovers.holds(newer, left(tmp_path, second))
    elsewhere = replace(first, video=VideoRef("elsewhere.mp4"))
    assert leftovers.holds(newer, left(tmp_path, elsewhere)), "the video was found elsewhere"


@pytest.mark.parametrize("change", ["frame", "box", "notes", "object"])
def test_that_a_copy_with_anything_else_is_not_held(
    change: str, tmp_path: Path, document: Document
) -> None:
    first = moved(document, 70)
    row = Keyframe(70, Box(70, 1, 2, 4))
    other = {
        "frame": moved(document, 71),
        "box": first.with_track(first.track(1).with_keyframes([row])),
        "notes": replace(first, notes="seen"),
        "object": first.without_track(2),
    }[change]
    newer = left(tmp_path, first, moved(first, 75))
    assert not leftovers.holds(newer, left(tmp_path, other))


def test_that_copies_are_parted_by_project_and_of_clips_without_one_by_clip(
    tmp_path: Path,
) -> None:
    for project, video in (("a", "1"), ("a", "2"), ("b", "1"), ("", "1"), ("", "2"), ("", "1")):
        left(tmp_path, Document(VideoRef(video)), project=tmp_path / project if project else None)
    groups = leftovers.by_clip(candidates(tmp_path))
    found = sorted([sorted((Path(r.project).name, r.video) for r in group) for group in groups])
    assert found == [
        [("", "1"), ("", "1")],
        [("", "2")],
        [("a", "1"), ("a", "2")],
        [("b", "1")],
    ]
    stamps = [[r.saved_at for r in group] for group in groups]
    assert stamps == [sorted(group, reverse=True) for group in stamps], "the newest first"


def test_that_what_is_put_by_is_kept_and_not_offered(tmp_path: Path, document: Document) -> None:
    project = tmp_path / "a.boxtrail"
    put_by(left(tmp_path, document, project=project))
    left(tmp_path, document)
    assert len(candidates(tmp_path)) == 1
    assert older_copies(tmp_path, project=tmp_path / "b.boxtrail") == []
    (kept,) = older_copies(tmp_path, project=project)
    assert kept.document == document
    autosave.discard(kept)
    assert older_copies(tmp_path) == []
