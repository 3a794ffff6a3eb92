"""Histograms of oriented gradients, 31 channels (Felzenszwalb et al., PAMI 2010).

Per cell: 18 signed and 9 unsigned orientation bins, each normalised by the energy
of the four 2 × 2 cell blocks around it and clipped at 0.2, and 4 block energies.
Gradients vote into the nearest orientation and bilinearly into four cells. The
colour channel with the largest gradient speaks for a pixel. Unlike the original no
border cell is cut off: block energies are replicated at the rim, so that cell
``(i, j)`` covers pixels ``[i·cell, (i+1)·cell) × [j·cell, (j+1)·cell)``.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

CHANNELS = 31
ORIENTATIONS = 18
_CLIP = 0.2
_EPSILON = 1e-4
_TEXTURE_GAIN = 0.2357


def hog(image: Tensor, cell: int) -> Tensor:
    """HOG of an image.

    Parameters
    ----------
    image
        ``(H, W, C)`` in [0, 255], any real type, C = 1 or 3; H and W multiples of `cell`.
    cell
        Side of a cell in pixels.

    Returns
    -------
    Tensor
        ``(31, H / cell, W / cell)`` float32, in [0, 0.4] (texture channels in [0, 0.85]).
    """
    gx, gy, magnitude = gradients(image)
    return normalized(cell_histograms(gx, gy, magnitude, cell))


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


def cell_histograms(gx: Tensor, gy: Tensor, magnitude: Tensor, cell: int) -> Tensor:
    """Orientation histograms ``(18, H / cell, W / cell)`` with bilinear votes in space."""
    height, width = magnitude.shape
    rows, cols = height // cell, width // cell
    angle = torch.atan2(gy, gx) * (ORIENTATIONS / (2 * math.pi))
    orientation = torch.remainder(torch.floor(angle + 0.5), ORIENTATIONS).to(torch.int64)
    left, right, weight = _columns(width, cols, magnitude.device)
    # Columns by scattered votes, rows by one small matrix product: a quarter of the
    # votes that four corners would cost. One spare column on each side takes the
    # votes that fall off the picture.
    line = torch.arange(height, device=magnitude.device)[:, None] * ((cols + 2) * ORIENTATIONS)
    votes = torch.zeros(height * (cols + 2) * ORIENTATIONS, device=magnitude.device)
    target = orientation + line
    votes.scatter_add_(0, (target + left).reshape(-1), (magnitude * (1 - weight)).reshape(-1))
    votes.scatter_add_(0, (target + right).reshape(-1), (magnitude * weight).reshape(-1))
    table = _rows(height, rows, magnitude.device) @ votes.view(height, -1)
    return table.view(rows, cols + 2, ORIENTATIONS)[:, 1:-1].permute(2, 0, 1).contiguous()


def normalized(histograms: Tensor) -> Tensor:
    """The 31 normalised channels of raw ``(18, rows, cols)`` histograms."""
    signed = histograms
    unsigned = signed[:9] + signed[9:]
    norms = _block_norms(unsigned.square().sum(0))
    out = torch.empty((CHANNELS, *signed.shape[1:]), device=signed.device)
    both = torch.cat([signed, unsigned])
    total = torch.zeros_like(both)
    for k, norm in enumerate(norms):
        clipped = (both * norm).clamp_(max=_CLIP)
        total += clipped
        torch.mul(clipped[:ORIENTATIONS].sum(0), _TEXTURE_GAIN, out=out[27 + k])
    torch.mul(total, 0.5, out=out[:27])
    return out


def _block_norms(energy: Tensor) -> Tensor:
    """Inverse norms ``(4, rows, cols)`` of the four 2 × 2 blocks that hold each cell."""
    rim = torch.nn.functional.pad(energy[None, None], (1, 1, 1, 1), mode="replicate")[0, 0]
    pairs = rim[:-1] + rim[1:]
    blocks = pairs[:, :-1] + pairs[:, 1:]
    inverse = torch.rsqrt(blocks + _EPSILON)
    return torch.stack([inverse[1:, 1:], inverse[:-1, 1:], inverse[1:, :-1], inverse[:-1, :-1]])


@functools.lru_cache(maxsize=32)
def _columns(width: int, cols: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """For each pixel column: offsets of its two cells in a vote line, weight of the right."""
    position = (torch.arange(width, dtype=torch.float64) + 0.5) * cols / width - 0.5
    cell = torch.floor(position)
    left = ((cell + 1) * ORIENTATIONS).to(torch.int64)
    return (
        left.to(device),
        (left + ORIENTATIONS).to(device),
        (position - cell).to(torch.float32).to(device),
    )


@functools.lru_cache(maxsize=32)
def _rows(height: int, rows: int, device: torch.device) -> Tensor:
    """``(rows, height)`` triangular weights: how much a pixel row gives to a cell row."""
    position = (torch.arange(height, dtype=torch.float64) + 0.5) * rows / height - 0.5
    distance = (position[None, :] - torch.arange(rows, dtype=torch.float64)[:, None]).abs()
    return (1 - distance).clamp(min=0).to(torch.float32).to(device)
