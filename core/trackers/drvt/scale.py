"""How much the target grew: a regression over sizes, told apart from where it is.

After Danelljan et al., *Accurate Scale Estimation for Robust Visual Tracking*, BMVC 2014,
on the trunk's finest features: the target is pooled at S sizes around the present one,
and a linear function is learned that answers them with a Gaussian over the size. There,
sizes are treated as periodic, which needs a window over them and pulls every estimate
towards "as before" (to a fifth of the change on these smooth features); S × S ridge
regression is as cheap and has no such bias. Invariant: a :class:`ScaleModel` is never
written to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.dsp import peaks
from core.geometry import Box
from core.trackers.drvt.layout import Grid
from core.trackers.drvt.params import DRVTParams

_CONTEXT = 1.2  # side of the pooled box over the target's
_CELLS = 10  # along each side
_SIGMA = 2.0  # steps
_RIDGE = 0.3  # over the mean energy of a size


@dataclass(frozen=True, slots=True)
class Standard:
    """First frame's mean and spread of the fine features, ``(K, 1, 1)`` each."""

    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Standard:
        """Of ``(K, n, n)`` features."""
        spread = features.std((1, 2), keepdim=True)
        floor = spread.mean().clamp(min=1e-6) * 1e-2
        return cls(features.mean((1, 2), keepdim=True), spread.maximum(floor))


@dataclass(frozen=True, slots=True)
class ScaleModel:
    """What was learned.

    Attributes
    ----------
    values
        ``(S, d)`` running mean of the samples.
    weights
        ``(d,)`` of the linear function.
    own
        ``(S,)`` its answer to `values`: where that peaks is "as before".
    """

    values: Tensor
    weights: Tensor
    own: Tensor


def sample(
    features: Tensor, standard: Standard, grid: Grid, target: Box, params: DRVTParams
) -> Tensor:
    """Values ``(S, d)`` of the target at S sizes, smallest first.

    Parameters
    ----------
    features
        ``(K, n, n)`` fine features of a crop.
    grid
        Their cells in the crop.
    target
        In crop pixels, at its present size.
    """
    reach = params.scale_count // 2
    steps = np.arange(-reach, reach + 1, dtype=np.float64)
    return _pooled(features, standard, grid, target, params.scale_step**steps)


def learn(model: ScaleModel | None, values: Tensor, rate: float) -> ScaleModel:
    """The model after one more :func:`sample`, or the first one."""
    if model is not None:
        values = torch.lerp(model.values, values, rate)
    count = len(values)
    steps = torch.arange(count, device=values.device) - count // 2
    label = torch.exp(-0.5 * (steps / _SIGMA) ** 2)
    centred = values - values.mean(0)
    gram = centred @ centred.T
    ridge = _RIDGE * gram.diagonal().mean().clamp(min=1e-9)
    unit = torch.eye(count, device=values.device)
    # Cholesky on the CPU and the GPU alike: positive definite thanks to the ridge.
    factor, _ = torch.linalg.cholesky_ex(gram + ridge * unit)
    dual = torch.cholesky_solve(label[:, None], factor)[:, 0]
    weights = centred.T @ dual
    return ScaleModel(values, weights, gram @ dual)


def estimate(model: ScaleModel, values: Tensor, params: DRVTParams) -> float:
    """Factor on the size, a share `scale_gain` of the way to the highest answer to a sample.

    Between the sizes by a parabola; NaN when the answer is not finite.
    """
    answer = (values - model.values.mean(0)) @ model.weights
    packed = torch.stack([answer, model.own]).cpu().numpy().astype(np.float64)
    if not np.isfinite(packed).all():
        return math.nan
    there, before = (_top(row) for row in packed)
    limit = params.scale_limit
    factor = params.scale_step ** (params.scale_gain * (there - before))
    return float(np.clip(factor, 1 - limit, 1 + limit))


def _top(answer: NDArray[np.float64]) -> float:
    """Place of the maximum, in steps from the middle."""
    best = int(np.argmax(answer))
    between = 0.0
    if 0 < best < len(answer) - 1:
        between = peaks.vertex(*answer[best - 1 : best + 2])
    return best - len(answer) // 2 + between


def _pooled(
    features: Tensor, standard: Standard, grid: Grid, target: Box, factors: NDArray[np.float64]
) -> Tensor:
    """Standardised values ``(S, d)`` of the target at all sizes, of unit energy, faint at the rim.

    Standardised after pooling, which is the same and touches a fraction of the values;
    nothing is gathered from beyond the map, so there the values are 0, the mean.
    """
    count, device = len(factors), features.device
    down, rows = _weights(grid, target.cy, target.h * factors)
    across, cols = _weights(grid, target.cx, target.w * factors)
    window = features[:, rows, cols].transpose(0, 1)
    gather = torch.from_numpy(down).to(device), torch.from_numpy(across).to(device)
    flat = gather[0].reshape(-1, len(window)) @ window.reshape(len(window), -1)
    tall = flat.view(count, -1, window.shape[2])
    pooled = (tall @ gather[1].mT).view(count, _CELLS, -1, _CELLS)
    shares = torch.einsum("sr,sc->src", gather[0].sum(2), gather[1].sum(2))[:, :, None]
    values = (pooled - standard.mean[:, :, 0] * shares) / standard.spread[:, :, 0]
    fade = torch.hann_window(_CELLS + 2, periodic=False)[1:-1].sqrt().to(values)
    flat = (values * fade[:, None, None] * fade).reshape(count, -1)
    return flat / flat.square().sum(1, keepdim=True).sqrt().clamp(min=1e-6)


def _weights(
    grid: Grid, middle: float, sides: NDArray[np.float64]
) -> tuple[NDArray[np.float32], slice]:
    """Triangles that gather the map's cells into those of the target, one axis.

    Returns
    -------
    tuple
        Weights ``(S, cells, bins)`` that sum to 1 (less beyond the map), and which of the
        map's cells the bins are.
    """
    step = (sides * _CONTEXT / grid.stride / _CELLS)[:, None, None]
    places = (np.arange(_CELLS) - (_CELLS - 1) / 2)[None, :, None] * step
    centers = (middle - grid.offset) / grid.stride + places
    wide = np.maximum(step, 1.0)  # finer than the map's own cells there is nothing
    low = int(np.clip(np.floor((centers - wide).min()), 0, grid.cells - 1))
    high = int(np.clip(np.ceil((centers + wide).max()) + 1, low + 1, grid.cells))
    distance = np.abs(centers - np.arange(low, high))
    weights = np.maximum(1 - distance / wide, 0.0) / wide
    return weights.astype(np.float32), slice(low, high)
