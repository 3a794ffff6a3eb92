from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import intervals
from core.document.document import Document, VideoRef
from core.document.simplify import Bound, simplified
from core.document.track import Columns, Keyframe, Track
from core.errors import EditError
from core.geometry import Box, iou_rows
from core.states import Flag, IntervalMode, Source


def wavy(count: int = 200, seed: int = 0) -> Columns:
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    x = 100 + 60 * np.sin(t / 25) + rng.normal(0, 0.3, count)
    boxes = np.stack([x, 50 + t * 0.5, 40 + 5 * np.cos(t / 40), np.full(count, 50.0)], axis=1)
    return Columns.of(
        {"frames": t, "boxes": boxes, "scores": np.ones(count), "sources": np.full(count, 1),
         "states": np.zeros(count), "flags": np.zeros(count), "runs": np.ones(count)}
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(loss=st.sampled_from([0.01, 0.05, 0.1, 0.3]), seed=st.integers(0, 50))
def test_that_no_box_loses_more_than_the_bound(loss: float, seed: int) -> None:
    before = Track(1, columns=wavy(seed=seed))
    result = simplified(before, Bound(loss))
    ious = iou_rows(result.track.columns.boxes, before.columns.boxes)
    assert ious.min() >= 1 - loss - 1e-9
    assert result.worst_iou == pytest.approx(ious.min())
    assert result.keys_after < result.keys_before == 200
    np.testing.assert_array_equal(result.track.columns.frames, before.columns.frames)


def test_that_the_bound_in_pixels_holds_for_every_edge() -> None:
    before = Track(1, columns=wavy())
    after = simplified(before, Bound(0.99, pixels=2.0)).track.columns.boxes
    old = before.columns.boxes
    edges = [a[:, :2] + k * a[:, 2:] for k in (0, 1) for a in (after, old)]
    assert max(np.abs(edges[0] - edges[1]).max(), np.abs(edges[2] - edges[3]).max()) <= 2.0


def test_that_a_looser_bound_needs_fewer_keys_and_a_line_needs_two() -> None:
    track = Track(1, columns=wavy())
    counts = [simplified(track, Bound(loss)).keys_after for loss in (0.01, 0.05, 0.2)]
    assert counts[0] > counts[1] > counts[2]
    t = np.arange(100.0)
    line = Columns.of_keyframes([Keyframe(int(f), Box(f, f, 30, 30), Source.TRACKED) for f in t])
    assert simplified(Track(1, columns=line), Bound(0)).keys_after == 2


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_that_what_a_person_decided_and_absent_and_lost_frames_stay(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    columns = wavy()
    flags = rng.choice([0, 0, 0, 0, Flag.CONFIRMED, Flag.ABSENT, Flag.OCCLUDED], 200)
    states = rng.choice([0, 0, 0, 2], 200)
    names = {name: getattr(columns, name) for name in ("frames", "boxes", "scores", "sources")}
    columns = Columns.of({**names, "states": states, "flags": flags, "runs": columns.runs})
    columns = columns.select(rng.random(200) < 0.95)
    before = Track(1, columns=columns)
    after = simplified(before, Bound(0.2)).track
    assert len(after) == len(before)
    for old, new in zip(before.keyframes(), after.keyframes(), strict=True):
        if old.is_protected or old.is_absent or old.state == 2:
            assert new == old


def test_that_moving_a_key_of_the_result_moves_its_boxes_along() -> None:
    result = simplified(Track(1, columns=wavy()), Bound(0.1)).track
    document = Document(VideoRef("a")).with_track(result)
    interval = result.intervals[3]
    assert interval.mode is IntervalMode.LINEAR
    middle = (interval.first + interval.last) // 2
    assert intervals.mode_at(result, middle) is IntervalMode.LINEAR
    moved = document.with_track(
        result.with_keyframes([Keyframe(interval.first, Box(0, 0, 10, 10))])
    ).track(1)
    assert moved.at(middle) != result.at(middle)
    assert moved.at(interval.last) == result.at(interval.last)


def test_that_simplifying_again_changes_nothing_and_a_locked_track_not_at_all() -> None:
    once = simplified(Track(1, columns=wavy()), Bound(0.1)).track
    assert simplified(once, Bound(0.1)).track.columns == once.columns
    with pytest.raises(EditError, match="locked"):
        simplified(Track(1, locked=True, columns=wavy()), Bound(0.1))
    with pytest.raises(EditError, match="bound"):
        Bound(1.5)
