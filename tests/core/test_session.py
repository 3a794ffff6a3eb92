from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes.array_video import ArrayVideo, Clip, moving_patch
from fakes.template_match import TemplateMatch

from core.document import project_file
from core.document.document import Document
from core.document.store import Change
from core.document.track import Keyframe
from core.engine.control import Control
from core.engine.run_buffer import RunBuffer
from core.engine.runner import EndReason
from core.errors import BoxError, ParamError, ProjectError, TrackerError
from core.geometry import Box, iou
from core.session import Session, video_ref
from core.states import CorrectionPolicy, Flag, Source
from core.trackers.base import Services
from core.video.source import Access

TRACKER = "template-match"


def _session(clip: Clip, *, seed_frame: int = 0, video: ArrayVideo | None = None) -> Session:
    video = video or clip.video()
    session = Session(video, Document(video_ref(video)))
    _put(session, Keyframe(seed_frame, clip.boxes[seed_frame]))
    return session


def _put(session: Session, *keys: Keyframe, track_id: int = 1) -> None:
    document = session.store.current
    if not document.has_track(track_id):
        document, _ = document.with_new_track()
    track = document.track(track_id).with_keyframes(keys)
    session.store.replace(document.with_track(track), Change("Draw"))


def _boxes(session: Session, track_id: int = 1) -> dict[int, Keyframe]:
    return {k.frame: k for k in session.store.current.track(track_id).keyframes()}


def test_that_a_run_puts_boxes_and_its_record_into_the_document():
    clip = moving_patch(12)
    session = _session(clip)
    end = session.track(1, 0, TRACKER, params={"radius": 9}, services=Services())
    assert end.reason is EndReason.FINISHED
    assert [k.box for k in _boxes(session).values()] == clip.boxes
    assert _boxes(session)[0].source is Source.MANUAL
    assert _boxes(session)[5].source is Source.TRACKED
    (run,) = session.store.current.runs
    assert (run.start, run.end, run.tracker, run.params["radius"]) == (0, 11, TRACKER, 9)
    assert _boxes(session)[5].run == run.id
    assert run.seconds > 0
    assert run.device.startswith("CPU")
    assert run.created.endswith("+00:00")


def test_that_a_stopped_run_records_the_frames_it_really_did():
    clip = moving_patch(20)
    session, control = _session(clip), Control()

    def cancel(item):
        if item.frame.index == 6:
            control.cancel()

    end = session.track(1, 0, TRACKER, control=control, sinks=(cancel,))
    assert end.reason is EndReason.CANCELLED
    assert sorted(_boxes(session)) == list(range(7))
    assert session.store.current.runs[0].end == 6


def test_that_a_backward_run_records_its_direction_and_ends_at_the_first_frame():
    clip = moving_patch(12)
    session = _session(clip, seed_frame=11)
    session.track(1, 11, TRACKER, step=-1)
    assert [k.box for k in _boxes(session).values()] == clip.boxes
    assert (session.store.current.runs[0].start, session.store.current.runs[0].end) == (11, 0)


def test_that_a_failed_run_keeps_what_was_tracked_before():
    session = _session(moving_patch(12))
    end = session.track(1, 0, TRACKER, params={"fail_at": 4})
    assert isinstance(end.error, TrackerError)
    assert sorted(_boxes(session)) == [0, 1, 2, 3, 4]


def test_that_nothing_is_written_when_the_seed_frame_cannot_be_read():
    clip = moving_patch(8)
    session = _session(clip, video=clip.video(damaged={0}))
    before = session.store.current
    end = session.track(1, 0, TRACKER)
    assert end.error is not None
    assert session.store.current is before


def test_that_a_run_never_touches_what_a_person_entered_or_confirmed():
    clip = moving_patch(12)
    session = _session(clip)
    odd, seen = Box(1, 2, 30, 31), Box(3, 4, 10, 11)
    _put(
        session,
        Keyframe(4, odd),
        Keyframe(7, seen, Source.TRACKED, 0.5, flags=Flag.CONFIRMED),
        Keyframe(9, seen, Source.INTERPOLATED),
    )
    session.track(1, 0, TRACKER)
    assert _boxes(session)[4].box == odd
    assert _boxes(session)[7].box == seen
    assert _boxes(session)[9].box == clip.boxes[9]


