from __future__ import annotations

import numpy as np
import pytest
import torch
from fakes.array_video import ArrayVideo, Clip, moving_patch
from fakes.drifting import Drifting  # noqa: F401  (registers the test trackers)

from core.alarms.kinds import Alarm, in_words
from core.alarms.review import queue
from core.alarms.stop import StopRule
from core.alarms.watcher import Watcher
from core.document import proposals
from core.document.document import Document
from core.document.store import Change
from core.document.track import Keyframe
from core.engine.agreement import agreement, fused
from core.engine.consensus import AGREEMENT
from core.engine.control import Control
from core.engine.runner import EndReason, Watch
from core.errors import TrackerError
from core.session import Session, video_ref
from core.states import Flag, RunKind, TargetState
from core.trackers.base import Services

ALL = ("template-match", "steady", "drifting")
CPU = Services(torch.device("cpu"))
COUNT, ASTRAY = 20, 8
PARAMS = {"drifting": {"astray_at": ASTRAY}}


def session(clip: Clip) -> Session:
    video = ArrayVideo(clip.images)
    document, track = Document(video_ref(video)).with_new_track()
    return Session(video, document.with_track(track.with_keyframes([Keyframe(0, clip.boxes[0])])))


@pytest.fixture(scope="module")
def clip() -> Clip:
    return moving_patch(COUNT)


@pytest.fixture
def proposed(clip: Clip) -> Session:
    """What three trackers propose, of which one goes astray."""
    made = session(clip)
    plan = made.plan_consensus(1, 0, ALL, params=PARAMS)
    end, buffer = made.execute(plan, Control(), services=CPU)
    assert (end.reason, end.frames) == (EndReason.FINISHED, COUNT - 1)
    after = made.with_result(made.store.current, plan, buffer, propose=True)
    made.store.replace(after, Change("Propose"))
    return made


def test_that_every_tracker_says_what_it_would_have_said_alone(
    clip: Clip, proposed: Session
) -> None:
    found = proposals.consensus_of(proposed.store.current, 1)
    assert found is not None
    assert [p.run.tracker for p in found.members] == list(ALL)
    for proposal in found.members:
        alone = session(clip)
        params = PARAMS.get(proposal.run.tracker, {})
        alone.track(1, 0, proposal.run.tracker, params=params, services=CPU)
        columns = alone.store.current.track(1).columns
        assert np.array_equal(proposal.columns.boxes, columns.boxes[1:])
        assert np.array_equal(proposal.columns.scores, columns.scores[1:])
        rest = ~np.uint16(Alarm.SECOND)
        assert np.array_equal(proposal.columns.alarms & rest, columns.alarms[1:])


def test_that_every_frame_is_read_once(clip: Clip, proposed: Session) -> None:
    assert proposed.video.reads == list(range(COUNT))  # type: ignore[attr-defined]


def test_that_the_fused_boxes_are_those_of_all_frames_at_once(
    clip: Clip, proposed: Session
) -> None:
    found = proposals.consensus_of(proposed.store.current, 1)
    assert found is not None
    assert found.fused is not None
    boxes = np.stack([p.columns.boxes for p in found.members])
    told = agreement(boxes)
    assert found.fused.columns.scores == pytest.approx(told.mean, abs=1e-6)
    assert [round(1 - v, 4) for v in found.fused.run.disagreement.values()] == pytest.approx(
        told.mean, abs=1e-4
    )
    for number, proposal in enumerate(found.members):
        own = [1 - v for v in proposal.run.disagreement.values()]
        assert own == pytest.approx(told.each[number], abs=1e-4)
    states = np.stack([p.columns.states & 0 for p in found.members])
    scores = np.stack([p.columns.scores.astype(float) for p in found.members])
    calm = told.mean == 1
    again = fused(boxes, scores, states)
    assert found.fused.columns.boxes[calm] == pytest.approx(again.boxes[calm], abs=1e-4)
    truth = np.array([box.as_tuple() for box in clip.boxes[1:]])
    assert found.fused.columns.boxes == pytest.approx(truth, abs=1e-6)  # two of three are right


def test_that_a_group_of_runs_says_what_it_is(proposed: Session) -> None:
    document = proposed.store.current
    assert document.runs == ()
    assert document.next_run_id == 5
    kinds = {p.run.kind for p in document.proposals}
    assert kinds == {RunKind.CONSENSUS}
    assert {p.run.group for p in document.proposals} == {4}
    newest = proposals.of_track(document, 1)
    assert newest is not None
    assert (newest.run.id, newest.run.tracker) == (4, "consensus")
    assert dict(newest.run.params) == {"trackers": ",".join(ALL)}
    assert (newest.run.start, newest.run.end) == (0, COUNT - 1)


