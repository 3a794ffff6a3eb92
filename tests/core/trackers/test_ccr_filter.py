from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.trackers.ccr import filter as filters
from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.kinds import Learning, learning

K, N = 4, 12


def sample(seed: int, *, size: int = N, channels: int = K) -> Tensor:
    values = np.random.default_rng(seed).normal(size=(channels, size, size))
    return torch.from_numpy(values)


def constants(name: str = "hog", **values: float | str) -> Learning:
    """Learning constants of one type at their defaults, except `values`."""
    return replace(learning(CCRDeepParams(), name), **values)


def problem(size: int = N) -> filters.Problem:
    label = torch.zeros(size, size, dtype=torch.float64)
    label[0, 0], label[0, 1], label[1, 0] = 1.0, 0.6, 0.3  # not symmetric: tells ŷ from its conj
    mask = torch.zeros(size, size, dtype=torch.float64)
    mask[4:8, 3:9] = 1.0
    return filters.Problem(torch.fft.rfft2(label), mask, target=16.0)


def test_that_the_closed_form_equals_a_dense_solve() -> None:
    x, b = (torch.fft.rfft2(sample(seed)) for seed in (0, 1))
    got = filters.solve(x, b, 7.5)
    for row, col in [(0, 0), (3, 5), (11, 6)]:
        column = x[:, row, col][:, None]
        dense = column @ column.conj().T + 7.5 * torch.eye(K, dtype=column.dtype)
        expected = torch.linalg.solve(dense, b[:, row, col])
        torch.testing.assert_close(got[:, row, col], expected, rtol=1e-10, atol=1e-10)


def objective(h: Tensor, x: Tensor, y: Tensor, model: Tensor, temporal: float) -> float:
    """Eq. 5 without its sparse term, computed in space with explicit correlation."""
    response = torch.zeros(N, N, dtype=torch.float64)
    for dy in range(N):
        for dx in range(N):
            moved = torch.roll(x, (-dy, -dx), dims=(1, 2))
            response[dy, dx] = (h * moved).sum()
    return float((response - y).square().sum() + temporal * (h - model).square().sum())


def test_that_one_iteration_minimises_the_objective() -> None:
    x, model = sample(2), 0.1 * sample(3)
    task = problem()
    params = constants(iterations=1, temporal=3.0, penalty=1e-3, reg_scaling="paper")
    learned = filters.learn(torch.fft.rfft2(x), torch.fft.rfft2(model), task, params)
    h = torch.fft.irfft2(learned, s=(N, N))
    y = torch.fft.irfft2(task.label_hat, s=(N, N))

    # The first iteration has h' = η = 0: half a penalty on |h|² joins the objective.
    def total(f: Tensor) -> float:
        return objective(f, x, y, model, 3.0) + 0.5e-3 * float(f.square().sum())

    best = total(h)
    for seed in range(20):
        noise = sample(100 + seed)
        for size in (1e-1, 1e-3):
            assert total(h + size * noise) > best


def test_that_penalties_count_per_cell_in_ladcf_scaling() -> None:
    x_hat, model_hat = torch.fft.rfft2(sample(4)), torch.fft.rfft2(sample(5))
    cells = N * N
    ladcf = constants(iterations=1, temporal=0.02, penalty=0.01, reg_scaling="ladcf")
    paper = replace(ladcf, temporal=0.02 * cells, penalty=0.02 * cells, reg_scaling="paper")
    torch.testing.assert_close(
        filters.learn(x_hat, model_hat, problem(), ladcf),
        filters.learn(x_hat, model_hat, problem(), paper),
    )


def test_that_shrinking_is_the_proximal_map_of_the_group_norm() -> None:
    values = sample(6)
    threshold = 1.2
    got = filters.shrink(values, threshold, kept=N * N)

    def cost(v: Tensor) -> float:
        groups = torch.linalg.vector_norm(v, dim=0).sum()
        return float(0.5 * (v - values).square().sum() + threshold * groups)

    best = cost(got)
    for seed in range(20):
        assert cost(got + 1e-3 * sample(200 + seed)) > best


def test_that_selection_keeps_the_strongest_cells() -> None:
    values = sample(7)
    got = filters.shrink(values, 0.0, kept=9)
    norms = torch.linalg.vector_norm(values, dim=0).reshape(-1)
    alive = torch.linalg.vector_norm(got, dim=0).reshape(-1) > 0
    assert int(alive.sum()) == 9
    assert float(norms[alive].min()) > float(norms[~alive].max())
    torch.testing.assert_close(got.reshape(K, -1)[:, alive], values.reshape(K, -1)[:, alive])


