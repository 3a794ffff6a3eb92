"""Differences and sums of maps are taken in the frame, whatever cells the maps have."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry import Box, Placement
from core.render.derived import difference, mean, on_cells_of, strongest
from core.trackers.base import ResponseMap


def placed(x: float, y: float, cell: float = 2.0, side: int = 20, value_range=None) -> ResponseMap:
    """A map of the frame's plane ``3 x + y`` over a square at (x, y)."""
    place = Placement.covering(Box(x, y, side * cell, side * cell), (side, side))
    cols, rows = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
    points = place.to_frame(np.stack([cols.ravel(), rows.ravel()], axis=1))
    values = (3 * points[:, 0] + points[:, 1]).reshape(side, side).astype(np.float32)
    return ResponseMap(values, place, value_range=value_range)


@pytest.mark.parametrize("other", [placed(10, 10), placed(13.3, 8.7), placed(4, 6, 1.3, 40)])
def test_that_the_same_scene_on_other_cells_makes_no_difference(other: ResponseMap) -> None:
    first = placed(10, 10)
    found = difference(first, other)
    known = np.isfinite(found.values)
    assert known.sum() > 150
    # Half a cell at the rim is held constant by the interpolation.
    inner = known[1:-1, 1:-1] & known[:-2, 1:-1] & known[2:, 1:-1] & known[1:-1, :-2]
    inner &= known[1:-1, 2:]
    assert np.abs(found.values[1:-1, 1:-1][inner]).max() < 3.2 * 0.65
    assert np.median(np.abs(found.values[known])) < 1e-3
    assert found.placement == first.placement


def test_that_a_rotated_map_is_read_where_it_lies() -> None:
    first = placed(10, 10)
    angle = np.pi / 6
    c, s = np.cos(angle), np.sin(angle)
    turned = Placement((2 * c, -2 * s, 30, 2 * s, 2 * c, -10))
    cols, rows = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
    points = turned.to_frame(np.stack([cols.ravel(), rows.ravel()], axis=1))
    values = (3 * points[:, 0] + points[:, 1]).reshape(40, 40).astype(np.float32)
    found = on_cells_of(first, ResponseMap(values, turned))
    known = np.isfinite(found)
    assert known.any()
    assert np.median(np.abs(found[known] - first.values[known])) < 1e-3


def test_that_the_range_of_a_difference_is_even_about_nothing() -> None:
    first = placed(0, 0)
    second = ResponseMap(first.values - 5, first.placement)
    found = difference(first, second)
    assert found.value_range == pytest.approx((-5, 5), rel=1e-4)
    nothing = difference(first, first)
    assert nothing.value_range == (-1, 1)


def test_that_where_the_other_map_is_not_nothing_is_claimed() -> None:
    found = difference(placed(0, 0), placed(20, 0))
    assert np.isnan(found.values[:, :10]).all()
    assert np.isfinite(found.values[:, 10:]).all()
    assert not np.isfinite(difference(placed(0, 0), placed(500, 0)).values).any()


def test_that_the_largest_and_the_mean_leave_out_what_is_not_known() -> None:
    here = placed(0, 0, value_range=(0.0, 9.0))
    higher = ResponseMap(here.values + 4, here.placement)
    away = ResponseMap(placed(20, 0).values + 100, placed(20, 0).placement)
    top = strongest([here, higher, away])
    assert top.values[:, :10] == pytest.approx(here.values[:, :10] + 4, rel=1e-4)
    assert (top.values[:, 11:] > here.values[:, 11:] + 90).all()
    even = mean([here, higher, away])
    assert even.values[:, :10] == pytest.approx(here.values[:, :10] + 2, rel=1e-4)
    assert even.values[:, 11:-1] == pytest.approx(here.values[:, 11:-1] + 104 / 3, rel=1e-3)
    assert even.value_range == (0.0, 9.0)
