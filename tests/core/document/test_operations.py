from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import operations, ranges
from core.document.document import Document, Proposal, Run, VideoRef
from core.document.track import Columns, Keyframe, Track
from core.errors import EditError
from core.geometry import Box
from core.states import Flag, Source

EMPTY = Document(VideoRef("a"))


def of(*tracks: Columns) -> Document:
    document = EMPTY
    for n, columns in enumerate(tracks, 1):
        document = document.with_track(Track(n, "car", f"t{n}", columns=columns))
    return document


def keys(frames: range, x: float = 1, **fields: object) -> list[Keyframe]:
    return [Keyframe(f, Box(x, x, 10, 10), **fields) for f in frames]  # type: ignore[arg-type]


def boxes(frames: range, x: float = 1, source: Source = Source.TRACKED) -> Columns:
    return Columns.of_keyframes(keys(frames, x, source=source))


# ---- whole tracks -------------------------------------------------------------------


def test_that_the_first_part_of_a_split_keeps_the_id_and_no_box_changes() -> None:
    before = of(boxes(range(10)))
    after, second = operations.split(before, 1, 4)
    assert second == 2
    assert after.track(1).columns == before.track(1).columns.select(np.arange(10) < 4)
    assert after.track(2).columns == before.track(1).columns.select(np.arange(10) >= 4)
    assert (after.track(2).label, after.track(2).name) == ("car", "t1 (2)")
    assert operations.joined(after, 1, 2).track(1) == before.track(1)
    assert operations.joined(after, 1, 2).next_track_id == 3  # the id is not used again


@pytest.mark.parametrize("frame", [0, 10, 99])
def test_that_a_split_with_an_empty_part_is_refused(frame: int) -> None:
    with pytest.raises(EditError, match="one side"):
        operations.split(of(boxes(range(10))), 1, frame)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), frame=st.integers(0, 200))
def test_that_swapping_twice_changes_nothing_and_once_only_what_is_later(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject, frame: int
) -> None:
    before = of(data.draw(any_columns), data.draw(any_columns))
    a, b = before.track(1).columns, before.track(2).columns
    if not ((a.frames >= frame).any() or (b.frames >= frame).any()):
        with pytest.raises(EditError):
            operations.swapped(before, 1, 2, frame)
        return
    after = operations.swapped(before, 1, 2, frame)
    assert operations.swapped(after, 1, 2, frame).tracks == before.tracks
    one = after.track(1).columns
    assert one.select(one.frames < frame) == a.select(a.frames < frame)
    assert one.select(one.frames >= frame) == b.select(b.frames >= frame)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_that_a_merge_never_loses_a_persons_box_unasked(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject
) -> None:
    before = of(data.draw(any_columns), data.draw(any_columns))
    report = operations.merge_report(before, 1, 2)
    if len(report.conflicts):
        with pytest.raises(EditError, match=f"On {len(report.conflicts)} frames"):
            operations.merged(before, 1, 2)
    prefer = data.draw(st.sampled_from([1, 2]))
    after = operations.merged(before, 1, 2, prefer=prefer)
    assert not after.has_track(2)
    other = before.track(3 - prefer)
    for track in (before.track(prefer), other):
        for key in track.keyframes():
            if key.is_protected and not (track is other and key.frame in report.conflicts):
                kept = after.track(1).at(key.frame)
                assert kept is not None
                assert kept.box == key.box
                assert kept.is_protected
    common = set(before.track(1).columns.frames) & set(before.track(2).columns.frames)
    assert set(report.frames) == common
    everything = set(before.track(1).columns.frames) | set(before.track(2).columns.frames)
    assert set(after.track(1).columns.frames) == everything


def test_that_a_merge_says_how_much_the_boxes_overlap() -> None:
    report = operations.merge_report(of(boxes(range(5)), boxes(range(3, 9), x=6)), 1, 2)
    assert report.frames.tolist() == [3, 4]
    np.testing.assert_allclose(report.ious, 25 / 175)
    assert len(report.conflicts) == 0


def test_that_joining_refuses_what_only_merging_can_do() -> None:
    both = of(boxes(range(5)), boxes(range(4, 9)))
    with pytest.raises(EditError, match="Both objects have boxes on 1 frames"):
        operations.joined(both, 1, 2)
    with pytest.raises(EditError, match="itself"):
        operations.joined(both, 1, 1)


def test_that_a_copy_has_an_id_of_its_own_and_the_same_boxes() -> None:
    after, copy = operations.duplicated(of(boxes(range(5))), 1)
    assert copy == 2
    assert after.track(2).columns == after.track(1).columns
    assert after.track(2).name == "t1 (copy)"


LOCKED: list[Callable[[Document], object]] = [
    lambda d: operations.split(d, 1, 3),
    lambda d: operations.swapped(d, 2, 1, 0),
    lambda d: operations.merged(d, 2, 1),
    lambda d: operations.joined(d, 1, 2),
    lambda d: ranges.propagated(d, 1, 0, 1, 3),
    lambda d: ranges.filled(d, 1, 3),
    lambda d: ranges.marked(d, 1, 0, 3, Flag.OCCLUDED),
    lambda d: ranges.deleted(d, 1, 0, 3),
]


