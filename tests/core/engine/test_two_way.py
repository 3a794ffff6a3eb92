from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.array_video import Clip, moving_patch
from fakes.template_match import TemplateMatch  # noqa: F401  (registers the test tracker)

from core import device
from core.alarms.kinds import Alarm
from core.alarms.watcher import Verdict
from core.document.document import Document
from core.document.store import Change
from core.document.track import Keyframe
from core.engine.control import Control
from core.engine.run_buffer import Row, RunBuffer
from core.engine.runner import EndReason, Watch
from core.engine.two_way import fused, run_two_way, weights
from core.errors import TrackerError
from core.geometry import Box
from core.session import Session, video_ref
from core.states import Flag, RunKind, Source, TargetState
from core.trackers import registry
from core.trackers.base import Services

TRACKER = "template-match"
LOST, UNSURE, TRACKING = TargetState.LOST, TargetState.UNCERTAIN, TargetState.TRACKING


def row(box: Box, score: float = 1.0, state: TargetState = TRACKING, reason: str = "") -> Row:
    return Row(7, box, score, state, reason, {}, 0.01)


A, B = Box(0, 0, 20, 20), Box(4, 0, 20, 20)


def test_that_each_direction_weighs_by_its_score_and_its_distance_from_its_own_seed() -> None:
    assert weights(row(A), row(B), 0.25) == (0.75, 0.25)
    assert weights(row(A, 0.2), row(B, 0.6), 0.5) == pytest.approx((0.25, 0.75))
    assert weights(row(A, 1.0, LOST), row(B, 0.1), 0.5) == (0, 1)
    assert weights(row(A, 1.0, LOST), row(B, 0.1, LOST), 0.25) == (0.75, 0.25)


def test_that_boxes_that_agree_are_averaged_and_the_disagreement_is_kept() -> None:
    result = fused(row(A), row(B), 0.25)
    assert result.box == Box(1, 0, 20, 20)
    apart = 1 - (16 * 20) / (24 * 20)
    assert result.scalars["disagreement"] == pytest.approx(apart)
    assert result.score == pytest.approx(1 - apart)
    assert result.state is TRACKING


def test_that_boxes_far_apart_are_not_averaged_onto_nothing() -> None:
    far = Box(100, 0, 20, 20)
    result = fused(row(A, 0.9), row(far, 0.8), 0.5)
    assert result.box == A
    assert result.state is UNSURE
    assert "disagree (IoU 0.00)" in result.reason
    assert fused(row(A, 0.9), row(far, 0.8), 0.9).box == far


def test_that_the_worst_both_agree_on_is_the_state() -> None:
    assert fused(row(A, state=LOST), row(A, state=LOST), 0.5).state is LOST
    assert fused(row(A, state=UNSURE, reason="weak"), row(A), 0.5).state is UNSURE
    assert fused(row(A, state=UNSURE, reason="weak"), row(A), 0.5).reason == "weak"


def test_that_alarms_of_both_ring_but_not_those_of_a_pass_that_was_lost_alone() -> None:
    forward = replace(row(A, state=UNSURE), alarms=int(Alarm.SCORE), doubt=0.7)
    backward = replace(row(A), alarms=int(Alarm.EDGE), doubt=0.2)
    both = fused(forward, backward, 0.5)
    assert (both.alarms, both.doubt) == (Alarm.SCORE | Alarm.EDGE, 0.7)
    assert fused(replace(forward, state=LOST), backward, 0.5).alarms == Alarm.EDGE
    lost = [replace(one, state=LOST) for one in (forward, backward)]
    assert fused(*lost, 0.5).alarms == Alarm.SCORE | Alarm.EDGE
    assert fused(row(A), row(Box(100, 0, 20, 20)), 0.5).alarms == Alarm.ROUND_TRIP


class Doubting:
    """Judges whose alarm rings on one frame."""

    def __init__(self, frame: int, bit: Alarm) -> None:
        self.frame, self.bit, self.seen = frame, bit, -1

    def see(self, image, result) -> Verdict:
        self.seen += 1
        if self.seen == self.frame:
            return Verdict(UNSURE, int(self.bit), 0.9, "weak")
        return Verdict()