def test_that_disagreement_is_doubt_with_a_reason_and_comes_to_the_review(
    proposed: Session,
) -> None:
    found = proposals.consensus_of(proposed.store.current, 1)
    assert found is not None
    steady, drifting = found.members[1].columns, found.members[2].columns
    apart = (drifting.alarms & np.uint16(Alarm.SECOND)) != 0
    assert apart.tolist() == [k >= ASTRAY for k in range(COUNT - 1)]
    assert (drifting.states[apart] != TargetState.TRACKING).all()
    agreeing = np.array(list(found.members[1].run.disagreement.values())) < 0.45
    assert ((steady.alarms & np.uint16(Alarm.SECOND)) != 0).tolist() == (~agreeing).tolist()
    taken = proposals.accepted(proposed.store.current, 4)
    places = queue(taken)
    assert places[0].first == ASTRAY + 1
    assert places[0].last == COUNT - 1
    assert in_words(int(Alarm.SECOND)) in places[0].reason


def test_that_a_run_until_unsure_stops_where_they_disagree(clip: Clip) -> None:
    made = session(clip)
    plan = made.plan_consensus(1, 0, ALL, params=PARAMS)
    watch = Watch(Watcher.__new__(Watcher), StopRule(3))  # only its rule counts
    end, buffer = made.execute(plan, Control(), services=CPU, watch=watch)
    assert end.reason is EndReason.UNSURE
    assert end.doubtful_from == ASTRAY + 1
    after = made.with_result(
        made.store.current, plan, buffer, propose=True, cut_from=end.doubtful_from
    )
    for proposal in after.proposals:
        assert proposal.columns.frames.tolist() == list(range(1, ASTRAY + 1))


def test_that_without_a_window_the_fused_boxes_are_taken_and_the_rest_waits(clip: Clip) -> None:
    made = session(clip)
    plan = made.plan_consensus(1, 0, ALL, params=PARAMS)
    _, buffer = made.execute(plan, Control(), services=CPU)
    after = made.with_result(made.store.current, plan, buffer)
    assert len(after.track(1)) == COUNT
    assert [run.id for run in after.runs] == [4]
    found = proposals.consensus_of(after, 1)
    assert found is not None
    assert len(found.members) == 3
    assert found.fused is None
    taken = proposals.accepted(after, found.members[0].run.id, 3, 3, confirm=True)
    key = taken.track(1).at(3)
    assert key is not None
    assert (key.run, key.flags) == (1, Flag.CONFIRMED)


def test_that_cancelling_keeps_what_all_of_them_said(clip: Clip) -> None:
    made, control = session(clip), Control()

    def stop(item) -> None:
        if item.frame.index == 6:
            control.cancel()

    plan = made.plan_consensus(1, 0, ALL[:2], step=1)
    end, buffer = made.execute(plan, control, (stop,), services=CPU)
    assert end.reason is EndReason.CANCELLED
    assert [len(b) for b in (buffer, *buffer.beside)] == [7, 7, 7]
    assert set(buffer.since(1)[0].scalars) == {
        AGREEMENT, "agreement.template-match", "agreement.steady"
    }  # fmt: skip


def test_that_the_failure_of_one_names_it_and_keeps_what_was_tracked(clip: Clip) -> None:
    made = session(clip)
    plan = made.plan_consensus(1, 0, ALL[:2], params={"steady": {"fail_at": 4}})
    end, buffer = made.execute(plan, Control(), services=CPU)
    assert end.error is not None
    assert "Steady: The tracker gave up." in end.error.message
    assert end.reason is EndReason.FAILED
    assert [len(b) for b in (buffer, *buffer.beside)] == [5, 5, 5]


@pytest.mark.parametrize("keys", [(), ALL[:1], ("steady", "steady"), ("steady", "nobody")])
def test_that_a_consensus_needs_different_trackers_that_exist(
    clip: Clip, keys: tuple[str, ...]
) -> None:
    with pytest.raises(TrackerError):
        session(clip).plan_consensus(1, 0, keys)


def test_that_a_consensus_backwards_is_one_forwards_on_the_reversed_clip(clip: Clip) -> None:
    columns = []
    for frames, start, step in ((clip, COUNT - 1, -1), (clip.reversed(), 0, 1)):
        made = session(frames)
        track = made.store.current.track(1).with_keyframes([Keyframe(start, frames.boxes[start])])
        made.store.replace(made.store.current.with_track(track), Change("Draw"))
        plan = made.plan_consensus(1, start, ALL, params=PARAMS, step=step)
        _, buffer = made.execute(plan, Control(), services=CPU)
        columns.append([buffer.columns(), *(b.columns() for b in buffer.beside)])
    for back, ahead in zip(*columns, strict=True):
        assert np.array_equal(back.boxes[::-1], ahead.boxes)
        assert np.array_equal(back.states[::-1], ahead.states)
