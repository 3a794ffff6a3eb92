from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.trackers.cract import discriminator as online
from core.trackers.cract.discriminator import Discriminator, Weights
from core.trackers.cract.gauss_newton import Linearised, Problem, conjugate_gradient, minimise
from core.trackers.cract.params import CractParams

PARAMS = CractParams(d_channels=2, d_hidden=3)
CHANNELS, PLACES, COUNT = 4, 5, 12
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _double() -> object:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def weights() -> Weights:
    made = online.fresh(CHANNELS, PLACES, PARAMS, generator(), CPU)
    # Biases and all slopes of the rectifier take part.
    return made._replace(
        hidden_bias=torch.tensor([0.1, -0.2, 0.05]), out=torch.tensor([0.4, -0.7, 0.9])
    )


def cells() -> Tensor:
    return torch.randn(COUNT, PLACES, CHANNELS, generator=generator(1))


def problem(count: int = COUNT, decay: float = 0.02) -> Problem:
    importance = torch.rand(count, generator=generator(2)) + 0.1
    return Problem((torch.arange(count) % 2).double(), importance / importance.sum(), decay)


def forward(flat: Tensor, samples: Tensor) -> Tensor:
    """D on `samples`, by its plain definition."""
    made = Weights(*online._unflattened(flat, [t.shape for t in weights()]))
    judge = Discriminator(made, torch.ones(()))
    return judge.scores(online.mlu(samples @ made.conv.T).flatten(1))


def dense(push, size: int) -> Tensor:
    return torch.stack([push(column) for column in torch.eye(size)], dim=1)


def test_that_the_rectifier_is_atoms() -> None:
    x = torch.linspace(-1, 1, 41)
    atoms = torch.nn.functional.elu(torch.nn.functional.leaky_relu(x, 1 / 0.05), 0.05)
    torch.testing.assert_close(online.mlu(x), atoms)


def test_that_jacobian_products_are_those_of_autograd() -> None:
    flat, samples = online._flattened(weights()), cells()
    at = online.linearised_all(weights(), samples)
    torch.testing.assert_close(at.output, forward(flat, samples))
    jacobian = torch.autograd.functional.jacobian(lambda w: forward(w, samples), flat)
    torch.testing.assert_close(dense(at.push, len(flat)), jacobian)
    torch.testing.assert_close(dense(at.pull, COUNT), jacobian.T)


def test_that_the_layers_alone_have_the_same_jacobian() -> None:
    samples = cells()
    whole = online.linearised_all(weights(), samples)
    convolved = online.mlu(samples @ weights().conv.T).flatten(1)
    layers = online.linearised_layers(weights(), convolved)
    kept = weights().conv.numel()
    size = len(online._flattened(weights()))
    torch.testing.assert_close(dense(layers.push, size - kept), dense(whole.push, size)[:, kept:])
    torch.testing.assert_close(dense(layers.pull, COUNT), dense(whole.pull, COUNT)[kept:])


def test_that_a_step_solves_the_normal_equations() -> None:
    flat, samples, task = online._flattened(weights()), cells(), problem()
    jacobian = torch.autograd.functional.jacobian(lambda w: forward(w, samples), flat)
    weighed = jacobian.T * task.importance
    left = weighed @ jacobian + task.decay * torch.eye(len(flat))
    right = -weighed @ (forward(flat, samples) - task.targets) - task.decay * flat
    change = torch.linalg.solve(left, right)

    def model(at: Tensor) -> Linearised:
        return online.linearised_all(
            Weights(*online._unflattened(at, [t.shape for t in weights()])), samples
        )

    got, losses = minimise(model, flat, task, steps=1, iterations=len(flat))
    assert losses[1] < losses[0]
    torch.testing.assert_close(got, flat + change, rtol=1e-6, atol=1e-8)


def test_that_a_linear_model_is_solved_in_one_step_as_by_a_minimiser() -> None:
    design = torch.randn(20, 6, generator=generator(3))
    task = problem(20)

    def model(w: Tensor) -> Linearised:
        return Linearised(design @ w, lambda v: design @ v, lambda u: design.T @ u)

    got, _ = minimise(model, torch.zeros(6), task, steps=1, iterations=6)
    w = torch.zeros(6, requires_grad=True)
    search = torch.optim.LBFGS([w], max_iter=200, tolerance_grad=1e-12, tolerance_change=0)

    def closure() -> Tensor:
        search.zero_grad()
        loss = task.loss(design @ w, w)
        loss.backward()
        return loss

    search.step(closure)
    torch.testing.assert_close(got, w.detach(), rtol=1e-5, atol=1e-7)


