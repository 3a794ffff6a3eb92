"""Columns of the timeline: nothing important is lost, whatever the zoom."""

import numpy as np
import pytest

from app.views import timeline_raster as raster
from app.views.timeline_data import TrackLane
from app.views.timeline_lanes import LanePixmaps, spaced
from app.views.timeline_scale import TimeScale
from core.document.track import Columns, Keyframe
from core.geometry import Box
from core.states import Flag, Source, TargetState

BOX = Box(0, 0, 10, 10)


def columns(*keys: tuple) -> Columns:
    """Keys as (frame, source, state, flags, score)."""
    return Columns.of_keyframes(
        Keyframe(frame, BOX, source, score, state, flags)
        for frame, source, state, flags, score in keys
    )


def tracked(frames, state=TargetState.TRACKING, score=0.9) -> list[tuple]:
    return [(f, Source.TRACKED, state, Flag.NONE, score) for f in frames]


def facts_of(cols: Columns, scale: TimeScale, width: int) -> list[int]:
    return raster.union(cols.frames, raster.codes_of(cols), scale, width).tolist()


def test_that_each_kind_of_box_has_its_fact():
    cols = columns(
        (0, Source.MANUAL, TargetState.LOST, Flag.NONE, 1),
        (1, Source.TRACKED, TargetState.TRACKING, Flag.NONE, 1),
        (2, Source.TRACKED, TargetState.UNCERTAIN, Flag.CONFIRMED, 1),
        (3, Source.TRACKED, TargetState.LOST, Flag.OCCLUDED, 1),
        (4, Source.INTERPOLATED, TargetState.TRACKING, Flag.NONE, 1),
        (5, Source.IMPORTED, TargetState.TRACKING, Flag.NONE, 1),
        (6, Source.TRACKED, TargetState.LOST, Flag.ABSENT, 1),
    )
    assert facts_of(cols, TimeScale.fitted(8, 8), 8) == [
        raster.MANUAL,
        raster.TRACKING,
        raster.UNCERTAIN | raster.CONFIRMED,
        raster.LOST | raster.OCCLUDED,
        raster.INTERPOLATED,
        raster.IMPORTED,
        raster.ABSENT,
        0,
    ]


def test_that_one_lost_frame_among_a_hundred_thousand_is_seen():
    cols = columns(*tracked(range(4321)), *tracked([4321], TargetState.LOST),
                   *tracked(range(4322, 10_000)))  # fmt: skip
    scale = TimeScale.fitted(10_000, 100)
    facts = facts_of(cols, scale, 100)
    assert [i for i, f in enumerate(facts) if f & raster.LOST] == [43]
    colors = raster.lane_pixels(np.array(facts, np.uint16), "#0072b2", 1.0, cells=False)
    middle = colors[5]
    assert not np.array_equal(middle[43], middle[42])


@pytest.mark.parametrize("share", [0.6, 1.0], ids=["gaps", "dense"])
@pytest.mark.parametrize("zoom", [1, 3.7, 20, 64])
def test_that_columns_agree_with_looking_up_every_frame(zoom, share):
    rng = np.random.default_rng(3)
    frames = 30 + np.flatnonzero(rng.random(440) < share)
    cols = columns(*tracked(frames))
    scale = TimeScale.fitted(500, 200).zoomed(zoom, 77)
    start, stop = scale.edges(200)
    present = np.isin(np.arange(501), frames)
    expected = [bool(present[a:b].any()) for a, b in zip(start, stop, strict=True)]
    assert [bool(f) for f in facts_of(cols, scale, 200)] == expected


def test_that_an_empty_track_and_a_zero_width_give_empty_pictures():
    empty = Columns.empty()
    assert facts_of(empty, TimeScale.fitted(10, 5), 5) == [0] * 5
    assert facts_of(empty, TimeScale.fitted(10, 1), 0) == []
    low, high = raster.score_envelope(*raster.machine_scores(empty), TimeScale.fitted(10, 5), 5)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_that_states_and_sources_differ_in_shape_and_not_only_in_colour():
    """Without colour (alpha alone) every look has another pattern."""
    looks = [raster.ABSENT, raster.MANUAL, raster.INTERPOLATED, raster.IMPORTED, raster.TRACKING,
             raster.UNCERTAIN, raster.LOST]  # fmt: skip
    shapes = set()
    for look in looks:
        pixels = raster.lane_pixels(np.full(16, look, np.uint16), "#e69f00", 1.0, cells=False)
        shapes.add((pixels >> 24).tobytes())
    assert len(shapes) == len(looks)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_that_lane_pictures_have_the_size_in_device_pixels(ratio):
    pixels = raster.lane_pixels(np.zeros(33, np.uint16), "#e69f00", ratio, cells=True)
    assert pixels.shape == (round(raster.LANE_HEIGHT * ratio), 33)
    assert pixels.flags["C_CONTIGUOUS"]
    assert not pixels.any()


