"""The shared feature hierarchy: computed once per frame, pooled by every stage.

A square region around the last target (γ times the largest window) is resampled to
a fixed number of pixels. What is costly per pixel, gradient directions and colour
names, is done once and kept in bins of two pixels. A *sample* at any position and
scale inside is then two small matrix products away, plus HOG's normalisation. Bins
much finer than the cells matter: pooling ready-made cells blurs every position and
scale but the previous one, and the target seems to stand still and keep its size.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.dsp import sampling
from core.dsp.colour_names import colour_name_table
from core.dsp.fourier import fast_even_size
from core.dsp.hog import normalized, votes
from core.geometry import Box
from core.trackers.base import Image
from core.trackers.ccr.params import CCRParams

FloatArray = NDArray[np.float64]

HOG = "hog"
COLOUR = "cn"
_LONG_TARGET = 1.6  # a window is at least this many times the target's longer side
_INTENSITY_BINS = 11
_NAMES = 11
_BIN = 2  # px; features are kept this fine, so that a cell may lie anywhere


@dataclass(frozen=True, slots=True)
class Grid:
    """One feature type: its name, cell side and window side in resampled pixels."""

    name: str
    cell: int
    cells: int

    @property
    def side(self) -> int:
        return self.cell * self.cells


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes fixed in the first frame.

    `zoom` is frame pixels per resampled pixel at scale 1; `patch` the side of the
    hierarchy's region in resampled pixels; `target` the (h, w) of the box in
    resampled pixels; `grey` whether colour names carry nothing.
    """

    grids: tuple[Grid, ...]
    zoom: float
    patch: int
    target: tuple[float, float]
    grey: bool

    @property
    def common_side(self) -> int:
        """Side of the window that all features cover, in resampled pixels."""
        return min(grid.side for grid in self.grids)


def layout_for(image: Image, box: Box, params: CCRParams) -> Layout:
    """Choose window sizes and the resampling for a target."""
    base = max(
        params.search_scale * float(np.sqrt(box.w * box.h)), _LONG_TARGET * max(box.w, box.h)
    )
    largest = max(params.hog_support, params.colour_support)
    side = largest * base
    low = min(params.min_window, params.max_window)
    resampled = float(np.clip(side, low, params.max_window))
    zoom = side / resampled
    grids = tuple(
        Grid(name, cell, fast_even_size(support * base / zoom / cell))
        for name, cell, support in (
            (HOG, params.hog_cell, params.hog_support),
            (COLOUR, params.colour_cell, params.colour_support),
        )
    )
    # Whole, even numbers of cells of every type, so that a sample at the previous
    # place and scale falls exactly on the cells of the hierarchy.
    unit = 2 * int(np.lcm.reduce([grid.cell for grid in grids]))
    patch = max(grid.side for grid in grids) * params.hierarchy_extension
    target = (box.h / zoom, box.w / zoom)
    return Layout(grids, zoom, int(np.ceil(patch / unit)) * unit, target, is_grey(image))


