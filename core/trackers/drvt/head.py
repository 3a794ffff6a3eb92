"""The classifier above the trunk: conv4 (3×3), conv5 and conv6 (1×1), two classes.

Its parameters are a tuple of tensors that is replaced, never written to, so that a
snapshot is a reference. Trained on single cells: a cell and its eight neighbours are
one row, which makes conv4 a matrix product and spares the rest of the map. Stochastic
gradient descent with momentum, weight decay and a clipped gradient, as MDNet's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from core.trackers.drvt.layout import HEAD_KERNEL

_MARGIN = HEAD_KERNEL // 2


class Head(NamedTuple):
    """Weights and biases: ``w4 (H, C·9)``, ``w5 (H, H)``, ``w6 (2, H)``; class 1 is the target."""

    w4: Tensor
    b4: Tensor
    w5: Tensor
    b5: Tensor
    w6: Tensor
    b6: Tensor


@dataclass(frozen=True, slots=True)
class Descent:
    """How a step is taken."""

    rate: float
    momentum: float = 0.9
    decay: float = 5e-4
    clip: float = 10.0
    dropout: float = 0.5


def fresh(
    channels: int, hidden: int, generator: torch.Generator, device: torch.device, *, gain: float
) -> Head:
    """An untrained head for `channels` standardised features.

    Parameters
    ----------
    gain
        Standard deviation of a weight over the root of 2 / inputs (He et al., 2015).
    """
    inputs = channels * HEAD_KERNEL**2

    def weight(rows: int, cols: int, spread: float) -> Tensor:
        return (torch.randn(rows, cols, generator=generator) * spread).to(device)

    def bias(count: int, value: float) -> Tensor:
        return torch.full((count,), value, device=device)

    return Head(
        weight(hidden, inputs, gain * (2 / inputs) ** 0.5),
        bias(hidden, 0.1),
        weight(hidden, hidden, gain * (2 / hidden) ** 0.5),
        bias(hidden, 0.1),
        weight(2, hidden, 0.01),
        bias(2, 0.0),
    )


def logits(head: Head, maps: Tensor) -> Tensor:
    """Class scores ``(N, 2, n - 2, n - 2)`` of deep maps ``(N, C, n, n)``."""
    hidden = len(head.b4)
    kernel = head.w4.view(hidden, -1, HEAD_KERNEL, HEAD_KERNEL)
    out = functional.conv2d(maps, kernel, head.b4).relu_()
    rows, cols = out.shape[-2:]
    flat = out.flatten(2)  # a 1×1 convolution is a product with every cell
    flat = (head.w5 @ flat).add_(head.b5[:, None]).relu_()
    return ((head.w6 @ flat) + head.b6[:, None]).unflatten(2, (rows, cols))


def probability(scores: Tensor) -> Tensor:
    """Probability of the target from class scores ``(..., 2, n, n)``: ``(..., n, n)``."""
    return torch.sigmoid(scores[..., 1, :, :] - scores[..., 0, :, :])


def rows_at(maps: Tensor, index: Tensor) -> Tensor:
    """The 3×3 neighbourhoods ``(R, C·9)`` of cells of the head's grid.

    Parameters
    ----------
    maps
        Deep maps ``(N, C, n, n)``.
    index
        ``(R,)`` flat indices into ``(N, n - 2, n - 2)``.
    """
    side = maps.shape[-1] - 2 * _MARGIN
    views = maps.unfold(2, HEAD_KERNEL, 1).unfold(3, HEAD_KERNEL, 1)
    which, cell = index // (side * side), index % (side * side)
    return views[which, :, cell // side, cell % side].flatten(1)


def loss(head: Head, rows: Tensor, labels: Tensor, drops: tuple[Tensor, Tensor] | None) -> Tensor:
    """Mean softmax loss (Eq. 1) of rows ``(R, C·9)`` with labels ``(R,)``.

    Parameters
    ----------
    drops
        Dropout factors ``(R, H)`` after conv4 and conv5; None to keep everything.
    """
    out = torch.relu(functional.linear(rows, head.w4, head.b4))
    if drops is not None:
        out = out * drops[0]
    out = torch.relu(functional.linear(out, head.w5, head.b5))
    if drops is not None:
        out = out * drops[1]
    return functional.cross_entropy(functional.linear(out, head.w6, head.b6), labels)


def zero_velocity(head: Head) -> Head:
    """The velocity before the first step."""
    return Head(*(torch.zeros_like(tensor) for tensor in head))


def step(
    head: Head,
    velocity: Head,
    rows: Tensor,
    labels: Tensor,
    descent: Descent,
    generator: torch.Generator,
) -> tuple[Head, Head, Tensor]:
    """One step of gradient descent.

    Returns
    -------
    tuple
        The new head, the new velocity and the loss before the step; `head` and
        `velocity` are left as they were.
    """
    drops = _drops(len(rows), len(head.b4), descent.dropout, generator, rows.device)
    with torch.enable_grad():
        leaves = Head(*(tensor.detach().requires_grad_() for tensor in head))
        value = loss(leaves, rows, labels, drops)
        gradients = torch.autograd.grad(value, list(leaves))
    norm = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
    shrink = (descent.clip / (norm + 1e-6)).clamp(max=1.0)
    moved, speeds = [], []
    for tensor, speed, gradient in zip(head, velocity, gradients, strict=True):
        pull = gradient * shrink + descent.decay * tensor
        faster = descent.momentum * speed + pull
        speeds.append(faster)
        moved.append(tensor - descent.rate * faster)
    return Head(*moved), Head(*speeds), value.detach()


def _drops(
    rows: int, hidden: int, share: float, generator: torch.Generator, device: torch.device
) -> tuple[Tensor, Tensor] | None:
    if share <= 0:
        return None
    kept = torch.rand(2, rows, hidden, generator=generator) >= share
    factors = kept.to(device).float() / (1 - share)
    return factors[0], factors[1]
