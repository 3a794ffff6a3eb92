"""Bringing the high response onto the cells of the low one, true to the stride.

A cell of either response is a displacement in pixels of the search picture, a whole
number of its level's strides. The high map is read at the displacements of the low
map's cells; it reaches less far, and beyond its rim nothing is known: its minimum is
taken there. Stretching the one map over the other instead, as “up-sampled to equal
resolution” suggests, would put every peak at nearly twice its displacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where the low map's cells lie in the high map.

    `grid` ``(1, n, n, 2)`` for :func:`torch.nn.functional.grid_sample` with aligned
    corners, `inside` ``(n, n)`` whether the high map says anything there. `ratio` low cells
    make a high one; `reach` high cells to each side of the middle one lie inside.
    """

    grid: Tensor
    inside: Tensor
    ratio: int
    reach: int

    @classmethod
    def of(
        cls,
        low_cells: int,
        low_stride: int,
        high_cells: int,
        high_stride: int,
        device: torch.device,
    ) -> Alignment:
        """For odd numbers of cells, with zero displacement in both maps' middle cells.

        Raises
        ------
        ValueError
            If the high stride is no multiple of the low one.
        """
        ratio, rest = divmod(high_stride, low_stride)
        if rest:
            raise ValueError(f"strides {low_stride} and {high_stride} do not nest")
        pixels = (torch.arange(low_cells, dtype=torch.float64) - low_cells // 2) * low_stride
        reach = (high_cells // 2) * high_stride
        line = pixels / max(reach, 1)
        rows, cols = torch.meshgrid(line, line, indexing="ij")
        inside = (rows.abs() <= 1 + 1e-9) & (cols.abs() <= 1 + 1e-9)
        grid = torch.stack([cols, rows], dim=-1)[None]
        most = min(high_cells // 2, low_cells // 2 // ratio)
        return cls(grid.float().to(device), inside.to(device), ratio, most)

    def own_cells(self, aligned: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of a map ``(n, n)`` that :meth:`apply` made, the values at the high map's own cells.

        Nothing is lost: between them :meth:`apply` only draws straight lines.
        """
        middle, step = aligned.shape[0] // 2, self.reach * self.ratio
        part = slice(middle - step, middle + step + 1, self.ratio)
        return np.ascontiguousarray(aligned[part, part])

    def apply(self, high: Tensor) -> Tensor:
        """High responses ``(N, R, R)`` on the low map's cells, ``(N, n, n)``."""
        grid = self.grid.to(high.dtype).expand(high.shape[0], -1, -1, -1)
        read = nnf.grid_sample(
            high[:, None], grid, mode="bilinear", padding_mode="border", align_corners=True
        )[:, 0]
        lowest = high.amin((-2, -1), keepdim=True)
        return torch.where(self.inside, read, lowest)
