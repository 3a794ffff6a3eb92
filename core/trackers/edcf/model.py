"""The state of EDCF and how it is learned: template, filter, rate.

Everything here is frozen and no tensor is ever changed in place, so that a snapshot
is a reference and going back to it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.dsp import fourier
from core.dsp.sampling import cut
from core.geometry import Box
from core.trackers.base import Image
from core.trackers.edcf import filter as filters
from core.trackers.edcf.features import Extractor, Preparation
from core.trackers.edcf.network import PADDING
from core.trackers.edcf.params import EDCFParams
from core.trackers.edcf.verdict import History


@dataclass(frozen=True, slots=True)
class Constants:
    """What is the same for every target: window ``(n, n)`` and label spectrum."""

    window: Tensor
    label_hat: Tensor

    @classmethod
    def of(cls, extractor: Extractor, params: EDCFParams) -> Constants:
        """For an extractor's low level."""
        device = extractor.alignment.grid.device
        target = extractor.crop / PADDING / extractor.low.stride  # its side in cells
        label = filters.gaussian_label(extractor.cells, params.label_sigma * target)
        window = fourier.hann(extractor.cells) ** params.window_power
        return cls(window.to(device), torch.fft.rfft2(label).to(device))


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes from frame to frame, and what the first frame fixed.

    Attributes
    ----------
    box
        Where the target is believed to be.
    size_bounds
        Smallest and largest factor on `first_size` (w, h).
    preparation, kernel
        Of the first frame: how maps are prepared, the coarse template.
    filter_hat
        ``ŵ`` ``(K, n, n // 2 + 1)``, of Eq. 17.
    first_match
        ``f*(x_1)`` of Eq. 18: the best match of the template with its own frame.
    template
        uint8 ``(crop, crop, 3)``, the picture the kernel was cut from.
    frames
        Frames since the start, for `update_every`.
    rate
        Share of the newest filter in the last frame.
    scale_slope
        Bias of the fine response between scales.
    """

    box: Box
    first_size: tuple[float, float]
    size_bounds: tuple[float, float]
    preparation: Preparation | None
    kernel: Tensor
    filter_hat: Tensor
    first_match: float
    template: NDArray[np.uint8]
    history: History
    frames: int = 0
    rate: float = 1.0
    scale_slope: float = 0.0


def window_box(box: Box, factor: float = 1.0) -> Box:
    """The part of the frame a search picture shows: three times the target's sides."""
    return Box.from_center(box.cx, box.cy, PADDING * factor * box.w, PADDING * factor * box.h)


def crops(image: Image, box: Box, factors: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """Pictures ``(N, side, side, 3)`` of the search window at several scales."""
    return np.stack([cut(image, window_box(box, float(f)), side) for f in factors])


def wide_box(extractor: Extractor, box: Box) -> Box:
    """The part of the frame that holds the target's window and all context windows."""
    return window_box(box, extractor.windows.side / extractor.windows.crop)


def learn(
    extractor: Extractor,
    constants: Constants,
    image: Image,
    box: Box,
    preparation: Preparation | None,
    params: EDCFParams,
) -> Tensor:
    """Eq. 7 for the target at `box`: the new filter's spectrum."""
    picture = cut(image, wide_box(extractor, box), extractor.windows.side)
    low = extractor.fine(extractor.pictures(picture[None]))
    wide = extractor.thin(low, preparation)[0]
    target = torch.fft.rfft2(extractor.windows.target(wide) * constants.window)
    contexts = None
    if params.lam2 > 0:
        contexts = torch.fft.rfft2(extractor.windows.contexts(wide) * constants.window)
    return filters.solve(
        target, contexts, constants.label_hat, params.lam1, params.lam2, params.denominator
    )


def rate(params: EDCFParams, match: float | None, first_match: float) -> float:
    """Eq. 18, ``α_t = α f*(x_t) / f*(x_1)``, the ratio held within 0 and its limit.

    `match` is None when the coarse branch did not run: then the rate is α.
    """
    alpha = params.learning_rate * params.update_every
    if params.dynamic_rate and match is not None:
        ratio = match / first_match if first_match > 1e-6 else 1.0
        alpha *= float(np.clip(ratio, 0.0, params.rate_limit))
    return min(alpha, 1.0)


def mixed(old: Tensor, new: Tensor, alpha: float) -> Tensor:
    """Eq. 17: ``w_t = α_t ŵ + (1 − α_t) w_{t−1}``."""
    return old * (1 - alpha) + new * alpha


def started(
    extractor: Extractor, constants: Constants, image: Image, box: Box, params: EDCFParams
) -> State:
    """Template, preparation and first filter for `box`.

    The fused peak of the first frame on itself, the start of the history, is for the
    tracker to fill in.
    """
    picture = crops(image, box, np.ones(1), extractor.crop)
    low, high = extractor.maps(extractor.pictures(picture))
    preparation = extractor.prepare(low, high, params)
    height, width = image.shape[:2]
    least = min(1.0, max(4.0 / max(box.w, box.h), 0.2))
    most = max(1.0, min(5.0, 4 * width / box.w, 4 * height / box.h))
    return State(
        box=box,
        first_size=(box.w, box.h),
        size_bounds=(least, most),
        preparation=preparation,
        kernel=extractor.template(high, preparation),
        filter_hat=learn(extractor, constants, image, box, preparation, params),
        first_match=1.0,
        template=picture[0],
        history=History(1.0),
    )


def moved(state: State, box: Box) -> State:
    """The state with a person's box: its shape is the target's from now on."""
    factor = np.sqrt(box.w * box.h / (state.first_size[0] * state.first_size[1]))
    factor = float(np.clip(factor, *state.size_bounds))
    return replace(state, box=box, first_size=(box.w / factor, box.h / factor))
