"""What is said of clips follows from their documents."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.alarms import review
from core.alarms.kinds import Alarm
from core.collection.collection import Clip, ClipStatus
from core.collection.merge import stamp, update_project, with_new_runs
from core.collection.summary import Standing, Summaries, summary_of, totals
from core.document import project_file
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Keyframe
from core.geometry import Box
from core.states import Source, TargetState


def tracked(frames: range, doubtful: set[int] = frozenset(), run: int = 1) -> Columns:
    n = len(frames)
    return Columns.of(
        {
            "frames": np.array(frames),
            "boxes": np.tile([1.0, 2, 3, 4], (n, 1)),
            "scores": np.ones(n),
            "sources": np.full(n, Source.TRACKED),
            "states": np.full(n, TargetState.TRACKING),
            "flags": np.zeros(n),
            "runs": np.full(n, run),
            "alarms": [int(Alarm.SCORE) if f in doubtful else 0 for f in frames],
        }
    )


def with_box() -> Document:
    document, track = Document(VideoRef("a.mp4", frame_count=50)).with_new_track()
    return document.with_track(track.with_keyframes([Keyframe(0, Box(1, 2, 3, 4))]))


def with_run(created: str = "t1", doubtful: set[int] = frozenset()) -> Document:
    run = Run(1, 1, "ccr", {}, 0, 9, created=created, seconds=2.0)
    return with_box().with_run(run, tracked(range(1, 10), doubtful))


def test_that_the_status_goes_from_new_to_tracked_to_review_to_done() -> None:
    assert summary_of(with_box()).status is ClipStatus.NEW
    document = with_run(doubtful={2, 8})
    found = summary_of(document)
    assert (found.status, found.left, found.boxes, found.manual) == (ClipStatus.TRACKED, 2, 10, 1)
    assert (found.frames, found.tracks, found.runs, found.seconds) == (50, 1, 1, 2.0)
    for expected, left in ((ClipStatus.IN_REVIEW, 1), (ClipStatus.DONE, 0)):
        place = review.queue(document)[0]
        document = document.with_track(review.dismissed(document.track(1), place))
        found = summary_of(document)
        assert (found.status, found.left) == (expected, left)


def test_that_a_locked_object_is_finished() -> None:
    document = with_run(doubtful={2})
    locked = document.with_track(replace(document.track(1), locked=True))
    assert summary_of(locked).left == 0


def test_that_numbers_are_read_again_only_when_the_project_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = Clip(1, tmp_path / "a.boxtrail", tmp_path / "a.mp4")
    cache = tmp_path / "cache.json"
    assert Summaries(cache).standing(clip) == Standing(clip)
    project_file.save(with_run(), clip.project)
    summaries = Summaries(cache)
    before = summaries.standing(clip)
    assert before.summary.boxes == 10
    summaries.keep()
    loads = []
    real = project_file.load
    monkeypatch.setattr(project_file, "load", lambda p: loads.append(p) or real(p))
    again = Summaries(cache)
    assert again.standing(clip) == before
    assert loads == []
    project_file.save(with_box(), clip.project)
    os.utime(clip.project, ns=(1, 1))
    assert again.standing(clip).summary.boxes == 1
    assert loads == [clip.project]
    cache.write_text("[[1]]")
    assert Summaries(cache).standing(clip).summary.boxes == 1


def test_that_a_project_that_cannot_be_read_is_told_and_the_others_count(tmp_path: Path) -> None:
    good = Clip(1, tmp_path / "a.boxtrail", tmp_path / "a.mp4", ClipStatus.DONE)
    bad = Clip(2, tmp_path / "b.boxtrail", tmp_path / "b.mp4")
    project_file.save(with_run(doubtful={3}), good.project)
    bad.project.write_text("{")
    found = Summaries().standings([good, bad])
    assert "b.boxtrail" in found[1].problem
    total = totals(found)
    assert (total.clips, total.problems, total.summary.boxes) == (2, 1, 10)
    assert total.by_status[ClipStatus.DONE] == 1
    assert total.summary.left == 0, "a clip that was called done waits for nobody"


def test_that_what_another_program_tracked_comes_in_and_a_persons_boxes_stay() -> None:
    start = with_box()
    theirs = start.with_run(Run(1, 1, "edcf", {}, 0, 9, created="t2"), tracked(range(1, 10)))
    drawn = Keyframe(5, Box(9, 9, 9, 9))
    mine = start.with_track(start.track(1).with_keyframes([drawn]))
    mine = mine.with_run(Run(1, 1, "ccr", {}, 0, 3, created="t1"), tracked(range(1, 4)))
    merged = with_new_runs(mine, theirs)
    track = merged.track(1)
    assert track.at(5).box == drawn.box
    assert [run.id for run in merged.runs] == [1, 2]
    assert track.columns.frames.tolist() == list(range(10))
    assert set(track.columns.runs.tolist()) == {0, 2}
    assert with_new_runs(merged, theirs) is merged, "once is enough"
    gone = mine.without_track(1)
    assert with_new_runs(gone, theirs) is gone


def test_that_a_project_is_changed_as_it_is_on_disk_now(tmp_path: Path) -> None:
    path = tmp_path / "a.boxtrail"
    assert stamp(path) is None
    update_project(path, lambda before: with_box() if before is None else before)
    first = stamp(path)
    seen = []

    def change(before: Document | None) -> Document:
        assert before is not None
        seen.append(len(before.track(1)))
        return with_run()

    update_project(path, change)
    assert seen == [1]
    assert stamp(path) != first
    assert len(project_file.load(path).track(1)) == 10
