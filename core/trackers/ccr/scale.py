"""A filter over scales: how much the target grew, told apart from where it is.

Danelljan, Häger, Shahbaz Khan, Felsberg: *Accurate Scale Estimation for Robust Visual
Tracking*, BMVC 2014. The target's box is pooled at S scales; each of the d feature
values is a signal over scale, and one correlation filter of length S answers them with
a peak at the true scale. Unlike there, a value's mean over the scales is removed
before learning and searching: what is alike at all scales says nothing about any, but
makes up most of the energy. Invariant: a :class:`ScaleModel` is never written to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.dsp import sampling
from core.dsp.hog import normalized
from core.trackers.ccr.features import FloatArray, Hierarchy, Layout
from core.trackers.ccr.kinds import HOG
from core.trackers.ccr.params import CCRParams

_CONTEXT = 1.2  # side of the sampled box over the target's
_CELL = 4.0  # resampled pixels
_CELLS = (3, 16)  # fewest and most cells along a side
_SIGMA = 1.2  # steps; between BMVC's 1.44 for 33 scales and 0.74 if scaled down to 17
_RIDGE = 0.01
_FINER = 20  # places per step where the response is read


@dataclass(frozen=True, slots=True)
class ScaleModel:
    """Half spectra: `numerator` ``(d, S // 2 + 1)``, `denominator` ``(S // 2 + 1,)``."""

    numerator: Tensor
    denominator: Tensor


def spectrum(
    hierarchy: Hierarchy,
    center: tuple[float, float],
    scale: float,
    params: CCRParams,
) -> Tensor:
    """Spectrum over scales ``(d, S // 2 + 1)`` of the target's HOG around `scale`, zero first."""
    count = params.scale_filter_count
    steps = np.arange(count) - count // 2
    sizes = scale * params.scale_filter_step ** steps.astype(np.float64)
    values = _pooled(hierarchy, center, sizes)
    signals = (values - values.mean(0)).T
    window = torch.hann_window(count + 2, periodic=False)[1:-1].to(signals)
    return torch.fft.rfft(torch.fft.ifftshift(signals * window, dim=1), dim=1)


def learn(
    model: ScaleModel | None, sample: Tensor, params: CCRParams, rate: float | None = None
) -> ScaleModel:
    """The filter after one more sample (Eq. 5 there), or the first one.

    `rate` is the sample's share, `params.scale_filter_rate` when not given.
    """
    count = params.scale_filter_count
    steps = torch.fft.fftfreq(count, 1 / count, device=sample.device)  # 0, 1, … −1
    label = torch.fft.rfft(torch.exp(-0.5 * (steps / _SIGMA) ** 2))
    numerator = label.conj() * sample
    denominator = (sample.real.square() + sample.imag.square()).sum(0)
    if model is None:
        return ScaleModel(numerator, denominator)
    share = params.scale_filter_rate if rate is None else rate
    return ScaleModel(
        torch.lerp(model.numerator, numerator, share),
        torch.lerp(model.denominator, denominator, share),
    )


def estimate(model: ScaleModel, sample: Tensor, params: CCRParams) -> float:
    """Factor on the scale where the response is highest (Eq. 6 there), between the steps too.

    NaN when the response is not finite.
    """
    answer = (model.numerator.conj() * sample).sum(0) / (model.denominator + _RIDGE)
    answered = answer.cpu().numpy().astype(np.complex128)
    count = params.scale_filter_count
    reach = count // 2
    places = np.linspace(-reach, reach, 2 * reach * _FINER + 1)
    frequencies = np.arange(len(answered))
    answered[(frequencies > 0) & (2 * frequencies < count)] *= 2  # with their mirror images
    waves = np.exp(2j * np.pi / count * np.outer(places, frequencies))
    heights = (waves @ answered).real / count
    if not np.isfinite(heights).all():
        return math.nan
    best = int(np.argmax(heights))
    limit = params.scale_filter_limit
    factor = np.clip(params.scale_filter_step ** places[best], 1 - limit, 1 + limit)
    return float(factor)


def _grid(layout: Layout) -> tuple[int, int]:
    """Rows and columns of cells on the target."""
    rows, cols = (round(side * _CONTEXT / _CELL) for side in layout.target)
    return int(np.clip(rows, *_CELLS)), int(np.clip(cols, *_CELLS))


def _pooled(hierarchy: Hierarchy, center: tuple[float, float], scales: FloatArray) -> Tensor:
    """HOG values of the target's box ``(S, d)`` at `scales`, faint towards the rim."""
    layout, found = hierarchy.layout, hierarchy.features[HOG][0]
    features, per_bin = found.values, found.pitch
    count, grid = len(scales), _grid(layout)
    middles = (center[1] - hierarchy.region.y, center[0] - hierarchy.region.x)
    matrices, parts, area = [], [], np.ones(count)
    for cells, side, middle in zip(grid, layout.target, middles, strict=True):
        steps = scales * (side * layout.zoom * _CONTEXT / cells / per_bin)
        area = area * steps
        # Only bins under the largest box have a weight.
        part = found.bins(middle / per_bin, float(steps.max()) * (cells / 2 + 1))
        starts = middle / per_bin - steps * (cells / 2) - part.start
        pairs = zip(starts, steps, strict=True)
        bins = part.stop - part.start
        rows = [sampling.triangle_matrix(bins, cells, *pair) for pair in pairs]
        matrices.append(torch.from_numpy(np.stack(rows)).to(features.device))
        parts.append(part)
    window = features[parts[0], :, parts[1]]
    flat = matrices[0].reshape(-1, len(window)) @ window.reshape(len(window), -1)
    tall = flat.view(count, -1, window.shape[2])
    pooled = (tall @ matrices[1].mT).view(count, grid[0], -1, grid[1]).transpose(1, 2)
    shares = torch.from_numpy(1 / area).to(pooled)
    values = normalized(pooled * shares[:, None, None, None])
    fades = [torch.hann_window(n + 2, periodic=False)[1:-1].to(values) for n in grid]
    values = values * torch.outer(*fades).sqrt()
    return values.reshape(count, -1) / math.sqrt(grid[0] * grid[1])
