"""Runs are recorded one after another into one file; the disk never ends a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from fakes.array_video import ArrayVideo, moving_patch
from fakes.template_match import TemplateMatch  # noqa: F401  (registers the test tracker)

from core.alarms.kinds import Alarm
from core.document.document import Document
from core.document.track import Keyframe
from core.engine.control import Control
from core.engine.extent import Extent
from core.errors import StorageError
from core.recording.recording import Recording
from core.recording.run_recorder import RecordTo, RunRecorder
from core.session import Session, video_ref
from core.states import CorrectionPolicy
from core.trackers.base import Services

CPU = Services(torch.device("cpu"))
CLIP = moving_patch(40, velocity=(1, 1))
KEEP = CorrectionPolicy.KEEP_TEMPLATE


@pytest.fixture
def session() -> Session:
    video = ArrayVideo(CLIP.images)
    document, track = Document(video_ref(video)).with_new_track(
        label="cup", name="my cup", color="#336699"
    )
    return Session(video, document.with_track(track.with_keyframes([Keyframe(0, CLIP.boxes[0])])))


def run(session: Session, recorder: RunRecorder, frame: int = 0, **plan):
    control = plan.pop("control", None) or Control()
    planned = session.plan(1, frame, "template-match", **plan)
    recorder.begin(planned, CPU, session.store.current.track(1))
    end, buffer = session.execute(
        planned, control, (recorder.take,), services=CPU,
        want_maps=recorder.wanted | {"template"},
    )  # fmt: skip
    recorder.ended(end)
    from core.document.store import Change

    session.store.replace(
        session.with_result(session.store.current, planned, buffer), Change("Track")
    )
    return end


def test_that_only_what_was_asked_for_is_recorded_with_whose_it_is(session, tmp_path) -> None:
    target = RecordTo(tmp_path / "a.h5", frozenset({"response"}))
    recorder = RunRecorder(target, session.video, "template-match")
    run(session, recorder)
    assert recorder.close().error is None
    with Recording(tmp_path / "a.h5") as recording:
        assert [info.key for info in recording.maps] == ["response"]
        facts = recording.runs[0]
        assert facts.object == "my cup"
        known = facts.target
        assert (known.id, known.name, known.label, known.color) == (1, "my cup", "cup", "#336699")
        assert recording.complete
        assert len(recording) == 40


def test_that_going_on_and_correcting_add_to_the_same_file(session, tmp_path) -> None:
    target = RecordTo(tmp_path / "a.h5", frozenset({"response"}))
    recorder = RunRecorder(target, session.video, "template-match")
    run(session, recorder, extent=Extent(until=10))
    run(session, recorder, 10, extent=Extent(until=20), policy=KEEP, resume=True)
    recorder.close()
    with Recording(tmp_path / "a.h5") as recording:
        assert [facts.resumes for facts in recording.runs] == [False, True]
        assert len(recording) == 22
        assert sorted(recording.rows) == list(range(21))
        # Frame 10 was found by the first run; the second one only went on from it.
        assert recording.map("response", recording.row_of(10)) is not None


def test_that_a_change_of_live_parameters_is_noted_with_its_first_row(session, tmp_path) -> None:
    target = RecordTo(tmp_path / "a.h5", frozenset())
    recorder = RunRecorder(target, session.video, "template-match")
    control = Control(on_tuned=recorder.tuned)
    planned = session.plan(1, 0, "template-match")
    recorder.begin(planned, CPU)

    def tune(item) -> None:
        if item.frame.index == 17:
            control.tune({"learning_rate": 0.25})

    session.execute(planned, control, (recorder.take, tune), services=CPU)
    recorder.close()
    with Recording(tmp_path / "a.h5") as recording:
        (tuning,) = recording.tunings
        assert (tuning.row, dict(tuning.values)) == (18, {"learning_rate": 0.25})


def test_that_a_folder_that_cannot_be_written_ends_the_recording_and_not_the_run(
    session, tmp_path
) -> None:
    target = RecordTo(tmp_path / "not" / "there" / "a.h5", frozenset())
    recorder = RunRecorder(target, session.video, "template-match")
    end = run(session, recorder)
    assert end.error is None
    assert end.frames == 39
    state = recorder.close()
    assert isinstance(state.error, StorageError)
    assert "a.h5" in state.error.message


def test_that_verdicts_are_kept_beside_the_trackers_own_numbers(session, tmp_path) -> None:
    images = [image.copy() for image in CLIP.images]
    for image in images[20:]:
        image[:] = np.random.default_rng(1).integers(0, 255, image.shape)
    session.video._images = images
    recorder = RunRecorder(
        RecordTo(tmp_path / "a.h5", frozenset()), session.video, "template-match"
    )
    run(session, recorder)
    recorder.close()
    with Recording(tmp_path / "a.h5") as recording:
        expected = session.store.current.track(1).columns
        rows = [recording.rows[int(frame)] for frame in expected.frames]
        assert recording.alarms()[rows].tolist() == expected.alarms.tolist()
        assert recording.alarms().any()
        assert max(recording.alarms()) < 2 * max(Alarm)
        assert set(recording.scalar_names) == {"peak"}
        assert all(set(recording.result(row).scalars) == {"peak"} for row in rows)


def test_that_nothing_beyond_the_first_frame_leaves_no_file(session, tmp_path: Path) -> None:
    recorder = RunRecorder(
        RecordTo(tmp_path / "a.h5", frozenset()), session.video, "template-match"
    )
    control = Control()
    planned = session.plan(1, 0, "template-match")
    recorder.begin(planned, CPU)

    session.execute(planned, control, (recorder.take, lambda item: control.cancel()), services=CPU)
    recorder.close()
    assert not (tmp_path / "a.h5").exists()
