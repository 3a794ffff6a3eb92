"""Histograms of oriented gradients, 31 channels (Felzenszwalb et al., PAMI 2010).

Per cell: 18 signed and 9 unsigned orientation bins, each normalised by the energy
of the four 2 × 2 cell blocks around it and clipped at 0.2, and 4 block energies.
The colour channel with the largest gradient speaks for a pixel. The work is split
so that a sliding window need not repeat it: :func:`votes` is computed once per
picture, cells of any size and place are triangle-weighted sums of it, and
:func:`normalized` turns cells into features. With one-pixel bins this is exactly
the published descriptor, except that no border cell is cut off.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from core.dsp.sampling import triangle_matrix

CHANNELS = 31
ORIENTATIONS = 18
_CLIP = 0.2
_EPSILON = 1e-4
_TEXTURE_GAIN = 0.2357


def hog(image: Tensor, cell: int) -> Tensor:
    """HOG of an image on a grid of whole cells.

    Parameters
    ----------
    image
        ``(H, W, C)`` in [0, 255], any real type, C = 1 or 3; H and W multiples of `cell`.
    cell
        Side of a cell in pixels; cell ``(i, j)`` covers
        ``[i·cell, (i+1)·cell) × [j·cell, (j+1)·cell)``.

    Returns
    -------
    Tensor
        ``(31, H / cell, W / cell)`` float32, in [0, 0.4] (texture channels in [0, 0.85]).
    """
    height, width = image.shape[:2]
    rows = torch.from_numpy(triangle_matrix(height, height // cell, 0.0, cell)).to(image.device)
    cols = torch.from_numpy(triangle_matrix(width, width // cell, 0.0, cell)).to(image.device)
    return normalized(rows @ votes(image, 1) @ cols.T)


def votes(image: Tensor, side: int) -> Tensor:
    """Gradient magnitudes gathered by direction over small square bins.

    Parameters
    ----------
    image
        ``(H, W, C)``; H and W multiples of `side`.
    side
        Side of a bin in pixels.

    Returns
    -------
    Tensor
        ``(18, H / side, W / side)`` float32; direction ``o`` is ``o · 20°``.
    """
    gx, gy, magnitude = gradients(image)
    height, width = magnitude.shape
    bins = (height // side) * (width // side)
    angle = torch.atan2(gy, gx).mul_(ORIENTATIONS / (2 * math.pi)).add_(0.5).floor_()
    direction = torch.where(angle < 0, angle + ORIENTATIONS, angle).to(torch.int64)
    index = direction.mul_(bins).add_(_bin_of_pixel(height, width, side, image.device))
    table = torch.zeros(ORIENTATIONS * bins, device=image.device)
    table.scatter_add_(0, index.view(-1), magnitude.view(-1))
    return table.view(ORIENTATIONS, height // side, width // side)


def gradients(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Central differences ``(gx, gy, magnitude)``, each ``(H, W)``, of the strongest channel.

    The rim uses replicated pixels.
    """
    planes = image.permute(2, 0, 1).to(torch.float32)
    padded = torch.nn.functional.pad(planes[None], (1, 1, 1, 1), mode="replicate")[0]
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    power = torch.addcmul(dx * dx, dy, dy)
    gx, gy, best = dx[0], dy[0], power[0]
    for channel in range(1, planes.shape[0]):
        stronger = power[channel] > best
        gx = torch.where(stronger, dx[channel], gx)
        gy = torch.where(stronger, dy[channel], gy)
        best = torch.where(stronger, power[channel], best)
    return gx, gy, best.sqrt()


def normalized(histograms: Tensor) -> Tensor:
    """Features ``(..., 31, rows, cols)`` of raw cell histograms ``(..., 18, rows, cols)``."""
    both = torch.cat([histograms, histograms[..., :9, :, :] + histograms[..., 9:, :, :]], dim=-3)
    total = torch.zeros_like(both)
    textures = []
    energy = both[..., ORIENTATIONS:, :, :].square().sum(-3, keepdim=True)
    for norm in _block_norms(energy):
        clipped = (both * norm).clamp_(max=_CLIP)
        total += clipped
        textures.append(clipped[..., :ORIENTATIONS, :, :].sum(-3, keepdim=True))
    texture = torch.cat(textures, dim=-3)
    return torch.cat([total.mul_(0.5), texture.mul_(_TEXTURE_GAIN)], dim=-3)


def _block_norms(energy: Tensor) -> list[Tensor]:
    """Inverse norms of the four 2 × 2 blocks that hold each cell of ``(..., 1, rows, cols)``.

    Beyond the rim its cells are repeated.
    """
    flat = energy.reshape(-1, 1, *energy.shape[-2:])
    rim = torch.nn.functional.pad(flat, (1, 1, 1, 1), mode="replicate")
    rim = rim.view(*energy.shape[:-2], energy.shape[-2] + 2, energy.shape[-1] + 2)
    pairs = rim[..., :-1, :] + rim[..., 1:, :]
    inverse = torch.rsqrt(pairs[..., :-1] + pairs[..., 1:] + _EPSILON)
    sides = (slice(1, None), slice(0, -1))
    return [inverse[..., row, col] for col in sides for row in sides]


@functools.lru_cache(maxsize=32)
def _bin_of_pixel(height: int, width: int, side: int, device: torch.device) -> Tensor:
    rows = torch.arange(height) // side * (width // side)
    return (rows[:, None] + torch.arange(width) // side).to(device)
