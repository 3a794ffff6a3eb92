"""Edits by a person: each one step, never more than what was named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes.array_video import moving_patch

from app.controller.desk import Desk, Notice
from app.controller.edits import Edits
from app.settings import Preferences
from core.document.document import Document
from core.document.track import Keyframe
from core.geometry import Box
from core.session import Session, video_ref
from core.states import Flag, Source, TargetState

CLIP = moving_patch(20)


@pytest.fixture
def desk(qapp) -> Iterator[Desk]:
    desk = Desk(Preferences())
    desk.put(Session(CLIP.video(), Document(video_ref(CLIP.video()))))
    yield desk
    desk.put(None)


@pytest.fixture
def edits(desk: Desk) -> Edits:
    return Edits(desk)


@pytest.fixture
def tracked(desk: Desk, edits: Edits) -> None:
    """Track 1: a manual box on 0, tracked ones on 1..9 and 15..19."""
    edits.drawn(Box(10, 10, 20, 20))
    track = desk.document.track(1)
    keys = [
        Keyframe(k, Box(10 + k, 10, 20, 20), Source.TRACKED, 0.9)
        for k in (*range(1, 10), *range(15, 20))
    ]
    desk.edit("Track", desk.document.with_track(track.with_keyframes(keys)))
    desk.stack.clear()


def frames(desk: Desk) -> list[int]:
    return [int(f) for f in desk.document.track(1).columns.frames]


def at(desk: Desk, frame: int) -> None:
    desk.shown = frame
    desk.update(frame=frame)


def notices(desk: Desk) -> list[Notice]:
    told: list[Notice] = []
    desk.noticed.connect(told.append)
    return told


def test_that_a_box_drawn_with_an_object_selected_goes_to_that_object(desk, edits) -> None:
    edits.drawn(Box(1, 2, 30, 40))
    at(desk, 5)
    edits.drawn(Box(3, 4, 30, 40))
    assert len(desk.document.tracks) == 1
    assert frames(desk) == [0, 5]


def test_that_new_object_makes_another_one(desk, edits) -> None:
    edits.drawn(Box(1, 2, 30, 40))
    edits.draw_mode(new_object=True)
    edits.drawn(Box(50, 50, 30, 40))
    assert [t.id for t in desk.document.tracks] == [1, 2]
    assert desk.state.track == 2
    assert desk.state.mode == "select"


def test_that_an_unusable_box_changes_nothing_and_is_told(desk, edits) -> None:
    told = notices(desk)
    edits.drawn(Box(500, 500, 10, 10))
    assert desk.document.tracks == ()
    assert told[0].severity == "error"
    assert desk.stack.count() == 0


def test_that_delete_removes_one_box_and_nothing_else(desk, edits, tracked) -> None:
    at(desk, 4)
    edits.delete_box()
    assert frames(desk) == [0, 1, 2, 3, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19]


def test_that_deleting_a_range_leaves_what_a_person_made(desk, edits, tracked) -> None:
    at(desk, 17)
    edits.moved(1, Box(1, 1, 20, 20), 1)
    at(desk, 6)
    edits.delete_after()
    assert frames(desk) == [0, 1, 2, 3, 4, 5, 17]
    desk.stack.undo()
    edits.delete_before()
    assert frames(desk) == [0, 7, 8, 9, 15, 16, 17, 18, 19]


def test_that_absent_is_a_statement_that_can_be_taken_back(desk, edits, tracked) -> None:
    at(desk, 12)
    edits.toggle_absent()
    key = desk.document.track(1).at(12)
    assert key.is_absent
    assert key.is_protected
    edits.toggle_absent()
    assert desk.document.track(1).at(12) is None


def test_that_confirming_protects_a_tracked_box_and_keeps_its_source(desk, edits, tracked) -> None:
    at(desk, 3)
    edits.confirm()
    key = desk.document.track(1).at(3)
    assert key.is_protected
    assert key.source is Source.TRACKED
    edits.confirm()
    assert not desk.document.track(1).at(3).is_protected


def test_that_moving_an_occluded_box_keeps_the_mark(desk, edits, tracked) -> None:
    at(desk, 3)
    edits.occluded()
    edits.moved(1, Box(30, 30, 20, 20), 5)
    key = desk.document.track(1).at(3)
    assert key.flags == Flag.OCCLUDED
    assert key.source is Source.MANUAL
    assert key.state is TargetState.TRACKING


def test_that_a_gap_is_filled_on_a_line_and_only_there(desk, edits, tracked) -> None:
    at(desk, 12)
    edits.fill_gap()
    assert frames(desk) == list(range(20))
    assert desk.document.track(1).at(12).source is Source.INTERPOLATED
    assert desk.document.track(1).at(12).box.x == pytest.approx(22)
    told = notices(desk)
    edits.fill_gap()
    assert told, "there is no gap here any more"


def test_that_after_a_deletion_absence_is_one_key_away(desk, edits, tracked) -> None:
    told = notices(desk)
    at(desk, 4)
    edits.delete_box()
    assert frames(desk) == [0, 1, 2, 3, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19]
    (said,) = told
    assert said.text == "The box on this frame is removed, no other one."
    assert "not in the picture" in said.hint
    edits.delete_box()
    edits.toggle_absent()
    edits.delete_box()
    assert frames(desk) == [0, 1, 2, 3, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19]
    assert len(told) == 1, "nothing was there, or only the statement was taken back"


@pytest.mark.parametrize(
    "edit", ["delete_box", "delete_after", "toggle_absent", "confirm", "fill_gap"]
)
def test_that_a_locked_object_is_not_changed(desk, edits, tracked, edit: str) -> None:
    edits.set_locked(1, True)
    before, told = desk.document, notices(desk)
    at(desk, 12 if edit == "fill_gap" else 3)
    getattr(edits, edit)()
    assert desk.document is before
    assert told[0].severity == "warning"


def test_that_typed_numbers_merge_per_frame(desk, edits, tracked) -> None:
    for x in range(5):
        edits.typed(Box(10 + x, 10, 20, 20))
    at(desk, 1)
    edits.typed(Box(40, 10, 20, 20))
    assert desk.stack.count() == 2


def test_that_a_cancelled_drag_leaves_no_trace(desk, edits, tracked) -> None:
    before = desk.document
    for x in range(5):
        edits.moved(1, Box(10 + x, 10, 20, 20), 7)
    edits.gesture_cancelled(1, 7)
    assert desk.document is before
    assert desk.stack.count() == 0


def test_that_names_labels_and_colours_are_steps_too(desk, edits, tracked) -> None:
    edits.rename(1, " left car ")
    edits.set_label(1, "car")
    edits.set_color(1, "#112233")
    edits.set_visible(1, False)
    track = desk.document.track(1)
    assert (track.name, track.label, track.color, track.visible) == (
        "left car", "car", "#112233", False)  # fmt: skip
    assert desk.stack.count() == 4
    edits.rename(1, "left car")
    assert desk.stack.count() == 4, "no step without a change"


def test_that_undo_after_deleting_a_track_brings_it_back_whole(desk, edits, tracked) -> None:
    before = desk.document
    edits.delete_track()
    assert desk.document.tracks == ()
    assert desk.state.track is None
    desk.stack.undo()
    assert desk.document is before


def test_that_the_state_follows_the_document(desk, edits) -> None:
    assert not desk.state.any_boxes
    edits.drawn(Box(10, 10, 20, 20))
    assert desk.state.box_here
    assert desk.state.can_undo
    assert desk.state.dirty
    at(desk, 1)
    assert not desk.state.box_here
    desk.stack.undo()
    assert desk.state == replace(desk.state, box_here=False, any_boxes=False, can_redo=True)