@pytest.mark.parametrize(("share", "left"), [(1.25, 20), (0.001, 1), (20.0, 144)])
def test_that_a_share_of_the_targets_cells_is_kept(share: float, left: int) -> None:
    assert problem().kept(share) == left


def dense_first_iteration(x: Tensor, model: Tensor, task: filters.Problem, c: Learning) -> Tensor:
    """Eq. 5 without its sparse term by one big real linear system, responses by hand.

    Unknowns are the ``K·n²`` filter values; every row of `shifts` is one displacement.
    """
    channels, n = x.shape[0], x.shape[1]
    shifts = torch.stack(
        [torch.roll(x, (-dy, -dx), dims=(1, 2)).reshape(-1) for dy in range(n) for dx in range(n)]
    )
    y = torch.fft.irfft2(task.label_hat, s=(n, n)).reshape(-1)
    ridge = n * n * (c.penalty + c.temporal) * torch.eye(channels * n * n, dtype=x.dtype)
    right = shifts.T @ y + n * n * c.temporal * model.reshape(-1)
    return torch.linalg.solve(shifts.T @ shifts + ridge, right).reshape(channels, n, n)


@pytest.mark.parametrize("name", ["hog", "cnn"])
def test_that_each_types_filter_equals_a_dense_solve_with_its_own_constants(name: str) -> None:
    channels, n = (6, 8) if name == "cnn" else (3, 8)
    x, model = sample(20, size=n, channels=channels), 0.1 * sample(21, size=n, channels=channels)
    label = torch.zeros(n, n, dtype=torch.float64)
    label[0, 0], label[0, 1], label[2, 0] = 1.0, 0.6, 0.3
    ones = torch.ones(n, n, dtype=torch.float64)
    task = filters.Problem(torch.fft.rfft2(label), ones, 4.0)
    c = constants(name, iterations=1)
    learned = filters.learn(torch.fft.rfft2(x), torch.fft.rfft2(model), task, c)
    got = torch.fft.irfft2(learned, s=(n, n))
    torch.testing.assert_close(got, dense_first_iteration(x, model, task, c), rtol=1e-8, atol=1e-10)


def test_that_the_deep_filter_has_constants_of_its_own() -> None:
    params = CCRDeepParams(deep_temporal=7.0, deep_kept_share=3.0, deep_learning_rate=0.4)
    deep, shallow = learning(params, "cnn"), learning(params, "hog")
    assert (deep.temporal, deep.kept_share, deep.rate) == (7.0, 3.0, 0.4)
    assert shallow.temporal == params.temporal
    assert shallow.rate == params.learning_rate


def test_that_the_literal_constants_would_erase_a_filter() -> None:
    # Why the threshold is divided by the number of cells and channels.
    values = 1e-2 * sample(8)
    assert float(filters.shrink(values, 1.0, N * N).abs().max()) == 0
    scaled = filters.shrink(values, 1.0 / values.numel(), N * N)
    assert float(scaled.abs().max()) > 0


@pytest.mark.parametrize("penalty", [10.0, 100.0])
def test_that_the_first_filter_gathers_inside_the_mask(penalty: float) -> None:
    task = problem()
    params = constants(iterations=4, penalty=penalty, penalty_after=penalty)
    learned = filters.learn(torch.fft.rfft2(sample(9)), None, task, params)
    power = filters.support(learned).square()
    inside = float((power * task.mask).sum() / power.sum())
    loose = filters.learn(torch.fft.rfft2(sample(9)), None, task, replace(params, iterations=1))
    before = filters.support(loose).square()
    assert inside > float((before * task.mask).sum() / before.sum()) + 0.05


def test_that_learning_changes_nothing_it_was_given() -> None:
    x_hat, model_hat = torch.fft.rfft2(sample(10)), torch.fft.rfft2(sample(11))
    copies = x_hat.clone(), model_hat.clone()
    filters.learn(x_hat, model_hat, problem(), constants(iterations=3))
    assert torch.equal(x_hat, copies[0])
    assert torch.equal(model_hat, copies[1])


def test_that_the_filter_answers_its_own_sample_with_the_label() -> None:
    x = sample(12, size=24, channels=2)
    label = torch.zeros(24, 24, dtype=torch.float64)
    label[0, 0], label[1, 0], label[0, 2] = 1.0, 0.5, 0.25
    task = filters.Problem(torch.fft.rfft2(label), torch.ones(24, 24, dtype=torch.float64), 576.0)
    params = constants(iterations=1, temporal=0.0, penalty=1e-3, reg_scaling="paper")
    x_hat = torch.fft.rfft2(x)
    learned = filters.learn(x_hat, None, task, params)
    response = torch.fft.irfft2((learned.conj() * x_hat).sum(0), s=(24, 24))
    torch.testing.assert_close(response, label, atol=1e-3, rtol=0)
