"""Regions to cut around a target, and where the target then lies in the crop.

Two conventions. *context* (SiamFC, SiamRPN): the square of side ``√((w + p)(h + p))``,
``p = context·(w + h)``, spans `exemplar` crop pixels. *target* (DCFNet, EDCF):
``1 + padding`` times the target does, each axis for itself. Both crops of a pair have the
same scale. Boxes in crops are rows ``(cx, cy, w, h)`` in crop pixels about the crop's
middle, as anchors are.
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


def region_of(box: Box, size: int, params: PairParams) -> Box:
    """What a crop of `size` pixels about a target covers, in frame pixels."""
    times = size / (params.exemplar or params.template_size)
    if params.crop == "target":
        times *= 1 + params.padding
        return Box.from_center(box.cx, box.cy, box.w * times, box.h * times)
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
