"""The state of CCR: constants of a target, what changes per frame, the first frame.

Everything here is frozen and no tensor is ever changed in place, so that a snapshot
is a reference and going back to it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from core.dsp import fourier
from core.geometry import Box
from core.trackers.base import Image
from core.trackers.ccr import cascade, deep, features
from core.trackers.ccr import filter as filters
from core.trackers.ccr import scale as scales
from core.trackers.ccr.deep import Adapter, Network
from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.features import Grid, Hierarchy, Layout, Source
from core.trackers.ccr.fusion import Fusion
from core.trackers.ccr.kinds import DEEP, Kind, kinds, learning, shares
from core.trackers.ccr.params import CCRParams
from core.trackers.ccr.reliability import History

Model = dict[str, Tensor]
"""Per feature type the filter spectrum ``(K, n, n // 2 + 1)``."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Setting:
    """Constants of one target, fixed in the first frame.

    `size` is the (w, h) of the box at scale 1; `scale_bounds` how far it may change;
    `adapters` normalise the network's channels, none without a network.
    """

    layout: Layout
    unified: cascade.Unified
    size: tuple[float, float]
    windows: dict[str, Tensor]
    search_windows: dict[str, Tensor]
    problems: dict[str, filters.Problem]
    scale_bounds: tuple[float, float]
    adapters: tuple[Adapter, ...] = ()


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


Residuals = dict[str, list[float]]
"""ADMM's primal residual per iteration, for each feature type."""


def start(
    image: Image,
    box: Box,
    params: CCRParams,
    device: torch.device,
    network: Network | None = None,
) -> tuple[State, Hierarchy]:
    """Sizes, windows, masks and the first filters for `box`."""
    setting = _setting(image, box, params, device)
    center = (box.cx, box.cy)
    hierarchy = features.build(image, setting.layout, center, 1.0, Source(device, network))
    if isinstance(params, CCRDeepParams):
        adapters = deep.adapters_for(hierarchy.features[DEEP], params.deep_power)
        setting = replace(setting, adapters=adapters)
        hierarchy = hierarchy.adapted(adapters)
    samples = training_samples(setting, hierarchy, center, 1.0)
    first = {
        name: filters.learn(sample, None, setting.problems[name], learning(params, name))
        for name, sample in samples.items()
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


def update(
    state: State,
    samples: Model,
    params: CCRParams,
    *,
    failed: bool,
    residuals: Residuals | None = None,
) -> Model:
    """Learn the filters of this frame and mix them in (Eq. 10)."""
    beta = present_share(params, failed=failed)
    if beta is None:
        return state.model
    return mixed(state, samples, params, beta=beta, residuals=residuals)


def present_share(params: CCRParams, *, failed: bool) -> float | None:
    """β: the share of the present frame in what is learned; None where nothing is."""
    if not failed or params.on_failure not in ("skip", "look_back"):
        return 1.0
    return None if params.on_failure == "skip" else params.look_back_beta


def mixed(
    state: State,
    samples: Model,
    params: CCRParams,
    *,
    alpha: float | None = None,
    beta: float = 1.0,
    residuals: Residuals | None = None,
) -> Model:
    """``(1 - α) h_m + αβ h + α (1 - β) h_0`` for every type; α is its own when not given."""
    model: Model = {}
    for name, sample in samples.items():
        old, constants = state.model[name], learning(params, name)
        noted = None if residuals is None else residuals.setdefault(name, [])
        new = filters.learn(sample, old, state.setting.problems[name], constants, noted)
        if beta < 1:
            new = new * beta + state.first[name] * (1 - beta)
        rate = constants.rate if alpha is None else alpha
        model[name] = old * (1 - rate) + new * rate
    return model


def taught(state: State, hierarchy: Hierarchy, params: CCRParams) -> State:
    """The state after a person's box at its place: all filters learn it strongly."""
    rate, place = params.correction_rate, (hierarchy, state.center, state.scale)
    samples = training_samples(state.setting, *place)
    size = state.scale_model
    if size is not None:
        size = scales.learn(size, scales.spectrum(*place, params), params, rate)
    return replace(state, model=mixed(state, samples, params, alpha=rate), scale_model=size)


def fusion(state: State, params: CCRParams) -> Fusion:
    """How this state's responses are joined."""
    rows, cols = state.setting.layout.target
    target = float(np.sqrt(rows * cols)) / state.setting.unified.step
    return Fusion(params, state.norms, target)


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
    for name, share in shares(params).items():
        grid = setting.layout.grid(name)
        hat = torch.fft.rfft2(
            hierarchy.pool(grid, center, scales) * setting.search_windows[grid.name]
        )
        spectrum = cascade.correlate(hat, model[grid.name])
        response = torch.fft.irfft2(spectrum, s=(grid.cells, grid.cells))
        total += response[:, 0, 0].cpu().numpy() * (share / norms[name])
    slope = (total[2] - total[0]) / (2 * reach * total[1]) if total[1] > 1e-9 else 0.0
    return float(slope) if np.isfinite(slope) else 0.0


def _setting(image: Image, box: Box, params: CCRParams, device: torch.device) -> Setting:
    layout = features.layout_for(image, box, params)
    windows, search_windows, problems = {}, {}, {}
    for kind in kinds(params):
        grid = layout.grid(kind.name)
        window = fourier.hann(grid.cells).to(device)
        windows[kind.name] = window
        search_windows[kind.name] = window.sqrt() if params.root_window else window
        problems[kind.name] = _problem(layout, grid, kind, device)
    height, width = image.shape[:2]
    low = min(1.0, max(5.0 / max(box.w, box.h), 0.05))
    high = max(1.0, min(4 * width / box.w, 4 * height / box.h))
    unified = cascade.Unified.of(layout.grids)
    size = (box.w, box.h)
    return Setting(layout, unified, size, windows, search_windows, problems, (low, high))


def _problem(layout: Layout, grid: Grid, kind: Kind, device: torch.device) -> filters.Problem:
    rows, cols = (side / grid.cell for side in layout.target)
    sigma = max(kind.sigma * float(np.sqrt(rows * cols)), 0.3)
    label = torch.fft.rfft2(fourier.gaussian_label(grid.cells, sigma))
    offset = np.abs(np.arange(grid.cells) - (grid.cells - 1) / 2)
    support = kind.support
    mask = np.outer(offset <= rows * support / 2, offset <= cols * support / 2)
    return filters.Problem(
        label.to(device), torch.from_numpy(mask.astype(np.float32)).to(device), rows * cols
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
