"""A recording opens as a session, with its video or without."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip
from fakes.template_match import TemplateMatch  # noqa: F401  (registers the test tracker)

from core.document.store import Change
from core.document.track import Keyframe
from core.engine.extent import Extent
from core.errors import RecordingError
from core.recording.recording import Recording
from core.recording.run_recorder import RecordTo, RunRecorder
from core.replay import ReplaySession, is_recording
from core.session import Session
from core.states import CorrectionPolicy, Source
from core.trackers.base import Services

CPU = Services(torch.device("cpu"))
CLIP = moving_patch(30, velocity=(1, 1))


def recorded(folder: Path, recording: Path) -> Session:
    """A session whose track was recorded: a run, a correction, and on from there."""
    clip = write_clip(folder / "clip.mkv", CLIP.images)
    session = Session.of_video(clip)
    session.wait_ready()
    document, track = session.store.current.with_new_track(label="cup", color="#336699")
    keys = [Keyframe(2, CLIP.boxes[2])]
    session.store.replace(document.with_track(track.with_keyframes(keys)), Change("Draw"))
    recorder = RunRecorder(
        RecordTo(recording, frozenset({"response"})), session.video, "template-match"
    )

    def track_on(frame: int, **plan) -> None:
        planned = session.plan(1, frame, "template-match", **plan)
        recorder.begin(planned, CPU, session.store.current.track(1))
        end, buffer = session.execute(
            planned, _control(), (recorder.take,), services=CPU, want_maps=recorder.wanted
        )
        recorder.ended(end)
        after = session.with_result(session.store.current, planned, buffer)
        session.store.replace(after, Change("Track"))

    track_on(2, extent=Extent(until=12))
    key = Keyframe(9, CLIP.boxes[9].shifted(0, 1))
    corrected = session.store.current.track(1).with_keyframes([key])
    session.store.replace(session.store.current.with_track(corrected), Change("Move"))
    track_on(9, policy=CorrectionPolicy.KEEP_TEMPLATE, extent=Extent(until=20))
    track_on(20, policy=CorrectionPolicy.KEEP_TEMPLATE, resume=True)
    assert recorder.close().error is None
    return session


def _control():
    from core.engine.control import Control

    return Control()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("made")
    session = recorded(folder, folder / "run.h5")
    yield folder, session
    session.close()


def test_that_the_document_is_that_of_the_recorded_session(made) -> None:
    folder, live = made
    session = ReplaySession.of_recording(folder / "run.h5")
    try:
        before, after = live.store.current.track(1), session.store.current.track(1)
        assert after.columns == before.columns
        assert (after.title, after.label, after.color) == (before.title, "cup", "#336699")
        assert [key.frame for key in after.keyframes() if key.source is Source.MANUAL] == [2, 9]
        mine, theirs = session.store.current.runs, live.store.current.runs
        assert [(r.id, r.start, r.end, dict(r.params), r.policy) for r in mine] == [
            (r.id, r.start, r.end, dict(r.params), r.policy) for r in theirs
        ]
        assert session.missing == session.video_warning == ""
        assert session.store.current.video == live.store.current.video
        assert np.array_equal(session.video.read(7).image, CLIP.images[7])
    finally:
        session.close()


def test_that_the_video_is_found_when_both_were_moved_or_it_was_renamed(made, tmp_path) -> None:
    folder, _ = made
    (tmp_path / "other").mkdir()
    shutil.copy(folder / "run.h5", tmp_path / "other" / "run.h5")
    shutil.copy(folder / "clip.mkv", tmp_path / "other" / "renamed.mkv")
    (tmp_path / "other" / "another.mkv").write_bytes(b"something else")
    with Recording(tmp_path / "other" / "run.h5") as recording:
        assert recording.clip.relative == "clip.mkv"
    gone = folder / "clip.mkv"
    away = gone.rename(folder / "away.bin")
    try:
        session = ReplaySession.of_recording(tmp_path / "other" / "run.h5")
        assert session.video.info.path.name == "renamed.mkv"
        assert session.video_warning == ""
        session.close()
    finally:
        away.rename(gone)


def test_that_without_its_video_it_is_replayed_on_a_neutral_ground(made, tmp_path) -> None:
    folder, live = made
    shutil.copy(folder / "run.h5", tmp_path / "run.h5")
    away = (folder / "clip.mkv").rename(folder / "away.bin")
    try:
        session = ReplaySession.of_recording(tmp_path / "run.h5")
        assert session.missing == "The video “clip.mkv” of this recording is not where it was."
        info, known = session.video.info, live.video.info
        assert (info.width, info.height, info.frame_count) == (160, 120, 30)
        assert np.allclose(info.times[2:], known.times[2:])
        image = session.video.read(29).image
        assert image.shape == (120, 160, 3)
        assert image.std() < 10
        assert session.store.current.track(1).columns == live.store.current.track(1).columns
        session.close()
        session = ReplaySession.of_recording(tmp_path / "run.h5", video_path=folder / "away.bin")
        assert session.missing == session.video_warning == ""
        session.close()
    finally:
        away.rename(folder / "clip.mkv")


def test_that_another_video_is_told(made, tmp_path) -> None:
    folder, _ = made
    other = write_clip(tmp_path / "other.mkv", moving_patch(29).images)
    session = ReplaySession.of_recording(folder / "run.h5", video_path=other)
    assert "29 frames instead of 30" in session.video_warning
    assert "its content is not the same" in session.video_warning
    session.close()


def test_that_rows_of_curves_are_those_of_the_runs(made) -> None:
    folder, live = made
    session = ReplaySession.of_recording(folder / "run.h5")
    rows = {row.frame: row for row in session.rows}
    keys = {key.frame: key for key in live.store.current.track(1).keyframes()}
    assert rows.keys() == keys.keys()
    for frame in (3, 8, 13, 20, 29):
        assert rows[frame].box == keys[frame].box
        assert np.float32(rows[frame].score) == np.float32(keys[frame].score)
        assert rows[frame].scalars.keys() == {"peak"}
    assert rows[9].is_seed
    assert not rows[20].is_seed
    session.close()


def test_that_a_size_that_nobody_has_is_refused_rather_than_allocated(tmp_path) -> None:
    import dataclasses

    from fakes.recorded import INFO, MAPS, an_item

    from core.recording import about
    from core.recording.recorder import Recorder

    info = dataclasses.replace(INFO, width=1 << 20, path=Path("gone.avi"))
    with Recorder(tmp_path / "a.h5", about.started(info), MAPS) as recorder:
        recorder.take(an_item(0))
    with pytest.raises(RecordingError, match="how large"):
        ReplaySession.of_recording(tmp_path / "a.h5")
    assert is_recording(tmp_path / "a.H5")
    assert not is_recording(tmp_path / "a.mp4")
