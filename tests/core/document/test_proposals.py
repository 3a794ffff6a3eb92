from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import proposals
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Track
from core.errors import EditError
from core.states import Flag, RunKind

RUN = Run(4, 1, "ccr")


def of(columns: Columns) -> Document:
    return Document(VideoRef("a")).with_track(Track(1, columns=columns))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), first=st.integers(0, 200), length=st.integers(0, 100))
def test_that_a_proposal_changes_no_track_until_it_is_accepted_and_then_only_there(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject, first: int, length: int
) -> None:
    before, rows = of(data.draw(any_columns)), data.draw(any_columns)
    waiting = proposals.proposed(before, RUN, rows)
    assert waiting.tracks is before.tracks
    assert waiting.runs is before.runs
    if not len(rows):
        assert waiting is before
        return
    assert waiting.next_run_id == 5
    last = first + length
    inside = (rows.frames >= first) & (rows.frames <= last)
    if not inside.any():
        with pytest.raises(EditError, match="no box there"):
            proposals.accepted(waiting, 4, first, last)
        return
    after = proposals.accepted(waiting, 4, first, last)
    assert after.tracks == before.with_run(RUN, rows.select(inside)).tracks
    left = proposals.of_track(after, 1)
    if inside.all():
        assert left is None
    else:
        assert left is not None
        assert left.columns == rows.select(~inside)
        whole = proposals.accepted(after, 4)
        assert whole.tracks == before.with_run(RUN, rows).tracks
        assert [run.id for run in whole.runs] == [4]
    gone = proposals.discarded(waiting, 4, first, last)
    assert gone.tracks is before.tracks


def test_that_what_is_not_there_cannot_be_accepted(any_columns: object) -> None:
    empty = of(Columns.empty())
    with pytest.raises(EditError, match="not there any more"):
        proposals.accepted(empty, 4)
    with pytest.raises(EditError, match="not there any more"):
        proposals.discarded(empty, 4)


def test_that_pending_boxes_are_those_that_accepting_would_change(document: Document) -> None:
    columns = document.track(1).columns  # frame 10 by hand, 11 to 30 tracked
    waiting = proposals.proposed(document, replace(RUN, id=9), columns)
    (proposal,) = waiting.proposals
    assert proposals.pending(waiting, proposal).frames.tolist() == list(range(11, 31))
    locked = waiting.with_track(replace(waiting.track(1), locked=True))
    with pytest.raises(EditError, match="locked"):
        proposals.accepted(locked, 9)


MEMBERS = [
    Run(5, 1, "ccr", kind=RunKind.CONSENSUS, group=7),
    Run(6, 1, "edcf", kind=RunKind.CONSENSUS, group=7),
    Run(7, 1, "consensus", kind=RunKind.CONSENSUS, group=7),
]


def side_by_side(document: Document) -> Document:
    rows = document.track(1).columns
    for number, run in enumerate(MEMBERS):
        boxes = rows.boxes + number  # each tracker says something else
        boxes.setflags(write=False)
        document = proposals.proposed(document, run, replace(rows, boxes=boxes))
    return document


def test_that_what_several_trackers_propose_lies_side_by_side(document: Document) -> None:
    waiting = side_by_side(proposals.proposed(document, RUN, document.track(1).columns))
    found = proposals.consensus_of(waiting, 1)
    assert found is not None
    assert found.id == 7
    assert [p.run.tracker for p in found.members] == ["ccr", "edcf"]
    assert found.fused is not None
    assert found.fused.run.id == 7
    newest = proposals.of_track(waiting, 1)
    assert newest is not None
    assert newest.run.id == 7
    assert proposals.consensus_of(document, 1) is None
    assert proposals.consensus_of(waiting, None) is None


def test_that_a_frame_is_decided_for_all_trackers_of_a_consensus_at_once(
    document: Document,
) -> None:
    alone = proposals.proposed(document, RUN, document.track(1).columns)
    waiting = side_by_side(alone)
    after = proposals.accepted(waiting, 6, 12, 14)
    for frame in range(12, 15):
        key, before = after.track(1).at(frame), document.track(1).at(frame)
        assert key is not None
        assert before is not None
        assert key.box.as_tuple() == tuple(value + 1 for value in before.box.as_tuple())
    untouched = [p for p in after.proposals if p.run.id == RUN.id]
    assert untouched == [p for p in waiting.proposals if p.run.id == RUN.id]
    for proposal in after.proposals:
        if proposal.run.group:
            assert not {12, 13, 14} & set(proposal.columns.frames.tolist())
    dropped = proposals.discarded(after, 5)
    assert [p.run.id for p in dropped.proposals] == [RUN.id]
    assert dropped.tracks is after.tracks


def test_that_a_box_taken_by_hand_counts_as_looked_at(document: Document) -> None:
    waiting = side_by_side(document)
    after = proposals.accepted(waiting, 5, 12, 12, confirm=True)
    key, next_key = after.track(1).at(12), after.track(1).at(13)
    assert key is not None
    assert next_key is not None
    assert key.flags & Flag.CONFIRMED
    assert not next_key.flags & Flag.CONFIRMED
    again = proposals.accepted(after, 6)
    assert again.track(1).at(12) == key


def test_that_one_tracker_can_be_left_out_of_a_consensus(document: Document) -> None:
    waiting = side_by_side(document)
    found = proposals.consensus_of(proposals.without(waiting, 5), 1)
    assert found is not None
    assert [p.run.id for p in found.members] == [6]
    with pytest.raises(EditError, match="not there any more"):
        proposals.without(waiting, 99)
