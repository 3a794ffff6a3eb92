"""The losses of Eq. 15: low, high and reconstruction.

Labels are for a target displaced by ``(dy, dx)`` pixels of the 255-pixel search
picture against its middle; a pair whose search picture is centred has (0, 0).
Weight decay, the last term of Eq. 15, belongs to the optimiser.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor

from core.trackers.edcf.network import CROP, LABEL_SIGMA, PADDING

LOW_STRIDE, LOW_CELLS = 2, 125
HIGH_STRIDE, HIGH_CELLS = 8, 17
RADIUS = 16.0
"""Cells of the high response within this distance of the target are positive, px."""


def low_label(displacement: Tensor) -> Tensor:
    """Gaussians ``(N, 125, 125)`` about displacements ``(N, 2)`` in pixels (dy, dx).

    Periodic like the response they are compared with; zero is cell (62, 62).
    """
    sigma = LABEL_SIGMA * CROP / PADDING / LOW_STRIDE
    cells = torch.arange(LOW_CELLS, dtype=displacement.dtype, device=displacement.device)
    offset = cells - LOW_CELLS // 2 - displacement[:, :, None] / LOW_STRIDE  # (N, 2, cells)
    wrapped = torch.remainder(offset + LOW_CELLS / 2, LOW_CELLS) - LOW_CELLS / 2
    line = torch.exp(-0.5 * (wrapped / sigma) ** 2)
    return line[:, 0, :, None] * line[:, 1, None, :]


def high_label(displacement: Tensor, radius: float = RADIUS) -> Tensor:
    """Labels ±1 ``(N, 17, 17)`` about displacements ``(N, 2)`` in pixels (dy, dx).

    +1 within `radius` pixels (Euclidean), −1 elsewhere; zero is cell (8, 8).
    """
    cells = torch.arange(HIGH_CELLS, dtype=displacement.dtype, device=displacement.device)
    offset = (cells - HIGH_CELLS // 2) * HIGH_STRIDE - displacement[:, :, None]
    near = offset[:, 0, :, None].square() + offset[:, 1, None, :].square() <= radius**2
    return near.to(displacement.dtype) * 2 - 1


def low_loss(response: Tensor, label: Tensor) -> Tensor:
    """Eq. 8: ``‖g − y‖²``, summed over cells, averaged over the batch."""
    return (response - label).square().sum((-2, -1)).mean()


def high_loss(logits: Tensor, label: Tensor) -> Tensor:
    """Eq. 4: ``mean log(1 + exp(−y f))``, positives and negatives weighing one half each.

    `label` ±1 like `logits` ``(N, R, R)``. Where a map has only one sign, that sign has
    all the weight.
    """
    losses = nnf.softplus(-label * logits)
    positive = (label > 0).to(losses.dtype)
    signs = [positive, 1 - positive]
    counts = [sign.sum((-2, -1)) for sign in signs]
    means = [
        (losses * sign).sum((-2, -1)) / count.clamp(min=1)
        for sign, count in zip(signs, counts, strict=True)
    ]
    present = sum((count > 0).to(losses.dtype) for count in counts)
    return ((means[0] + means[1]) / present).mean()


def reconstruction_loss(made: Tensor, picture: Tensor) -> Tensor:
    """One term of Eq. 2 as a *mean* of squares, of normalised pictures ``(N, 3, H, W)``.

    The printed sum over 195 075 values would leave the other losses without a say.
    """
    return (made - picture).square().mean()
