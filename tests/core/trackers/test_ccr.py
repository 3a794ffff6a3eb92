from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.dsp.hog import hog
from core.geometry import Box
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import ALL_MAPS, Services
from core.trackers.ccr import cascade, features, model
from core.trackers.ccr.params import CCRParams
from core.trackers.ccr.tracker import CCRTracker

START = Box(60, 40, 36, 28)
CPU = torch.device("cpu")


def tracker(**values: Any) -> CCRTracker:
    return CCRTracker(CCRParams(**values), Services())


def test_that_a_sample_at_the_searched_place_equals_plain_hog(scene: Any) -> None:
    # Pooling the hierarchy must give what HOG on the same pixels gives.
    image = scene().frame(START)
    state, hierarchy = model.start(image, START, CCRParams(), CPU)
    grid = state.setting.layout.grids[0]
    sample = hierarchy.pool(grid, state.center, np.array([1.0]))[0]
    whole = hog(torch.from_numpy(hierarchy.picture), CCRParams().hog_cell)
    start = (whole.shape[-1] - grid.cells) / 2
    assert start == int(start)
    inside = slice(int(start), int(start) + grid.cells)
    difference = (sample - whole[:, inside, inside]).abs()[:, 1:-1, 1:-1]
    # Two-pixel bins place a vote half a pixel off at most.
    assert float(difference.mean()) < 0.01


def test_that_pooling_follows_the_window(scene: Any) -> None:
    image = scene().frame(START)
    state, hierarchy = model.start(image, START, CCRParams(), CPU)
    for grid in state.setting.layout.grids:
        cell = grid.cell * state.setting.layout.zoom
        here = hierarchy.pool(grid, state.center, np.array([1.0]))[0]
        x, y = state.center
        there = hierarchy.pool(grid, (x + 2 * cell, y - cell), np.array([1.0]))[0]
        torch.testing.assert_close(here[:, 1:-2, 3:-1], there[:, 2:-1, 1:-3], atol=2e-3, rtol=0)


