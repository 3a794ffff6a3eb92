"""The tracking job: two lanes, quick answers, nothing lost, nobody waits."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator

import pytest
from fakes import template_match
from fakes.array_video import moving_patch

from app.jobs import tracking
from app.jobs.tracking import HoldRule, RunEnded, TrackingJob, Viewfinder
from core.document.document import Document
from core.document.track import Keyframe
from core.engine.runner import EndReason, FrameResult
from core.geometry import Box, Placement
from core.session import Session, video_ref
from core.states import TargetState
from core.trackers.base import ResponseMap, Services, TrackResult
from core.video.source import Frame

CLIP = moving_patch(200, velocity=(0, 0))


@pytest.fixture
def session() -> Session:
    video = CLIP.video()
    document, track = Document(video_ref(video)).with_new_track()
    document = document.with_track(track.with_keyframes([Keyframe(0, CLIP.boxes[0])]))
    return Session(video, document)


@pytest.fixture
def make_job(qapp, session: Session) -> Iterator:
    jobs: list[TrackingJob] = []

    def make(stop: int | None = None, rule: HoldRule | None = None, **params) -> TrackingJob:
        plan = session.plan(1, 0, "template-match", stop=stop, params=params)
        job = TrackingJob(session, plan, Services(), want_maps=frozenset({"response"}), rule=rule)
        jobs.append(job)
        return job

    yield make
    for job in jobs:
        job.finish()
        job.deleteLater()


def answers(job: TrackingJob) -> list[RunEnded]:
    got: list[RunEnded] = []
    job.ended.connect(got.append)
    return got


def test_that_every_result_arrives_although_nobody_takes_pictures(make_job, qtbot) -> None:
    job = make_job()
    ended = answers(job)
    job.start()
    qtbot.waitUntil(lambda: bool(ended), timeout=20000)
    assert ended[0].end.reason is EndReason.FINISHED
    assert [row.frame for row in job.buffer.since(0)] == list(range(200))


def test_that_frames_are_converted_only_on_order(
    make_job, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted: list[int] = []
    original = tracking.to_display

    def counting(index, rgb):
        converted.append(index)
        return original(index, rgb)

    monkeypatch.setattr(tracking, "to_display", counting)
    job = make_job()
    ended = answers(job)
    job.start()
    qtbot.waitUntil(lambda: bool(ended), timeout=20000)
    assert len(converted) == 1, "one was on order from the start, nobody took it"
    assert job.viewfinder.take() is not None
    assert job.viewfinder.take() is None


@pytest.mark.parametrize("what", ["pause", "cancel"])
def test_that_a_run_answers_within_a_tenth_of_a_second(make_job, qtbot, what: str) -> None:
    took = []
    for _ in range(5):
        job = make_job(delay=0.02)
        done: list[object] = []
        (job.held if what == "pause" else job.ended).connect(done.append)
        job.start()
        qtbot.waitUntil(lambda job=job: len(job.buffer) > 3, timeout=10000)
        began = time.perf_counter()
        getattr(job.control, what)()
        qtbot.waitUntil(lambda done=done: bool(done), timeout=5000)
        took.append(time.perf_counter() - began)
        assert len(job.buffer) > 3, "what was tracked is kept"
        job.finish()
    assert statistics.median(took) < 0.1


def test_that_a_defect_in_a_tracker_is_an_answer_not_a_crash(
    make_job, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self, image):
        raise ZeroDivisionError("defect")

    monkeypatch.setattr(template_match.TemplateMatch, "update", broken)
    job = make_job()
    ended = answers(job)
    job.start()
    qtbot.waitUntil(lambda: bool(ended), timeout=10000)
    assert isinstance(ended[0].defect, ZeroDivisionError)


def test_that_a_run_holds_by_itself_when_the_target_is_lost(make_job, qtbot) -> None:
    job = make_job(rule=HoldRule(TargetState.LOST, 3), lost_below=1.0, learning_rate=0.5)
    held: list[int] = []
    job.held.connect(held.append)
    job.start()
    qtbot.waitUntil(lambda: bool(held), timeout=10000)
    assert held == [job.serial]
    assert job.held_by_rule
    states = [row.state for row in job.buffer.since(0)][-3:]
    assert states == [TargetState.LOST] * 3


def test_that_the_thread_is_gone_after_finish_even_from_a_hold(make_job, qtbot) -> None:
    job = make_job(delay=0.01)
    job.start()
    job.control.pause()
    qtbot.waitUntil(lambda: job.control.holding, timeout=5000)
    assert job.finish()
    assert not job.control.holding
    assert not [t for t in threading.enumerate() if "tracking" in t.name]


def result(index: int, cells: int = 4) -> FrameResult:
    values = CLIP.images[0][:cells, :cells, 0].astype("float32") + index
    response = ResponseMap(values, Placement.covering(Box(0, 0, 8, 8), (cells, cells)))
    tracked = TrackResult(Box(0, 0, 8, 8), 1.0, TargetState.TRACKING, maps={"m": response})
    return FrameResult(1, Frame(index, 0.0, CLIP.images[0]), tracked, 0.0)


def test_that_the_viewfinder_gives_the_frame_after_the_order() -> None:
    finder = Viewfinder()
    finder.offer(result(1))
    finder.offer(result(2))
    picture = finder.take()
    assert picture is not None
    assert picture.frame.index == 1
    finder.offer(result(7))
    finder.offer(result(8))
    assert finder.take().frame.index == 7
