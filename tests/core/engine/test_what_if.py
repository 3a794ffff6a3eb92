"""A trial with nothing changed is the run again, bit for bit; with changes, only they count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes.array_video import ArrayVideo, Clip, moving_patch
from fakes.template_match import TemplateMatch  # noqa: F401  (registers the test tracker)

from core import trackers
from core.document.document import Document
from core.document.track import Keyframe
from core.engine.control import Control
from core.engine.map_source import MapHistory
from core.engine.run_buffer import Row, RunBuffer
from core.engine.runner import Start, into
from core.engine.trace import Trace, compare
from core.engine.what_if import Base, Trial, Tuned, execute, plan
from core.errors import RecordingError, TrackerError
from core.geometry import Box
from core.recording.coding import as_recorded
from core.recording.recording import Recording
from core.recording.replay import base_of, trace_of
from core.recording.run_recorder import RecordTo, RunRecorder
from core.session import Session, video_ref
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import Services

trackers.load_all()
CPU = Services(torch.device("cpu"))
PLAIN = ("template-match", {"learning_rate": 0.1}, "response")
CCR = ("ccr", {}, "response")
COUNT = 36


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def noisy(count: int) -> Clip:
    """A patch that changes as it moves, so that what is learnt matters."""
    clip, rng = moving_patch(count, velocity=(1, 1)), np.random.default_rng(5)
    images = []
    for image in clip.images:
        change = rng.normal(0, 14, image.shape)
        images.append(np.clip(image + change, 0, 255).astype(np.uint8))
    return Clip(images, clip.boxes)


CLIP = noisy(COUNT)


def session(seed: int = 0) -> Session:
    video = ArrayVideo(CLIP.images)
    document, track = Document(video_ref(video)).with_new_track()
    return Session(
        video, document.with_track(track.with_keyframes([Keyframe(seed, CLIP.boxes[seed])]))
    )


def record(path: Path, key: str, params: dict, shown: str, *, step: int = 1, tuned: bool = False):
    """A recorded run and its maps as they were; with `tuned`, a parameter changes on the way."""
    open_ = session(0 if step > 0 else COUNT - 1)
    recorder = RunRecorder(RecordTo(path, frozenset({shown})), open_.video, key)
    control, maps = Control(on_tuned=recorder.tuned), MapHistory(1 << 28)
    planned = open_.plan(1, 0 if step > 0 else COUNT - 1, key, params=params, step=step)

    def tune(item) -> None:
        if tuned and item.frame.index == 11:
            control.tune({"learning_rate": 0.4})

    recorder.begin(planned, CPU, open_.store.current.track(1))
    _, buffer = open_.execute(
        planned, control, (recorder.take, maps.keep, tune), services=CPU,
        want_maps=recorder.wanted,
    )  # fmt: skip
    assert recorder.close().error is None
    return open_, planned, buffer, maps


def tried(trial: Trial, shown: str = "") -> tuple[list[Row], MapHistory]:
    buffer, maps = RunBuffer(0), MapHistory(1 << 28)
    end = execute(
        trial, ArrayVideo(CLIP.images), CPU, Control(), (into(buffer), maps.keep),
        want_maps=frozenset({shown}),
    )  # fmt: skip
    assert end.error is None
    return buffer.since(0), maps


@pytest.mark.parametrize(("key", "params", "shown"), [PLAIN, CCR])
@pytest.mark.parametrize("step", [1, -1])
def test_that_with_nothing_changed_it_is_the_recorded_run(
    tmp_path, key: str, params: dict, shown: str, step: int
) -> None:
    record(tmp_path / "a.h5", key, params, shown, step=step)
    with Recording(tmp_path / "a.h5") as recording:
        base = base_of(recording, 18)
        assert (base.last, base.step) == ((COUNT - 1, 1) if step > 0 else (0, -1))
        rows, maps = tried(plan(base, base.last, 10), shown)
        again = Trace.of_rows("again", rows, maps, step=step)
        known = trace_of(recording)
        found = compare(known, again)
        assert len(found.frames) == COUNT
        assert found.identical
        assert found.first_difference is found.first_apart is None
        for frame, row in again.rows.items():
            assert dict(row.scalars) == dict(known.rows[frame].scalars)
            stored, made = recording.latest(frame, shown), maps.latest(frame, shown)
            if stored is None or stored[1]:
                continue
            assert made is not None
            expected = as_recorded(made[0], recording.precision)
            assert stored[0].values.tobytes() == expected.values.tobytes()


@pytest.mark.parametrize(("key", "params", "shown"), [PLAIN, CCR])
def test_that_from_a_checkpoint_it_is_the_run_again(
    tmp_path, key: str, params: dict, shown: str
) -> None:
    open_, planned, buffer, _ = record(tmp_path / "a.h5", key, params, shown)
    base = Base(
        key, planned.run.params, planned.start, COUNT - 1, states=open_.states_of(planned.run)
    )
    trial = plan(base, 30, 7)
    assert trial.state is not None
    assert 15 <= trial.first <= 23
    rows, _ = tried(trial)
    assert [row.frame for row in rows] == list(range(trial.first, 31))
    known = Trace.of_rows("run", buffer.since(0))
    # The first row only says where it stood.
    found = compare(known, Trace.of_rows("again", rows[1:]))
    assert found.identical
    assert len(found.frames) == 30 - trial.first


def test_that_parameters_that_were_changed_on_the_way_change_again(tmp_path) -> None:
    open_, planned, buffer, _ = record(tmp_path / "a.h5", *PLAIN, tuned=True)
    known = Trace.of_rows("run", buffer.since(0))
    with Recording(tmp_path / "a.h5") as recording:
        base = base_of(recording, 20)
    assert base.tunings == (Tuned(12, {"learning_rate": 0.4}),)
    assert compare(known, Trace.of_rows("a", tried(plan(base, COUNT - 1, 5))[0])).identical
    without = replace(base, tunings=())
    assert not compare(known, Trace.of_rows("b", tried(plan(without, 35, 5))[0])).identical
    kept = replace(base, states=open_.states_of(planned.run))
    trial = plan(kept, 35, 4)
    assert trial.first > 12
    assert compare(known, Trace.of_rows("c", tried(trial)[0][1:])).identical


def test_that_a_live_parameter_starts_from_a_state_and_any_other_from_the_start(tmp_path) -> None:
    open_, planned, buffer, _ = record(tmp_path / "a.h5", *PLAIN)
    states = open_.states_of(planned.run)
    base = Base("template-match", planned.run.params, planned.start, COUNT - 1, states=states)
    live = plan(base, 30, 7, {"learning_rate": 0.5})
    assert live.changed == ("learning_rate",)
    assert live.state is not None
    before = Trace.of_rows("run", buffer.since(0))
    found = compare(before, Trace.of_rows("trial", tried(live)[0]))
    assert not found.identical
    assert found.score[1:].any()
    whole = plan(base, 30, 7, {"learning_rate": 0.1, "radius": 5})
    assert whole.changed == ("radius",)
    assert whole.state is None
    assert whole.first == 0
    other = plan(base, 30, 7, tracker="ccr")
    assert other.state is None
    assert dict(other.params).keys() != dict(live.params).keys()


def test_that_the_run_itself_is_left_alone(tmp_path) -> None:
    open_, planned, buffer, _ = record(tmp_path / "a.h5", *PLAIN)
    states = open_.states_of(planned.run)
    base = Base("template-match", planned.run.params, planned.start, COUNT - 1, states=states)
    first, _ = tried(plan(base, 35, 5, {"learning_rate": 0.9}))
    again, _ = tried(plan(base, 35, 5))
    known = Trace.of_rows("run", buffer.since(0))
    assert not compare(known, Trace.of_rows("changed", first)).identical
    assert compare(known, Trace.of_rows("again", again[1:])).identical


def test_that_what_cannot_be_repeated_is_refused_in_words(tmp_path) -> None:
    open_, planned, _, _ = record(tmp_path / "a.h5", *PLAIN)
    start = Start(9, CLIP.boxes[9], CorrectionPolicy.KEEP_TEMPLATE)
    base = Base("template-match", planned.run.params, start, COUNT - 1)
    with pytest.raises(TrackerError, match="went on from a correction on frame 9"):
        plan(base, 20, 5)
    anew = replace(base, start=planned.start)
    with pytest.raises(TrackerError, match="not known beyond frame 35"):
        plan(anew, 36, 5)
    with pytest.raises(TrackerError, match="where the run began"):
        plan(anew, 0, 5)
    assert open_.states_of(replace(planned.run, params={})) is None


def test_that_a_recorded_correction_is_refused_in_words(tmp_path) -> None:
    from core.engine.extent import Extent

    open_ = session()
    recorder = RunRecorder(RecordTo(tmp_path / "a.h5", frozenset()), open_.video, "template-match")
    for frame, policy, until in (
        (0, CorrectionPolicy.NEW_TEMPLATE, 20),
        (10, CorrectionPolicy.KEEP_TEMPLATE, 30),
    ):
        if frame:
            moved = Keyframe(frame, CLIP.boxes[frame].shifted(1, 0))
            track = open_.store.current.track(1).with_keyframes([moved])
            open_.store.replace(open_.store.current.with_track(track), _change())
        planned = open_.plan(1, frame, "template-match", policy=policy, extent=Extent(until=until))
        recorder.begin(planned, CPU)
        _, buffer = open_.execute(planned, Control(), (recorder.take,), services=CPU)
        open_.store.replace(open_.with_result(open_.store.current, planned, buffer), _change())
    recorder.close()
    with Recording(tmp_path / "a.h5") as recording:
        assert base_of(recording, 5).last == 20
        with pytest.raises(RecordingError, match="after a correction"):
            base_of(recording, 15)


def _change():
    from core.document.store import Change

    return Change("x")


def test_that_a_comparison_says_where_two_runs_part() -> None:
    def row(frame: int, x: float, score: float) -> Row:
        return Row(frame, Box(x, 0, 10, 10), score, TargetState.TRACKING, "", {"psr": x}, 0.0)

    a = Trace.of_rows("a", [row(f, 0.0, 0.5) for f in range(10)])
    b = Trace.of_rows("b", [row(f, 0.0 if f < 4 else f - 3.0, 0.75) for f in range(2, 12)])
    found = compare(a, b)
    assert found.frames.tolist() == list(range(2, 10))
    assert found.first_difference == 4
    assert found.first_apart == 7
    assert found.overlap[0] == 1.0
    assert found.distance[-1] == 6.0
    assert set(found.score) == {0.25}
    assert not found.identical
    assert compare(a, a).identical
    assert b.column("psr", [1, 3, 5])[1:].tolist() == [0.0, 2.0]
    assert np.isnan(b.column("psr", [1]))
    assert b.names() == ["score", "psr"]
