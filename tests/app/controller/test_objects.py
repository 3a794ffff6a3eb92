"""Edits of whole objects: one step each, asked where a person's boxes are at stake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes.app_driver import Answers
from fakes.array_video import moving_patch

from app import scene
from app.controller.desk import Desk
from app.controller.objects import Objects
from app.controller.proposals import Proposals
from app.settings import Preferences
from core.document import proposals
from core.document.document import Document, Run
from core.document.track import Columns, Keyframe
from core.geometry import Box
from core.session import Session, video_ref
from core.states import Flag, IntervalMode, RunKind, Source

CLIP = moving_patch(20)


def keys(frames: range, x: float, source: Source = Source.TRACKED) -> list[Keyframe]:
    return [Keyframe(k, Box(x + k, x, 20, 20), source, 0.5, run=1) for k in frames]


@pytest.fixture
def desk(qapp) -> Iterator[Desk]:
    """Object 1 on 0..9 (0 and 9 by hand), object 2 on 5..14 (7 by hand); 1 is selected."""
    document = Document(video_ref(CLIP.video()))
    for frames, x, manual in ((range(10), 10, (0, 9)), (range(5, 15), 50, (7,))):
        document, track = document.with_new_track()
        by_hand = [k for f in manual for k in keys(range(f, f + 1), x, Source.MANUAL)]
        document = document.with_track(track.with_keyframes([*keys(frames, x), *by_hand]))
    desk = Desk(Preferences())
    desk.put(Session(CLIP.video(), document))
    yield desk
    desk.put(None)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def objects(desk: Desk, answers: Answers) -> Objects:
    return Objects(desk, answers, lambda: 3)  # type: ignore[arg-type]


@pytest.fixture
def told(desk: Desk) -> list[str]:
    texts: list[str] = []
    desk.noticed.connect(lambda notice: texts.append(notice.text))
    return texts


def at(desk: Desk, frame: int) -> None:
    desk.shown = frame
    desk.update(frame=frame)


def frames(desk: Desk, track: int = 1) -> list[int]:
    return desk.document.track(track).columns.frames.tolist()


def test_that_a_split_is_one_step_and_undone_whole(desk: Desk, objects: Objects) -> None:
    before = desk.document
    at(desk, 4)
    objects.split()
    assert (frames(desk, 1), frames(desk, 3)) == ([0, 1, 2, 3], [4, 5, 6, 7, 8, 9])
    assert desk.stack.count() == 1
    desk.stack.undo()
    assert desk.document is before


def test_that_a_merge_says_where_both_had_boxes(
    desk: Desk, objects: Objects, answers: Answers, told: list[str]
) -> None:
    answers.on_choice = 2
    objects.merge()
    assert answers.offered == [(2, "object 2")]
    assert frames(desk) == list(range(15))
    assert desk.document.track(1).at(7) == keys(range(7, 8), 50, Source.MANUAL)[0]
    assert told == ["Both had boxes on 5 frames (mean IoU 0.00)."]


def test_that_a_merge_asks_whose_boxes_stay_and_a_no_changes_nothing(
    desk: Desk, objects: Objects, answers: Answers
) -> None:
    track = desk.document.track(1).with_keyframes(keys(range(7, 8), 10, Source.MANUAL))
    desk.edit("Draw", desk.document.with_track(track))
    before = desk.document
    asked: list[str] = []

    def choose(question: str, options) -> int | None:
        asked.append(question)
        return 2 if len(asked) == 1 else None

    answers.one_of = choose  # type: ignore[method-assign]
    objects.merge()
    assert "On 1 frame both objects have boxes that you set" in asked[1]
    assert desk.document is before
    asked.clear()
    answers.one_of = lambda question, options: 2  # type: ignore[method-assign]
    objects.merge()
    assert desk.document.track(1).at(7) == keys(range(7, 8), 50, Source.MANUAL)[0]


def test_that_joining_what_overlaps_is_refused_in_words(
    desk: Desk, objects: Objects, answers: Answers, told: list[str]
) -> None:
    answers.on_choice, before = 2, desk.document
    objects.join()
    assert told == ["Both objects have boxes on 5 frames, the first is frame 5."]
    assert desk.document is before


def test_that_a_swap_begins_at_the_frame_shown(
    desk: Desk, objects: Objects, answers: Answers
) -> None:
    answers.on_choice = 2
    at(desk, 8)
    objects.swap()
    assert frames(desk, 1) == [*range(8), *range(8, 15)]
    assert frames(desk, 2) == [5, 6, 7, 8, 9]
    key = desk.document.track(1).at(8)
    assert key is not None
    assert key.box.y == 50


def test_that_a_box_is_copied_to_the_next_n_frames_but_not_over_a_persons(
    desk: Desk, objects: Objects
) -> None:
    at(desk, 7)
    objects.propagate()
    xs = {k.frame: k.box.x for k in desk.document.track(1).keyframes()}
    assert [xs[f] for f in (7, 8, 9, 10)] == [17, 17, 19, 17]


def test_that_gaps_up_to_the_answer_are_filled_and_nothing_without_one(
    desk: Desk, objects: Objects, answers: Answers, told: list[str]
) -> None:
    desk.edit("Cut", desk.document.with_track(desk.document.track(1).without(3, 5)))
    objects.fill_gaps()
    assert frames(desk) == [0, 1, 2, *range(5, 10)]
    answers.on_number = 1
    objects.fill_gaps()
    assert told == ["There was nothing to change."]
    answers.on_number = 2
    objects.fill_gaps()
    assert frames(desk) == list(range(10))
    assert told[-1] == "2 boxes added."


def test_that_simplifying_says_how_many_boxes_are_left_to_keep(
    desk: Desk, objects: Objects, answers: Answers, told: list[str]
) -> None:
    answers.on_number = 5
    objects.simplify()
    assert told == ["2 boxes say now what 10 said; the worst keeps an IoU of 1.000."]
    assert frames(desk) == list(range(10))


def test_that_a_mode_lies_between_the_persons_boxes_and_follows_them(
    desk: Desk, objects: Objects, told: list[str]
) -> None:
    at(desk, 4)
    objects.set_mode(IntervalMode.GAP)
    assert frames(desk) == [0, 9]
    desk.stack.undo()
    objects.set_mode(IntervalMode.LINEAR)
    assert desk.document.track(1).intervals[0].mode is IntervalMode.LINEAR
    at(desk, 12)
    objects.set_mode(IntervalMode.LINEAR)
    assert told == ["This frame does not lie between two boxes of yours."]


def test_that_out_of_view_is_stated_and_taken_back_on_one_frame(
    desk: Desk, objects: Objects
) -> None:
    at(desk, 12)
    objects.out_of_view()
    key = desk.document.track(1).at(12)
    assert key is not None
    assert key.flags == Flag.ABSENT | Flag.OUT_OF_VIEW
    assert frames(desk) == [*range(10), 12]
    objects.out_of_view()
    assert frames(desk) == list(range(10))


def test_that_a_statement_is_stretched_up_to_the_frame_and_ends_there_when_it_goes_on(
    desk: Desk, objects: Objects, told: list[str]
) -> None:
    at(desk, 12)
    objects.out_of_view()
    at(desk, 15)
    objects.state_to_here()
    assert frames(desk) == [*range(10), 12, 13, 14, 15]
    assert told == ["Mark out of view: 3 frames, 13 – 15."]
    at(desk, 13)
    objects.state_to_here()
    assert frames(desk) == [*range(10), 12, 13]
    assert told[1:] == ["No more out of view: 2 frames, 14 – 15."]
    desk.stack.undo()
    desk.stack.undo()
    assert frames(desk) == [*range(10), 12], "each is one step"
    objects.toggle(Flag.OCCLUDED, "occluded")
    at(desk, 2)
    objects.truncated()
    at(desk, 5)
    objects.state_to_here()
    columns = desk.document.track(1).columns
    assert columns.frames[(columns.flags & Flag.TRUNCATED) != 0].tolist() == [2, 3, 4, 5]


def test_that_a_locked_object_is_left_alone_and_an_object_being_tracked_as_well(
    desk: Desk, objects: Objects, told: list[str]
) -> None:
    track = desk.document.track(1)
    desk.edit("Lock", desk.document.with_track(replace(track, locked=True)))
    before = desk.document
    at(desk, 4)
    objects.split()
    assert told == ["“object 1” is locked."]
    desk.growing = type("Growing", (), {"track_id": 1, "key_at": lambda s, f: None})()
    objects.split()
    assert told[-1] == "This object is being tracked."
    assert desk.document is before


def test_that_solo_shows_one_object_and_edits_nothing(desk: Desk, objects: Objects) -> None:
    at(desk, 6)
    before = desk.document
    assert [view.track_id for view in scene.boxes(desk, 6)] == [2, 1]
    objects.solo()
    assert [view.track_id for view in scene.boxes(desk, 6)] == [1]
    assert [lane.visible for lane in scene.lanes(desk)] == [True, False]
    assert desk.document is before
    objects.solo()
    assert desk.state.solo is None
    objects.solo()
    desk.edit("Delete", desk.document.without_track(1))
    assert desk.state.solo is None


# ---- proposals ----------------------------------------------------------------------


@pytest.fixture
def waiting(desk: Desk) -> Proposals:
    """A run proposes boxes on 5..12 for object 1."""
    rows = Columns.of_keyframes([replace(k, run=2) for k in keys(range(5, 13), 30)])
    run = Run(2, 1, "ccr", start=4, end=12)
    desk.edit("Propose", proposals.proposed(desk.document, run, rows))
    return Proposals(desk)


def test_that_a_proposal_is_drawn_beside_the_box_that_counts(
    desk: Desk, waiting: Proposals
) -> None:
    (view,) = scene.proposals(desk, 6)
    assert (view.box.x, view.text) == (36, "ccr proposes")
    assert scene.boxes(desk, 6)[-1].box.x == 16
    assert scene.proposals(desk, 3) == []
    assert scene.lanes(desk)[0].proposed == ((5, 12),)
    text = "8 boxes of ccr proposed on frames 5 to 12; on 1 of them yours stay"
    assert scene.proposal_text(desk) == text


def test_that_boxes_are_accepted_here_up_to_here_and_whole(desk: Desk, waiting: Proposals) -> None:
    at(desk, 8)
    waiting.accept_here()
    ys = {k.frame: k.box.y for k in desk.document.track(1).keyframes()}
    assert [f for f, y in ys.items() if y == 30] == [8]
    at(desk, 6)
    waiting.accept_to_here()
    ys = {k.frame: k.box.y for k in desk.document.track(1).keyframes()}
    assert [f for f, y in ys.items() if y == 30] == [5, 6, 8]
    assert desk.state.proposed
    waiting.accept_all()
    ys = {k.frame: k.box.y for k in desk.document.track(1).keyframes()}
    assert [f for f, y in ys.items() if y == 30] == [5, 6, 7, 8, 10, 11, 12]  # 9 is the person's
    assert not desk.state.proposed
    assert scene.proposal_text(desk) == ""
    for _ in range(3):
        desk.stack.undo()
    assert desk.state.proposed
    assert scene.lanes(desk)[0].proposed == ((5, 12),)


def test_that_discarding_changes_no_object(desk: Desk, waiting: Proposals, told: list[str]) -> None:
    tracks = desk.document.tracks
    at(desk, 8)
    waiting.discard_here()
    assert scene.lanes(desk)[0].proposed == ((5, 7), (9, 12))
    waiting.discard_here()
    assert told == ["The proposal has no box there."]
    waiting.discard_all()
    assert desk.document.proposals == ()
    assert desk.document.tracks is tracks


def test_that_disagreement_is_shown_only_where_the_runs_boxes_still_are(desk: Desk) -> None:
    rows = Columns.of_keyframes([replace(k, run=2) for k in keys(range(2, 6), 30)])
    run = Run(2, 1, "ccr", start=0, end=9, kind=RunKind.TWO_WAY, disagreement={2: 0.5, 4: 0.25})
    desk.edit("Track", desk.document.with_run(run, rows))
    frames, values = scene.lanes(desk)[0].disagreement
    assert (frames.tolist(), values.tolist()) == ([2, 4], [0.5, 0.25])
    track = desk.document.track(1).with_keyframes(keys(range(2, 3), 1, Source.MANUAL))
    desk.edit("Move", desk.document.with_track(track))
    frames, values = scene.lanes(desk)[0].disagreement
    assert (frames.tolist(), values.tolist()) == ([4], [0.25])
