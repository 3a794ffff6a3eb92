"""DRVT as a whole: training sessions, memory, loss of the target, trunks, size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import ParamError
from core.geometry import Box, iou
from core.nets import backbones
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import ALL_MAPS, Services
from core.trackers.drvt import DRVTTracker, model, scale
from core.trackers.drvt.layout import NEGATIVE, POSITIVE, Grid
from core.trackers.drvt.params import DRVTParams

START = Box(60, 40, 36, 28)


def started(scene: Any, seed: int = 0, **values: Any) -> DRVTTracker:
    tracker = DRVTTracker(DRVTParams(**values), Services(seed=seed))
    tracker.init(scene.frame(START), START)
    return tracker


def state_of(tracker: DRVTTracker) -> model.State:
    state = tracker.snapshot()
    assert isinstance(state, model.State)
    return state


# --- training ------------------------------------------------------------------------


def test_that_the_first_training_tells_the_target_from_the_ground(scene: Any) -> None:
    world = scene()
    tracker = started(world)
    tracker.want_maps = ALL_MAPS
    result = tracker.update(world.frame(START))
    probability = result.maps["fc_prob"].values
    middle = probability.shape[0] // 2
    assert probability[middle, middle] > 0.9
    labels = result.maps["labels"].values
    assert probability[labels == 0].max() < 0.5
    assert result.scalars["loss"] < 0.3


def test_that_the_seed_decides(scene: Any) -> None:
    world = scene()
    one, again, other = (started(world, seed) for seed in (1, 1, 2))
    assert torch.equal(state_of(one).head.w4, state_of(again).head.w4)
    assert not torch.equal(state_of(one).head.w4, state_of(other).head.w4)
    frame = world.frame(START.shifted(3, 2))
    assert one.update(frame).score == again.update(frame).score


def test_that_the_filters_rate_in_force_is_told(scene: Any) -> None:
    world = scene()
    tracker = started(world, cf_rate=0.02)
    assert tracker.update(world.frame(START)).scalars["learning_rate"] == 0.02
    gone = tracker.update(np.full_like(world.frame(START), 127))
    assert gone.scalars["learning_rate"] == 0.0


def test_that_training_comes_every_so_many_frames(scene: Any) -> None:
    world = scene()
    tracker = started(world, train_every=4, distractor_above=1.0)
    ran = [tracker.update(world.frame(START)).scalars["iterations"] for _ in range(9)]
    assert [i + 1 for i, count in enumerate(ran) if count] == [4, 8]
    assert ran[3] == tracker.params.online_iterations


def test_that_the_loss_of_every_iteration_is_told_to_who_looks_and_changes_nothing(
    scene: Any,
) -> None:
    world, said = scene(), []
    for wanted in (frozenset(), frozenset({"patches"})):
        tracker = started(world, train_every=3, distractor_above=1.0)
        tracker.want_maps = wanted
        results = [tracker.update(world.frame(START.shifted(k, 0))) for k in range(6)]
        said.append([result.box.as_tuple() for result in results])
        losses = [
            [value for name, value in result.scalars.items() if name.startswith("loss.")]
            for result in results
        ]
        told = tracker.params.online_iterations if wanted else 0
        assert [len(each) for each in losses] == [0, 0, told, 0, 0, told]
        for each in filter(None, losses):
            assert min(each) > 0
            assert len(set(each)) == len(each)
    assert said[0] == said[1]


def test_that_a_distractor_starts_a_training_after_the_cool_down(scene: Any) -> None:
    world = scene()
    # So low a threshold makes a distractor of everything.
    tracker = started(world, train_every=1000, distractor_above=0.0, cool_down=2)
    results = [tracker.update(world.frame(START)) for _ in range(7)]
    assert results[0].scalars["distractors"] > 0
    ran = [result.scalars["iterations"] > 0 for result in results]
    assert ran == [False, False, True, False, False, True, False]


def test_that_a_look_alike_is_shown_as_a_distractor_and_unlearned(scene: Any) -> None:
    world = scene()
    tracker = started(world, squareness=0.0)
    twin = START.shifted(40, 0)
    plain, both = world.frame(START), world.frame(START)
    target = np.s_[40:68, 60:96]
    both[40:68, 100:136] = plain[target]
    tracker.want_maps = ALL_MAPS
    first = tracker.update(both)
    assert first.scalars["distractors"] > 0
    rows, cols = np.nonzero(first.maps["distractors"].values)
    place = first.maps["distractors"].placement
    x, y = place.cell_center(float(rows.mean()), float(cols.mean()))
    assert abs(x - twin.cx) < 12
    assert abs(y - twin.cy) < 12
    for _ in range(12):
        last = tracker.update(both)
    assert iou(last.box, START) > 0.7


def test_that_a_learning_rate_far_too_high_leaves_the_classifier_as_it_was(scene: Any) -> None:
    world = scene()
    tracker = started(world, online_rate=0.2, train_every=1, cool_down=0)
    state = state_of(tracker)
    head = state.head._replace(w4=state.head.w4 * 1e39)
    session = model.course(tracker.params, 5, 0.2)
    after = model.trained(replace(state, head=head), session)
    assert torch.equal(after.head.w4, head.w4)
    assert torch.isfinite(after.loss)


def test_that_the_memory_is_bounded(scene: Any) -> None:
    world = scene()
    tracker = started(world, positive_frames=5, negative_frames=3, initial_crops=4)
    for _ in range(8):
        result = tracker.update(world.frame(START))
    assert result.scalars["positive_frames"] == 4 + 5
    assert result.scalars["negative_frames"] == 4 + 3


def test_that_labels_of_a_lesson_lie_on_the_target(scene: Any) -> None:
    world = scene()
    tracker = started(world)
    box = START.shifted(6, -4)
    tracker.update(world.frame(box))
    lesson, coarse = state_of(tracker).lesson, state_of(tracker).setting.coarse
    rows, cols = np.nonzero(lesson.labels == POSITIVE)
    x, y = lesson.crop.to_frame(coarse.center(cols.mean()), coarse.center(rows.mean()))
    px, py = (size * coarse.stride for size in lesson.crop.pixel)
    assert x == pytest.approx(box.cx, abs=0.6 * px)
    assert y == pytest.approx(box.cy, abs=0.6 * py)
    assert (lesson.labels == NEGATIVE).mean() > 0.8


# --- loss of the target --------------------------------------------------------------


def test_that_nothing_is_learned_while_the_target_is_gone_and_the_window_grows(
    scene: Any,
) -> None:
    world, other = scene(), scene(seed=77)
    tracker = started(world)
    for step in range(6):
        seen = tracker.update(world.frame(START.shifted(step, 0)))
    known = state_of(tracker)
    blank = other._ground.round().clip(0, 255).astype(np.uint8)
    gone = [tracker.update(blank) for _ in range(6)]
    now = state_of(tracker)
    assert gone[-1].state is TargetState.LOST
    assert gone[-1].box == seen.box
    assert gone[-1].score < 0.3
    assert now.head is known.head
    assert now.filter is known.filter
    assert now.memory is known.memory
    assert 1 < now.window <= tracker.params.lost_window
    back = [tracker.update(world.frame(START.shifted(8, 0))) for _ in range(2)][-1]
    assert back.state is not TargetState.LOST
    assert iou(back.box, START.shifted(8, 0)) > 0.6
    assert state_of(tracker).window == 1


# --- size ----------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1.01, 1 / 1.01])
def test_that_a_steady_change_of_size_is_followed(scene: Any, rate: float) -> None:
    world = scene()
    tracker = started(world)
    for i in range(1, 31):
        truth = START.scaled(rate**i)
        found = tracker.update(world.frame(truth)).box
    assert np.log(found.w / START.w) / np.log(truth.w / START.w) > 0.6


FINE, TARGET = Grid(129, 2, 0.5), Box.from_center(128.5, 128.5, 90, 70)


def sized(features: torch.Tensor, factor: float, **values: Any) -> float:
    """What is read off when a target known at its size is shown `factor` times as large."""
    params, standard = DRVTParams(**values), scale.Standard.of(features)
    known = scale.learn(None, scale.sample(features, standard, FINE, TARGET, params), 1.0)
    asked = scale.sample(features, standard, FINE, TARGET.scaled(1 / factor), params)
    return scale.estimate(known, asked, params)


def textured() -> torch.Tensor:
    coarse = torch.rand(1, 4, 20, 20, generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.interpolate(coarse, size=129, mode="bicubic")[0]


@pytest.mark.parametrize("factor", [0.92, 0.96, 0.98, 1.0, 1.02, 1.04, 1.08])
def test_that_a_change_of_size_is_read_off(factor: float) -> None:
    assert sized(textured(), factor, scale_limit=0.2, scale_gain=1.0) == pytest.approx(
        factor, abs=0.008
    )


def test_that_the_size_that_was_learned_is_no_change_at_all() -> None:
    assert sized(textured(), 1.0) == pytest.approx(1.0, abs=1e-6)


def test_that_only_a_share_of_the_change_is_followed_at_once() -> None:
    whole, part = (np.log(sized(textured(), 1.03, scale_gain=gain)) for gain in (1.0, 0.25))
    assert part == pytest.approx(0.25 * whole, rel=1e-6)


def test_that_one_frame_changes_the_size_by_the_limit_at_most() -> None:
    assert sized(textured(), 1.08, scale_limit=0.01, scale_gain=1.0) == pytest.approx(1.01)


def test_that_damaged_features_give_no_size() -> None:
    assert np.isnan(sized(textured() * float("nan"), 1.0))


def test_that_learning_sizes_changes_no_old_model() -> None:
    params, standard = DRVTParams(), scale.Standard.of(textured())
    values = scale.sample(textured(), standard, FINE, TARGET, params)
    old = scale.learn(None, values, 1.0)
    copy = old.values.clone()
    other = scale.sample(textured(), standard, FINE, TARGET.shifted(9, 4), params)
    new = scale.learn(old, other, 0.25)
    assert torch.equal(old.values, copy)
    torch.testing.assert_close(new.values, 0.75 * values + 0.25 * other)


# --- trunks and maps -----------------------------------------------------------------


def test_that_vgg_m_carries_both_streams(scene: Any) -> None:
    torch.manual_seed(4)
    weights = {"vgg-m": backbones.make("vgg-m").state_dict()}
    params = DRVTParams(trunk="vgg-m", squareness=0.0, initial_crops=3, hidden=64)
    tracker = DRVTTracker(params, Services(weights=weights))
    world = scene()
    tracker.init(world.frame(START), START)
    tracker.want_maps = ALL_MAPS
    result = tracker.update(world.frame(START.shifted(3, -2)))
    assert result.maps["fc_prob"].values.shape == (15, 15)
    assert result.maps["cf.scale1"].values.shape == (81, 81)
    assert result.patches["search"].image.shape == (331, 331, 3)
    assert iou(result.box, START.shifted(3, -2)) > 0.6
    a, _, _, _, e, _ = result.maps["fc_prob"].placement.matrix
    assert (a, e) == pytest.approx((16 * 3 * START.w / 331, 16 * 3 * START.h / 331))


@pytest.mark.parametrize("squareness", [0.0, 1.0])
@pytest.mark.parametrize("box", [Box(50, 20, 20, 70), Box(30, 50, 90, 22)], ids=["tall", "wide"])
def test_that_all_maps_peak_on_a_target_of_any_shape(
    scene: Any, box: Box, squareness: float
) -> None:
    world = scene()
    tracker = DRVTTracker(DRVTParams(squareness=squareness), Services())
    tracker.init(world.frame(box), box)
    tracker.want_maps = ALL_MAPS
    moved = box.shifted(5, -3)
    result = tracker.update(world.frame(moved))
    for key in ("final", "fc_prob", "cf.scale0", "cf.scale1", "cf.scale2"):
        found = result.maps[key]
        a, _, _, _, e, _ = found.placement.matrix
        x, y = found.peak()
        assert x == pytest.approx(moved.cx, abs=a + 1.5), key
        assert y == pytest.approx(moved.cy, abs=e + 1.5), key


def test_that_a_crop_too_small_for_a_cell_is_refused_in_words() -> None:
    with pytest.raises(ParamError, match="input_side") as caught:
        DRVTTracker(DRVTParams(input_side=64), Services())
    assert "129" in (caught.value.hint or "")


def test_that_the_smallest_crop_tracks(scene: Any) -> None:
    world = scene()
    tracker = started(world, input_side=129)
    box = START.shifted(4, -2)
    assert iou(tracker.update(world.frame(box)).box, box) > 0.6


def test_that_an_added_template_is_learned_and_a_kept_one_is_not(scene: Any) -> None:
    world = scene()
    tracker = started(world)
    tracker.update(world.frame(START))
    before = state_of(tracker)
    box = START.shifted(10, 5)
    tracker.correct(world.frame(box), box, CorrectionPolicy.KEEP_TEMPLATE)
    kept = state_of(tracker)
    assert kept.head is before.head
    assert kept.filter is before.filter
    tracker.correct(world.frame(box), box, CorrectionPolicy.ADD_TEMPLATE)
    added = state_of(tracker)
    assert not torch.equal(added.head.w4, before.head.w4)
    assert not torch.equal(added.filter.numerator, before.filter.numerator)


def test_that_a_crop_beyond_the_frame_is_grey_there(scene: Any) -> None:
    world, box = scene(), Box(-10, -8, 36, 28)
    tracker = DRVTTracker(DRVTParams(), Services())
    tracker.want_maps = ALL_MAPS
    tracker.init(world.frame(box), box)
    search = tracker.update(world.frame(box)).patches["search"]
    assert (search.image[:20, :20] == 128).all()
