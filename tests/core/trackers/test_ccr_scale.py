"""The filter over scales."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from core.geometry import Box
from core.trackers.base import Services
from core.trackers.ccr import CCRTracker, model, scale
from core.trackers.ccr.params import CCRParams

START = Box(60, 40, 36, 28)
CPU = torch.device("cpu")


def followed(scene: Any, rate: float, params: CCRParams) -> float:
    """Share of the change of size that was followed over 30 frames, in the logarithm."""
    world, tracker = scene(), CCRTracker(params, Services())
    tracker.init(world.frame(START), START)
    truth, found = START, START
    for i in range(1, 31):
        truth = START.scaled(rate**i)
        found = tracker.update(world.frame(truth)).box
    return float(torch.tensor(found.w / START.w).log() / torch.tensor(truth.w / START.w).log())


@pytest.mark.parametrize("rate", [1.01, 1 / 1.01])
def test_that_most_of_a_steady_change_of_size_is_followed(scene: Any, rate: float) -> None:
    with_filter = followed(scene, rate, CCRParams())
    assert with_filter > 0.65
    assert with_filter > followed(scene, rate, CCRParams(scale_filter=False)) + 0.15


@pytest.mark.parametrize("factor", [0.96, 0.98, 1.0, 1.02, 1.04])
def test_that_a_change_of_size_is_read_off_in_part_and_never_overshot(
    scene: Any, factor: float
) -> None:
    params = CCRParams(scale_filter_limit=0.1)
    world = scene()
    state, hierarchy = model.start(world.frame(START), START, params, CPU)
    assert state.scale_model is not None
    # A sample taken too large by the factor shows a target too small by it.
    sample = scale.spectrum(hierarchy, state.center, 1 / factor, params)
    found = scale.estimate(state.scale_model, sample, params)
    # The window over scales draws large changes towards none.
    share = (found - 1) / (factor - 1) if factor != 1 else 1 + (found - 1) / 0.02
    assert 0.4 < share < 1.2


def test_that_one_frame_changes_the_size_by_the_limit_at_most(scene: Any) -> None:
    params = CCRParams(scale_filter_limit=0.01)
    state, hierarchy = model.start(scene().frame(START), START, params, CPU)
    assert state.scale_model is not None
    sample = scale.spectrum(hierarchy, state.center, 1.06, params)
    assert scale.estimate(state.scale_model, sample, params) == pytest.approx(0.99)


def test_that_a_damaged_filter_gives_no_number(scene: Any) -> None:
    params = CCRParams()
    state, hierarchy = model.start(scene().frame(START), START, params, CPU)
    assert state.scale_model is not None
    sample = scale.spectrum(hierarchy, state.center, 1.0, params)
    nothing = state.scale_model.denominator * float("nan")
    broken = replace(state.scale_model, denominator=nothing)
    assert math.isnan(scale.estimate(broken, sample, params))


def test_that_an_untrusted_frame_leaves_size_and_filter_alone(scene: Any) -> None:
    world, tracker = scene(), CCRTracker(CCRParams(), Services())
    tracker.init(world.frame(START), START)
    for _ in range(8):
        tracker.update(world.frame(START))
    before = tracker.snapshot()
    found = tracker.update(scene(seed=40).frame(START.scaled(1.2))).box
    after = tracker.snapshot()
    assert isinstance(before, model.State)
    assert isinstance(after, model.State)
    assert found.w == pytest.approx(before.box.w)
    assert after.scale_model is before.scale_model


def test_that_learning_changes_no_model_it_was_given(scene: Any) -> None:
    params = CCRParams()
    state, hierarchy = model.start(scene().frame(START), START, params, CPU)
    old = state.scale_model
    assert old is not None
    copy = old.numerator.clone()
    new = scale.learn(old, scale.spectrum(hierarchy, (70.0, 50.0), 1.1, params), params)
    assert torch.equal(old.numerator, copy)
    assert not torch.equal(new.numerator, copy)


@pytest.mark.parametrize("box", [Box(150, 110, 30, 30), Box(70, 50, 3, 3), Box(1, 1, 158, 118)])
def test_that_targets_at_the_rim_tiny_or_huge_stay_finite(scene: Any, box: Box) -> None:
    world, tracker = scene(), CCRTracker(CCRParams(), Services())
    tracker.init(world.frame(START), box)
    for _ in range(3):
        assert tracker.update(world.frame(START)).box.is_finite()
