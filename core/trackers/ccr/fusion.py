"""Adaptive weights of the shallow and the deep response (Bhat et al., ECCV 2018, UPDT).

A fused response is good when its peak stands out from every rival. UPDT measures that
by the margin of the peak over each other place, allowing for places near the peak to be
nearly as high:

    ξ(y) = min over t ≠ t* of (y(t*) − y(t)) / Δ(t − t*),   Δ(τ) = 1 − exp(−½ ‖τ‖² / w²)

and takes the weights β_d + β_s = 1 with the largest ξ − μ (β_d² + β_s²). The place t* is
the peak of the response at hand, Δ is centred there, and t* itself is left out (0 / 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.kinds import DEEP, shares
from core.trackers.ccr.params import CCRParams

Map = NDArray[np.float32]

WEIGHTS = np.linspace(0.005, 0.995, 199)
"""Deep weights that are tried; the shallow weight is what is left to 1."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the responses of one frame are joined.

    `norms` are the heights of a perfect match per type; `target` is the root of the
    target's area in cells of the response.
    """

    params: CCRParams
    norms: Mapping[str, float]
    target: float

    def weights(self, responses: Mapping[str, Map]) -> dict[str, float]:
        """Factor per type, normalisation included, from the responses ``(N, N)``.

        The shallow types keep their shares among themselves.
        """
        factors = {name: share / self.norms[name] for name, share in shares(self.params).items()}
        if DEEP not in self.norms or not isinstance(self.params, CCRDeepParams):
            return factors
        deep = self.params.deep_weight
        if self.params.fusion == "adaptive":
            shallow = shallow_response(responses, factors)
            normed = responses[DEEP] * np.float32(1 / self.norms[DEEP])
            width = self.params.fusion_width * self.target
            deep = deep_weight(shallow, normed, width, self.params.fusion_balance)
        mixed = {name: factor * (1 - deep) for name, factor in factors.items()}
        return {**mixed, DEEP: deep / self.norms[DEEP]}


def shallow_response(responses: Mapping[str, Map], factors: Mapping[str, float]) -> Map:
    """The shallow types' responses joined by `factors`."""
    first, *others = (responses[name] * np.float32(factors[name]) for name in factors)
    return sum(others, start=first)


def deep_weight(shallow: Map, deep: Map, width: float, balance: float) -> float:
    """The deep response's best weight out of :data:`WEIGHTS`.

    Parameters
    ----------
    shallow, deep
        Responses ``(N, N)`` on one grid, each normalised to a usual peak of 1.
    width
        w of the equation above, in cells.
    balance
        Cost μ of unequal weights.
    """
    tried = WEIGHTS.astype(np.float32)
    flat_s, flat_d = shallow.ravel(), deep.ravel()
    candidates = np.argmax(flat_s + tried[:, None] * (flat_d - flat_s), axis=1)
    margins = np.empty(len(tried), np.float32)
    for place in np.unique(candidates):
        rows = candidates == place
        # The margin at one place is linear in the weight.
        inverse = _inverse_allowance(shallow.shape, int(place), width)
        below_s = (flat_s[place] - flat_s) * inverse
        below_d = (flat_d[place] - flat_d) * inverse
        slopes = np.delete(below_d - below_s, place)
        margin = np.delete(below_s, place) + tried[rows, None] * slopes
        margins[rows] = margin.min(axis=1)
    cost = balance * (WEIGHTS**2 + (1 - WEIGHTS) ** 2)
    return float(WEIGHTS[int(np.argmax(margins - cost))])


def _inverse_allowance(shape: tuple[int, ...], place: int, width: float) -> Map:
    """``1 / Δ`` around `place`, flat; 0 at `place` itself."""
    row, col = divmod(place, shape[1])
    squares = np.add.outer(
        np.square(np.arange(shape[0]) - row), np.square(np.arange(shape[1]) - col)
    )
    allowance = -np.expm1(-0.5 * squares / width**2).ravel()
    allowance[place] = np.inf
    return (1 / allowance).astype(np.float32)
