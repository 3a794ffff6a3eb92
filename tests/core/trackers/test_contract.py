"""What every tracker in the registry must keep, whatever its method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes.registered_trackers import START, boxes, walk
from fakes.stand_in_weights import follows_size

from core import params as parameters
from core.errors import BoxError, TrackerError
from core.geometry import Box, iou
from core.states import CorrectionPolicy, TargetState
from core.trackers import registry
from core.trackers.base import ALL_MAPS

pytestmark = pytest.mark.timeout(60)


def test_that_init_returns_the_box_it_was_given(build: Any, scene: Any) -> None:
    result = build().init(scene().frame(START), START)
    assert result.box == START
    assert result.state is TargetState.TRACKING
    assert 0 <= result.score <= 1


def test_that_results_are_finite_and_scores_are_shares(started: Any, scene: Any) -> None:
    tracker, world = started(), scene()
    for box in walk(5)[1:]:
        result = tracker.update(world.frame(box))
        assert result.box.is_finite()
        assert result.box.w > 0
        assert result.box.h > 0
        assert 0 <= result.score <= 1
        assert all(np.isfinite(list(result.scalars.values())))
        assert (result.reason == "") == (result.state is TargetState.TRACKING)
        assert all(seconds >= 0 for seconds in result.timings.values())


def test_that_motion_is_followed_without_swapped_axes(
    spec: registry.TrackerSpec, build: Any, scene: Any
) -> None:
    tracker, world = build(), scene()
    near = 4.1 if spec.key == "crpn" else 3  # a cell of its map: eight of 127 pixels in 64
    path = [START.shifted(*offset) for offset in [(0, 0), (6, -2), (11, -5), (9, 3), (4, 7)]]
    tracker.init(world.frame(path[0]), path[0])
    for box in path[1:]:
        found = tracker.update(world.frame(box)).box
        assert found.cx == pytest.approx(box.cx, abs=near)
        assert found.cy == pytest.approx(box.cy, abs=near)


@pytest.mark.parametrize("count", [40, pytest.param(100, marks=pytest.mark.slow)])
def test_that_a_still_picture_does_not_drift(started: Any, scene: Any, count: int) -> None:
    tracker, image = started(), scene().frame(START)
    for _ in range(count):
        result = tracker.update(image)
    assert result.box.cx == pytest.approx(START.cx, abs=1)
    assert result.box.cy == pytest.approx(START.cy, abs=1)
    assert result.box.w == pytest.approx(START.w, rel=0.01)
    assert result.box.h == pytest.approx(START.h, rel=0.01)


def test_that_growth_of_one_percent_a_frame_is_followed(
    spec: registry.TrackerSpec, started: Any, scene: Any
) -> None:
    if not follows_size(spec):
        pytest.skip("needs trained weights: the stand-in network knows places, not sizes")
    tracker, world = started(), scene()
    for i in range(1, 31):
        truth = START.scaled(1.01**i)
        found = tracker.update(world.frame(truth)).box
    # A box that stays as it is ends at 0.55.
    assert iou(found, truth) > 0.8
    assert found.w > START.w * 1.08


def test_that_wanted_maps_are_declared_finite_and_in_place(
    spec: registry.TrackerSpec, build: Any, scene: Any
) -> None:
    tracker, world = build(), scene()
    tracker.want_maps = ALL_MAPS
    tracker.init(world.frame(START), START)
    box = START.shifted(5, -3)
    result = tracker.update(world.frame(box))
    declared = {info.key: info for info in spec.maps}
    assert set(result.maps) <= set(declared)
    assert spec.primary_map in result.maps
    search = result.patches["search"]
    window = search.placement.extent(search.image.shape[:2])
    for key, found in result.maps.items():
        assert found.values.dtype == np.float32
        assert found.values.ndim == 2
        assert np.isfinite(found.values).all()
        if declared[key].kind == "response":
            assert window.contains(*found.peak())
    for patch in result.patches.values():
        assert patch.image.dtype == np.uint8
        assert patch.image.ndim == 3


def test_that_the_primary_map_peaks_on_the_target(
    spec: registry.TrackerSpec, started: Any, scene: Any
) -> None:
    tracker, world = started(), scene()
    tracker.want_maps = frozenset({spec.primary_map})
    box = START.shifted(7, -4)
    result = tracker.update(world.frame(box))
    assert set(result.maps) == {spec.primary_map}
    assert result.patches == {}
    found = result.maps[spec.primary_map]
    x, y = found.peak()
    a, _, _, _, e, _ = found.placement.matrix
    # The peak cell is within half a cell of the box, plus what refinement adds.
    assert x == pytest.approx(result.box.cx, abs=abs(a) + 2)
    assert y == pytest.approx(result.box.cy, abs=abs(e) + 2)


def test_that_maps_never_change_the_boxes(build: Any, scene: Any) -> None:
    world = scene()
    frames = [world.frame(box) for box in walk(5)]
    plain, watched = build(), build()
    watched.want_maps = ALL_MAPS
    plain.init(frames[0], START)
    watched.init(frames[0], START)
    assert boxes(plain, frames[1:]) == boxes(watched, frames[1:])


def test_that_the_picture_is_left_alone(build: Any, scene: Any) -> None:
    image = scene().frame(START)
    image.setflags(write=False)
    before = image.copy()
    tracker = build()
    tracker.want_maps = ALL_MAPS
    tracker.init(image, START)
    tracker.update(image)
    tracker.correct(image, START, CorrectionPolicy.ADD_TEMPLATE)
    np.testing.assert_array_equal(image, before)


def test_that_starting_anew_forgets_everything(build: Any, scene: Any) -> None:
    here, there = scene(), scene(seed=40)
    frames = [here.frame(box) for box in walk(4)]
    used, fresh = build(), build()
    used.init(there.frame(START), START)
    used.update(there.frame(START.shifted(3, 3)))
    used.init(frames[0], START)
    fresh.init(frames[0], START)
    assert boxes(used, frames[1:]) == boxes(fresh, frames[1:])


@pytest.mark.parametrize("policy", list(CorrectionPolicy))
def test_that_tracking_goes_on_from_a_corrected_box(
    started: Any, scene: Any, policy: CorrectionPolicy
) -> None:
    tracker, world = started(), scene()
    tracker.update(world.frame(START))
    far = Box(100, 75, 36, 28)
    result = tracker.correct(world.frame(far), far, policy)
    assert result.box == far
    moved = far.shifted(-3, 2)
    assert iou(tracker.update(world.frame(moved)).box, moved) > 0.6


@pytest.mark.parametrize(
    "box",
    [Box(200, 10, 20, 20), Box(10, 10, 0.5, 20), Box(float("nan"), 1, 5, 5), Box(10, -30, 20, 20)],
    ids=["outside", "thin", "not a number", "above"],
)
def test_that_an_unusable_box_is_refused_in_words(build: Any, scene: Any, box: Box) -> None:
    with pytest.raises(BoxError) as caught:
        build().init(scene().frame(START), box)
    assert caught.value.hint


def test_that_using_a_tracker_before_its_start_is_refused(build: Any, scene: Any) -> None:
    with pytest.raises(TrackerError):
        build().update(scene().frame(START))


AWKWARD = {
    "1px": Box(80, 60, 1, 1),
    "4px": Box(80, 60, 4, 3),
    "over left": Box(-15, 30, 40, 30),
    "over corner": Box(130, 95, 60, 50),
    "beyond frame": Box(-40, -40, 240, 200),
    "whole": Box(0, 0, 160, 120),
    "4:1": Box(40, 50, 80, 20),
    "1:6": Box(70, 20, 14, 84),
    "odd": Box(60.3, 40.7, 35.9, 27.1),
}
SMALL = (97, 131)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        *(pytest.param(box, (120, 160), id=name) for name, box in AWKWARD.items()),
        *(pytest.param(AWKWARD[n], SMALL, id=f"{n}, small") for n in ("1px", "whole", "odd")),
    ],
)
def test_that_awkward_boxes_are_tracked_without_falling_over(
    build: Any, scene: Any, box: Box, size: tuple[int, int]
) -> None:
    tracker, world = build(), scene(*size)
    tracker.want_maps = ALL_MAPS
    tracker.init(world.frame(box), box)
    for step in range(1, 4):
        result = tracker.update(world.frame(box.shifted(step, step)))
        assert result.box.is_finite()
        assert result.box.w > 0
        assert result.box.h > 0
        assert all(np.isfinite(found.values).all() for found in result.maps.values())
    # Half the size is a generous miss, but no axis may run away.
    assert result.box.w == pytest.approx(box.w, rel=0.5)
    assert result.box.h == pytest.approx(box.h, rel=0.5)


def test_that_grey_content_is_tracked(build: Any, scene: Any) -> None:
    tracker, world = build(), scene(grey=True)
    path = walk(6)
    tracker.init(world.frame(path[0]), path[0])
    for box in path[1:]:
        result = tracker.update(world.frame(box))
    assert iou(result.box, path[-1]) > 0.7


@pytest.mark.parametrize("value", [0, 255])
def test_that_an_empty_picture_gives_a_finite_box(build: Any, scene: Any, value: int) -> None:
    tracker = build()
    flat = np.full((120, 160, 3), value, np.uint8)
    tracker.want_maps = ALL_MAPS
    tracker.init(scene().frame(START), START)
    result = tracker.update(flat)
    assert result.box.is_finite()
    assert 0 <= result.score <= 1
    tracker.init(flat, START)
    assert tracker.update(flat).box.is_finite()


def test_that_a_target_leaving_the_frame_gives_finite_boxes(started: Any, scene: Any) -> None:
    tracker, world = started(), scene()
    for step in range(1, 11):
        result = tracker.update(world.frame(START.shifted(16 * step, 0)))
        assert result.box.is_finite()


def test_that_parameters_are_fully_declared(spec: registry.TrackerSpec) -> None:
    for info in parameters.describe(spec.params):
        assert info.doc
        assert info.group
        assert info.bounds or info.choices or info.type is bool
        parameters.check(info, info.default)


def test_that_the_loop_can_tune_a_running_tracker(
    spec: registry.TrackerSpec, started: Any, scene: Any
) -> None:
    live = [info for info in parameters.describe(spec.params) if info.live and info.type is float]
    tracker, world = started(), scene()
    for info in live:
        assert info.bounds is not None
        values = {info.name: info.bounds[1]}
        tracker.tune(parameters.with_values(tracker.params, values))
        assert parameters.to_dict(tracker.params)[info.name] == info.bounds[1]
    tracker.update(world.frame(START))
