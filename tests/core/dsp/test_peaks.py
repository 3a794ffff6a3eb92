from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dsp import peaks


def _bump(row: float, col: float, shape: tuple[int, int] = (31, 41), width: float = 2.0):
    rows, cols = np.indices(shape)
    return np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * width**2))


def test_that_the_measures_are_those_of_their_papers() -> None:
    random = np.random.default_rng(0)
    response = 0.05 * random.standard_normal((31, 41)) + _bump(10, 30, width=1.0)
    quality = peaks.measure(response, reach=5)
    row, col = np.unravel_index(response.argmax(), response.shape)
    outside = np.ones(response.shape, bool)
    outside[row - 5 : row + 6, col - 5 : col + 6] = False
    lobe = response[outside]
    assert quality.peak == pytest.approx(response.max())
    assert quality.psr == pytest.approx((response.max() - lobe.mean()) / lobe.std())
    energy = ((response - response.min()) ** 2).mean()
    assert quality.apce == pytest.approx((response.max() - response.min()) ** 2 / energy)
    low = response.min()
    assert quality.peak_ratio == pytest.approx((lobe.max() - low) / (response.max() - low))
    assert set(quality.scalars()) == {"peak", "psr", "apce", "peak_ratio"}


def test_that_a_look_alike_shows_in_the_ratio() -> None:
    alone = peaks.measure(_bump(15, 10))
    doubled = peaks.measure(_bump(15, 10) + 0.9 * _bump(15, 32))
    assert alone.peak_ratio < 0.5 < 0.85 < doubled.peak_ratio < 0.95
    assert doubled.psr < alone.psr
    assert doubled.apce < alone.apce


def test_that_the_area_around_the_peak_is_no_sidelobe_by_default() -> None:
    # 12 % of 41 columns are five cells to each side.
    response = np.zeros((31, 41))
    response[15, 20], response[15, 25], response[15, 26] = 1, 0.8, 0.3
    assert peaks.measure(response).peak_ratio == pytest.approx(0.3)
    assert peaks.measure(response, reach=4).peak_ratio == pytest.approx(0.8)


@pytest.mark.parametrize("corner", [(0, 0), (0, 40), (30, 0), (30, 40)])
def test_that_a_peak_on_the_rim_is_measured_too(corner: tuple[int, int]) -> None:
    quality = peaks.measure(_bump(*corner))
    assert quality.peak == 1
    assert quality.psr > 5


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 3)])
def test_that_a_map_without_sidelobe_trusts_nothing(shape: tuple[int, int]) -> None:
    quality = peaks.measure(np.random.default_rng(1).random(shape))
    assert quality.psr == 0
    assert quality.peak_ratio == 1


@pytest.mark.parametrize("value", [0.0, -3.0, 5.0])
def test_that_a_flat_map_gives_finite_measures(value: float) -> None:
    quality = peaks.measure(np.full((20, 20), value))
    assert all(np.isfinite(v) for v in quality.scalars().values())
    assert quality.psr == 0


@given(scale=st.floats(0.01, 100), shift=st.floats(-10, 10))
def test_that_gain_and_offset_do_not_matter(scale: float, shift: float) -> None:
    response = _bump(12, 17) + 0.3 * _bump(25, 35)
    first, second = peaks.measure(response), peaks.measure(scale * response + shift)
    assert second.psr == pytest.approx(first.psr, rel=1e-6)
    assert second.apce == pytest.approx(first.apce, rel=1e-6)
    assert second.peak_ratio == pytest.approx(first.peak_ratio, rel=1e-6)


@given(top=st.floats(-0.5, 0.5), bend=st.floats(0.1, 10), height=st.floats(-5, 5))
def test_that_the_vertex_of_a_parabola_is_exact(top: float, bend: float, height: float) -> None:
    before, here, after = (height - bend * (x - top) ** 2 for x in (-1, 0, 1))
    assert peaks.vertex(before, here, after) == pytest.approx(top, abs=1e-6)


def test_that_a_vertex_is_never_more_than_half_a_cell_away() -> None:
    assert peaks.vertex(1.0, 1.0, 0.0) == -0.5
    assert peaks.vertex(0.0, 1.0, 2.0) == 0.0  # a slope, no maximum
    assert peaks.vertex(1.0, 1.0, 1.0) == 0.0
    assert peaks.vertex(2.0, 1.0, 2.0) == 0.0


@given(row=st.floats(5, 25), col=st.floats(5, 35))
def test_that_the_refined_peak_lies_between_the_cells(row: float, col: float) -> None:
    response = _bump(row, col, width=3.0)
    cell = np.unravel_index(response.argmax(), response.shape)
    found = peaks.refined(response, int(cell[0]), int(cell[1]))
    assert found == pytest.approx((row, col), abs=0.03)


def test_that_rows_and_columns_are_not_mixed_up() -> None:
    response = _bump(10.3, 20.0, width=3.0)
    row, col = peaks.refined(response, 10, 20)
    assert row > 10.25
    assert col == pytest.approx(20)


def test_that_on_the_rim_only_the_other_axis_is_refined() -> None:
    response = _bump(0, 20.3, width=3.0)
    row, col = peaks.refined(response, 0, 20)
    assert row == 0
    assert col > 20.25
    response = _bump(10.3, 40, width=3.0)
    row, col = peaks.refined(response, 10, 40)
    assert row > 10.25
    assert col == 40
