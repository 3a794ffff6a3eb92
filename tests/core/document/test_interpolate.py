"""Interpolation: straight lines, in gaps only, never over an absence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.document.interpolate import between, filled, filled_track, gap_rows
from core.document.track import Columns, Keyframe, Track
from core.geometry import Box
from core.states import Flag, Source

A, B = Keyframe(10, Box(0, 0, 10, 20)), Keyframe(14, Box(8, 4, 30, 20), score=0.5)


def test_that_edges_move_at_constant_speed() -> None:
    key = between(A, B, 11)
    assert key.box == Box(2, 1, 15, 20)
    assert key.source is Source.INTERPOLATED
    assert key.score == pytest.approx(0.875)
    assert not key.is_protected
    assert between(B, A, 13).box == between(A, B, 13).box
    for frame in (10, 14, 9):
        with pytest.raises(ValueError, match="not between"):
            between(A, B, frame)


def test_that_rows_are_what_single_frames_are() -> None:
    columns = filled(Columns.of_keyframes([A, B, Keyframe(16, Box(0, 0, 1, 1))]), 3)
    assert columns.frames.tolist() == [10, 11, 12, 13, 14, 15, 16]
    for row in (1, 2, 3):
        expected = between(A, B, 10 + row)
        assert columns.key(row).box == expected.box
        assert columns.key(row).score == pytest.approx(expected.score)
        assert columns.key(row).source is Source.INTERPOLATED


def test_that_long_gaps_and_absences_stay_empty() -> None:
    assert len(gap_rows(Columns.of_keyframes([A, B]), 2)) == 0
    gone = Keyframe(12, Box(0, 0, 0, 0), flags=Flag.ABSENT)
    assert filled(Columns.of_keyframes([A, gone, B]), 100).frames.tolist() == [10, 12, 14]
    assert len(gap_rows(Columns.empty(), 5)) == 0


def test_that_a_track_is_filled_in_the_asked_frames_only() -> None:
    track = Track(1).with_keyframes([A, B])
    assert filled_track(track, 9, 12, 13).columns.frames.tolist() == [10, 12, 14]
    assert filled_track(track, 2) is track


@given(data=st.data(), max_gap=st.integers(0, 300))
def test_that_existing_boxes_never_change_and_new_ones_lie_between(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject, max_gap: int
) -> None:
    columns = data.draw(any_columns)
    result = filled(columns, max_gap)
    assert result.select(np.isin(result.frames, columns.frames)) == columns
    new = gap_rows(columns, max_gap)
    assert not np.isin(new.frames, columns.frames).any()
    right = np.searchsorted(columns.frames, new.frames)
    low = np.minimum(columns.boxes[right - 1], columns.boxes[right])
    high = np.maximum(columns.boxes[right - 1], columns.boxes[right])
    assert (new.boxes >= low - 1e-6).all()
    assert (new.boxes <= high + 1e-6).all()