def test_that_boxes_drawn_while_a_run_was_going_survive_its_late_result():
    clip, drawn = moving_patch(12), Box(1, 2, 30, 31)
    session = _session(clip)
    plan = session.plan(1, 0, TRACKER)
    _, buffer = session.execute(plan, Control())
    _put(session, Keyframe(5, drawn))
    result = session.with_result(session.store.current, plan, buffer)
    assert result.track(1).at(5).box == drawn
    assert result.track(1).at(6).box == clip.boxes[6]


def test_that_a_late_result_of_a_deleted_track_changes_nothing():
    session = _session(moving_patch(6))
    plan = session.plan(1, 0, TRACKER)
    _, buffer = session.execute(plan, Control())
    document = session.store.current.without_track(1)
    assert session.with_result(document, plan, buffer) is document


def test_that_results_stored_twice_leave_one_record():
    session = _session(moving_patch(10))
    plan = session.plan(1, 0, TRACKER)
    _, buffer = session.execute(plan, Control())
    once = session.with_result(session.store.current, plan, buffer)
    twice = session.with_result(once, plan, buffer)
    assert len(twice.runs) == 1
    assert twice.track(1).columns == once.track(1).columns


def test_that_plans_made_before_either_is_stored_have_ids_of_their_own():
    clip = moving_patch(8)
    session = _session(clip)
    _put(session, Keyframe(0, clip.boxes[0]), track_id=2)
    plans = [session.plan(track, 0, TRACKER) for track in (1, 2)]
    for plan in plans:
        _, buffer = session.execute(plan, Control())
        document = session.with_result(session.store.current, plan, buffer)
        session.store.replace(document, Change("Track"))
    assert len({run.id for run in session.store.current.runs}) == 2
    assert _boxes(session, 2)[3].run != _boxes(session, 1)[3].run


def test_that_the_callers_empty_buffer_is_the_one_that_fills():
    session = _session(moving_patch(6))
    plan, mine = session.plan(1, 0, TRACKER), RunBuffer(1)
    _, buffer = session.execute(plan, Control(), buffer=mine)
    assert buffer is mine
    assert len(mine) == 6


def test_that_executing_on_a_worker_thread_leaves_room_for_edits():
    clip = moving_patch(40)
    session, control = _session(clip), Control()
    plan, results = session.plan(1, 0, TRACKER, params={"delay": 0.002}), []
    worker = threading.Thread(target=lambda: results.append(session.execute(plan, control)))
    worker.start()
    for frame in range(100, 140):
        _put(session, Keyframe(frame, Box(0, 0, 5, 5)), track_id=2)
    worker.join()
    _, buffer = results[0]
    document = session.with_result(session.store.current, plan, buffer)
    assert len(document.track(1)) == 40
    assert len(document.track(2)) == 40


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"frame": 3}, BoxError),
        ({"tracker": "template-macth"}, TrackerError),
        ({"params": {"radus": 3}}, ParamError),
        ({"params": {"radius": -3}}, ParamError),
        ({"track_id": 9}, ProjectError),
        ({"step": -1}, TrackerError),
        ({"stop": 1}, TrackerError),
    ],
)
def test_that_a_run_that_cannot_be_is_refused_before_it_starts(change, error):
    session = _session(moving_patch(6))
    with pytest.raises(error) as caught:
        session.plan(**{"track_id": 1, "frame": 0, "tracker": TRACKER, **change})
    assert caught.value.hint


def test_that_a_locked_track_and_an_absent_target_are_refused():
    session = _session(moving_patch(6))
    _put(session, Keyframe(2, Box(0, 0, 9, 9), flags=Flag.ABSENT))
    with pytest.raises(BoxError):
        session.plan(1, 2, TRACKER)
    document = session.store.current
    locked = document.with_track(replace(document.track(1), locked=True))
    session.store.replace(locked, Change("Lock"))
    with pytest.raises(TrackerError, match="locked"):
        session.plan(1, 0, TRACKER)


