"""Regularised least squares by Gauss-Newton with conjugate gradients (ATOM, Sec. 3.3).

Minimised is ``Σ ω_m (y_m(w) - t_m)² + λ ‖w‖²`` over a flat parameter vector. A step
replaces ``y(w + Δ)`` by its linearisation and solves the normal equations for Δ by
conjugate gradients, which need products with the Jacobian and its transpose only.
Where ``y`` is linear in ``w`` one step of enough iterations is the exact solution.

Nothing is changed in place; a training of one step is not read by the host.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_TINY = 1e-20
_DAMPING, _DAMPING_STEP = 1e-2, 4.0
"""Added to λ after a step that was not taken (Levenberg), and by what it goes on changing."""


@dataclass(frozen=True, slots=True)
class Linearised:
    """A model about one parameter vector ``(P,)``.

    `output` is ``(M,)``; `push` maps a change ``(P,)`` to that of the output, ``J Δ``;
    `pull` maps weights on the output ``(M,)`` back, ``Jᵀ u``.
    """

    output: Tensor
    push: Callable[[Tensor], Tensor]
    pull: Callable[[Tensor], Tensor]


Model = Callable[[Tensor], Linearised]
"""A parameter vector to the model linearised there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be fitted: `targets` and `importance` ω ``(M,)``, `decay` λ."""

    targets: Tensor
    importance: Tensor
    decay: float

    def loss(self, output: Tensor, parameters: Tensor) -> Tensor:
        """The minimised sum, a scalar tensor."""
        errors = self.importance * (output - self.targets).square()
        return errors.sum() + self.decay * parameters.square().sum()


def conjugate_gradient(
    product: Callable[[Tensor], Tensor],
    right: Tensor,
    iterations: int,
    residuals: list[float] | None = None,
) -> Tensor:
    """Approximate solution ``x`` of ``A x = right`` for a symmetric positive ``A``.

    Starts from 0, so every iterate is at least as good as 0 in the energy of ``A``. To
    `residuals` the norm of ``right - A x`` over that of ``right`` is added after every
    iteration: only for showing; costs a wait for the device.
    """
    x = torch.zeros_like(right)
    residual = direction = right
    energy = residual.dot(residual)
    for _ in range(iterations):
        along = product(direction)
        step = energy / direction.dot(along).clamp(min=_TINY)
        x = x + step * direction
        residual = residual - step * along
        updated = residual.dot(residual)
        direction = residual + updated / energy.clamp(min=_TINY) * direction
        energy = updated
        if residuals is not None:
            residuals.append(float((energy / right.dot(right).clamp(min=_TINY)).sqrt()))
    return x


def minimise(
    model: Model,
    start: Tensor,
    problem: Problem,
    *,
    steps: int,
    iterations: int,
    residuals: list[float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Gauss-Newton from `start`.

    Parameters
    ----------
    steps
        Linearisations; `iterations` of conjugate gradients are spent on each.
    residuals
        Where :func:`conjugate_gradient` notes its own.

    Returns
    -------
    tuple of Tensor
        The parameters ``(P,)``, and the loss before each step and at the end,
        ``(steps + 1,)``, never rising: a step that would raise the loss is not taken.
    """
    here, at = start, model(start)
    losses = [problem.loss(at.output, here)]
    damping = torch.zeros_like(losses[0])
    for left in reversed(range(steps)):
        there = here + _step(at, here, problem, iterations, damping, residuals)
        ahead = model(there)
        loss = problem.loss(ahead.output, there)
        better = loss <= losses[-1]
        here = torch.where(better, there, here)
        losses.append(torch.where(better, loss, losses[-1]))
        more = (damping * _DAMPING_STEP).clamp(min=_DAMPING)
        damping = torch.where(better, damping / _DAMPING_STEP, more)
        # Only a training of several steps, that of a first frame, waits for the answer.
        if left and bool(better):
            at = ahead
    return here, torch.stack(losses)


def _step(
    at: Linearised,
    here: Tensor,
    problem: Problem,
    iterations: int,
    damping: Tensor,
    residuals: list[float] | None,
) -> Tensor:
    weight, decay = problem.importance, problem.decay
    right = -at.pull(weight * (at.output - problem.targets)) - decay * here

    def product(change: Tensor) -> Tensor:
        return at.pull(weight * at.push(change)) + (decay + damping) * change

    return conjugate_gradient(product, right, iterations, residuals)
