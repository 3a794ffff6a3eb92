"""What trackers get wrong without falling over: half cells, swapped axes, leaking state.

Each test stands for a defect that published tracker code is known for. All run on every
tracker in the registry; pictures are small and frames few, since a deep tracker takes up
to a tenth of a second per frame.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from fakes.host_reads import counted_reads
from fakes.registered_trackers import (
    OURS,
    START,
    Build,
    boxes,
    cell_size,
    damaged,
    said,
    summit,
    tensors,
    walk,
)

from core import params as parameters
from core.errors import TrackerError, WeightsError
from core.geometry import Box, iou
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import ALL_MAPS, Services, Tracker
from core.trackers.registry import TrackerSpec

pytestmark = pytest.mark.timeout(120)
Started = Callable[[], Tracker]

# Where a target starts and by how much it moves: dx ≠ dy shows swapped axes, both signs
# show a mirrored one, and places near the border show a crop that was clipped.
MOVES = [
    (START, (6, -2)),
    (START, (-4, 7)),
    (START, (-5, -3)),
    (Box(40, 30, 70, 54), (8, 3)),
    (Box(70, 50, 20, 16), (-3, 4)),
    (Box(70, 24, 24, 60), (2, -5)),
    (Box(3, 4, 36, 28), (4, 2)),
    (Box(119, 88, 36, 28), (3, -4)),
]


# --- place ----------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "offset"), MOVES, ids=lambda value: str(value))
def test_that_a_planted_target_is_found_where_it_is(
    spec: TrackerSpec, build: Build, scene: Any, start: Box, offset: tuple[int, int]
) -> None:
    tracker, world = build(), scene(seed=6)
    tracker.init(world.frame(start), start)
    tracker.want_maps = frozenset({spec.primary_map})
    truth = start.shifted(*offset)
    result = tracker.update(world.frame(truth))
    response = result.maps[spec.primary_map]
    # A cell of the map, or a twentieth of the side where cells are finer than that.
    sides, cells = (start.w, start.h), cell_size(response)
    across, down = (max(cell, 1.0, side / 20) for cell, side in zip(cells, sides, strict=True))
    # C-RPN's peak is the cell that its box's centre lies in: half a cell more.
    wide, tall = (c / 2 if spec.key == "crpn" else 0.0 for c in cells)
    x, y = response.peak()
    assert x == pytest.approx(truth.cx, abs=across + wide)
    assert y == pytest.approx(truth.cy, abs=down + tall)
    assert result.box.cx == pytest.approx(truth.cx, abs=across)
    assert result.box.cy == pytest.approx(truth.cy, abs=down)


def test_that_opposite_motions_leave_no_bias(
    spec: TrackerSpec, started: Started, scene: Any
) -> None:
    # Lag and rounding to cells cancel; half a cell lost in a crop or a map's place does not.
    tracker, world = started(), scene()
    tracker.want_maps = frozenset({spec.primary_map})
    state = tracker.snapshot()
    boxes_off, peaks_off = [], []
    for offset in [(5, -3), (-5, 3), (2, 6), (-2, -6)]:
        truth = START.shifted(*offset)
        tracker.restore(state)
        result = tracker.update(world.frame(truth))
        response = result.maps[spec.primary_map]
        # Which cell of a flat top is the largest is chance, the middle of the top is not.
        x, y = summit(response)
        cells = [max(size, 1.0) for size in cell_size(response)]
        # Without a trained regression a box may sit on the grid, too.
        dx, dy = result.box.cx - truth.cx, result.box.cy - truth.cy
        boxes_off.append((dx / max(cells[0], 2.5), dy / max(cells[1], 2.5)))
        peaks_off.append(((x - truth.cx) / cells[0], (y - truth.cy) / cells[1]))
    assert np.abs(np.mean(boxes_off, axis=0)).max() < 0.4, boxes_off
    assert np.abs(np.mean(peaks_off, axis=0)).max() < 0.4, peaks_off


def test_that_responses_peak_inside_the_search_window_at_the_border(
    spec: TrackerSpec, build: Build, scene: Any
) -> None:
    kinds = {info.key: info.kind for info in spec.maps}
    tracker, world = build(), scene()
    corner = Box(2, 90, 36, 28)
    tracker.init(world.frame(corner), corner)
    tracker.want_maps = ALL_MAPS
    for step in range(1, 4):
        result = tracker.update(world.frame(corner.shifted(-4 * step, 2 * step)))
        search = result.patches["search"]
        window = search.placement.extent(search.image.shape[:2])
        for key, found in result.maps.items():
            if kinds[key] == "response":
                assert window.contains(*found.peak()), key


# --- maps -----------------------------------------------------------------------------


def test_that_a_map_is_there_in_every_frame_or_says_when_it_is_absent(
    spec: TrackerSpec, started: Started, scene: Any
) -> None:
    tracker, world = started(), scene()
    tracker.want_maps = ALL_MAPS
    declared = {info.key for info in spec.maps}
    always = {info.key for info in spec.maps if "absent" not in info.doc}
    for box in walk(4, dx=5)[1:]:
        produced = set(tracker.update(world.frame(box)).maps)
        assert produced <= declared
        assert always <= produced


def test_that_a_map_is_the_same_whoever_else_is_asked_for(
    spec: TrackerSpec, started: Started, scene: Any
) -> None:
    tracker, world = started(), scene()
    state, image = tracker.snapshot(), world.frame(START.shifted(5, -3))
    tracker.want_maps = ALL_MAPS
    together = said(tracker.update(image))
    for info in spec.maps:
        tracker.restore(state)
        tracker.want_maps = frozenset({info.key})
        alone = tracker.update(image)
        assert set(alone.maps) == {info.key} & set(together["maps"])
        assert all(together["maps"][key] == value for key, value in said(alone)["maps"].items())
        assert alone.box.as_tuple() == together["fields"][0]


def test_that_proposals_are_ordered_and_only_there_when_wanted(
    started: Started, scene: Any
) -> None:
    tracker, world = started(), scene()
    assert not tracker.update(world.frame(START)).proposals
    tracker.want_maps = frozenset({"proposals"})
    result = tracker.update(world.frame(START.shifted(4, -2)))
    assert not result.maps
    for name, found in result.proposals.items():
        assert name
        assert np.isfinite(found.boxes).all()
        assert (found.boxes[:, 2:] > 0).all()
        assert (np.diff(found.scores) <= 0).all()


# --- state ----------------------------------------------------------------------------


@pytest.mark.skipif(torch.cuda.is_available(), reason="exactness is promised on the CPU")
def test_that_a_restored_run_repeats_the_uninterrupted_one_to_the_last_bit(
    spec: TrackerSpec, started: Started, scene: Any
) -> None:
    world = scene()
    frames = [world.frame(box) for box in walk(12)]
    tracker = started()
    tracker.want_maps = ALL_MAPS
    tracker.update(frames[1])
    state, before = tracker.snapshot(), tracker.params
    kept = [tensor.clone() for tensor in tensors(state)]
    expected = [said(tracker.update(frame)) for frame in frames[2:12]]
    # What happens between going back and going on must leave no trace.
    tracker.correct(frames[3], START.shifted(-20, 8), CorrectionPolicy.ADD_TEMPLATE)
    tracker.tune(_with_live_at(spec, before, 1))
    tracker.update(frames[1])
    tracker.tune(before)
    tracker.restore(state)
    assert [said(tracker.update(frame)) for frame in frames[2:12]] == expected
    for old, now in zip(kept, tensors(state), strict=True):
        same = torch.equal(old.nan_to_num(), now.nan_to_num())
        assert same, "a tensor that a snapshot holds was changed in place"


@pytest.mark.skipif(torch.cuda.is_available(), reason="exactness is promised on the CPU")
@pytest.mark.parametrize("policy", list(CorrectionPolicy))
def test_that_another_instance_goes_on_from_a_snapshot_after_a_correction(
    build: Build, started: Started, scene: Any, policy: CorrectionPolicy
) -> None:
    world = scene()
    frames = [world.frame(box) for box in walk(4)]
    tracker, other = started(), build()
    tracker.correct(frames[1], walk(2)[1].scaled(1.05), policy)
    other.restore(tracker.snapshot())
    for frame in frames[2:]:
        assert said(tracker.update(frame)) == said(other.update(frame))


def test_that_another_tracker_beside_it_changes_nothing(
    build: Build, started: Started, scene: Any
) -> None:
    world, elsewhere = scene(), scene(97, 131, seed=40)
    frames = [world.frame(box) for box in walk(5)]
    alone, one = started(), started()
    expected, got = boxes(alone, frames[1:]), boxes(one, frames[1:2])
    small = Box(30, 30, 20, 50)
    two = build(seed=5)
    two.want_maps = ALL_MAPS
    two.init(elsewhere.frame(small), small)
    for frame in frames[2:]:
        got += boxes(one, [frame])
        two.update(elsewhere.frame(small.shifted(2, 2)))
    assert got == expected


def test_that_global_random_numbers_are_neither_used_nor_consumed(build: Build, scene: Any) -> None:
    world = scene()
    frames = [world.frame(box) for box in walk(3)]

    def run(noise: int) -> tuple[list[tuple[float, ...]], tuple[Any, ...]]:
        torch.manual_seed(noise)
        np.random.seed(noise)  # noqa: NPY002  (the global state is what is tested)
        random.seed(noise)
        tracker = build(seed=3)
        before = _global_random_states()
        tracker.init(frames[0], START)
        found = boxes(tracker, frames[1:])
        tracker.correct(frames[0], START, CorrectionPolicy.ADD_TEMPLATE)
        assert _global_random_states() == before
        return found, before

    assert run(1)[0] == run(2)[0]


def _global_random_states() -> tuple[Any, ...]:
    kind, numbers, *rest = np.random.get_state()  # noqa: NPY002
    return (
        torch.get_rng_state().numpy().tobytes(),
        (kind, np.asarray(numbers).tobytes(), *rest),
        random.getstate(),
    )


# --- pictures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((120, 160), np.uint8),
        np.zeros((120, 160, 1), np.uint8),
        np.zeros((120, 160, 4), np.uint8),
        np.zeros((120, 160, 3), np.float32),
    ],
    ids=["no channels", "grey", "alpha", "floats"],
)
def test_that_a_picture_of_another_kind_is_refused_in_words(
    started: Started, scene: Any, wrong: Any
) -> None:
    tracker, image = started(), scene().frame(START)
    with pytest.raises(TrackerError, match="picture") as caught:
        tracker.update(wrong)
    assert caught.value.hint
    for refuse in (
        lambda: tracker.init(wrong, START),
        lambda: tracker.correct(wrong, START, CorrectionPolicy.ADD_TEMPLATE),
    ):
        with pytest.raises(TrackerError, match="picture"):
            refuse()
    assert iou(tracker.update(image).box, START) > 0.7


def test_that_a_view_of_a_larger_picture_is_tracked_like_a_copy(build: Build, scene: Any) -> None:
    world = scene()
    frames = [world.frame(box) for box in walk(3)]
    wide = [np.zeros((130, 200, 4), np.uint8) for _ in frames]
    views = []
    for canvas, frame in zip(wide, frames, strict=True):
        canvas[5:125, 20:180, :3] = frame
        views.append(canvas[5:125, 20:180, :3])
    plain, viewed = build(), build()
    plain.init(frames[0], START)
    viewed.init(views[0], START)
    assert boxes(plain, frames[1:]) == boxes(viewed, views[1:])


# --- evidence -------------------------------------------------------------------------


def test_that_a_model_full_of_nan_is_reported_as_lost(started: Started, scene: Any) -> None:
    tracker, world = started(), scene()
    seen = tracker.update(world.frame(START.shifted(3, 1)))
    tracker.restore(damaged(tracker.snapshot()))
    tracker.want_maps = ALL_MAPS
    result = tracker.update(world.frame(START.shifted(5, 2)))
    assert result.state is TargetState.LOST
    assert result.reason
    assert result.box == seen.box
    assert result.score == 0
    assert all(np.isfinite(found.values).all() for found in result.maps.values())
    assert all(np.isfinite(list(result.scalars.values())))


def test_that_vanishing_is_noticed_and_a_return_believed(started: Started, scene: Any) -> None:
    tracker, world, other = started(), scene(), scene(seed=77)
    path = walk(10, dx=0.5, dy=0.3)
    for box in path[1:]:
        seen = tracker.update(world.frame(box))
    assert seen.state is TargetState.TRACKING
    blank = other._ground.round().clip(0, 255).astype(np.uint8)
    for _ in range(8):
        gone = tracker.update(blank)
        if gone.state is not TargetState.TRACKING:
            break
    assert gone.state is not TargetState.TRACKING
    assert gone.score < seen.score
    for _ in range(4):
        back = tracker.update(world.frame(path[-1]))
    assert back.score > gone.score
    assert iou(back.box, path[-1]) > 0.5


# --- parameters -----------------------------------------------------------------------


@pytest.mark.parametrize("end", [0, 1], ids=["low", "high"])
def test_that_all_live_parameters_may_be_at_an_end_of_their_range(
    spec: TrackerSpec, started: Started, scene: Any, end: int
) -> None:
    tracker, world = started(), scene()
    wanted = _with_live_at(spec, tracker.params, end)
    tracker.tune(wanted)
    assert tracker.params == wanted
    _require_sane(tracker, [world.frame(box) for box in walk(4)[1:]], end)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_that_each_live_parameter_may_be_at_an_end_of_its_range(
    spec: TrackerSpec, started: Started, scene: Any
) -> None:
    tracker, world = started(), scene()
    state, before = tracker.snapshot(), tracker.params
    frames = [world.frame(box) for box in walk(3)[1:]]
    for info in parameters.describe(spec.params):
        for value in _ends(info) if info.live else ():
            tracker.restore(state)
            tracker.tune(parameters.with_values(before, {info.name: value}))
            _require_sane(tracker, frames, (info.name, value))
            tracker.tune(before)


def _require_sane(tracker: Tracker, frames: list[np.ndarray], said_with: object) -> None:
    for frame in frames:
        result = tracker.update(frame)
        assert result.box.is_finite(), said_with
        assert 1 <= result.box.w <= 8 * START.w, said_with
        assert 1 <= result.box.h <= 8 * START.h, said_with
        assert 0 <= result.score <= 1, said_with


def _choices() -> Iterator[Any]:
    from core.trackers.registry import find

    for key in OURS:
        for info in parameters.describe(find(key).params):
            for value in info.choices or ():
                if value != info.default:
                    yield pytest.param(key, info.name, value, id=f"{key}-{info.name}={value}")


@pytest.mark.parametrize(("key", "name", "value"), list(_choices()))
def test_that_every_choice_tracks(key: str, name: str, value: str, scene: Any) -> None:
    from fakes.stand_in_weights import services_for

    from core.trackers.registry import find

    spec, world = find(key), scene()
    try:
        tracker = spec.create({name: value}, services_for(spec))
    except WeightsError as missing:
        pytest.skip(f"{name} = {value}: {missing}")
    tracker.init(world.frame(START), START)
    for box in walk(4)[1:]:
        found = tracker.update(world.frame(box)).box
    assert iou(found, box) > 0.4


def _ends(info: parameters.ParamInfo) -> tuple[Any, ...]:
    """Values to try: both bounds, all choices, or no and yes."""
    return info.bounds or info.choices or (False, True)


def _with_live_at(spec: TrackerSpec, now: Any, end: int) -> Any:
    """`now` with every live parameter at one end of its range."""
    live = [info for info in parameters.describe(spec.params) if info.live]
    return parameters.with_values(
        now, {info.name: _ends(info)[0 if end == 0 else -1] for info in live}
    )


# --- device ---------------------------------------------------------------------------

# Reads of device memory per frame, which stop a GPU until it has caught up. A tracker
# without a line here is held to the single packed read of the contract.
HOST_READS = {
    "drvt": 2,  # the filter over scales looks where the first read said the target is
    "ccr": 4,  # one per stage (of three), on which the next depends, and the scale filter's
    "ccr-deep": 4,
}


def test_that_reads_are_counted_however_they_are_written() -> None:
    values = torch.arange(6.0)
    with torch.inference_mode(), counted_reads() as reads:
        assert reads.count == 0
        _ = (values * 2).sum()
        _ = values.numpy()  # what is on the host already
    assert reads.count == 0
    for read in (
        lambda: values[2].item(),
        lambda: float(values[2]),
        lambda: bool(values.max() > 3),
        lambda: values.cpu().numpy(),
        lambda: values.to("cpu"),
        lambda: values.tolist(),
        lambda: values[values > 3],
        lambda: list(range(6))[values.argmax()],
    ):
        with torch.inference_mode(), counted_reads() as reads:
            read()
        assert reads.count == 1, reads.where()


def test_that_a_frame_reads_the_device_seldom(spec: TrackerSpec, build: Build, scene: Any) -> None:
    tracker, world = build(), scene()
    path = walk(5)
    tracker.init(world.frame(path[0]), path[0])
    tracker.update(world.frame(path[1]))
    for box in path[2:]:
        image = world.frame(box)
        with counted_reads() as reads:
            tracker.update(image)
        assert reads.count <= HOST_READS.get(spec.key, 1), reads.where()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_that_a_gpu_finds_the_same_boxes(spec: TrackerSpec, build: Build, scene: Any) -> None:
    world = scene()
    path = walk(21, dx=1.5, dy=-0.8)
    here = build()
    there = spec.create(services=_on_cuda(spec))
    here.init(world.frame(path[0]), path[0])
    there.init(world.frame(path[0]), path[0])
    for box in path[1:]:
        one, two = here.update(world.frame(box)).box, there.update(world.frame(box)).box
        assert two.as_tuple() == pytest.approx(one.as_tuple(), abs=0.5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_that_a_frame_waits_for_the_gpu_once(spec: TrackerSpec, scene: Any) -> None:
    from torch.profiler import ProfilerActivity, profile

    world = scene()
    path = walk(6)
    tracker = spec.create(services=_on_cuda(spec))
    tracker.init(world.frame(path[0]), path[0])
    boxes(tracker, [world.frame(box) for box in path[1:5]])  # plans, autotuning
    image = world.frame(path[5])
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as trace:
        tracker.update(image)
    copies = [event for event in trace.events() if "Memcpy DtoH" in event.name]
    assert len(copies) <= HOST_READS.get(spec.key, 1), [event.name for event in copies]


def _on_cuda(spec: TrackerSpec) -> Services:
    from dataclasses import replace

    from fakes.stand_in_weights import services_for

    return replace(services_for(spec), device=torch.device("cuda"))
