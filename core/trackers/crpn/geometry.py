"""Crops, anchors and the window of C-RPN: one geometry for training and tracking.

A crop is square and shows the target with context: the square of area
``(w + p)(h + p)``, ``p = (w + h) / 2`` spans 127 crop pixels. Boxes in a crop are rows
``(cx, cy, w, h)`` about the crop's middle, in crop pixels; in an *own* network the
only anchor has the target's last size, else the anchors are those of SiamRPN.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.errors import WeightsError
from core.geometry import Box
from core.nets import anchors
from core.nets.backbone import Level
from core.trackers.crpn.config import EXEMPLAR, NetworkConfig

_HEAD_RIM = 2  # cells that the unpadded 3 × 3 convolution of a head takes off a side's length


def context_side(w: float, h: float) -> float:
    """Side of the square with context around a ``w × h`` target."""
    pad = (w + h) / 2
    return math.sqrt((w + pad) * (h + pad))


def pixel_size(w: float, h: float) -> float:
    """Frame pixels per crop pixel for a ``w × h`` target."""
    return context_side(w, h) / EXEMPLAR


def region(cx: float, cy: float, pixel: float, side: int) -> Box:
    """The part of the frame that a crop of `side` pixels shows."""
    return Box.from_center(cx, cy, side * pixel, side * pixel)


@dataclass(frozen=True, slots=True)
class MapGrid:
    """The score map of a search picture.

    `cells` per side, `stride` crop pixels apart; `shift` is where the middle of the map
    lies relative to the picture's middle: 0 for the sizes a network is made for.
    """

    cells: int
    stride: int
    shift: float

    @property
    def side(self) -> float:
        """Extent of the map from edge to edge, in crop pixels."""
        return float(self.cells * self.stride)


def level_cells(level: Level, side: int) -> int:
    """Cells per side that `level` has on a picture of `side` pixels."""
    return int((side - 2 * level.offset) // level.stride) + 1


def map_grid(config: NetworkConfig, level: Level, side: int) -> MapGrid:
    """The score map over a search picture of `side` pixels; `level` is the deepest one.

    Raises
    ------
    WeightsError
        If the search leaves no room for the template.
    """
    template = config.template_cells or level_cells(level, config.template_size)
    cells = level_cells(level, side)
    kernel, field = template - _HEAD_RIM, cells - _HEAD_RIM
    if kernel < 1 or field < kernel:
        raise WeightsError(
            f"A template of {template} cells does not fit a search region of {cells}.",
            "Choose weights with a larger template or search picture.",
        )
    shift = level.center((cells - 1) / 2) - side / 2
    return MapGrid(field - kernel + 1, level.stride, shift)


def first_anchors(
    config: NetworkConfig, grid: MapGrid, size: tuple[float, float], device: torch.device
) -> Tensor:
    """The anchors A_1 ``(k · cells², 4)`` on `device`; shared, never to be written to.

    `size` is the target's last (w, h) in crop pixels; it matters to *own* anchors only.
    """
    if config.anchors == "own":
        return _anchors(torch.tensor([size], dtype=torch.float32), grid).to(device)
    return _ratio_anchors(config.base_side, config.ratios, grid, device)


@functools.lru_cache(maxsize=16)
def _ratio_anchors(
    side: float, ratios: tuple[float, ...], grid: MapGrid, device: torch.device
) -> Tensor:
    return _anchors(anchors.shapes(side, ratios, grid.stride), grid).to(device)


def _anchors(sides: Tensor, grid: MapGrid) -> Tensor:
    boxes = anchors.grid(sides, grid.cells, grid.stride)
    return boxes + torch.tensor([grid.shift, grid.shift, 0.0, 0.0]) if grid.shift else boxes


def hann_at(centers: Tensor, grid: MapGrid) -> Tensor:
    """Hann window over the map at any places.

    At a cell's centre it is ``np.hanning(cells)`` of both axes; beyond the outermost
    cells it is 0.

    Parameters
    ----------
    centers
        ``(N, 2)`` (x, y) about the picture's middle, crop pixels.
    """
    reach = max(grid.cells - 1, 1) * grid.stride / 2
    along = ((centers - grid.shift) / reach).clamp(-1.0, 1.0)
    return (0.5 + 0.5 * torch.cos(math.pi * along)).prod(dim=-1)


def mean_colour(image: np.ndarray) -> tuple[float, float, float]:
    """Mean colour of a picture: what lies beyond the frame's border."""
    red, green, blue = (float(value) for value in image.reshape(-1, 3).mean(axis=0))
    return red, green, blue
