"""A batch: every clip through the core path, finished work skipped, failures collected."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from fakes.clip_file import write_clip

from core.alarms.stop import StopRule
from core.batch.clip import Hooks, Stretch, stretches, track_clip
from core.batch.job_file import read_job
from core.batch.log import BatchLog
from core.batch.run import Listener, Pace, run_batch
from core.batch.tasks import Options, Result, Task
from core.collection.merge import update_project
from core.document import project_file
from core.document.document import Document, VideoRef
from core.document.intervals import with_mode
from core.document.track import Keyframe
from core.errors import ProjectError
from core.geometry import Box
from core.states import Flag, IntervalMode, RunKind, Source
from core.video.fingerprint import file_fingerprint

MATCH = Options(tracker="template-match")
BOX = Box(1, 1, 9, 9)


def keyed(*frames: int, absent: tuple[int, ...] = ()) -> Document:
    document, track = Document(VideoRef("a")).with_new_track()
    rows = [Keyframe(f, BOX, flags=Flag.ABSENT if f in absent else Flag.NONE) for f in frames]
    return document.with_track(track.with_keyframes(rows))


def spans(document: Document, **options: object) -> list[tuple[int, int | None, int, bool]]:
    found = stretches(document, 100, replace(MATCH, **options))
    return [(s.start, s.stop, s.step, s.two_way) for s in found]


def test_that_runs_go_from_one_box_of_a_person_to_the_next() -> None:
    document = keyed(10, 20, 21, 99)
    assert spans(document) == [(10, 20, 1, False), (21, 99, 1, False)]
    assert spans(document, two_way=True) == [(10, 20, 1, True), (21, 99, 1, True)]
    assert spans(keyed(10), two_way=True, backward=True) == [
        (10, None, -1, False),
        (10, None, 1, False),
    ]


def test_that_absence_ends_a_run_and_starts_none() -> None:
    document = keyed(10, 30, 50, absent=(30,))
    assert spans(document, two_way=True) == [(10, 30, 1, False), (50, None, 1, False)]
    assert spans(keyed(10, 30, absent=(10,)), backward=True) == [(30, None, 1, False)]


def test_that_locked_objects_and_chosen_interval_modes_are_left_alone() -> None:
    document = keyed(10, 30, 50)
    smooth = with_mode(document.track(1), 10, 30, IntervalMode.SMOOTH)
    assert spans(document.with_track(smooth)) == [(30, 50, 1, False), (50, None, 1, False)]
    assert spans(document.with_track(replace(document.track(1), locked=True))) == []
    assert list(stretches(keyed(200), 100, MATCH)) == [], "beyond the clip"
    assert list(stretches(keyed(10), 100, MATCH)) == [Stretch(1, 10, None)]


def test_that_a_job_is_tracked_once_and_then_skipped(job, tmp_path: Path, clip) -> None:
    tasks = read_job(job(0, 12), tmp_path / "out")
    log = BatchLog(tmp_path / "job.batch")
    outcomes = run_batch(tasks, MATCH, log)
    assert [o.result for o in outcomes] == [Result.TRACKED] * 3
    assert [o.frames for o in outcomes] == [18] * 3
    for task in tasks:
        (track,) = project_file.load(task.project).tracks
        assert [key.box for key in track.keyframes()] == clip.boxes
        assert track.at(12).source is Source.MANUAL
        assert track.label == "car"
    before = [task.project.read_bytes() for task in tasks]
    again = run_batch(tasks, MATCH, BatchLog(tmp_path / "job.batch"))
    assert [o.result for o in again] == [Result.FINISHED] * 3
    assert [task.project.read_bytes() for task in tasks] == before
    forced = run_batch(tasks[:1], replace(MATCH, again=True), BatchLog(tmp_path / "job.batch"))
    assert forced[0].frames == 18


def test_that_only_what_changed_is_tracked_again(job, tmp_path: Path, clip) -> None:
    tasks = read_job(job(0, 12), tmp_path / "out")[:1]
    log = BatchLog(tmp_path / "job.batch")
    run_batch(tasks, MATCH, log)

    def move(document: Document | None) -> Document:
        assert document is not None
        (track,) = document.tracks
        moved = replace(clip.boxes[12], x=clip.boxes[12].x + 1)
        return document.with_track(track.with_keyframes([Keyframe(12, moved)]))

    update_project(tasks[0].project, move)
    assert run_batch(tasks, MATCH, log)[0].frames == 7, "from frame 12 on"
    other = replace(MATCH, params={"radius": 9})
    assert run_batch(tasks, other, log)[0].frames == 18, "another parameter"
    document = project_file.load(tasks[0].project)
    (track,) = document.tracks
    kept = track.columns.select(track.columns.sources == Source.MANUAL)
    project_file.save(document.with_track(replace(track, columns=kept)), tasks[0].project)
    assert run_batch(tasks, other, log)[0].frames == 18, "boxes that were deleted"


def test_that_two_way_runs_and_doubt_and_exports_come_from_the_same_core(
    job, tmp_path: Path, clip
) -> None:
    tasks = read_job(job(0, 12), tmp_path / "out")[:1]
    options = replace(MATCH, two_way=True, exports=("csv", "yolo"), folder=tmp_path / "ex")
    (outcome,) = run_batch(tasks, options, BatchLog(tmp_path / "l"))
    document = project_file.load(tasks[0].project)
    assert document.runs[0].kind is RunKind.TWO_WAY
    assert len(document.runs[0].disagreement) == 11
    assert [path.name for path in outcome.files] == ["a.csv", "a"]
    assert all(path.exists() for path in outcome.files)
    unsure = replace(MATCH, until=StopRule(1), params={"lost_below": 1.0}, again=True)
    (stopped,) = run_batch(tasks, unsure, BatchLog(tmp_path / "l2"))
    assert stopped.stops >= 1


def test_that_one_bad_clip_does_not_end_the_batch(job, videos, tmp_path: Path) -> None:
    tasks = read_job(job(), tmp_path / "out")
    videos[1].write_bytes(b"no video at all")
    tasks.append(Task(tmp_path / "gone.boxtrail"))
    (tmp_path / "empty.boxtrail").write_text("")
    tasks.append(Task(tmp_path / "empty.boxtrail"))
    outcomes = run_batch(tasks, MATCH, BatchLog(tmp_path / "l"))
    assert [o.result for o in outcomes] == ["tracked", "failed", "tracked", "failed", "failed"]
    assert "gone.boxtrail" in outcomes[3].message
    assert "is empty" in outcomes[4].message


def test_that_a_failing_tracker_keeps_what_it_found_and_is_tried_again(job, tmp_path) -> None:
    tasks = read_job(job(), tmp_path / "out")[:1]
    failing = replace(MATCH, params={"fail_at": 5})
    log = BatchLog(tmp_path / "l")
    (outcome,) = run_batch(tasks, failing, log)
    assert (outcome.result, outcome.message) == (Result.FAILED, "The tracker gave up.")
    assert len(project_file.load(tasks[0].project).tracks[0]) == 6
    assert run_batch(tasks, failing, log)[0].result is Result.FAILED
    assert not log.done


def test_that_a_defect_is_one_clips_outcome(job, tmp_path, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("core.batch.clip.export_all", broken)
    outcome = track_clip(read_job(job(), tmp_path)[0], MATCH, set())
    assert (outcome.result, outcome.frames) == (Result.FAILED, 19)
    assert "ZeroDivisionError: oops" in outcome.details


def test_that_stopping_keeps_what_was_tracked_and_the_rest_follows(job, tmp_path, clip) -> None:
    tasks = read_job(job(), tmp_path / "out")
    seen: list[int] = []
    listener = Listener(progress=lambda number, done, planned: seen.append(done))
    log = BatchLog(tmp_path / "l")
    outcomes = run_batch(tasks, MATCH, log, listener=listener, stop=lambda: len(seen) >= 8)
    assert [o.result for o in outcomes] == [Result.STOPPED] * 3
    kept = len(project_file.load(tasks[0].project).tracks[0])
    assert 2 <= kept <= 10
    assert not tasks[1].project.exists()
    run_batch(tasks, MATCH, log)
    for task in tasks:
        (track,) = project_file.load(task.project).tracks
        assert [key.box for key in track.keyframes()] == clip.boxes


def test_that_work_done_in_a_window_meanwhile_stays(job, tmp_path, clip) -> None:
    """Another object, and a box on a frame that is just being tracked."""
    (task, *_) = read_job(job(), tmp_path / "out")
    drawn = Box(3, 3, 7, 7)
    edits: list[int] = []

    def work(done: int, planned: int) -> None:
        if done != 10:
            return
        edits.append(done)

        def change(document: Document | None) -> Document:
            assert document is not None
            (track,) = document.tracks
            document = document.with_track(track.with_keyframes([Keyframe(15, drawn)]))
            document, other = document.with_new_track("person")
            return document.with_track(other.with_keyframes([Keyframe(2, drawn)]))

        update_project(task.project, change)

    track_clip(task, MATCH, set(), Hooks(progress=work))
    assert edits == [10]
    document = project_file.load(task.project)
    car, person = document.tracks
    assert car.at(15).box == drawn
    assert car.at(14).box == clip.boxes[14]
    assert [key.frame for key in person.keyframes()] == [2]


def test_that_a_clip_without_a_box_is_no_failure(tmp_path, videos) -> None:
    task = Task(tmp_path / "new.boxtrail", videos[0])
    assert track_clip(task, MATCH, set()).result is Result.NO_BOX
    assert not task.project.exists()


def test_that_another_video_in_the_place_of_the_annotated_one_is_refused(
    job, tmp_path, videos, clip
) -> None:
    (task, *_) = read_job(job(), tmp_path / "out")
    track_clip(task, MATCH, set())
    write_clip(videos[0], clip.images[::-1])
    outcome = track_clip(task, replace(MATCH, again=True), set())
    assert outcome.result is Result.FAILED
    assert "not the video that was annotated" in outcome.message


def killer(killed: list[int]) -> Listener:
    """Kills the process that works on the first clip, as soon as it says something."""

    def progress(number: int, done: int, planned: int) -> None:
        if number == 0 and not killed:
            workers = [c for c in psutil.Process().children() if "spawn_main" in str(c.cmdline())]
            killed.append(workers[0].pid)
            os.kill(workers[0].pid, signal.SIGKILL)

    return Listener(progress=progress)


def test_that_a_killed_process_costs_one_clip_and_the_boxes_are_the_same(
    job, tmp_path: Path, clip
) -> None:
    tasks = read_job(job(), tmp_path / "out")[:2]
    log, killed = BatchLog(tmp_path / "l"), []
    slow = replace(MATCH, params={"delay": 0.02})
    outcomes = run_batch(tasks, slow, log, jobs=1, listener=killer(killed))
    assert len(killed) == 1
    assert [o.result for o in outcomes] == [Result.FAILED, Result.TRACKED]
    assert outcomes[0].message == "The process that tracked it ended."
    assert [k.box for k in project_file.load(tasks[1].project).tracks[0].keyframes()] == clip.boxes
    final = run_batch(tasks, slow, BatchLog(tmp_path / "l"))
    assert [o.result for o in final] == [Result.TRACKED, Result.FINISHED]
    assert [k.box for k in project_file.load(tasks[0].project).tracks[0].keyframes()] == clip.boxes


def test_that_a_clip_whose_frames_are_off_by_one_is_not_tracked(
    job, tmp_path, videos, clip
) -> None:
    (task, *_) = read_job(job(), tmp_path / "out")
    track_clip(task, MATCH, set())
    document = project_file.load(task.project)
    assert len(document.video.samples) == 6
    write_clip(videos[0], [clip.images[0], *clip.images[:-1]])
    known = replace(document.video, fingerprint=file_fingerprint(videos[0]))
    project_file.save(replace(document, video=known), task.project)
    outcome = track_clip(task, replace(MATCH, again=True), set())
    assert outcome.result is Result.FAILED
    assert "pictures come one frame late" in outcome.message
    assert project_file.load(task.project).runs == document.runs


@pytest.mark.slow
def test_that_several_processes_share_the_clips_and_stop_when_asked(
    job, tmp_path: Path, clip
) -> None:
    tasks = read_job(job(), tmp_path / "out")
    seen: set[int] = set()

    def progress(number: int, done: int, planned: int) -> None:
        seen.add(number)

    slow = replace(MATCH, params={"delay": 0.2})
    log = BatchLog(tmp_path / "l")
    stopped = run_batch(tasks, slow, log, jobs=2, listener=Listener(progress=progress),
                        stop=lambda: len(seen) == 2)  # fmt: skip
    assert [o.result for o in stopped] == [Result.STOPPED] * 3
    assert seen == {0, 1}
    assert not psutil.Process().children(), "no process outlives the batch"
    quick = run_batch(tasks, MATCH, log, jobs=2)
    assert [o.result for o in quick] == [Result.TRACKED] * 3
    for task in tasks:
        assert [k.box for k in project_file.load(task.project).tracks[0].keyframes()] == clip.boxes


def test_that_a_torn_log_line_is_ignored_and_a_strange_file_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.batch"
    log = BatchLog(path)
    log.add("one", {"clip": "a"})
    log.add("two", {"clip": "b"})
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    torn = BatchLog(path)
    assert torn.done == {"one"}
    torn.add("three", {})
    assert BatchLog(path).done == {"one", "three"}
    path.write_bytes(whole[:7])
    assert BatchLog(path).done == set()
    path.write_text("something else\n")
    with pytest.raises(ProjectError, match="not the log of a batch"):
        BatchLog(path)


def test_that_the_time_left_counts_clips_that_nobody_opened_yet() -> None:
    pace = Pace(4)
    assert pace.seconds_left != pace.seconds_left
    pace.progress(0, 100, 100)
    pace.finished(0)
    pace.progress(1, 50, 300)
    assert pace.expected == 100 + 300 + 2 * 200
    pace.finished(1)
    assert (pace.frames, pace.clips_over) == (150, 2)
