from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from core.document import intervals
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Interval, Keyframe, Track
from core.errors import EditError
from core.geometry import Box
from core.states import Flag, IntervalMode, Source

LINEAR, SMOOTH, GAP, TRACKED = (
    IntervalMode.LINEAR, IntervalMode.SMOOTH, IntervalMode.GAP, IntervalMode.TRACKED
)  # fmt: skip


def key(frame: int, x: float, **fields: object) -> Keyframe:
    return Keyframe(frame, Box(x, 2 * x, 20 + x, 30), **fields)  # type: ignore[arg-type]


def tracked(first: int, last: int) -> list[Keyframe]:
    return [key(f, 0.3 * f * f % 17, source=Source.TRACKED, score=0.5) for f in range(first, last)]


def track(*keys: Keyframe) -> Track:
    return Track(1, columns=Columns.of_keyframes([*tracked(0, 41), *keys]))


THREE = (key(0, 0), key(20, 40), key(40, 0))


def with_mode(mode: IntervalMode, *keys: Keyframe) -> Document:
    document = Document(VideoRef("a")).with_track(track(*(keys or THREE)))
    return document.with_track(intervals.with_mode(document.track(1), 0, 40, mode))


def test_that_linear_boxes_lie_on_the_line_between_the_keys() -> None:
    now = with_mode(LINEAR).track(1)
    at = now.at(5)
    assert at is not None
    assert at.box == Box(10, 20, 30, 30)
    assert at.source is Source.INTERPOLATED
    assert now.intervals == (Interval(0, 20, LINEAR), Interval(20, 40, LINEAR))


def test_that_smooth_boxes_are_the_monotone_cubic_through_the_keys() -> None:
    keys = (key(0, 0), key(7, 3), key(20, 40), key(31, 41), key(40, 60))
    now = with_mode(SMOOTH, *keys).track(1)
    x = [k.frame for k in keys]
    rows = now.columns.boxes
    inner = [i for i in range(8, 31) if i not in x]  # the ends' slopes are a matter of taste
    expected = PchipInterpolator(x, np.array([k.box.as_tuple() for k in keys]))
    np.testing.assert_allclose(rows[inner], expected(inner), atol=1e-9)
    assert (np.diff(rows[:, 0]) >= -1e-12).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.1, 500), min_size=2, max_size=8), st.integers(0, 10_000))
def test_that_smooth_values_stay_between_their_neighbours(values: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.integers(1, 30, len(values))).astype(float)
    y = np.array(values)[:, None]
    at = np.linspace(x[0], x[-1], 200)
    found = intervals.monotone_cubic(x, y, at)[:, 0]
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    low, high = np.minimum(y[i, 0], y[i + 1, 0]), np.maximum(y[i, 0], y[i + 1, 0])
    assert (found >= low - 1e-9 * high).all()
    assert (found <= high + 1e-9 * high).all()


def test_that_a_gap_holds_nothing_but_what_a_person_set() -> None:
    now = with_mode(GAP, *THREE, key(10, 3, source=Source.TRACKED, flags=Flag.CONFIRMED)).track(1)
    assert now.columns.frames.tolist() == [0, 10, 20, 40]


def test_that_moving_a_key_moves_the_boxes_of_its_two_intervals_and_no_others() -> None:
    before = with_mode(LINEAR, key(0, 0), key(10, 10), key(20, 20), key(40, 0))
    after = before.with_track(before.track(1).with_keyframes([key(10, 30)]))
    old, new = before.track(1).columns, after.track(1).columns
    differ = set(new.frames[(old.boxes != new.boxes).any(axis=1)].tolist())
    assert differ == set(range(1, 20))
    assert new.boxes[5].tolist() == [15, 30, 35, 30]


def test_that_a_new_box_inside_parts_the_interval() -> None:
    before = with_mode(LINEAR)
    after = before.with_track(before.track(1).with_keyframes([key(10, 100)])).track(1)
    assert [(i.first, i.last) for i in after.intervals] == [(0, 10), (10, 20), (20, 40)]
    assert after.columns.boxes[5].tolist() == [50, 100, 70, 30]
    assert after.columns.boxes[30].tolist() == before.track(1).columns.boxes[30].tolist()


