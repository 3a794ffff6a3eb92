"""Regions to cut around a target, and where the target then lies in the crop.

Two conventions. *context* (SiamFC, SiamRPN): a square of side ``s·size/template`` with
``s = √((w + p)(h + p))`` and ``p = context·(w + h)``. *target* (DCFNet, EDCF):
``(1 + padding)`` times the target, each axis for itself. Boxes in crops are rows
``(cx, cy, w, h)`` in crop pixels about the crop's middle, as anchors are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.dsp.sampling import cut
from core.geometry import Box
from core.train.data.params import PairParams

Image = NDArray[np.uint8]
Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Jitter:
    """A random change of a region: shift in crop pixels, enlargement of the target."""

    dx: float = 0.0
    dy: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0


def template_region(box: Box, params: PairParams) -> Box:
    """What the template crop of a target covers, in frame pixels."""
    if params.crop == "target":
        grown = 1 + params.padding
        return Box.from_center(box.cx, box.cy, box.w * grown, box.h * grown)
    return _square(box, params, 1.0)


def search_region(box: Box, params: PairParams) -> Box:
    """What the search crop of a target covers, in frame pixels."""
    if params.crop == "target":
        return template_region(box, params)
    ratio = params.search_ratio or params.search_size / params.template_size
    return _square(box, params, ratio)


def _square(box: Box, params: PairParams, times: float) -> Box:
    margin = params.context * (box.w + box.h)
    side = math.sqrt((box.w + margin) * (box.h + margin)) * times
    return Box.from_center(box.cx, box.cy, side, side)


def jittered(region: Box, size: int, jitter: Jitter) -> Box:
    """The region changed so that the target comes out larger and shifted as `jitter` says."""
    w, h = region.w / jitter.scale_x, region.h / jitter.scale_y
    return Box.from_center(region.cx - jitter.dx * w / size, region.cy - jitter.dy * h / size, w, h)


def in_crop(box: Box, region: Box, size: int) -> NDArray[np.float32]:
    """A frame box as (cx, cy, w, h) in pixels of the crop, about its middle."""
    x, y = size / region.w, size / region.h
    row = ((box.cx - region.cx) * x, (box.cy - region.cy) * y, box.w * x, box.h * y)
    return np.array(row, np.float32)


def fill_colour(image: Image, fill: str) -> Colour | None:
    """What lies outside the frame; None for the repeated border."""
    if fill == "edge":
        return None
    if fill == "zero":
        return (0.0, 0.0, 0.0)
    step = max(min(image.shape[:2]) // 48, 1)  # a sparse mean is as good and costs nothing
    mean = image[::step, ::step].reshape(-1, 3).mean(axis=0)
    return (float(mean[0]), float(mean[1]), float(mean[2]))


def cut_crop(image: Image, region: Box, size: int, fill: Colour | None) -> Image:
    """The region as ``(size, size, 3)`` uint8."""
    return cut(image, region, size, fill)


def context_regions(region: Box, box: Box) -> list[Box]:
    """The region one target size above, left, below and right (CACF's context patches)."""
    return [
        region.shifted(0, -box.h),
        region.shifted(-box.w, 0),
        region.shifted(0, box.h),
        region.shifted(box.w, 0),
    ]
