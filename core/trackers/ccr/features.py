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
from dataclasses import dataclass, replace

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
from core.trackers.ccr.deep import Adapter, Network
from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.kinds import COLOUR, DEEP, HOG, Kind, kinds
from core.trackers.ccr.maps import FeatureMap, averages
from core.trackers.ccr.params import CCRParams

FloatArray = NDArray[np.float64]

_LONG_TARGET = 1.6  # a window is at least this many times the target's longer side
_INTENSITY_BINS = 11
_NAMES = 11
_BIN = 2  # px; features are kept this fine, so that a cell may lie anywhere


@dataclass(frozen=True, slots=True)
class Grid:
    """One feature type: its name, cells per side and window side in resampled pixels.

    One that is not `scaled` is sampled at the present scale only.
    """

    name: str
    cells: int
    side: int
    scaled: bool = True

    @property
    def cell(self) -> float:
        """Side of a cell in resampled pixels."""
        return self.side / self.cells


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes fixed in the first frame.

    `zoom` is frame pixels per resampled pixel at scale 1; `patch` the side of the
    hierarchy's region in resampled pixels; `target` the (h, w) of the box in
    resampled pixels; `grey` whether colour names carry nothing; `extension` the side
    of a type's region over its window.
    """

    grids: tuple[Grid, ...]
    zoom: float
    patch: int
    target: tuple[float, float]
    grey: bool
    extension: float

    def grid(self, name: str) -> Grid:
        """The grid of the type `name`."""
        return next(grid for grid in self.grids if grid.name == name)


def layout_for(image: Image, box: Box, params: CCRParams) -> Layout:
    """Choose window sizes and the resampling for a target."""
    base = max(
        params.search_scale * float(np.sqrt(box.w * box.h)), _LONG_TARGET * max(box.w, box.h)
    )
    every = kinds(params)
    largest = max(kind.support for kind in every)
    side = largest * base
    low = min(params.min_window, params.max_window)
    resampled = float(np.clip(side, low, params.max_window))
    zoom = side / resampled
    grids: list[Grid] = []
    for kind in every:
        if kind.name == DEEP:
            grids.append(_deep_grid(kind, base / zoom, min(g.cell for g in grids), params))
        else:
            cells = fast_even_size(kind.support * base / zoom / kind.cell)
            grids.append(Grid(kind.name, cells, cells * kind.cell))
    # Whole, even numbers of cells of every type, so that a sample at the previous
    # place and scale falls exactly on the cells of the hierarchy.
    shallow = [grid for grid in grids if grid.name != DEEP]
    unit = 2 * int(np.lcm(params.hog_cell, params.colour_cell))
    patch = max(grid.side for grid in shallow) * params.hierarchy_extension
    target = (box.h / zoom, box.w / zoom)
    whole = int(np.ceil(patch / unit)) * unit
    extension = params.hierarchy_extension
    return Layout(tuple(grids), zoom, whole, target, is_grey(image), extension)


def _deep_grid(kind: Kind, base: float, step: float, params: CCRParams) -> Grid:
    """The deep type's grid: a whole number of its own cells and of response cells."""
    assert isinstance(params, CCRDeepParams)
    pixels = kind.support * params.search_scale * params.deep_target
    side = max(round(kind.support * base / step / 2), 4) * 2 * round(step)
    return Grid(kind.name, fast_even_size(pixels / kind.cell), side, params.deep_scales)


def is_grey(image: Image) -> bool:
    """Whether hardly a pixel differs between its channels."""
    small = image[:: max(1, image.shape[0] // 100), :: max(1, image.shape[1] // 100)].astype(int)
    return float(np.ptp(small, axis=2).mean()) < 2.0


@dataclass(frozen=True, slots=True)
class Source:
    """What makes features: the device, and for a deep type the network and its adapters."""

    device: torch.device
    network: Network | None = None
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Fine features of one region, per type one or more maps."""

    layout: Layout
    region: Box
    picture: NDArray[np.uint8]
    features: dict[str, tuple[FeatureMap, ...]]

    def covers(self, center: tuple[float, float], scale: float) -> bool:
        """Whether every window at this place lies inside its type's region."""
        away = max(abs(center[0] - self.region.cx), abs(center[1] - self.region.cy))
        return all(self._covers(grid, away, scale) for grid in self.layout.grids)

    def _covers(self, grid: Grid, away: float, scale: float) -> bool:
        reach = away + grid.side * self.layout.zoom * scale / 2
        if grid.name != DEEP:
            return reach <= self.region.w / 2 * (1 + 1e-9)
        deepest = self.features[DEEP][-1]
        return reach <= deepest.pitch * deepest.count / 2

    def adapted(self, adapters: tuple[Adapter, ...]) -> Hierarchy:
        """The same with the deep maps' channels adapted."""
        deep = adapted(self.features[DEEP], adapters)
        return replace(self, features={**self.features, DEEP: deep})

    def pool(self, grid: Grid, center: tuple[float, float], scales: FloatArray) -> Tensor:
        """Samples ``(S, K, n, n)`` of one type: windows centred at `center`, one per scale.

        Cells overlap and weigh their surroundings linearly, as HOG's do. For colour
        this is average pooling over twice the cell with a peak in the middle; a deep
        type's cells are averages too, interpolated where a level is coarser than they.
        """
        maps = self.features[grid.name]
        cell = self.layout.zoom * grid.cell
        if grid.name == DEEP:
            levels = [
                found.gather(averages, grid.cells, center, scales * (cell / found.pitch))
                for found in maps
            ]
            return levels[0] if len(levels) == 1 else torch.cat(levels, dim=1)
        steps = scales * (cell / maps[0].pitch)
        pooled = maps[0].gather(sampling.triangle_matrix, grid.cells, center, steps)
        if grid.name == HOG:
            return normalized(pooled)
        area = torch.from_numpy(steps**2).to(pooled)
        return pooled / area[:, None, None, None]


def build(
    image: Image,
    layout: Layout,
    center: tuple[float, float],
    scale: float,
    source: Source,
) -> Hierarchy:
    """Compute the features around `center` at `scale`."""
    side = layout.patch * layout.zoom * scale
    region = Box.from_center(center[0], center[1], side, side)
    picture = sampling.cut(image, region, layout.patch)
    pixels = torch.from_numpy(picture).to(source.device)
    # Colours may be averaged before they are named: at this scale one pixel has one.
    side = layout.patch // _BIN
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    hues = torch.from_numpy(np.asarray(small, np.uint8)).to(source.device)
    shallow = {
        HOG: votes(pixels, _BIN),
        COLOUR: intensities(hues) if layout.grey else names(hues),
    }
    corner, pitch = (region.x, region.y), region.w / side
    # Rows outermost: pooling then starts with one product over all channels.
    features: dict[str, tuple[FeatureMap, ...]] = {
        name: (FeatureMap(values.transpose(0, 1).contiguous(), corner, pitch),)
        for name, values in shallow.items()
    }
    if source.network is not None:
        grid = layout.grid(DEEP)
        cell = grid.cell * layout.zoom * scale
        maps = source.network.maps(image, center, cell, grid.cells * layout.extension)
        features[DEEP] = adapted(maps, source.adapters)
    return Hierarchy(layout, region, picture, features)


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


def adapted(maps: tuple[FeatureMap, ...], adapters: tuple[Adapter, ...]) -> tuple[FeatureMap, ...]:
    """`maps` with their channels adapted; as they are where there are no adapters yet."""
    if not adapters:
        return maps
    return tuple(one.apply(found) for one, found in zip(adapters, maps, strict=True))