def test_that_what_rang_on_either_way_is_stored_with_the_fused_boxes() -> None:
    clip = moving_patch(12)
    both = session(clip, Keyframe(2, clip.boxes[2]), Keyframe(9, clip.boxes[9]))
    plan = both.plan_two_way(1, 5, TRACKER)
    buffer = RunBuffer(plan.run.id)
    makes = [registry.find(TRACKER).create({}, Services(device.choose("cpu"))) for _ in "ab"]
    judges = Doubting(2, Alarm.SCORE), Doubting(2, Alarm.EDGE)
    watches = Watch(judges[0]), Watch(judges[1])
    run_two_way(plan, both.video, (makes[0], makes[1]), Control(), buffer, (), watches=watches)
    columns = buffer.columns()
    ringing = dict(zip(columns.frames.tolist(), columns.alarms.tolist(), strict=True))
    assert {f: bits for f, bits in ringing.items() if bits} == {4: Alarm.SCORE, 7: Alarm.EDGE}


def session(clip: Clip, *keys: Keyframe) -> Session:
    video = clip.video()
    document, track = Document(video_ref(video)).with_new_track()
    return Session(video, document.with_track(track.with_keyframes(keys)))


def test_that_a_stretch_is_tracked_from_both_ends_and_the_record_says_so() -> None:
    clip = moving_patch(12)
    both = session(clip, Keyframe(2, clip.boxes[2]), Keyframe(9, clip.boxes[9]))
    end = both.track(1, 5, TRACKER, two_way=True)
    assert (end.reason, end.frames) == (EndReason.FINISHED, 12)
    track = both.store.current.track(1)
    assert track.columns.frames.tolist() == list(range(2, 10))
    assert [key.box for key in track.keyframes()] == clip.boxes[2:10]
    assert [key.source for key in track.keyframes()][1:-1] == [Source.TRACKED] * 6
    (run,) = both.store.current.runs
    assert (run.kind, run.start, run.end) == (RunKind.TWO_WAY, 2, 8)
    assert dict(run.disagreement) == dict.fromkeys(range(3, 9), 0.0)


def test_that_a_drifting_direction_is_seen_and_outvoted_near_the_other_end() -> None:
    clip = moving_patch(12)
    wrong = clip.boxes[2].shifted(25, -20)  # the forward tracker follows the background
    both = session(clip, Keyframe(2, wrong), Keyframe(9, clip.boxes[9]))
    both.track(1, 5, TRACKER, two_way=True)
    track, (run,) = both.store.current.track(1), both.store.current.runs
    assert min(run.disagreement.values()) > 0.5
    for frame in (6, 7, 8):
        key = track.at(frame)
        assert key is not None
        assert key.box == clip.boxes[frame]
        assert key.state is UNSURE


def test_that_cancelling_on_the_way_back_keeps_the_forward_boxes_not_yet_reached() -> None:
    clip, control = moving_patch(12), Control()
    both = session(clip, Keyframe(0, clip.boxes[0]), Keyframe(11, clip.boxes[11]))
    seen: list[int] = []

    def watch(item) -> None:
        seen.append(item.frame.index)
        if len(seen) > 12 and item.frame.index == 8:
            control.cancel()

    end = both.track(1, 5, TRACKER, two_way=True, control=control, sinks=(watch,))
    assert end.reason is EndReason.CANCELLED
    (run,) = both.store.current.runs
    assert sorted(run.disagreement) == [8, 9, 10]
    assert both.store.current.track(1).columns.frames.tolist() == list(range(12))


def test_that_confirmed_boxes_bound_the_stretch_and_are_not_touched() -> None:
    clip = moving_patch(12)
    seen = Keyframe(6, clip.boxes[6].shifted(1, 0), Source.TRACKED, 0.5, flags=Flag.CONFIRMED)
    both = session(clip, Keyframe(0, clip.boxes[0]), seen, Keyframe(11, clip.boxes[11]))
    plan = both.plan_two_way(1, 3, TRACKER)
    assert (plan.start.frame, plan.stop, plan.total) == (0, 6, 10)
    both.track(1, 3, TRACKER, two_way=True)
    assert both.store.current.track(1).at(6) == seen


def test_that_there_must_be_a_stretch_between_two_boxes_of_a_person() -> None:
    clip = moving_patch(12)
    one = session(clip, Keyframe(0, clip.boxes[0]))
    with pytest.raises(TrackerError, match="does not lie between"):
        one.plan_two_way(1, 5, TRACKER)
    near = session(clip, Keyframe(0, clip.boxes[0]), Keyframe(1, clip.boxes[1]))
    with pytest.raises(TrackerError, match="no frame between 0 and 1"):
        near.plan_two_way(1, 0, TRACKER)
    near.store.replace(Document(near.store.current.video), Change("clear"))