def test_that_a_stop_beyond_the_clip_means_its_end():
    session = _session(moving_patch(6))
    assert session.plan(1, 0, TRACKER, stop=99).stop == 6
    assert session.plan(1, 0, TRACKER, stop=4).total == 3


def test_that_a_run_to_the_end_of_an_unchecked_clip_reads_beyond_the_estimate():
    clip = moving_patch(10)

    class Growing(ArrayVideo):
        def frames(self, start, stop, step=1):
            self.access = Access.EXACT
            yield from super().frames(start, min(stop, 10), step)

    video = Growing(clip.images)
    video.access = Access.CHECKING
    video.info = replace(video.info, frame_count=7)
    session = _session(clip, video=video)
    session.track(1, 0, TRACKER)
    assert sorted(_boxes(session)) == list(range(10))


def _colour_change(clip: Clip, frame: int) -> Clip:
    """The same motion, but the patch looks different from `frame` on."""
    other = moving_patch(len(clip.images), seed=5)
    return Clip(clip.images[:frame] + other.images[frame:], clip.boxes)


def _template_after(session: Session, policy: CorrectionPolicy, frame: int) -> np.ndarray:
    plan = session.plan(1, frame, TRACKER, policy=policy)
    seen: list[TemplateMatch] = []
    original = TemplateMatch.correct

    def spy(self, image, box, policy):
        result = original(self, image, box, policy)
        seen.append(self)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TemplateMatch, "correct", spy)
        end, _ = session.execute(plan, Control())
    assert end.error is None
    assert end.frames > 0
    return seen[0].snapshot()[0] if seen else np.zeros(0)


def _template_of(image, box) -> np.ndarray:
    tracker = session_tracker()
    tracker.init(image, box)
    return tracker.snapshot()[0]


def session_tracker() -> TemplateMatch:
    from core.trackers import registry

    return registry.find(TRACKER).create()  # type: ignore[return-value]


def test_that_keeping_the_template_continues_from_the_tracker_that_ran():
    clip = moving_patch(40)
    session = _session(clip)
    session.track(1, 0, TRACKER)
    _put(session, Keyframe(25, clip.boxes[25]))
    kept = _template_after(session, CorrectionPolicy.KEEP_TEMPLATE, 25)
    assert np.array_equal(kept, _template_of(clip.images[0], clip.boxes[0]))


def test_that_after_reopening_the_recorded_template_is_used():
    clip = _colour_change(moving_patch(40), 20)
    session = _session(clip)
    session.track(1, 0, TRACKER, stop=15)
    _put(session, Keyframe(25, clip.boxes[25]))
    reopened = Session(clip.video(), session.store.current)
    kept = _template_after(reopened, CorrectionPolicy.KEEP_TEMPLATE, 25)
    assert np.array_equal(kept, _template_of(clip.images[0], clip.boxes[0]))


def test_that_a_run_that_kept_its_template_does_not_count_as_one_that_learnt_it():
    clip = _colour_change(moving_patch(40), 20)
    session = _session(clip)
    session.track(1, 0, TRACKER, stop=15)
    _put(session, Keyframe(25, clip.boxes[25]))
    session.track(1, 25, TRACKER, policy=CorrectionPolicy.KEEP_TEMPLATE, stop=30)
    _put(session, Keyframe(32, clip.boxes[32]))
    reopened = Session(clip.video(), session.store.current)
    plan = reopened.plan(1, 32, TRACKER, policy=CorrectionPolicy.KEEP_TEMPLATE)
    assert plan.template is not None
    assert plan.template.frame == 0