def test_that_conjugate_gradients_are_exact_after_as_many_steps_as_unknowns() -> None:
    root = torch.randn(5, 5, generator=generator(4))
    matrix = root @ root.T + torch.eye(5)
    right = torch.randn(5, generator=generator(5))
    got = conjugate_gradient(lambda v: matrix @ v, right, 5)
    torch.testing.assert_close(got, torch.linalg.solve(matrix, right))


def test_that_conjugate_gradients_survive_having_nothing_to_do() -> None:
    got = conjugate_gradient(lambda v: v, torch.zeros(3), 4)
    torch.testing.assert_close(got, torch.zeros(3))


def test_that_a_step_that_makes_it_worse_is_not_taken() -> None:
    # y = sin(20 w): the linearisation at 0.1 points far across several periods.
    def model(w: Tensor) -> Linearised:
        slope = 20 * torch.cos(20 * w)
        return Linearised(torch.sin(20 * w), lambda v: slope * v, lambda u: slope * u)

    task = Problem(torch.tensor([3.0]), torch.ones(1), 0.0)
    start = torch.tensor([0.075])
    once, losses = minimise(model, start, task, steps=1, iterations=1)
    assert torch.equal(once, start)
    assert losses[1] == losses[0]
    # Damped, it goes the right way in the end.
    _, losses = minimise(model, start, task, steps=12, iterations=1)
    assert losses[-1] < losses[0]
    assert (losses.diff() <= 0).all()


def test_that_the_first_training_tells_target_from_ground() -> None:
    pattern = torch.randn(1, PLACES, CHANNELS, generator=generator(6))
    ground = torch.randn(40, PLACES, CHANNELS, generator=generator(7))
    target = pattern + 0.3 * torch.randn(10, PLACES, CHANNELS, generator=generator(8))
    samples = torch.cat([target, ground])
    importance = torch.cat([torch.full((10,), 0.05), torch.full((40,), 0.0125)])
    task = Problem(torch.cat([torch.ones(10), torch.zeros(40)]), importance, 1e-4)
    params = CractParams(d_channels=4, d_hidden=8)
    start = online.fresh(CHANNELS, PLACES, params, generator(), CPU)
    made, losses = online.train_all(start, samples, task, params)
    assert len(losses) == params.init_steps + 1
    assert not torch.equal(made.conv, start.conv)
    judge = Discriminator(made, torch.ones(()))
    scores = judge.scores(online.mlu(samples @ made.conv.T).flatten(1))
    assert scores[:10].min() > 0.5
    assert scores[10:].max() < 0.5


def test_that_an_update_leaves_the_convolution_alone_and_follows_new_samples() -> None:
    convolved = online.mlu(cells() @ weights().conv.T).flatten(1)
    task = problem(decay=1e-6)
    made, losses = online.train_layers(weights(), convolved, task, 40)
    assert torch.equal(made.conv, weights().conv)
    assert losses[-1] < losses[0]


def test_that_features_of_boxes_become_rows_of_cells() -> None:
    features = torch.randn(3, CHANNELS, 6, 6, generator=generator(9))
    rows = online.as_cells(features)
    assert rows.shape == (3, 36, CHANNELS)
    torch.testing.assert_close(rows[1, 6 * 2 + 5], features[1, :, 2, 5])
    made = online.fresh(CHANNELS, 36, PARAMS, generator(), CPU)
    judge = Discriminator(made, torch.tensor(2.0))
    direct = torch.nn.functional.conv2d(2 * features, made.conv[:, :, None, None])
    want = online.mlu(direct).permute(0, 2, 3, 1).flatten(1)
    torch.testing.assert_close(judge.convolved(features), want)


def test_that_residuals_of_conjugate_gradients_are_noted_on_demand_and_change_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    half = torch.randn((12, 12), generator=generator)
    matrix, right = half @ half.T + torch.eye(12), torch.randn(12, generator=generator)
    noted: list[float] = []
    plain = conjugate_gradient(lambda x: matrix @ x, right, 12)
    assert torch.equal(plain, conjugate_gradient(lambda x: matrix @ x, right, 12, noted))
    assert len(noted) == 12
    assert noted[-1] < 1e-2 < noted[0]
    for count in (1, 5):
        there = conjugate_gradient(lambda x: matrix @ x, right, count)
        expected = torch.linalg.vector_norm(right - matrix @ there) / torch.linalg.vector_norm(
            right
        )
        assert noted[count - 1] == pytest.approx(float(expected), rel=1e-3)
