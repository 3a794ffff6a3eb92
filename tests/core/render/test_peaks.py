"""Peaks and contours lie where they were planted, in the frame."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry import Placement
from core.render.contours import contour, contours
from core.render.peaks import find_peaks
from core.trackers.base import ResponseMap

PLACE = Placement((4.0, 0.0, 30.0, 0.0, 3.0, 20.0))


def bumps(*places: tuple[float, float, float], side: int = 41, width: float = 1.8) -> np.ndarray:
    """Gaussians ``(row, col, height)`` at the centres of cells ``row + ½``."""
    rows, cols = np.mgrid[:side, :side].astype(np.float64)
    total = np.zeros((side, side))
    for row, col, height in places:
        total += height * np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * width**2))
    return total.astype(np.float32)


@pytest.mark.parametrize("at", [(10.0, 30.0), (10.3, 29.6), (0.0, 0.0), (40.0, 17.2), (20.5, 20.5)])
def test_that_the_main_peak_is_found_between_the_cells(at) -> None:
    (peak, *others) = find_peaks(ResponseMap(bumps((*at, 1.0)), PLACE))
    x, y = PLACE.cell_center(*at)
    assert (peak.x, peak.y) == (pytest.approx(x, abs=4 * 0.3), pytest.approx(y, abs=3 * 0.3))
    assert peak.share == 1.0
    assert not others


def test_that_rivals_come_by_height_with_their_share() -> None:
    values = bumps((10, 10, 1.0), (30, 30, 0.8), (10, 33, 0.5), (33, 6, 0.2))
    peaks = find_peaks(ResponseMap(values + 3, PLACE))
    assert [(p.row, p.col) for p in peaks] == [(10, 10), (30, 30), (10, 33)]
    assert [p.share for p in peaks] == pytest.approx([1, 0.8, 0.5], abs=0.02)
    assert [p.value for p in peaks] == pytest.approx([4, 3.8, 3.5], abs=0.02)
    assert len(find_peaks(ResponseMap(values, PLACE), at_least=0.1)) == 4
    assert len(find_peaks(ResponseMap(values, PLACE), limit=2)) == 2


def test_that_a_shoulder_of_the_main_lobe_is_no_rival() -> None:
    assert len(find_peaks(ResponseMap(bumps((20, 20, 1.0), (20, 23, 0.9)), PLACE))) == 1


def test_that_flat_or_unknown_maps_have_no_peak() -> None:
    assert find_peaks(ResponseMap(np.full((9, 9), 2, np.float32), PLACE)) == ()
    assert find_peaks(ResponseMap(np.full((9, 9), np.nan, np.float32), PLACE)) == ()
    values = bumps((20, 20, 1.0))
    values[:, :15] = np.nan
    assert [(p.row, p.col) for p in find_peaks(ResponseMap(values, PLACE))] == [(20, 20)]
    step = np.zeros((8, 8), np.float32)
    step[2:4, 2:4] = 1
    assert len(find_peaks(ResponseMap(step, PLACE))) == 1, "a plateau is one peak"


def test_that_where_a_difference_is_nothing_there_is_no_peak() -> None:
    values = bumps((10, 10, 1.0), width=1.2) - bumps((30, 30, 0.9), width=1.2)
    values[np.abs(values) < 1e-3] = 0
    change = ResponseMap(values, PLACE, "difference", (-1.0, 1.0))
    assert [(p.row, p.col) for p in find_peaks(change)] == [(10, 10)]
    assert find_peaks(change)[0].share == 1.0


def test_that_a_contour_is_the_circle_on_which_the_value_is_reached() -> None:
    lines = contour(bumps((20, 20, 1.0), width=5.0), 0.5)
    radius = 5.0 * np.sqrt(2 * np.log(2))
    away = np.hypot(lines[..., 0] - 20.5, lines[..., 1] - 20.5)
    assert away == pytest.approx(radius, abs=0.1)
    length = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1).sum()
    assert length == pytest.approx(2 * np.pi * radius, rel=0.02)


def test_that_lines_close_and_never_cross_a_hole() -> None:
    values = bumps((20, 12, 1.0), (20, 28, 1.0), width=4)
    lines = contour(values, 0.4)
    ends, counts = np.unique(np.round(lines.reshape(-1, 2), 6), axis=0, return_counts=True)
    assert len(ends) > 40
    assert (counts == 2).all(), "every point joins two segments"
    values[18:22, 10:14] = np.nan
    holed = contour(values, 0.4)
    assert np.isfinite(holed).all()
    assert contour(np.zeros((1, 5)), 0.5).shape == (0, 2, 2)
    saddle = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert len(contour(saddle, 0.4)) == 2
    assert len(contour(saddle.T[::-1], 0.6)) == 2


def test_that_lines_of_several_levels_are_those_of_each() -> None:
    rng = np.random.default_rng(4)
    values = rng.integers(0, 4, (9, 12)).astype(np.float32)  # saddles and plateaus abound
    values[2, 3], values[5, 5] = np.nan, np.inf
    levels = (0.5, 1.5, 2.25)
    together = contours(values, levels).reshape(-1, 4)
    apart = np.concatenate([contour(values, level) for level in levels]).reshape(-1, 4)
    assert len(together) > 50
    assert np.array_equal(together[np.lexsort(together.T)], apart[np.lexsort(apart.T)])
    assert contours(values, ()).shape == (0, 2, 2)
