"""Feature maps in the frame, and pooling from them at continuous places and scales.

A *sample* is ``A_y · F · A_xᵀ`` per channel: one small matrix per axis holds the weights
with which bins make a cell. Invariant: a map's values are never written to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FloatArray = NDArray[np.float64]
Weights = Callable[[int, int, float, float], NDArray[np.float32]]
"""``(bins, cells, start, step)`` to ``(cells, bins)``, see :func:`averages`."""


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """Features on a square lattice in the frame.

    `values` is float32 ``(N, K, N)``: row, channel, column; `corner` the frame position
    (x, y) of the first bin's outer corner, `pitch` the side of a bin in frame pixels,
    `lean` how far from a bin's place the picture lies that it answers to, see
    :class:`core.nets.backbone.Level`.
    """

    values: Tensor
    corner: tuple[float, float]
    pitch: float
    lean: tuple[float, float] = (0.0, 0.0)

    @property
    def count(self) -> int:
        """Bins per side."""
        return self.values.shape[0]

    def bins(self, middle: float, reach: float) -> slice:
        """The bins within `reach` of `middle`, at least one."""
        first = int(np.clip(np.floor(middle - reach), 0, self.count - 1))
        return slice(first, int(np.clip(np.ceil(middle + reach), first + 1, self.count)))

    def gather(
        self, weights: Weights, cells: int, center: tuple[float, float], steps: FloatArray
    ) -> Tensor:
        """Weighted sums ``(S, K, cells, cells)`` around `center`, cells of `steps` bins."""
        matrices, parts = [], []
        for middle, corner in ((center[1], self.corner[1]), (center[0], self.corner[0])):
            offset = (middle - corner) / self.pitch
            part = self.bins(offset, steps.max() * (cells / 2 + 1))
            starts = offset - steps * (cells / 2) - part.start
            bins = part.stop - part.start
            pairs = zip(starts, steps, strict=True)
            matrices.append([weights(bins, cells, *pair) for pair in pairs])
            parts.append(part)
        rows = torch.from_numpy(np.concatenate(matrices[0])).to(self.values.device)
        cols = torch.from_numpy(np.stack(matrices[1])).to(self.values.device).mT
        window = self.values[parts[0], :, parts[1]]
        # One product for the rows of all scales: the region is read once.
        tall = (rows @ window.reshape(len(window), -1)).view(len(steps), -1, window.shape[2])
        return (tall @ cols).view(len(steps), cells, -1, cells).transpose(1, 2)


def averages(bins: int, samples: int, start: float, step: float) -> NDArray[np.float32]:
    """Weights like :func:`core.dsp.sampling.triangle_matrix`, as means of coarse bins.

    The kernel is a raised cosine that reaches two bins, or two cells where these are
    larger: on bins its sum and its sum of squares are the same wherever a cell lies. Linear
    interpolation blurs between the bins and not upon them, so that a filter recognises
    the place on the lattice it was learned at, and the target seems to stand still.
    Beyond the row the last bin is repeated. Every row of the result adds to 1.
    """
    centres = start + step * (np.arange(samples, dtype=np.float64) + 0.5)
    centres = np.clip(centres, 0.5, bins - 0.5)
    distance = np.abs(centres[:, None] - (np.arange(bins, dtype=np.float64) + 0.5))
    reach = 2 * max(step, 1.0)
    weights = np.where(distance < reach, np.cos(np.pi / 2 * distance / reach) ** 2, 0.0)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)
