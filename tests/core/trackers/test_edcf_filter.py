"""The context-aware filter against dense algebra, an autograd minimiser and gradcheck."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from torch import Tensor

from core.trackers.edcf import filter as filters

ROWS, COLS = 5, 6


def circulant(channel: Tensor) -> Tensor:
    """``(n, n)``: row p holds the weights of ``w(q)`` in ``(x ∗ w)(p)``, both row-major."""
    columns = [
        torch.roll(channel, (r, c), (0, 1)).reshape(-1) for r in range(ROWS) for c in range(COLS)
    ]
    return torch.stack(columns, dim=1)


def stacked(features: Tensor) -> Tensor:
    """``(n, K · n)``: all channels' circulant matrices side by side."""
    return torch.cat([circulant(channel) for channel in features], dim=1)


def problem(channels: int, contexts: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(channels)
    draw = functools.partial(torch.randn, generator=generator, dtype=torch.float64)
    return draw(channels, ROWS, COLS), draw(contexts, channels, ROWS, COLS), draw(ROWS, COLS)


def dense(target: Tensor, contexts: Tensor, label: Tensor, lam1: float, lam2: float) -> Tensor:
    """The minimiser of Eq. 6 by its normal equations, ``(K, rows, cols)`` in space."""
    z0 = stacked(target)
    system = z0.T @ z0 + lam1 * torch.eye(z0.shape[1], dtype=z0.dtype)
    for context in contexts:
        zi = stacked(context)
        system = system + lam2 * zi.T @ zi
    return torch.linalg.solve(system, z0.T @ label.reshape(-1)).view_as(target)


def in_space(filter_hat: Tensor) -> Tensor:
    return torch.fft.irfft2(filter_hat, s=(ROWS, COLS))


@pytest.mark.parametrize("lam1", [0.05, 2.0])
@pytest.mark.parametrize("lam2", [0.1, 3.0])
def test_that_the_exact_filter_is_the_dense_minimiser(lam1: float, lam2: float) -> None:
    target, contexts, label = problem(3)
    found = filters.correlation_filter(target, contexts, label, lam1, lam2, "exact")
    expected = dense(target, contexts, label, lam1, lam2)
    torch.testing.assert_close(in_space(found), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("denominator", filters.DENOMINATORS)
def test_that_for_one_channel_every_reading_of_eq_7_is_the_minimiser(denominator: str) -> None:
    target, contexts, label = problem(1)
    found = filters.correlation_filter(target, contexts, label, 0.3, 0.7, denominator)
    expected = dense(target, contexts, label, 0.3, 0.7)
    torch.testing.assert_close(in_space(found), expected, rtol=1e-8, atol=1e-10)


def test_that_without_context_one_energy_for_all_channels_is_exact() -> None:
    target, contexts, label = problem(4)
    found = filters.correlation_filter(target, None, label, 0.3, 0.7, "sum")
    expected = dense(target, contexts[:0], label, 0.3, 0.7)
    torch.testing.assert_close(in_space(found), expected, rtol=1e-8, atol=1e-10)


def test_that_independent_channels_answer_with_the_mean_of_their_own_filters() -> None:
    target, contexts, label = problem(3)
    together = filters.correlation_filter(target, contexts, label, 0.3, 0.7, "independent")
    alone = [
        filters.correlation_filter(target[k : k + 1], contexts[:, k : k + 1], label, 0.3, 0.7)
        for k in range(3)
    ]
    torch.testing.assert_close(together, torch.cat(alone) / 3)


def test_that_descending_the_objective_ends_at_the_exact_filter() -> None:
    target, contexts, label = problem(2)
    filter_hat = filters.correlation_filter(target, contexts, label, 0.5, 0.4, "exact")
    taps = torch.zeros_like(target, requires_grad=True)

    def objective(w: Tensor) -> Tensor:
        hat = torch.fft.rfft2(w)
        fit = (filters.respond(target, hat) - label).square().sum()
        silence = filters.respond(contexts, hat).square().sum()
        return fit + 0.5 * w.square().sum() + 0.4 * silence

    optimiser = torch.optim.LBFGS(
        [taps],
        max_iter=2000,
        tolerance_grad=1e-12,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = objective(taps)
        value.backward()
        return value

    optimiser.step(closure)
    torch.testing.assert_close(taps.detach(), in_space(filter_hat), rtol=1e-4, atol=1e-6)
    assert objective(taps).item() >= objective(in_space(filter_hat)).item() - 1e-12


@pytest.mark.parametrize("denominator", filters.DENOMINATORS)
def test_that_gradients_through_filter_and_response_are_right(denominator: str) -> None:
    target, contexts, label = problem(2, contexts=2)
    search = problem(2)[1][0]

    def response(z0: Tensor, zi: Tensor, x: Tensor) -> Tensor:
        hat = filters.correlation_filter(z0, zi, label, 0.3, 0.2, denominator)
        return filters.respond(x, hat)

    inputs = [t.clone().requires_grad_() for t in (target, contexts, search)]
    assert torch.autograd.gradcheck(response, inputs)


def test_that_a_batch_is_its_entries_one_by_one() -> None:
    pairs = [problem(2), problem(2)]
    pairs[1] = (pairs[1][0].flip(-1), pairs[1][1].flip(-2), pairs[1][2])
    label = pairs[0][2]
    together = filters.correlation_filter(
        torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs]), label, 0.1, 0.2,
        "exact",
    )  # fmt: skip
    for entry, (target, contexts, _) in zip(together, pairs, strict=True):
        alone = filters.correlation_filter(target, contexts, label, 0.1, 0.2, "exact")
        torch.testing.assert_close(entry, alone)


def test_that_context_makes_the_filter_quieter_there() -> None:
    target, contexts, label = problem(2)
    loud = filters.correlation_filter(target, contexts, label, 0.1, 0.0, "exact")
    quiet = filters.correlation_filter(target, contexts, label, 0.1, 5.0, "exact")
    before = filters.respond(contexts, loud).square().sum()
    after = filters.respond(contexts, quiet).square().sum()
    assert after < 0.3 * before


def test_that_a_shifted_target_answers_at_its_shift() -> None:
    target, _, _ = problem(3)
    label = filters.gaussian_label(9, 1.0).double()
    features = torch.randn(3, 9, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    del target
    hat = filters.correlation_filter(features, None, label, 1e-6, 0.0)
    response = filters.centered(filters.respond(torch.roll(features, (2, -3), (1, 2)), hat))
    assert np.unravel_index(int(response.argmax()), response.shape) == (4 + 2, 4 - 3)
    assert response.max().item() == pytest.approx(1.0, abs=1e-3)


def test_that_the_label_peaks_at_the_first_cell_and_is_even() -> None:
    label = filters.gaussian_label(125, 4.0)
    assert label[0, 0] == 1
    torch.testing.assert_close(label[1:], label[1:].flip(0))
    assert label[4, 0].item() == pytest.approx(np.exp(-0.5))


def test_that_the_support_lies_over_the_cells_that_are_weighed() -> None:
    # Only one cell of the target carries anything: there, and nowhere else, the filter looks.
    target = torch.zeros(1, 9, 9)
    target[0, 2, 6] = 1.0
    label = torch.zeros(9, 9)
    label[0, 0] = 1.0
    hat = filters.correlation_filter(target, None, label, 1e-6, 0.0)
    strength = filters.support(hat, 9)
    assert np.unravel_index(int(strength.argmax()), (9, 9)) == (2, 6)


def test_that_an_unknown_denominator_is_refused() -> None:
    target, contexts, label = problem(1)
    with pytest.raises(ValueError, match="both"):
        filters.correlation_filter(target, contexts, label, 0.1, 0.1, "both")
