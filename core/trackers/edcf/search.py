"""One frame's search: both responses at every scale, their fusion, the peak (Eq. 16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.dsp import peaks
from core.geometry import Box
from core.timing import StepClock
from core.trackers.base import Image
from core.trackers.edcf import filter as filters
from core.trackers.edcf import model
from core.trackers.edcf.features import Extractor
from core.trackers.edcf.model import Constants, State
from core.trackers.edcf.network import PADDING, middle
from core.trackers.edcf.params import EDCFParams
from core.trackers.edcf.verdict import Evidence

FloatMaps = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Responses:
    """Maps ``(S, n, n)`` float32, zero displacement in the middle cell.

    `low` is ``g``; `high` the coarse response as it enters the sum; either is None when
    its branch did not run. `fused` is without the penalty on scales. `match` is ``f*``,
    the best probability of the coarse template at any place and scale.
    """

    low: FloatMaps | None
    high: FloatMaps | None
    fused: FloatMaps
    match: float | None


@dataclass(frozen=True, slots=True)
class Find:
    """The best place and scale of one frame.

    `pictures` uint8 ``(S, crop, crop, 3)`` are what was searched, around `center`, the
    box of the last frame; `factors` ``(S,)`` their scales, `exponent` the change of size in
    steps of scale. `pixels` is the displacement
    (dy, dx) in pixels of the search picture. `features` gives the fine ones
    ``(S, K, n, n)`` when they are asked for.
    """

    responses: Responses
    pictures: NDArray[np.uint8]
    center: Box
    factors: NDArray[np.float64]
    winner: int
    exponent: float
    pixels: tuple[float, float]
    evidence: Evidence
    features: Callable[[], Tensor]

    @property
    def factor(self) -> float:
        """Scale of the winning picture against the last box."""
        return float(self.factors[self.winner])

    def place(self, crop: int) -> tuple[float, float]:
        """The centre found (x, y) in frame pixels; each axis has its own scale."""
        dy, dx = self.pixels
        box, unit = self.center, PADDING * self.factor / crop
        return box.cx + dx * unit * box.w, box.cy + dy * unit * box.h


def search(
    extractor: Extractor,
    constants: Constants,
    image: Image,
    state: State,
    params: EDCFParams,
    clock: StepClock,
) -> Find | None:
    """Look for the target around its last place; None when a response is not finite."""
    powers = np.arange(params.scales) - params.scales // 2
    factors = params.scale_step ** powers.astype(np.float64)
    pictures = model.crops(image, state.box, factors, extractor.crop)
    clock.lap("crop")
    low, high = _features(extractor, extractor.pictures(pictures), params)
    clock.lap("features")
    packed = _responses(extractor, constants, state, low, high, params)
    clock.lap("correlation")
    host = packed.cpu().numpy()  # the only read of a frame
    if not np.isfinite(host).all():
        return None
    responses = fuse(host, params)
    penalties = params.scale_penalty ** np.abs(powers)
    winner, exponent = choose_scale(responses, penalties, params, state.scale_slope)
    pixels, evidence = locate(responses, winner, extractor.low.stride, state.history.usual)
    clock.lap("peak")
    return Find(
        responses,
        pictures,
        state.box,
        factors,
        winner,
        exponent,
        pixels,
        evidence,
        lambda: middle(extractor.thin(low, state.preparation), extractor.cells),
    )


def _features(
    extractor: Extractor, pictures: Tensor, params: EDCFParams
) -> tuple[Tensor, Tensor | None]:
    """What the deciding branches need: low maps, and high ones of all or one scale."""
    if params.branches == "low":
        return extractor.fine(pictures), None
    if params.branches == "both" and params.high_scales == "same":
        return extractor.fine_and_middle(pictures)
    return extractor.maps(pictures)


def _responses(
    extractor: Extractor,
    constants: Constants,
    state: State,
    low: Tensor,
    high: Tensor | None,
    params: EDCFParams,
) -> Tensor:
    """``(B, S, n, n)``: `g` unless the coarse branch decides alone, then the aligned logits."""
    maps: list[Tensor] = []
    if params.branches != "high":
        fine = middle(extractor.thin(low, state.preparation), extractor.cells) * constants.window
        maps.append(filters.centered(filters.respond(fine, state.filter_hat)))
    if high is not None:
        logits = extractor.logits(state.kernel, high, state.preparation, params)
        maps.append(extractor.alignment.apply(logits).expand(len(low), -1, -1))
    return torch.stack(maps)


def fuse(host: FloatMaps, params: EDCFParams) -> Responses:
    """Eq. 16 on what :func:`search` read from the device."""
    low = host[0] if params.branches != "high" else None
    logits = host[-1] if params.branches != "low" else None
    if logits is None:
        assert low is not None
        return Responses(low, None, _windowed(low, params), None)
    probability = 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
    high = probability
    if params.fusion == "raw":
        high = logits
    elif params.fusion == "minmax":
        spread = max(float(np.ptp(logits)), 1e-9)
        high = (logits - logits.min()) / spread
    high = high.astype(np.float32)
    fused = high if low is None else low + high
    return Responses(low, high, _windowed(fused, params), float(probability.max()))


def _windowed(fused: FloatMaps, params: EDCFParams) -> FloatMaps:
    if params.window_share == 0:
        return fused
    line = np.hanning(fused.shape[-1] + 2)[1:-1]
    window = 1 - params.window_share * (1 - np.outer(line, line))
    return (fused * window).astype(np.float32)


def choose_scale(
    responses: Responses,
    penalties: NDArray[np.float64],
    params: EDCFParams,
    slope: float = 0.0,
) -> tuple[int, float]:
    """The winning picture, and the change of size in steps of scale.

    The change is refined by a parabola through the winner and its neighbours; a small
    one is none, since it would add up. `slope` is taken off the fine response per step of
    scale, see :func:`scale_slope`.
    """
    fused = responses.fused
    count = len(fused)
    tops = fused.reshape(count, -1).argmax(1)
    heights = fused.reshape(count, -1)[np.arange(count), tops].astype(np.float64)
    compared = heights
    if responses.low is not None:
        fine = responses.low.reshape(count, -1)[np.arange(count), tops]
        heights = heights - slope * (np.arange(count) - count // 2) * fine
        if params.high_scales == "same":
            # The coarse response is the same at every scale: it has no part in the choice.
            compared = fine
    heights = heights - (1 - penalties) * compared
    winner = int(np.argmax(heights))
    exponent = float(winner - count // 2)
    if params.scale_refine and 0 < winner < count - 1:
        exponent += peaks.vertex(*heights[winner - 1 : winner + 2])
        exponent = 0.0 if abs(exponent) < params.scale_deadzone else exponent
    return winner, exponent


def scale_slope(responses: Responses) -> float:
    """Relative rise of the fine response per step of scale, where the scale is right.

    A closer picture of the target fills more of the window and answers more strongly,
    whether or not it is the right size: the first frame, whose size is known, tells by how
    much.
    """
    low = responses.low
    if low is None or len(low) < 3:
        return 0.0
    middle = len(low) // 2
    before, here, after = (float(low[middle + step].max()) for step in (-1, 0, 1))
    return (after - before) / (2 * here) if here > 1e-6 else 0.0


def locate(
    responses: Responses, winner: int, stride: int, usual: float
) -> tuple[tuple[float, float], Evidence]:
    """Displacement (dy, dx) in pixels of the winning picture, and the evidence there."""
    rows, cols = responses.fused.shape[1:]
    best = responses.fused[winner]
    row, col = (int(k) for k in np.unravel_index(int(np.argmax(best)), best.shape))
    y, x = peaks.refined(best, row, col)
    quality = peaks.measure(best)
    agreement = 1.0
    if responses.low is not None and responses.high is not None:
        shares = [_height(branch[winner], row, col) for branch in (responses.low, responses.high)]
        agreement = min(shares)
    evidence = Evidence(quality, quality.peak / max(usual, 1e-6), agreement)
    pixels = ((y - rows // 2) * stride, (x - cols // 2) * stride)
    return pixels, evidence


def _height(branch: FloatMaps, row: int, col: int) -> float:
    """Value at a cell over the map's peak, both above its median, in [0, 1]."""
    base = float(np.median(branch))
    peak = float(branch.max()) - base
    return float(np.clip((float(branch[row, col]) - base) / max(peak, 1e-9), 0.0, 1.0))