def test_that_the_score_envelope_holds_lowest_and_highest_of_trackers_only():
    cols = columns(
        *tracked([0], score=0.2), *tracked([1], score=0.8),
        (2, Source.MANUAL, TargetState.TRACKING, Flag.NONE, 1.0), *tracked([3], score=0.5),
        (4, Source.INTERPOLATED, TargetState.TRACKING, Flag.NONE, 1.0),
    )  # fmt: skip
    low, high = raster.score_envelope(*raster.machine_scores(cols), TimeScale.fitted(6, 3), 3)
    assert low[:2] == pytest.approx([0.2, 0.5])
    assert high[:2] == pytest.approx([0.8, 0.5])
    assert np.isnan(low[2])


def test_that_scores_under_the_threshold_are_drawn_in_another_colour():
    low = high = np.array([0.9, 0.3, np.nan], np.float32)
    pixels = raster.score_pixels(low, high, 40, 0.5, "#56b4e9")
    assert not np.array_equal(pixels[-1, 0], pixels[-1, 1])
    assert not pixels[:, 2].any()
    above = raster.score_pixels(low, high, 40, 0.2, "#56b4e9")
    assert np.array_equal(above[-1, 0], above[-1, 1])


def test_that_marks_are_thinned_but_each_stands_on_a_frame_of_its_own():
    frames = np.arange(0, 10_000, dtype=np.int32)
    scale = TimeScale.fitted(10_000, 600)
    marks = spaced(frames, scale, 6)
    assert 90 <= len(marks) <= 102
    few = np.array([3, 9000], np.int32)
    assert spaced(few, scale, 6) == pytest.approx([3.5 * 0.06, 9000.5 * 0.06])


def test_that_marks_do_not_move_against_the_frames_while_scrolling():
    frames = np.arange(0, 10_000, 3, dtype=np.int32)
    scale = TimeScale.fitted(10_000, 600).zoomed(4, 0)
    moved = scale.scrolled_by(7)
    first = {round(x / scale.px + scale.first, 3) for x in spaced(frames, scale, 6)}
    second = {round(x / moved.px + moved.first, 3) for x in spaced(frames, moved, 6)}
    inside = [f for f in first if moved.first + 30 < f < scale.first + scale.shown - 30]
    assert inside
    assert set(inside) <= second


def test_that_only_lanes_with_other_columns_are_made_anew(qapp):
    one, two = columns(*tracked([1])), columns(*tracked([2]))
    cache, scale = LanePixmaps(), TimeScale.fitted(10, 100)
    lanes = [TrackLane(1, "a", "#e69f00", one), TrackLane(2, "b", "#e69f00", two)]
    assert cache.keep(lanes) == [1, 2]
    kept = [cache.pixmap(lane, scale, 1.0).cacheKey() for lane in lanes]
    changed = [lanes[0], TrackLane(2, "b", "#e69f00", columns(*tracked([2, 3])))]
    assert cache.keep(changed) == [2]
    again = [cache.pixmap(lane, scale, 1.0).cacheKey() for lane in changed]
    assert again[0] == kept[0]
    assert again[1] != kept[1]
    assert cache.pixmap(lanes[0], scale.zoomed(2, 5), 1.0).cacheKey() != kept[0]


def test_that_what_is_said_of_a_box_is_seen_by_shape():
    def picture(flags: Flag, source: Source = Source.TRACKED) -> np.ndarray:
        cols = columns(*((f, source, TargetState.TRACKING, flags, 1) for f in range(16)))
        facts = raster.union(cols.frames, raster.codes_of(cols), TimeScale.fitted(16, 16), 16)
        pixels = raster.lane_pixels(facts, "#0072b2", 1.0, cells=False)
        return (pixels >> 24) > 127  # shape only: what is there, whatever the colour

    kinds = (Flag.NONE, Flag.OCCLUDED, Flag.TRUNCATED, Flag.OCCLUDED | Flag.TRUNCATED,
             Flag.ABSENT, Flag.ABSENT | Flag.OUT_OF_VIEW)  # fmt: skip
    shapes = [picture(flags) for flags in kinds]
    for number, shape in enumerate(shapes):
        assert shape.any()
        assert not any(np.array_equal(shape, other) for other in shapes[:number])
    plain, hidden, cut = shapes[:3]
    assert plain[5:9].all()
    assert not hidden[5:9].any()
    assert hidden[11:14].all()
    assert cut[11:14].any(axis=0).tolist() == [False, False, True, True] * 4


def test_that_out_of_view_is_only_said_of_absent_frames():
    said = (Flag.OUT_OF_VIEW, Flag.ABSENT | Flag.OCCLUDED)
    cols = columns(*((n, Source.MANUAL, TargetState.LOST, f, 1) for n, f in enumerate(said)))
    codes = raster.codes_of(cols)
    assert codes.tolist() == [raster.MANUAL, raster.MANUAL | raster.ABSENT, 0]
