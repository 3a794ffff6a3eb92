"""Kernels and residuals: there when asked for, true to the filter, without any effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fakes.registered_trackers import START

from core.geometry import Placement
from core.trackers.kernels import SHOWN, kernel_patch
from core.trackers.registry import TrackerSpec

WINDOW = Placement((2.0, 0.0, 5.0, 0.0, 2.0, 7.0))


def test_that_the_strongest_channels_come_first_on_one_scale() -> None:
    taps = torch.zeros(12, 5, 5)
    for channel in range(12):
        taps[channel, 2, 2] = channel - 6.0
    patch = kernel_patch(taps, WINDOW)
    assert patch.image.shape == (15, 15, 3)
    assert patch.values is not None
    assert patch.values.shape == (15, 15)
    middles = patch.values[2::5, 2::5].ravel()
    assert len(middles) == SHOWN
    assert middles[0] == -6
    assert (np.diff(np.abs(middles)) <= 0).all()
    assert patch.image[2, 2, 0] == 0, "the lowest value is black"
    assert patch.image[0, 0, 0] in (127, 128), "zero is grey"
    assert patch.placement == WINDOW


@pytest.mark.parametrize(("channels", "shape"), [(1, (4, 4)), (2, (4, 8)), (5, (8, 12))])
def test_that_few_channels_leave_no_empty_rows(channels: int, shape: tuple[int, int]) -> None:
    assert kernel_patch(torch.ones(channels, 4, 4), WINDOW).image.shape[:2] == shape


@pytest.mark.parametrize("wanted", [frozenset(), frozenset({"patches"})])
def test_that_kernels_and_residuals_come_only_with_patches(
    spec: TrackerSpec, started: Any, scene: Any, wanted: frozenset[str]
) -> None:
    if spec.key in ("crpn", "cract"):
        pytest.skip("has no correlation filter")
    tracker, world = started(), scene()
    tracker.want_maps = wanted
    result = tracker.update(world.frame(START.shifted(4, -2)))
    kernels = [patch for patch in result.patches.values() if patch.role == "kernel"]
    assert bool(kernels) == bool(wanted)
    for patch in kernels:
        assert patch.values is not None
        assert np.isfinite(patch.values).all()
        assert np.abs(patch.values).max() > 0
    noted = {name: value for name, value in result.scalars.items() if name.startswith("admm.")}
    assert bool(noted) == (bool(wanted) and spec.key.startswith("ccr"))
    assert all(0 <= value < 10 for value in noted.values())


def test_that_looking_at_residuals_changes_no_box(
    spec: TrackerSpec, started: Any, scene: Any
) -> None:
    if not spec.key.startswith("ccr"):
        pytest.skip("solves nothing by ADMM")
    said = []
    for wanted in (frozenset(), frozenset({"patches"})):
        tracker, world = started(), scene()
        tracker.want_maps = wanted
        said.append(
            [tracker.update(world.frame(START.shifted(k, k))).box.as_tuple() for k in (2, 4, 6)]
        )
    assert said[0] == said[1]
