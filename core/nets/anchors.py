"""Anchors of a region proposal network, and the regression between boxes.

Boxes are rows ``(cx, cy, w, h)``. Anchors lie on a grid about (0, 0), the middle of
the search crop, in pixels of the crop. Everywhere the order is anchor shape outermost,
then row, then column: a head's channels ``(k, ...)`` flatten to ``k · rows · cols``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_LARGEST_LOG = math.log(16.0)
"""Largest change of a side that is decoded: beyond it exp would only overflow."""


def shapes(base: float, ratios: Sequence[float], stride: int) -> Tensor:
    """Anchor sides ``(k, 2)`` as (w, h) of about the area ``base²``.

    As SiamRPN's released code: sides are whole multiples of the stride, and a ratio is
    height over width.
    """
    area = (base / stride) ** 2
    sides = []
    for ratio in ratios:
        w = int(math.sqrt(area / ratio))
        sides.append((w * stride, int(w * ratio) * stride))
    return torch.tensor(sides, dtype=torch.float32)


def grid(sides: Tensor, cells: int, stride: int) -> Tensor:
    """Anchors ``(k · cells², 4)`` about the middle of a ``cells × cells`` grid."""
    line = (torch.arange(cells, dtype=torch.float32) - (cells - 1) / 2) * stride
    count = len(sides)
    boxes = torch.empty(count, cells, cells, 4)
    boxes[..., 0] = line[None, None, :]
    boxes[..., 1] = line[None, :, None]
    boxes[..., 2:] = sides[:, None, None, :]
    return boxes.view(-1, 4)


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Regression targets ``(..., 4)`` that turn `anchors` into `boxes`."""
    shift = (boxes[..., :2] - anchors[..., :2]) / anchors[..., 2:]
    return torch.cat([shift, torch.log(boxes[..., 2:] / anchors[..., 2:])], dim=-1)


def decode(offsets: Tensor, anchors: Tensor) -> Tensor:
    """The boxes ``(..., 4)`` that `offsets` make of `anchors` (C-RPN, Eq. 6)."""
    centers = anchors[..., :2] + offsets[..., :2] * anchors[..., 2:]
    growth = offsets[..., 2:].clamp(-_LARGEST_LOG, _LARGEST_LOG).exp()
    return torch.cat([centers, anchors[..., 2:] * growth], dim=-1)


def to_corners(boxes: Tensor) -> Tensor:
    """``(cx, cy, w, h)`` rows as ``(x0, y0, x1, y1)``."""
    half = boxes[..., 2:] / 2
    return torch.cat([boxes[..., :2] - half, boxes[..., :2] + half], dim=-1)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union ``(N, M)`` of ``(N, 4)`` and ``(M, 4)`` rows ``(cx, cy, w, h)``."""
    return overlaps(a[:, None], b[None])


def overlaps(a: Tensor, b: Tensor) -> Tensor:
    """IoU row by row of ``(..., 4)`` and ``(..., 4)``, which are broadcast; ``(...)``."""
    first, second = to_corners(a), to_corners(b)
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = a[..., 2:].prod(-1) + b[..., 2:].prod(-1)
    return shared / (areas - shared).clamp(min=1e-9)
