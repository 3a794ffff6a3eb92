"""Going through doubtful places: order, verdicts as undo steps, and what they teach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes.array_video import moving_patch

from app.controller.desk import Desk
from app.controller.playback import Playback
from app.controller.review import Queue, Review
from app.settings import Preferences
from core.alarms import review as queues
from core.alarms.kinds import Alarm
from core.alarms.learning import load_tolerances
from core.alarms.review import Place
from core.alarms.thresholds import calibration
from core.document.document import Document, Run
from core.document.track import Keyframe
from core.geometry import Box
from core.session import Session, video_ref
from core.states import CorrectionPolicy, Flag, Source, TargetState

CLIP = moving_patch(40)
RINGING = {5: Alarm.SCORE, 6: Alarm.SCORE | Alarm.RIVAL, 20: Alarm.LOOKS | Alarm.SCORE | Alarm.EDGE}


class Panel:
    """What the tracker panel is set to."""

    def key(self) -> str:
        return "ccr"

    def values(self) -> dict[str, object]:
        return {}

    def values_of(self, key: str) -> dict[str, object]:
        return {}

    def policy(self) -> CorrectionPolicy:
        return CorrectionPolicy.NEW_TEMPLATE

    def frames(self) -> int:
        return 10


def _key(frame: int) -> Keyframe:
    bits = int(RINGING.get(frame, 0))
    state = TargetState.UNCERTAIN if bits else TargetState.TRACKING
    return Keyframe(frame, Box(frame, 5, 20, 20), Source.TRACKED, 0.8, state, run=1, alarms=bits)


@pytest.fixture
def desk(qapp) -> Iterator[Desk]:
    desk = Desk(Preferences())
    yield desk
    desk.put(None)


@pytest.fixture
def review(desk: Desk) -> Iterator[Review]:
    playback = Playback(desk)
    review = Review(desk, playback, Panel())
    video = CLIP.video()
    document, track = Document(video_ref(video)).with_new_track()
    document = document.with_track(track.with_keyframes(_key(k) for k in range(1, 40)))
    document = replace(document, runs=(Run(1, track.id, "edcf"),))
    desk.put(Session(video, document))
    yield review
    playback.finish()


def _first_frames(review: Review) -> list[int]:
    review.refresh()
    return [place.first for place in review.queue.places]


def test_that_next_and_previous_go_from_place_to_place(desk: Desk, review: Review) -> None:
    told: list[object] = []
    desk.noticed.connect(told.append)
    visited = []
    for step in (1, 1, 1, -1):
        review.go(step)
        visited.append(desk.state.frame)
    assert visited == [5, 20, 20, 5]
    assert len(told) == 1


def test_that_the_most_doubtful_comes_first_when_wanted(desk: Desk, review: Review) -> None:
    review.sort_by_doubt(True)
    assert [p.first for p in review.queue.places] == [20, 5]
    review.go(1)
    assert desk.state.frame == 20
    review.go(1)
    assert desk.state.frame == 5


def test_that_accepting_confirms_the_stretch_and_goes_on(desk: Desk, review: Review) -> None:
    review.go(1)
    review.accept()
    track = desk.document.tracks[0]
    confirmed = [k.frame for k in track.keyframes() if k.flags & Flag.CONFIRMED]
    assert confirmed == [5, 6]
    assert desk.state.frame == 20
    assert (_first_frames(review), review.queue.frames_left) == ([20], 1)
    desk.stack.undo()
    assert _first_frames(review) == [5, 20]
    assert not desk.document.tracks[0].columns.protected().any()


def test_that_dismissing_leaves_the_boxes_to_the_tracker(desk: Desk, review: Review) -> None:
    review.go(1)
    review.dismiss()
    assert _first_frames(review) == [20]
    assert not desk.document.tracks[0].columns.protected().any()


def test_that_absence_is_stated_of_the_whole_stretch_and_teaches_nothing(
    desk: Desk, review: Review
) -> None:
    before = desk.document
    review.go(1)
    review.absent()
    track = desk.document.tracks[0]
    assert [k.frame for k in track.keyframes() if k.is_absent] == [5, 6]
    assert track.columns.select(track.columns.frames > 6) == before.tracks[0].columns.select(
        before.tracks[0].columns.frames > 6
    )
    assert desk.state.frame == 20
    assert _first_frames(review) == [20]
    assert not desk.tolerances.of("edcf"), "the alarm was right"
    desk.stack.undo()
    assert desk.document is before


def test_that_a_correction_settles_its_frame(desk: Desk, review: Review) -> None:
    track = desk.document.tracks[0]
    fixed = track.with_keyframes([Keyframe(20, Box(0, 0, 20, 20))])
    desk.edit("Move box", desk.document.with_track(fixed), focus=(1, 20), frames=(20, 20))
    assert _first_frames(review) == [5]


def test_that_the_line_flags_anew_and_alarms_of_the_score_follow_it(review: Review) -> None:
    review.set_threshold(0.9)
    assert [p.count for p in review.queue.places] == [39]
    review.set_threshold(0.1)
    assert [(p.first, p.count) for p in review.queue.places] == [(6, 1), (20, 1)]
    assert review.score_line() == 0.1


def test_that_verdicts_move_the_alarms_of_the_tracker_that_made_the_boxes(
    desk: Desk, review: Review
) -> None:
    learnt: list[tuple[str, list[object]]] = []
    review.learnt.connect(lambda tracker, moved: learnt.append((tracker, moved)))
    review.go(1)
    review.accept()
    mine = desk.tolerances.of("edcf")
    assert set(mine) == {"score_below", "rival_above"}
    assert all(v > 1 for v in mine.values())
    assert load_tolerances(review._path).of("edcf") == mine
    assert learnt[-1][0] == "ccr"  # the panel shows what the chosen tracker learnt: nothing
    assert learnt[-1][1] == []


def test_that_an_overlooked_error_sharpens_once_however_the_box_was_dragged(
    desk: Desk, review: Review
) -> None:
    for k in range(1, 8):
        track = desk.document.tracks[0]
        moved = track.with_keyframes([Keyframe(30, Box(30 + 4 * k, 5, 20, 20))])
        document = desk.document.with_track(moved)
        desk.edit("Move box", document, merge_key="drag", focus=(1, 30), frames=(30, 30))
    review.go(1)
    mine = desk.tolerances.of("edcf")
    assert mine
    assert all(0.95 < v < 1 for v in mine.values())


def test_that_a_nudge_teaches_nothing(desk: Desk, review: Review) -> None:
    track = desk.document.tracks[0].with_keyframes([Keyframe(30, Box(31, 5, 20, 20))])
    desk.edit("Move box", desk.document.with_track(track), focus=(1, 30), frames=(30, 30))
    review.go(1)
    assert not desk.tolerances.of("edcf")


def test_that_what_was_learnt_can_be_taken_back(desk: Desk, review: Review) -> None:
    desk.tolerances = desk.tolerances.accepted("ccr", int(Alarm.SCORE))
    assert review.score_line() < calibration("ccr").thresholds.score_below
    review.forget_learnt()
    assert review.score_line() == calibration("ccr").thresholds.score_below
    assert not load_tolerances(review._path).of("ccr")


def test_that_the_queue_says_which_place_is_under_the_playhead(desk: Desk, review: Review) -> None:
    told: list[Place | None] = []
    review.arrived.connect(told.append)
    review.go(1)
    assert [place and place.first for place in told] == [5]
    review.dismiss()
    review.dismiss()
    assert told[-1] is None
    assert review.queue == Queue()


def test_that_only_what_changed_is_worked_out_anew(
    desk: Desk, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    places = queues.places
    monkeypatch.setattr(
        queues, "places", lambda track, limit: asked.append(track.id) or places(track, limit)
    )
    document, other = desk.document.with_new_track()
    desk.edit("New", document.with_track(other.with_keyframes([_key(6)])), focus=(other.id, 6))
    assert _first_frames(review) == [5, 6, 20]
    assert asked == [other.id]
    locked = desk.document.with_track(replace(desk.document.tracks[0], locked=True))
    desk.edit("Lock", locked)
    assert _first_frames(review) == [6]
