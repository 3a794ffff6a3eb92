"""RoIAlign: features of boxes, resampled to a fixed grid (He et al., Mask R-CNN, Sec. 3).

Boxes are rows ``(cx, cy, w, h)`` in cells of the map, about the map's *middle*. Where a
level's cells lie symmetrically about the middle of its input (see
:mod:`core.nets.backbone`), that is the box in input pixels divided by the stride: no
offset has to be known here. A bin averages ``samples × samples`` bilinear samples; points
beyond the outermost cells take the value of the rim.

All boxes of all maps are sampled in one call: their rows are stacked along the height of
one sampling grid, so the maps are not copied per box.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as nnf
from torch import Tensor


def align(features: Tensor, boxes: Tensor, bins: int, samples: int = 2) -> Tensor:
    """Features of boxes on a grid of ``bins × bins``.

    Parameters
    ----------
    features
        ``(N, C, H, W)``.
    boxes
        ``(N, M, 4)``: M boxes for each map; see the module's text.
    bins
        Bins per side.
    samples
        Samples per side of a bin.

    Returns
    -------
    Tensor
        ``(N · M, C, bins, bins)``, the boxes of the first map first. Gradients reach
        `features` and `boxes`.
    """
    count, channels, height, width = features.shape
    each, points = boxes.shape[1], bins * samples
    line = (torch.arange(points, device=boxes.device, dtype=boxes.dtype) + 0.5) / points - 0.5
    # grid_sample calls -1 and 1 the outer edges of the first and the last cell.
    x = (boxes[..., 0, None] + boxes[..., 2, None] * line) * (2 / width)
    y = (boxes[..., 1, None] + boxes[..., 3, None] * line) * (2 / height)
    shape = (count, each, points, points)
    grid = torch.stack([x[:, :, None, :].expand(shape), y[..., None].expand(shape)], dim=-1)
    grid = grid.reshape(count, each * points, points, 2).to(features.dtype)
    sampled = nnf.grid_sample(
        features, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    pooled = nnf.avg_pool2d(sampled, samples) if samples > 1 else sampled
    stacked = pooled.view(count, channels, each, bins, bins).transpose(1, 2)
    return stacked.reshape(count * each, channels, bins, bins)


def pyramid(
    features: Tensor, boxes: Tensor, sizes: Sequence[int] = (6, 3, 1), samples: int = 2
) -> tuple[Tensor, ...]:
    """RoIAlign at several sizes, the finest first (CRACT, Sec. 3.3).

    The coarser grids are averages of the finest one's bins: RoIAlign with as many samples
    per bin as cover the same points, so the map is sampled once.

    Parameters
    ----------
    features, boxes
        As :func:`align`.
    sizes
        Bins per side, each a divisor of the first.
    samples
        Samples per side of a bin of the finest grid.

    Returns
    -------
    tuple of Tensor
        Per size ``(N · M, C, size, size)``.

    Raises
    ------
    ValueError
        If a size does not divide the first.
    """
    finest = sizes[0]
    if any(finest % size for size in sizes):
        raise ValueError(f"the sizes {tuple(sizes)} do not all divide {finest}")
    fine = align(features, boxes, finest, samples)
    return tuple(fine if size == finest else nnf.avg_pool2d(fine, finest // size) for size in sizes)