def test_that_scales_are_pooled_as_a_batch(scene: Any) -> None:
    image = scene().frame(START)
    state, hierarchy = model.start(image, START, CCRParams(), CPU)
    scales = np.array([0.98, 1.0, 1.03])
    for grid in state.setting.layout.grids:
        batch = hierarchy.pool(grid, state.center, scales)
        for one, scale in zip(batch, scales, strict=True):
            alone = hierarchy.pool(grid, state.center, np.array([scale]))[0]
            torch.testing.assert_close(one, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("box", [START, Box(0, 0, 160, 120), Box(80, 60, 2, 2), Box(9, 9, 80, 8)])
def test_that_every_window_has_the_declared_support(scene: Any, box: Box) -> None:
    image = scene().frame(START)
    layout = features.layout_for(image, box, CCRParams())
    assert layout.patch >= max(grid.side for grid in layout.grids)
    for grid in layout.grids:
        assert grid.side * layout.zoom >= 1.5 * max(box.w, box.h)
        assert grid.cells % 2 == 0


def test_that_the_response_size_never_changes(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.want_maps = ALL_MAPS
    subject.init(world.frame(START), START)
    shapes = {
        found.values.shape
        for i in range(1, 8)
        for key, found in subject.update(world.frame(START.scaled(1.02**i))).maps.items()
        if found.quantity == "response"
    }
    assert len(shapes) == 1


def test_that_only_executed_stages_have_maps(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.want_maps = ALL_MAPS
    subject.init(world.frame(START), START)
    for box in (START, START.shifted(9, -5)):
        result = subject.update(world.frame(box))
        used = int(result.scalars["stages_used"])
        shown = {key for key in result.maps if key.endswith(".fused")}
        assert shown == {f"stage{n}.fused" for n in range(1, used + 1)}
        last = result.maps[f"stage{used}.fused"]
        np.testing.assert_array_equal(result.maps["response"].values, last.values)


def test_that_the_stage_limit_is_kept(scene: Any) -> None:
    world, subject = scene(), tracker(stages=1)
    subject.init(world.frame(START), START)
    assert subject.update(world.frame(START.shifted(9, -5))).scalars["stages_used"] == 1


def test_that_the_filter_map_lies_on_the_target(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.want_maps = frozenset({"filter.hog", "mask"})
    result = subject.init(world.frame(START), START)
    weight = result.maps["filter.hog"].values
    place = result.maps["filter.hog"].placement
    rows, cols = np.indices(weight.shape)
    centre = [(np.square(weight) * axis).sum() / np.square(weight).sum() for axis in (rows, cols)]
    x, y = place.cell_center(centre[0], centre[1])
    assert x == pytest.approx(START.cx, abs=6)
    assert y == pytest.approx(START.cy, abs=6)
    mask = result.maps["mask"]
    corners = np.asarray(np.argwhere(mask.values > 0)[:, ::-1] + 0.5, np.float64)
    inside = mask.placement.to_frame(corners)
    low, high = inside.min(0), inside.max(0)
    assert (low[0] + high[0]) / 2 == pytest.approx(START.cx, abs=0.01)
    assert (low[1] + high[1]) / 2 == pytest.approx(START.cy, abs=0.01)


def test_that_a_broken_model_keeps_the_box_and_says_lost(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    state = subject.snapshot()
    assert isinstance(state, model.State)
    broken = {name: torch.full_like(value, float("nan")) for name, value in state.model.items()}
    subject.restore(replace(state, model=broken))
    result = subject.update(world.frame(START.shifted(5, 5)))
    assert result.box.as_tuple() == pytest.approx(START.as_tuple())
    assert result.state is TargetState.LOST
    assert result.score == 0
    assert result.reason


def test_that_keeping_the_template_moves_without_learning(scene: Any) -> None:
    world, subject = scene(), tracker()
    subject.init(world.frame(START), START)
    before = subject.snapshot()
    far = Box(90, 70, 40, 30)
    subject.correct(world.frame(far), far, CorrectionPolicy.KEEP_TEMPLATE)
    kept = subject.snapshot()
    assert isinstance(before, model.State)
    assert isinstance(kept, model.State)
    assert all(torch.equal(kept.model[k], before.model[k]) for k in kept.model)
    subject.correct(world.frame(far), far, CorrectionPolicy.ADD_TEMPLATE)
    added = subject.snapshot()
    assert isinstance(added, model.State)
    assert not torch.equal(added.model["hog"], kept.model["hog"])
    assert torch.equal(added.first["hog"], before.first["hog"])


@pytest.mark.parametrize(("mode", "same"), [("skip", True), ("look_back", False)])
def test_that_a_failure_is_handled_as_chosen(scene: Any, mode: str, same: bool) -> None:
    world = scene()
    params = CCRParams(on_failure=mode)
    state, hierarchy = model.start(world.frame(START), START, params, CPU)
    drifted = {name: value * 3.0 for name, value in state.model.items()}
    state = replace(state, model=drifted)
    samples = model.training_samples(state.setting, hierarchy, state.center, 1.0)
    learned = model.update(state, samples, params, failed=True)
    assert torch.equal(learned["hog"], drifted["hog"]) is same


@pytest.mark.parametrize(("mode", "share"), [("skip", 0.0), ("look_back", 0.25), ("ignore", 1.0)])
def test_that_the_rate_in_force_is_told(scene: Any, mode: str, share: float) -> None:
    world = scene()
    subject = tracker(
        on_failure=mode,
        look_back_beta=0.25,
        learning_rate=0.04,
        history_min=2,
        peak_ratio=0.9,
        quality_ratio=0.9,
    )
    subject.init(world.frame(START), START)
    results = [subject.update(world.frame(START)) for _ in range(4)]
    results.append(subject.update(scene(seed=9).frame(START)))  # all of it is another
    assert [result.scalars["failed"] for result in results] == [0, 0, 0, 0, 1]
    rates = [result.scalars["learning_rate"] for result in results]
    assert rates == pytest.approx([0.04] * 4 + [0.04 * share])


def test_that_look_back_pulls_towards_the_first_model(scene: Any) -> None:
    # Eq. 10: with β = 0 and α = 1 a failed frame restores the first model exactly.
    params = CCRParams(look_back_beta=0.0, learning_rate=1.0)
    state, hierarchy = model.start(scene().frame(START), START, params, CPU)
    state = replace(state, model={name: value * 3.0 for name, value in state.model.items()})
    samples = model.training_samples(state.setting, hierarchy, state.center, 1.0)
    learned = model.update(state, samples, params, failed=True)
    for name, value in learned.items():
        torch.testing.assert_close(value, state.first[name])


def test_that_grey_pictures_use_grey_levels(scene: Any) -> None:
    params = CCRParams()
    assert features.layout_for(scene(grey=True).frame(START), START, params).grey
    assert not features.layout_for(scene().frame(START), START, params).grey


def test_that_a_scale_is_left_alone_where_it_cannot_be_told() -> None:
    valley = np.array([1.02, 1.01, 1.0, 1.005, 1.01])
    assert cascade.best_scale(valley) == 2
    assert cascade.best_scale(np.array([0.9, 0.95, 1.0, 1.05, 1.03])) == 3
    assert cascade.best_scale(np.array([1.0])) == 0


def test_that_the_parabola_finds_the_top_between_scales() -> None:
    steps = np.arange(-2, 3, dtype=np.float64)
    heights = np.asarray(1 - 0.1 * (steps - 0.3) ** 2, np.float64)
    assert cascade.vertex(heights, 2) == pytest.approx(0.3)
    assert cascade.vertex(heights, 4) == 0


def test_that_tuning_takes_live_parameters_only(scene: Any) -> None:
    world, plain, tuned = scene(), tracker(), tracker()
    for subject in (plain, tuned):
        subject.init(world.frame(START), START)
    tuned.tune(CCRParams(scales=1, hog_cell=8))  # neither is live
    frame = world.frame(START.shifted(4, 2))
    assert tuned.update(frame).box == plain.update(frame).box
    tuned.tune(CCRParams(stages=1))
    assert tuned.update(world.frame(START.shifted(12, -6))).scalars["stages_used"] == 1
