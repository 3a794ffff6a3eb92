"""The correlation filter: closed form, shifts, learning."""

from __future__ import annotations

import pytest
import torch

from core.trackers.drvt import cf

CELLS, CHANNELS = 12, 3


def features(seed: int = 0) -> torch.Tensor:
    return torch.randn(CHANNELS, CELLS, CELLS, generator=torch.Generator().manual_seed(seed))


def plain(problem: cf.Problem) -> cf.Problem:
    """Without window and standardisation."""
    zero, one = torch.zeros(CHANNELS, 1, 1), torch.ones(CHANNELS, 1, 1)
    return cf.Problem(zero, one, torch.ones(CELLS, CELLS), problem.label, problem.ridge)


def test_that_the_closed_form_is_the_minimiser() -> None:
    problem = plain(cf.problem(features(), 1.5, 1e-3))
    x = features().double()
    label = torch.fft.irfft2(problem.label.to(torch.complex128), s=(CELLS, CELLS))
    w = torch.zeros(CHANNELS, CELLS, CELLS, dtype=torch.float64, requires_grad=True)
    ridge = problem.ridge * CHANNELS * CELLS**2
    optimiser = torch.optim.LBFGS(
        [w], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )  # fmt: skip

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        # Circular convolution, written out: what the spectra are claimed to diagonalise.
        answer = sum(
            w[k, i, j] * torch.roll(x[k], (i, j), (0, 1))
            for k in range(CHANNELS)
            for i in range(CELLS)
            for j in range(CELLS)
        )
        loss = (answer - label).square().sum() + ridge * w.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)  # type: ignore[arg-type]
    model = cf.learn(problem, cf.spectra(problem, features()), None, 0.0)
    found = torch.fft.irfft2(cf.weights(problem, model), s=(CELLS, CELLS))
    torch.testing.assert_close(found.double(), w.detach(), atol=1e-5, rtol=1e-3)


def test_that_a_shifted_sample_moves_the_peak_by_the_shift() -> None:
    problem = plain(cf.problem(features(), 1.0, 1e-4))
    model = cf.learn(problem, cf.spectra(problem, features()), None, 0.0)
    shifts = [(0, 0), (2, -3), (-4, 1)]
    samples = torch.stack([torch.roll(features(), shift, (1, 2)) for shift in shifts])
    responses = cf.respond(problem, model, cf.spectra(problem, samples))
    middle = CELLS // 2
    for response, (dy, dx) in zip(responses, shifts, strict=True):
        row, col = divmod(int(response.argmax()), CELLS)
        assert (row - middle, col - middle) == (dy, dx)
        assert float(response.max()) == pytest.approx(1.0, abs=0.1)


def test_that_the_response_is_that_of_the_filter() -> None:
    problem = cf.problem(features(), 1.5, 1e-3)
    model = cf.learn(problem, cf.spectra(problem, features()), None, 0.0)
    spectrum = cf.spectra(problem, features(4))
    answer = torch.fft.irfft2((cf.weights(problem, model) * spectrum).sum(0), s=(CELLS, CELLS))
    expected = torch.fft.fftshift(answer, dim=(-2, -1))
    torch.testing.assert_close(cf.respond(problem, model, spectrum), expected)


def test_that_features_are_standardised_as_the_first_frame_has_them() -> None:
    loud = features() * torch.tensor([1.0, 100.0, 0.01])[:, None, None] + 7
    quiet = cf.problem(features(), 1.0, 1e-4)
    scaled = cf.problem(loud, 1.0, 1e-4)
    one, two = cf.spectra(quiet, features()), cf.spectra(scaled, loud)
    torch.testing.assert_close(one[:2], two[:2], atol=1e-3, rtol=1e-3)


def test_that_a_constant_channel_stays_silent() -> None:
    flat = features()
    flat[1] = 3.0
    problem = cf.problem(flat, 1.0, 1e-4)
    assert torch.isfinite(cf.spectra(problem, flat)).all()
    assert float(cf.spectra(problem, flat)[1].abs().max()) < 1e-3
    nothing = cf.problem(torch.zeros(CHANNELS, CELLS, CELLS), 1.0, 1e-4)
    model = cf.learn(nothing, cf.spectra(nothing, torch.zeros(CHANNELS, CELLS, CELLS)), None, 0.0)
    spectrum = cf.spectra(nothing, torch.zeros(1, CHANNELS, CELLS, CELLS))
    assert torch.isfinite(cf.respond(nothing, model, spectrum)).all()


def test_that_learning_mixes_by_the_rate_and_changes_no_old_filter() -> None:
    problem = cf.problem(features(), 1.0, 1e-4)
    first, second = (cf.spectra(problem, features(seed)) for seed in (0, 1))
    old = cf.learn(problem, first, None, 0.0)
    copy = old.numerator.clone()
    mixed = cf.learn(problem, second, old, 0.25)
    alone = cf.learn(problem, second, None, 0.0)
    torch.testing.assert_close(mixed.numerator, 0.75 * old.numerator + 0.25 * alone.numerator)
    torch.testing.assert_close(mixed.denominator, 0.75 * old.denominator + 0.25 * alone.denominator)
    assert torch.equal(old.numerator, copy)
