"""The discriminator D: a small network that is trained on the target while it is tracked.

A 1×1 convolution, then two fully connected layers (Eq. 7), trained to answer 1 on the
target and 0 elsewhere (Eq. 8). In the first frame all of it is trained by Gauss-Newton;
later the convolution stays, so samples are kept as its output, and one linearisation of
the two layers is solved (Sec. 3.4: only these are updated).

Jacobian products are written out: nothing is traced, so it runs in inference mode.
A sample is ``(36, C)``: cells outermost, as the convolution is one matrix product then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from core.trackers.cract.gauss_newton import Linearised, Problem, minimise
from core.trackers.cract.params import CractParams

_KINK = 0.05  # of the MLU


class Weights(NamedTuple):
    """D's parameters: `conv` ``(D, C)``, `hidden` ``(H, 36 · D)`` with its bias, `out`."""

    conv: Tensor
    hidden: Tensor
    hidden_bias: Tensor
    out: Tensor
    out_bias: Tensor


@dataclass(frozen=True, slots=True)
class Discriminator:
    """D in one state: its weights, and the `scale` that brings features to about 1."""

    weights: Weights
    scale: Tensor

    def convolved(self, features: Tensor) -> Tensor:
        """Boxes' features ``(M, C, 6, 6)`` after the convolution, ``(M, 36 · D)``."""
        cells = as_cells(features) * self.scale
        return mlu(cells @ self.weights.conv.T).flatten(1)

    def scores(self, convolved: Tensor) -> Tensor:
        """D's answers τ ``(M,)`` for features from :meth:`convolved`."""
        inner = mlu(convolved @ self.weights.hidden.T + self.weights.hidden_bias)
        return inner @ self.weights.out + self.weights.out_bias


def as_cells(features: Tensor) -> Tensor:
    """``(M, C, 6, 6)`` as ``(M, 36, C)``."""
    return features.flatten(2).transpose(1, 2)


def mlu(x: Tensor) -> Tensor:
    """ATOM's smooth rectifier: x above 0, below it falls to -0.05 at slope 1."""
    return torch.where(x > 0, x, _KINK * torch.expm1(x.clamp(max=0) / _KINK))


def _slope(activated: Tensor) -> Tensor:
    """The derivative of :func:`mlu`, from its value."""
    return (activated.clamp(max=0) / _KINK + 1).clamp(max=1)


def fresh(
    channels: int, cells: int, params: CractParams, generator: torch.Generator, device: torch.device
) -> Weights:
    """Random weights for features of `channels` on `cells` cells."""

    def normal(rows: int, cols: int, gain: float) -> Tensor:
        values = torch.randn(rows, cols, generator=generator) * (gain / math.sqrt(cols))
        return values.to(device)

    deep, wide = params.d_channels, params.d_hidden
    return Weights(
        normal(deep, channels, math.sqrt(2)),
        normal(wide, cells * deep, math.sqrt(2)),
        torch.zeros(wide, device=device),
        normal(1, wide, 0.1)[0],
        torch.zeros(1, device=device),
    )


def train_all(
    weights: Weights, cells: Tensor, problem: Problem, params: CractParams
) -> tuple[Weights, Tensor]:
    """First frame: all weights, on samples ``(M, 36, C)``; also the losses."""
    shapes = [tensor.shape for tensor in weights]

    def model(flat: Tensor) -> Linearised:
        return linearised_all(Weights(*_unflattened(flat, shapes)), cells)

    flat, losses = minimise(
        model, _flattened(weights), problem, steps=params.init_steps, iterations=params.init_cg
    )
    return Weights(*_unflattened(flat, shapes)), losses


def train_layers(
    weights: Weights,
    convolved: Tensor,
    problem: Problem,
    iterations: int,
    residuals: list[float] | None = None,
) -> tuple[Weights, Tensor]:
    """Later: the two layers, on samples ``(M, 36 · D)``, with one linearisation."""
    shapes = [tensor.shape for tensor in weights[1:]]

    def model(flat: Tensor) -> Linearised:
        return linearised_layers(Weights(weights.conv, *_unflattened(flat, shapes)), convolved)

    start = _flattened(weights[1:])
    flat, losses = minimise(
        model, start, problem, steps=1, iterations=iterations, residuals=residuals
    )
    return Weights(weights.conv, *_unflattened(flat, shapes)), losses


def _inner(weights: Weights, convolved: Tensor) -> tuple[Tensor, Tensor]:
    """The hidden layer's output, and how D's answer changes with its input; ``(M, H)``."""
    inner = mlu(convolved @ weights.hidden.T + weights.hidden_bias)
    return inner, _slope(inner) * weights.out


def linearised_layers(weights: Weights, convolved: Tensor) -> Linearised:
    """D as a function of its two layers, at `weights`."""
    inner, bend = _inner(weights, convolved)
    shapes = [tensor.shape for tensor in weights[1:]]

    def push(change: Tensor) -> Tensor:
        hidden, hidden_bias, out, out_bias = _unflattened(change, shapes)
        moved = convolved @ hidden.T + hidden_bias
        return (bend * moved).sum(1) + inner @ out + out_bias

    def pull(weight: Tensor) -> Tensor:
        back = weight[:, None] * bend
        parts = (back.T @ convolved, back.sum(0), inner.T @ weight, weight.sum().view(1))
        return _flattened(parts)

    return Linearised(inner @ weights.out + weights.out_bias, push, pull)


def linearised_all(weights: Weights, cells: Tensor) -> Linearised:
    """D as a function of all its weights, at `weights`."""
    count, places, channels = cells.shape
    rows = cells.reshape(count * places, channels)
    activated = mlu(rows @ weights.conv.T)
    slope = _slope(activated)
    convolved = activated.view(count, -1)
    _, bend = _inner(weights, convolved)
    layers = linearised_layers(weights, convolved)
    size = weights.conv.numel()

    def push(change: Tensor) -> Tensor:
        moved = slope * (rows @ change[:size].view_as(weights.conv).T)
        first = (bend * (moved.view(count, -1) @ weights.hidden.T)).sum(1)
        return first + layers.push(change[size:])

    def pull(weight: Tensor) -> Tensor:
        back = (weight[:, None] * bend) @ weights.hidden
        conv = (back.view(count * places, -1) * slope).T @ rows
        return torch.cat([conv.flatten(), layers.pull(weight)])

    return Linearised(layers.output, push, pull)


def _flattened(tensors: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def _unflattened(flat: Tensor, shapes: list[torch.Size]) -> list[Tensor]:
    parts = flat.split([shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