@pytest.mark.parametrize("edit", LOCKED)
def test_that_a_locked_track_is_not_edited(edit: Callable[[Document], object]) -> None:
    document = of(boxes(range(5)), boxes(range(20, 25)))
    document = document.with_track(replace(document.track(1), locked=True))
    with pytest.raises(EditError, match="locked"):
        edit(document)


def test_that_a_deleted_track_takes_its_proposals_along() -> None:
    document = replace(
        of(boxes(range(5)), boxes(range(5))),
        proposals=(Proposal(Run(1, 1, "ccr"), boxes(range(3))),),
    )
    assert document.without_track(2).proposals == document.proposals
    assert document.without_track(1).proposals == ()


# ---- ranges -------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(data=st.data(), first=st.integers(0, 200), length=st.integers(0, 50), all_=st.booleans())
def test_that_deleting_changes_nothing_outside_its_range(
    any_columns: st.SearchStrategy[Columns],
    data: st.DataObject,
    first: int,
    length: int,
    all_: bool,
) -> None:
    before, last = of(data.draw(any_columns)), first + length
    announced = ranges.deletion(before.track(1), first, last, with_confirmed=all_)
    after = ranges.deleted(before, 1, first, last, with_confirmed=all_)
    old, new = before.track(1).columns, after.track(1).columns
    outside = (old.frames < first) | (old.frames > last)
    stays = outside if all_ or length == 0 else outside | old.protected()
    assert new == old.select(stays)
    if length:
        assert len(old) - len(new) == announced.machine + announced.confirmed
        assert announced.kept == (0 if all_ else int((~outside & old.protected()).sum()))


def test_that_propagating_leaves_a_persons_boxes_and_other_frames_alone() -> None:
    rows = Columns.of_keyframes([*keys(range(10), source=Source.TRACKED), *keys(range(5, 6), 50)])
    after = ranges.propagated(of(rows), 1, 5, 3, 8).track(1)
    xs = after.columns.boxes[:, 0].tolist()
    assert xs == [1, 1, 1, 50, 50, 50, 50, 50, 50, 1]
    assert after.columns.sources.tolist()[3] == Source.INTERPOLATED
    assert after.columns.sources.tolist()[5] == Source.MANUAL
    kept = ranges.propagated(of(rows), 1, 2, 0, 9).track(1).at(5)
    assert kept == of(rows).track(1).at(5)
    with pytest.raises(EditError, match="no box on frame 77"):
        ranges.propagated(of(rows), 1, 77, 3, 8)


def test_that_only_short_gaps_are_filled() -> None:
    rows = Columns.of_keyframes([*keys(range(1)), *keys(range(3, 4)), *keys(range(9, 10))])
    assert ranges.filled(of(rows), 1, 2).track(1).columns.frames.tolist() == [0, 1, 2, 3, 9]
    assert len(ranges.filled(of(rows), 1, 5).track(1)) == 10
    same = of(rows)
    assert ranges.filled(same, 1, 1) is same


def test_that_a_statement_about_a_range_moves_no_box_and_is_taken_back() -> None:
    before = of(boxes(range(10)))
    after = ranges.marked(before, 1, 3, 5, Flag.OCCLUDED)
    assert after.track(1).columns.flags.tolist() == [0, 0, 0, 2, 2, 2, 0, 0, 0, 0]
    np.testing.assert_array_equal(after.track(1).columns.boxes, before.track(1).columns.boxes)
    assert ranges.marked(after, 1, 0, 9, Flag.OCCLUDED, on=False).tracks == before.tracks
    assert ranges.marked(after, 1, 3, 5, Flag.OCCLUDED) is after


def test_that_absence_is_stated_of_a_range_but_not_over_a_persons_box() -> None:
    before = of(Columns.of_keyframes([*keys(range(6), source=Source.TRACKED), *keys(range(3, 4))]))
    after = ranges.marked(before, 1, 2, 8, Flag.ABSENT | Flag.OUT_OF_VIEW).track(1)
    gone = after.columns.frames[(after.columns.flags & Flag.ABSENT) != 0].tolist()
    assert gone == [2, 4, 5, 6, 7, 8]
    assert after.at(3) == before.track(1).at(3)
    key = after.at(8)
    assert key is not None
    assert Flag.OUT_OF_VIEW in key.flags
    back = ranges.marked(EMPTY.with_track(after), 1, 0, 9, Flag.ABSENT, on=False).track(1)
    assert back.columns.frames.tolist() == [0, 1, 3]
    nowhere = ranges.marked(of(Columns.empty()), 1, 0, 2, Flag.ABSENT).track(1)
    assert nowhere.columns.frames.tolist() == [0, 1, 2]