def is_grey(image: Image) -> bool:
    """Whether hardly a pixel differs between its channels."""
    small = image[:: max(1, image.shape[0] // 100), :: max(1, image.shape[1] // 100)].astype(int)
    return float(np.ptp(small, axis=2).mean()) < 2.0


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Fine features of one region.

    `features` holds per type a float32 tensor ``(N, K, N)``: row, channel, column.
    """

    layout: Layout
    region: Box
    picture: NDArray[np.uint8]
    features: dict[str, Tensor]

    def covers(self, center: tuple[float, float], scale: float) -> bool:
        """Whether the largest window at this place lies inside the region."""
        side = max(grid.side for grid in self.layout.grids) * self.layout.zoom * scale
        reach = max(abs(center[0] - self.region.cx), abs(center[1] - self.region.cy))
        return reach + side / 2 <= self.region.w / 2 * (1 + 1e-9)

    def pool(self, grid: Grid, center: tuple[float, float], scales: FloatArray) -> Tensor:
        """Samples ``(S, K, n, n)`` of one type: windows centred at `center`, one per scale.

        Cells overlap and weigh their surroundings linearly, as HOG's do. For colour
        this is average pooling over twice the cell with a peak in the middle.
        """
        features = self.features[grid.name]
        per_bin = self.region.w / features.shape[0]  # frame pixels
        steps = scales * (self.layout.zoom * grid.cell / per_bin)
        matrices, parts = [], []
        for offset in (center[1] - self.region.y, center[0] - self.region.x):
            part = self.bins(offset / per_bin, steps.max() * (grid.cells / 2 + 1))
            starts = offset / per_bin - steps * (grid.cells / 2) - part.start
            bins = part.stop - part.start
            pairs = zip(starts, steps, strict=True)
            matrices.append([sampling.triangle_matrix(bins, grid.cells, *pair) for pair in pairs])
            parts.append(part)
        rows = torch.from_numpy(np.concatenate(matrices[0])).to(features.device)
        cols = torch.from_numpy(np.stack(matrices[1])).to(features.device).mT
        window = features[parts[0], :, parts[1]]
        # One product for the rows of all scales: the region is read once.
        tall = (rows @ window.reshape(len(window), -1)).view(len(scales), -1, window.shape[2])
        pooled = (tall @ cols).view(len(scales), grid.cells, -1, grid.cells).transpose(1, 2)
        if grid.name == HOG:
            return normalized(pooled)
        area = torch.from_numpy(steps**2).to(features)
        return pooled / area[:, None, None, None]

    def bins(self, middle: float, reach: float) -> slice:
        """The bins within `reach` of `middle`, at least one."""
        count = self.picture.shape[0] // _BIN
        first = int(np.clip(np.floor(middle - reach), 0, count - 1))
        return slice(first, int(np.clip(np.ceil(middle + reach), first + 1, count)))


def build(
    image: Image,
    layout: Layout,
    center: tuple[float, float],
    scale: float,
    device: torch.device,
) -> Hierarchy:
    """Compute the features around `center` at `scale`."""
    side = layout.patch * layout.zoom * scale
    region = Box.from_center(center[0], center[1], side, side)
    picture = sampling.cut(image, region, layout.patch)
    pixels = torch.from_numpy(picture).to(device)
    # Colours may be averaged before they are named: at this scale one pixel has one.
    side = layout.patch // _BIN
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    hues = torch.from_numpy(np.asarray(small, np.uint8)).to(device)
    features = {
        HOG: votes(pixels, _BIN),
        COLOUR: intensities(hues) if layout.grey else names(hues),
    }
    # Rows outermost: pooling then starts with one product over all channels.
    by_row = {name: values.transpose(0, 1).contiguous() for name, values in features.items()}
    return Hierarchy(layout, region, picture, by_row)


def names(pixels: Tensor) -> Tensor:
    """Probabilities of the 11 basic colour terms ``(11, H, W)`` of an ``(H, W, 3)`` picture."""
    level = (pixels >> 3).to(torch.int32)
    index = (level[..., 0] << 10) | (level[..., 1] << 5) | level[..., 2]
    return torch.nn.functional.embedding(index, _name_table(pixels.device)).permute(2, 0, 1)


@functools.lru_cache(maxsize=4)
def _name_table(device: torch.device) -> Tensor:
    return torch.from_numpy(colour_name_table().reshape(-1, _NAMES).copy()).to(device)


def intensities(pixels: Tensor) -> Tensor:
    """Shares of 11 soft grey levels ``(11, H, W)``, for pictures where colour says nothing."""
    luma = pixels.to(torch.float32) @ torch.tensor([0.299, 0.587, 0.114], device=pixels.device)
    position = luma * ((_INTENSITY_BINS - 1) / 255)
    centres = torch.arange(_INTENSITY_BINS, device=pixels.device, dtype=torch.float32)
    return (1 - (position[None] - centres[:, None, None]).abs()).clamp(min=0)
