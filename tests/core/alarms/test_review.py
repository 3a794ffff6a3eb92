"""The queue follows from the document: what is settled leaves it, what is new enters it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.alarms import review
from core.alarms.kinds import Alarm
from core.document.document import Document, VideoRef
from core.document.track import Keyframe, Track
from core.geometry import Box
from core.states import Flag, Source, TargetState

BOX = Box(10, 10, 30, 20)


def _key(frame: int, alarms: int = 0, score: float = 0.9, **fields: object) -> Keyframe:
    state = TargetState.UNCERTAIN if alarms else TargetState.TRACKING
    key = Keyframe(frame, BOX, Source.TRACKED, score, state, alarms=alarms)
    return replace(key, **fields)  # pyright: ignore[reportArgumentType]


def _track(ringing: dict[int, int], length: int = 100) -> Track:
    return Track(1).with_keyframes([_key(k, ringing.get(k, 0)) for k in range(length)])


def test_that_neighbouring_doubts_are_one_place() -> None:
    track = _track({10: 2, 11: 16, 14: 2, 40: 512})
    first, second = review.places(track)
    assert (first.first, first.last, first.count, first.alarms) == (10, 14, 3, 18)
    assert (second.first, second.count) == (40, 1)
    assert "does not look like" in second.reason
    assert review.frames_left([first, second]) == 4


def test_that_doubts_shortly_before_a_loss_belong_to_it() -> None:
    def places(state: TargetState, gap: int) -> list[tuple[int, int]]:
        track = _track({10: 2, 20: 2, 20 + gap: 2, 60: 2})
        last = _key(20 + gap, 2, state=state)
        return [(p.first, p.last) for p in review.places(track.with_keyframes([last]))]

    assert places(TargetState.LOST, 12) == [(10, 32), (60, 60)]
    assert places(TargetState.UNCERTAIN, 12) == [(10, 10), (20, 20), (32, 32), (60, 60)]
    assert places(TargetState.LOST, 13) == [(10, 10), (20, 20), (33, 33), (60, 60)]


def test_that_a_persons_boxes_are_never_in_the_queue() -> None:
    track = _track({10: 2, 11: 2, 12: 2})
    fixed = track.with_keyframes([_key(10, 2, source=Source.MANUAL)])
    assert review.places(fixed)[0].first == 11
    place = review.places(track)[0]
    assert review.places(review.accepted(track, place)) == []
    assert review.accepted(track, place).at(11).flags == Flag.CONFIRMED  # pyright: ignore


def test_that_a_dismissed_alarm_stays_dismissed_until_the_box_is_made_anew() -> None:
    track = _track({10: 2})
    quiet = review.dismissed(track, review.places(track)[0])
    assert review.places(quiet) == []
    assert not quiet.columns.protected().any()
    again = quiet.with_columns(_track({10: 2}).columns)
    assert len(review.places(again)) == 1


def test_that_only_doubtful_boxes_of_the_place_are_touched() -> None:
    track = _track({10: 2, 13: 2, 50: 2})
    after = review.accepted(track, review.places(track)[0])
    touched = np.flatnonzero(after.columns.flags != track.columns.flags)
    assert after.columns.frames[touched].tolist() == [10, 13]


def test_that_the_line_flags_anew() -> None:
    keys = [_key(k, score=s) for k, s in ((0, 0.9), (20, 0.4), (40, 0.2))]
    keys.append(_key(60, int(Alarm.SCORE), 0.5))
    track = Track(1).with_keyframes(keys)
    assert [p.first for p in review.places(track)] == [60]
    assert [p.first for p in review.places(track, 0.3)] == [40]
    assert [p.first for p in review.places(track, 0.6)] == [20, 40, 60]
    assert "score" in review.places(track, 0.3)[0].reason


def test_that_the_most_doubtful_comes_first_when_asked() -> None:
    mild, bad = _track({10: 2, 60: 2 | 16 | 512}), Track(2).with_keyframes([_key(30, 2, 0.1)])
    document = Document(VideoRef("a"), (mild, bad))
    assert [p.first for p in review.queue(document)] == [10, 30, 60]
    assert [p.first for p in review.queue(document, by_doubt=True)][-1] == 10
    locked = document.with_track(replace(mild, locked=True))
    assert [p.track_id for p in review.queue(locked)] == [2]


def test_that_doubt_from_before_alarms_is_still_found() -> None:
    track = Track(1).with_keyframes([_key(5, state=TargetState.LOST)])
    place = review.places(track)[0]
    assert place.reason == "The tracker lost the target."
