"""A filter over scales: how much the target grew, told apart from where it is.

Danelljan, Häger, Shahbaz Khan, Felsberg: *Accurate Scale Estimation for Robust Visual
Tracking*, BMVC 2014, on the trunk's finest features. The target is pooled at S scales
around the present size; each pooled value is a signal over scale, and one correlation
filter of length S answers them with a peak at the true scale. A value's mean over the
scales is removed: what is alike at all scales says nothing about any. Invariant: a
:class:`ScaleModel` is never written to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.dsp.sampling import triangle_matrix
from core.geometry import Box
from core.trackers.drvt.layout import Grid
from core.trackers.drvt.params import DRVTParams

_CONTEXT = 1.2  # side of the pooled box over the target's
_CELLS = 10  # along each side: the crop has the target's shape already
_SIGMA = 1.2  # steps
_RIDGE = 0.01
_FINER = 20  # places per step where the response is read


@dataclass(frozen=True, slots=True)
class ScaleModel:
    """Half spectra: `numerator` ``(d, S // 2 + 1)``, `denominator` ``(S // 2 + 1,)``."""

    numerator: Tensor
    denominator: Tensor


def spectrum(features: Tensor, grid: Grid, target: Box, params: DRVTParams) -> Tensor:
    """Spectrum over scales ``(d, S // 2 + 1)`` around `target`, the present size first.

    Parameters
    ----------
    features
        ``(K, n, n)`` fine features of a crop.
    grid
        Their cells in the crop.
    target
        In crop pixels.
    """
    count = params.scale_filter_count
    steps = np.arange(count) - count // 2
    values = _pooled(features, grid, target, params.scale_filter_step ** steps.astype(np.float64))
    signals = (values - values.mean(0)).T
    window = torch.hann_window(count + 2, periodic=False)[1:-1].to(signals)
    return torch.fft.rfft(torch.fft.ifftshift(signals * window, dim=1), dim=1)


def learn(model: ScaleModel | None, sample: Tensor, rate: float) -> ScaleModel:
    """The filter after one more sample (Eq. 5 there), or the first one."""
    count = 2 * (sample.shape[1] - 1) + 1
    steps = torch.fft.fftfreq(count, 1 / count, device=sample.device)  # 0, 1, … −1
    label = torch.fft.rfft(torch.exp(-0.5 * (steps / _SIGMA) ** 2))
    numerator = label.conj() * sample
    denominator = (sample.real.square() + sample.imag.square()).sum(0)
    if model is None:
        return ScaleModel(numerator, denominator)
    return ScaleModel(
        torch.lerp(model.numerator, numerator, rate),
        torch.lerp(model.denominator, denominator, rate),
    )


def estimate(model: ScaleModel, sample: Tensor, params: DRVTParams) -> float:
    """Factor on the size where the response is highest (Eq. 6 there), between the steps too.

    NaN when the response is not finite.
    """
    answer = (model.numerator.conj() * sample).sum(0) / (model.denominator + _RIDGE)
    answered = answer.cpu().numpy().astype(np.complex128)
    count = params.scale_filter_count
    reach = count // 2
    places = np.linspace(-reach, reach, 2 * reach * _FINER + 1)
    frequencies = np.arange(len(answered))
    answered[frequencies > 0] *= 2  # with their mirror images: the count is odd
    waves = np.exp(2j * np.pi / count * np.outer(places, frequencies))
    heights = (waves @ answered).real / count
    if not np.isfinite(heights).all():
        return math.nan
    limit = params.scale_limit
    factor = params.scale_filter_step ** places[int(np.argmax(heights))]
    return float(np.clip(factor, 1 - limit, 1 + limit))


def _pooled(features: Tensor, grid: Grid, target: Box, factors: NDArray[np.float64]) -> Tensor:
    """Values ``(S, d)`` of the target at all sizes, of unit energy, faint towards the rim."""
    n, count = features.shape[-1], len(factors)
    matrices = []
    for side, middle in ((target.h, target.cy), (target.w, target.cx)):
        # The triangle of triangle_matrix places cell i of the features at i + ½.
        center = (middle - grid.offset) / grid.stride + 0.5
        rows = []
        for factor in factors:
            step = side * _CONTEXT * factor / grid.stride / _CELLS
            wide = max(step, 1.0)  # pooling finer than the features' own cells gives nothing
            starts = center - step * _CELLS / 2 + step * (np.arange(_CELLS) + 0.5) - wide / 2
            rows.append(_triangles(n, starts, wide))
        matrices.append(torch.from_numpy(np.stack(rows)).to(features.device))
    tall = matrices[0].reshape(-1, n) @ features.permute(1, 0, 2).reshape(n, -1)
    tall = tall.view(count, -1, n)
    pooled = (tall @ matrices[1].mT).view(count, _CELLS, -1, _CELLS)
    fade = torch.hann_window(_CELLS + 2, periodic=False)[1:-1].sqrt().to(pooled)
    values = (pooled * fade[:, None, None] * fade).reshape(count, -1)
    return values / values.square().sum(1, keepdim=True).sqrt().clamp(min=1e-6)


def _triangles(bins: int, starts: NDArray[np.float64], step: float) -> NDArray[np.float32]:
    """Rows of weights that sum to 1 (less beyond the map), ``(cells, bins)``."""
    if len(starts) > 1 and math.isclose(float(starts[1] - starts[0]), step):
        return triangle_matrix(bins, len(starts), float(starts[0]), step) / np.float32(step)
    parts = [triangle_matrix(bins, 1, float(start), step) for start in starts]
    return np.concatenate(parts) / np.float32(step)


__all__ = ["ScaleModel", "estimate", "learn", "spectrum"]