def test_that_a_second_correction_before_the_first_still_finds_its_state():
    clip = moving_patch(60)
    session = _session(clip)
    session.track(1, 0, TRACKER, params={"learning_rate": 0.2})
    for frame in (50, 30):
        _put(session, Keyframe(frame, clip.boxes[frame]))
        plan = session.plan(
            1, frame, TRACKER, params={"learning_rate": 0.2}, policy=CorrectionPolicy.KEEP_TEMPLATE
        )
        session.video.reads.clear()
        session.execute(plan, Control())
        assert 0 not in session.video.reads  # else it began again from the first template
        assert plan.start.frame in session.video.reads


def test_that_two_runs_on_one_track_never_share_a_tracker():
    clip = moving_patch(40)
    session = _session(clip)
    session.track(1, 0, TRACKER)
    _put(session, Keyframe(20, clip.boxes[20]))
    keep = {"policy": CorrectionPolicy.KEEP_TEMPLATE}
    outer, inner = (session.plan(1, 20, TRACKER, stop=stop, **keep) for stop in (35, 39))

    def disturb(item):
        if item.frame.index == 21:  # ends 17 frames on, too far away to be found again
            session.execute(inner, Control())

    _, buffer = session.execute(outer, Control(), (disturb,))
    assert [r.box for r in buffer.since(0)] == clip.boxes[20:35]


def test_that_a_first_run_cannot_keep_a_template_and_takes_a_new_one():
    session = _session(moving_patch(6))
    plan = session.plan(1, 0, TRACKER, policy=CorrectionPolicy.KEEP_TEMPLATE)
    assert plan.run.policy is CorrectionPolicy.NEW_TEMPLATE
    assert plan.start.policy is CorrectionPolicy.NEW_TEMPLATE


def test_that_trackers_of_many_tracks_do_not_pile_up():
    clip = moving_patch(5)
    session = _session(clip)
    for track_id in range(1, 12):
        _put(session, Keyframe(0, clip.boxes[0]), track_id=track_id)
        session.track(track_id, 0, TRACKER)
    assert len(session._memory) <= 4
    session.close()
    assert len(session._memory) == 0
    assert session.video.closed


def _write_series(folder: Path, clip: Clip) -> Path:
    folder.mkdir()
    for k, image in enumerate(clip.images):
        cv2.imwrite(str(folder / f"{k + 1:04d}.png"), image[:, :, ::-1])
    return folder


def test_that_a_saved_project_opens_with_its_boxes_and_goes_on(tmp_path):
    clip = moving_patch(12)
    session = Session.of_video(_write_series(tmp_path / "shots", clip))
    _put(session, Keyframe(0, clip.boxes[0]))
    session.track(1, 0, TRACKER, stop=6)
    path = session.save(tmp_path / "a.boxtrail")
    session.close()
    again = Session.of_project(path)
    assert again.project_path == path
    assert again.video_warning == ""
    assert sorted(_boxes(again)) == [0, 1, 2, 3, 4, 5]
    again.track(1, 5, TRACKER)
    assert iou(_boxes(again)[11].box, clip.boxes[11]) == 1.0
    assert [run.id for run in again.store.current.runs] == [1, 2]
    again.close()


def test_that_a_project_on_another_clip_says_so(tmp_path):
    clip = moving_patch(12)
    session = Session.of_video(_write_series(tmp_path / "shots", clip))
    path = session.save(tmp_path / "a.boxtrail")
    session.close()
    other = _write_series(tmp_path / "other", moving_patch(9))
    again = Session.of_project(path, video_path=other)
    assert "9 frames instead of 12" in again.video_warning
    again.close()


def test_that_a_clip_that_was_named_from_here_is_found_from_a_project_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = _write_series(tmp_path / "shots", moving_patch(3))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").mkdir()
    for number, video in enumerate((None, shots.relative_to(tmp_path))):
        project = tmp_path / "work" / "a.boxtrail"
        session = (
            Session.of_video(shots.relative_to(tmp_path))
            if video is None
            else Session.of_project(project, video_path=video)
        )
        session.save(project)
        session.close()
        found = project_file.locate_video(project_file.load(project), project)
        assert found == shots, number
    assert '"../shots' in project.read_text("utf-8"), "and the folder can be moved as a whole"