@settings(max_examples=40, deadline=None)
@given(frame=st.integers(0, 40), mode=st.sampled_from([LINEAR, SMOOTH, GAP]))
def test_that_a_deletion_on_one_frame_changes_no_other_frame(
    frame: int, mode: IntervalMode
) -> None:
    before = with_mode(mode)
    after = before.with_track(before.track(1).without(frame, frame + 1))
    kept = before.track(1).columns
    assert after.track(1).columns == kept.select(kept.frames != frame)
    if before.track(1).row(frame) is not None:
        ends = [(i.first, i.last) for i in after.track(1).intervals]
        assert all(not first <= frame <= last for first, last in ends)
    # And an edit later does not put the box back.
    again = after.with_track(after.track(1).with_keyframes([key(41, 7)]))
    assert again.track(1).row(frame) is None


def test_that_a_run_replaces_only_its_own_frames_and_ends_the_mode_there() -> None:
    before = with_mode(LINEAR)
    rows = Columns.of_keyframes([key(f, 99, source=Source.TRACKED, run=1) for f in range(15, 26)])
    after = before.with_run(Run(1, 1, "ccr"), rows).track(1)
    old = before.track(1).columns
    changed = after.columns.frames[(after.columns.boxes != old.boxes).any(axis=1)].tolist()
    assert changed == [f for f in range(15, 26) if f != 20]
    assert after.intervals == ()
    once = before.with_run(Run(1, 1, "ccr"), rows.select(rows.frames < 20)).track(1)
    assert [(i.first, i.last) for i in once.intervals] == [(20, 40)]


def test_that_a_key_moved_by_a_machine_takes_no_other_box_along() -> None:
    unsure = with_mode(LINEAR).track(1)
    loose = replace(unsure, columns=replace(unsure.columns, sources=_sources(unsure, 20)))
    loose = replace(loose, intervals=(Interval(20, 40, LINEAR),))
    document = Document(VideoRef("a")).with_track(loose)
    assert document.track(1).intervals == (Interval(20, 40, LINEAR),)
    rows = Columns.of_keyframes([key(20, 77, source=Source.TRACKED)])
    after = document.with_run(Run(1, 1, "ccr"), rows).track(1)
    np.testing.assert_array_equal(after.columns.boxes[21:], unsure.columns.boxes[21:])
    assert after.intervals == ()


def _sources(track: Track, frame: int) -> np.ndarray:
    sources = np.array(track.columns.sources)
    sources[track.row(frame)] = Source.TRACKED
    return sources


def test_that_marking_a_key_absent_freezes_its_neighbourhood() -> None:
    before = with_mode(LINEAR)
    gone = replace(key(20, 40), flags=Flag.ABSENT)
    after = before.with_track(before.track(1).with_keyframes([gone])).track(1)
    assert after.intervals == ()
    np.testing.assert_array_equal(after.columns.boxes, before.track(1).columns.boxes)


def test_that_statements_about_a_frame_outlive_new_boxes() -> None:
    before = with_mode(LINEAR)
    columns = before.track(1).columns
    flags = np.array(columns.flags)
    flags[5] = Flag.OCCLUDED
    marked = before.with_track(replace(before.track(1), columns=replace(columns, flags=flags)))
    after = marked.with_track(marked.track(1).with_keyframes([key(20, 0)])).track(1)
    five = after.at(5)
    assert five is not None
    assert five.flags is Flag.OCCLUDED
    assert five.box.x == 0


def test_that_the_tracked_mode_changes_no_box_and_ends_the_others() -> None:
    before = with_mode(SMOOTH).track(1)
    after = intervals.with_mode(before, 0, 20, TRACKED)
    assert after.columns is before.columns
    assert after.intervals == (Interval(20, 40, SMOOTH),)
    assert intervals.mode_at(after, 5) is TRACKED
    assert intervals.mode_at(after, 20) is SMOOTH


def test_that_a_mode_needs_two_boxes_of_a_person() -> None:
    with pytest.raises(EditError, match="two boxes of yours"):
        intervals.with_mode(track(key(3, 1)), 0, 40, LINEAR)
    assert intervals.around(track(*THREE), 20) == (20, 40)
    assert intervals.around(track(*THREE), 40) is None
