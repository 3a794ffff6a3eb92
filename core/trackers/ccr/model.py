"""The state of CCR: constants of a target, what changes per frame, the first frame.

Everything here is frozen and no tensor is ever changed in place, so that a snapshot
is a reference and going back to it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.dsp import fourier
from core.geometry import Box
from core.trackers.base import Image
from core.trackers.ccr import cascade, features
from core.trackers.ccr import filter as filters
from core.trackers.ccr import scale as scales
from core.trackers.ccr.features import Grid, Hierarchy, Layout
from core.trackers.ccr.params import CCRParams
from core.trackers.ccr.reliability import History

Model = dict[str, Tensor]
"""Per feature type the filter spectrum ``(K, n, n // 2 + 1)``."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Setting:
    """Constants of one target, fixed in the first frame.

    `size` is the (w, h) of the box at scale 1; `scale_bounds` how far it may change.
    """

    layout: Layout
    unified: cascade.Unified
    size: tuple[float, float]
    windows: dict[str, Tensor]
    search_windows: dict[str, Tensor]
    problems: dict[str, filters.Problem]
    scale_bounds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes from frame to frame.

    `norms` are the peaks of the first filters on the first frame: responses are
    divided by them, so that a perfect match has the height 1. `scale_slope` is the bias
    of the present model between scales, see :func:`scale_slope`; `scale_model` is the
    filter over scales, None when it is off.
    """

    setting: Setting
    center: Point
    scale: float
    model: Model
    first: Model
    norms: dict[str, float]
    history: History = field(default_factory=History)
    failures: int = 0
    scale_slope: float = 0.0
    scale_model: scales.ScaleModel | None = None

    @property
    def box(self) -> Box:
        """The present target."""
        w, h = self.setting.size
        return Box.from_center(*self.center, w * self.scale, h * self.scale)


def start(
    image: Image, box: Box, params: CCRParams, device: torch.device
) -> tuple[State, Hierarchy]:
    """Sizes, windows, masks and the first filters for `box`."""
    setting = _setting(image, box, params, device)
    center = (box.cx, box.cy)
    hierarchy = features.build(image, setting.layout, center, 1.0, device)
    first = {
        name: filters.learn(sample, None, setting.problems[name], params)
        for name, sample in training_samples(setting, hierarchy, center, 1.0).items()
    }
    norms = _self_peaks(setting, hierarchy, center, first)
    slope = scale_slope(setting, hierarchy, center, 1.0, first, norms, params)
    size = None
    if params.scale_filter:
        size = scales.learn(None, scales.spectrum(hierarchy, center, 1.0, params), params)
    state = State(setting, center, 1.0, first, first, norms, scale_slope=slope, scale_model=size)
    return state, hierarchy


def training_samples(setting: Setting, hierarchy: Hierarchy, center: Point, scale: float) -> Model:
    """Spectra ``(K, n, m)`` of the windowed samples at one place."""
    samples: Model = {}
    for grid in setting.layout.grids:
        sample = hierarchy.pool(grid, center, np.array([scale]))[0]
        samples[grid.name] = torch.fft.rfft2(sample * setting.windows[grid.name])
    return samples


def update(state: State, samples: Model, params: CCRParams, *, failed: bool) -> Model:
    """Learn the filters of this frame and mix them in (Eq. 10)."""
    if failed and params.on_failure == "skip":
        return state.model
    beta = params.look_back_beta if failed and params.on_failure == "look_back" else 1.0
    return mixed(state, samples, params, params.learning_rate, beta)


def mixed(
    state: State, samples: Model, params: CCRParams, alpha: float, beta: float = 1.0
) -> Model:
    """``(1 - α) h_m + αβ h + α (1 - β) h_0`` for every feature."""
    model: Model = {}
    for name, sample in samples.items():
        old = state.model[name]
        new = filters.learn(sample, old, state.setting.problems[name], params)
        if beta < 1:
            new = new * beta + state.first[name] * (1 - beta)
        model[name] = old * (1 - alpha) + new * alpha
    return model


def weights(norms: dict[str, float], params: CCRParams) -> dict[str, float]:
    """Factor of each feature's response in the fused one."""
    share = {features.HOG: params.hog_weight, features.COLOUR: 1 - params.hog_weight}
    return {name: share[name] / norm for name, norm in norms.items()}


def scale_slope(
    setting: Setting,
    hierarchy: Hierarchy,
    center: Point,
    scale: float,
    model: Model,
    norms: dict[str, float],
    params: CCRParams,
) -> float:
    """Relative gain of the response per step of scale, where the scale is right.

    The filter is fitted at one scale only. Nothing makes that scale the best one: the
    response can rise towards a neighbour, by chance of the content, and following it
    frame after frame inflates or shrinks the box. The rise is measured on the sample
    just learned, and subtracted when the next frame's scales are compared.
    """
    if not params.scale_level:
        return 0.0
    reach = 2.0
    scales = scale * params.scale_step ** np.array([-reach, 0.0, reach])
    total = np.zeros(3)
    for grid in setting.layout.grids:
        hat = torch.fft.rfft2(
            hierarchy.pool(grid, center, scales) * setting.search_windows[grid.name]
        )
        spectrum = cascade.correlate(hat, model[grid.name])
        response = torch.fft.irfft2(spectrum, s=(grid.cells, grid.cells))
        total += response[:, 0, 0].cpu().numpy() * weights(norms, params)[grid.name]
    slope = (total[2] - total[0]) / (2 * reach * total[1]) if total[1] > 1e-9 else 0.0
    return float(slope) if np.isfinite(slope) else 0.0


def _setting(image: Image, box: Box, params: CCRParams, device: torch.device) -> Setting:
    layout = features.layout_for(image, box, params)
    windows, search_windows, problems = {}, {}, {}
    for grid in layout.grids:
        window = fourier.hann(grid.cells).to(device)
        windows[grid.name] = window
        search_windows[grid.name] = window.sqrt() if params.root_window else window
        problems[grid.name] = _problem(layout, grid, params, device)
    height, width = image.shape[:2]
    low = min(1.0, max(5.0 / max(box.w, box.h), 0.05))
    high = max(1.0, min(4 * width / box.w, 4 * height / box.h))
    unified = cascade.Unified.of(layout.grids)
    size = (box.w, box.h)
    return Setting(layout, unified, size, windows, search_windows, problems, (low, high))


def _problem(
    layout: Layout, grid: Grid, params: CCRParams, device: torch.device
) -> filters.Problem:
    rows, cols = (side / grid.cell for side in layout.target)
    sigma = max(params.label_sigma * float(np.sqrt(rows * cols)), 0.3)
    label = torch.fft.rfft2(fourier.gaussian_label(grid.cells, sigma))
    support = params.hog_support if grid.name == features.HOG else params.colour_support
    offset = np.abs(np.arange(grid.cells) - (grid.cells - 1) / 2)
    mask = np.outer(offset <= rows * support / 2, offset <= cols * support / 2)
    kept = int(np.clip(round(params.kept_share * rows * cols), 1, grid.cells**2))
    return filters.Problem(
        label.to(device), torch.from_numpy(mask.astype(np.float32)).to(device), kept
    )


def _self_peaks(
    setting: Setting, hierarchy: Hierarchy, center: Point, model: Model
) -> dict[str, float]:
    norms: dict[str, float] = {}
    for grid in setting.layout.grids:
        sample = hierarchy.pool(grid, center, np.array([1.0]))
        hat = torch.fft.rfft2(sample * setting.search_windows[grid.name])
        spectrum = cascade.correlate(hat, model[grid.name])
        peak = float(torch.fft.irfft2(spectrum, s=(grid.cells, grid.cells))[0, 0, 0])
        norms[grid.name] = peak if peak > 1e-9 else 1.0
    return norms
