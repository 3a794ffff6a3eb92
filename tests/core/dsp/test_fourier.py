from __future__ import annotations

import numpy as np
import pytest
import torch

from core.dsp import fourier


@pytest.mark.parametrize("wanted", [1, 9.4, 23, 43, 47, 101, 333])
def test_that_fast_sizes_are_even_and_smooth(wanted: float) -> None:
    size = fourier.fast_even_size(wanted)
    rest = size
    for p in (2, 3, 5):
        while rest % p == 0:
            rest //= p
    assert rest == 1
    assert size % 2 == 0
    assert size >= 8


def test_that_the_label_peaks_at_cell_zero_and_is_symmetric() -> None:
    label = fourier.gaussian_label(12, 2.0)
    assert label[0, 0] == 1
    assert int(label.argmax()) == 0
    np.testing.assert_allclose(label[1:, 0], label[1:, 0].flip(0), atol=1e-7)


@pytest.mark.parametrize(("n", "m"), [(12, 20), (20, 12), (15, 20), (16, 10)])
def test_that_resampling_keeps_a_band_limited_wave(n: int, m: int) -> None:
    def wave(size: int) -> torch.Tensor:
        t = torch.arange(size) / size * 2 * np.pi
        return 1 + torch.cos(2 * t[:, None] + 0.4) * torch.sin(3 * t[None, :] - 1.1)

    np.testing.assert_allclose(fourier.resampled(wave(n)[None], m)[0], wave(m), atol=1e-5)


def polynomial(size: int, step: float, seed: int) -> tuple[fourier.TrigonometricSum, np.ndarray]:
    values = np.random.default_rng(seed).normal(size=(size, size)).astype(np.float32)
    spectrum = torch.fft.rfft2(torch.from_numpy(values)).numpy()
    return fourier.TrigonometricSum([spectrum], [step]), values


@pytest.mark.parametrize("size", [9, 10])
def test_that_the_polynomial_goes_through_the_samples(size: int) -> None:
    surface, values = polynomial(size, 4.0, 0)
    for row, col in [(0, 0), (3, 7), (8, 2)]:
        assert surface.at(row * 4.0, col * 4.0) == pytest.approx(values[row, col], abs=1e-5)


def test_that_gradient_and_hessian_match_finite_differences() -> None:
    surface, _ = polynomial(9, 2.0, 1)
    y, x, e = 3.3, 5.1, 1e-4
    _, gradient, hessian = surface.derivatives(y, x)
    rough = [
        (surface.at(y + e, x) - surface.at(y - e, x)) / (2 * e),
        (surface.at(y, x + e) - surface.at(y, x - e)) / (2 * e),
    ]
    np.testing.assert_allclose(gradient, rough, atol=1e-5)
    columns = [
        (surface.derivatives(y + e, x)[1] - surface.derivatives(y - e, x)[1]) / (2 * e),
        (surface.derivatives(y, x + e)[1] - surface.derivatives(y, x - e)[1]) / (2 * e),
    ]
    np.testing.assert_allclose(hessian, np.stack(columns), atol=1e-4)


@pytest.mark.parametrize(("dy", "dx"), [(0.3, -0.4), (-0.49, 0.1), (0.0, 0.0)])
def test_that_newton_finds_a_peak_between_the_cells(dy: float, dx: float) -> None:
    n, step = 24, 4.0
    d = fourier.frequencies(n)
    bump = np.exp(-0.5 * (((d - dy) / 2.0) ** 2)[:, None] - 0.5 * (((d - dx) / 2.0) ** 2)[None])
    spectrum = torch.fft.rfft2(torch.from_numpy(bump.astype(np.float32))).numpy()
    surface = fourier.TrigonometricSum([spectrum], [step])
    value, y, x = surface.climb(0.0, 0.0, step)
    assert (y, x) == (pytest.approx(dy * step, abs=0.02), pytest.approx(dx * step, abs=0.02))
    assert value >= surface.at(0.0, 0.0)


def test_that_newton_never_goes_down_or_out_of_reach() -> None:
    surface, values = polynomial(10, 1.0, 7)
    for row in range(10):
        for col in range(10):
            value, y, x = surface.climb(float(row), float(col), 1.0)
            assert value >= values[row, col] - 1e-5
            assert max(abs(y - row), abs(x - col)) <= 1.0


def test_that_terms_of_different_periods_add_up() -> None:
    one, _ = polynomial(8, 4.0, 2)
    two, _ = polynomial(10, 3.0, 3)
    rng = [
        np.random.default_rng(s).normal(size=(n, n)).astype(np.float32)
        for s, n in ((2, 8), (3, 10))
    ]
    spectra = [torch.fft.rfft2(torch.from_numpy(v)).numpy() for v in rng]
    both = fourier.TrigonometricSum(spectra, [4.0, 3.0])
    assert both.at(5.5, -2.2) == pytest.approx(one.at(5.5, -2.2) + two.at(5.5, -2.2), abs=1e-6)
