from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import proposals
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Track
from core.errors import EditError

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
