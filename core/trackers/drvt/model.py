"""The state of DRVT: constants of a target, what changes per frame, and its first lesson.

Everything here is frozen and no tensor is ever changed in place, so that a snapshot is
a reference and going back to it is exact. The random numbers belong to the state too:
the generator is rebuilt from `rng` whenever numbers are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from core.geometry import Box
from core.trackers.base import Image
from core.trackers.drvt import cf, layout, memory
from core.trackers.drvt import head as heads
from core.trackers.drvt import scale as scales
from core.trackers.drvt.head import Head
from core.trackers.drvt.layout import Crop, Grid, LabelMap
from core.trackers.drvt.memory import Course, Memory
from core.trackers.drvt.params import DRVTParams
from core.trackers.drvt.reliability import History
from core.trackers.drvt.trunk import Maps, Trunk

_INITIAL_SHIFT = 0.22  # of a side: 24 of the 110 pixels that a target has in MDNet-sized crops
_INITIAL_ZOOM = 0.1


@dataclass(frozen=True, slots=True)
class Setting:
    """Constants of one target, fixed in the first frame.

    `coarse`, `shallow` and `fine` are the grids of classifier, filter and size estimate
    in the crop; `mean` and `spread` ``(C, 1, 1)`` standardise the deep features; `base`
    is the (w, h) of the box at scale 1 and `scale_bounds` how far it may change.
    """

    side: int
    coarse: Grid
    shallow: Grid
    fine: Grid
    mean: Tensor
    spread: Tensor
    problem: cf.Problem
    standard: scales.Standard
    scale_bounds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The labels last stored, and the crop they lie in; for display."""

    labels: LabelMap
    crop: Crop


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes from frame to frame.

    `base` is the (w, h) of the box at `scale` 1; `window` the factor on the search
    window while the target is lost; `loss` stays on the device until a search is read.
    """

    setting: Setting
    center: tuple[float, float]
    base: tuple[float, float]
    scale: float
    head: Head
    filter: cf.Filter
    memory: Memory
    rng: Tensor
    lesson: Lesson
    loss: Tensor
    scale_model: scales.ScaleModel | None = None
    history: History = field(default_factory=History)
    frame: int = 0
    trained: int = 0
    misses: int = 0
    window: float = 1.0

    @property
    def size(self) -> tuple[float, float]:
        """Present (w, h)."""
        return self.base[0] * self.scale, self.base[1] * self.scale

    @property
    def box(self) -> Box:
        """The present target."""
        return Box.from_center(*self.center, *self.size)


def crop_for(
    setting: Setting,
    params: DRVTParams,
    center: tuple[float, float],
    size: tuple[float, float],
    times: float = 1.0,
) -> Crop:
    """The crop searched or learned around a target of `size`."""
    region = layout.region(center, size, params.search_scale * times, params.squareness)
    return Crop(region, setting.side)


def standardised(setting: Setting, deep: Tensor) -> Tensor:
    """Deep features with the first frame's mean 0 and variance 1 per channel."""
    return (deep - setting.mean) / setting.spread


def labels_in(setting: Setting, params: DRVTParams, crop: Crop, target: Box) -> LabelMap:
    """Labels of the classifier's cells in `crop` when the target is at `target`."""
    inside = crop.box_in_crop(target)
    return layout.label_map(
        setting.coarse,
        inside,
        (inside.w, inside.h),
        positive=params.positive_overlap,
        negative=params.negative_overlap,
    )


def limits(params: DRVTParams) -> tuple[int, int]:
    """Bounds of the memory."""
    return params.positive_frames, params.negative_frames


def course(params: DRVTParams, iterations: int, rate: float) -> Course:
    """A training session of `iterations` at the learning rate `rate`."""
    return Course(
        iterations,
        params.mining_rounds,
        params.mining_frames,
        heads.Descent(rate, dropout=params.dropout),
        params.batch_positives,
        params.batch_negatives,
    )


def generator(rng: Tensor) -> torch.Generator:
    """A generator that goes on where the state `rng` was taken."""
    made = torch.Generator()
    made.set_state(rng.clone())
    return made


def start(image: Image, box: Box, params: DRVTParams, trunk: Trunk, seed: int) -> State:
    """Grids, statistics, the first filter and the first training for `box`."""
    draw = torch.Generator().manual_seed(seed)
    region = layout.region((box.cx, box.cy), (box.w, box.h), params.search_scale,
                           params.squareness)  # fmt: skip
    crop = Crop(region, trunk.side)
    found = trunk.everything(trunk.upload([trunk.cut(image, region)]))
    setting = _setting(image, box, params, trunk, crop, found)
    spectrum = cf.spectra(setting.problem, found.shallow[0])
    size = None
    if params.scale_regression:
        target = crop.box_in_crop(box)
        sample = scales.sample(found.fine[0], setting.standard, setting.fine, target, params)
        size = scales.learn(None, sample, params.scale_rate)
    channels = found.deep.shape[1]
    head = heads.fresh(channels, params.hidden, draw, trunk.device, gain=params.initial_gain)
    state = State(
        setting,
        (box.cx, box.cy),
        (box.w, box.h),
        1.0,
        head,
        cf.learn(setting.problem, spectrum, None, 0.0),
        Memory(),
        draw.get_state(),
        Lesson(labels_in(setting, params, crop, box), crop),
        torch.zeros((), device=trunk.device),
        size,
    )
    state = _with_views(state, image, params, trunk, params.initial_crops)
    state = replace(state, memory=state.memory.anchored())
    return trained(state, course(params, params.initial_iterations, params.initial_rate))


def learned_again(state: State, image: Image, params: DRVTParams, trunk: Trunk) -> State:
    """The state after a person's box at its place was learned beside what it knew."""
    crop = crop_for(state.setting, params, state.center, state.size)
    shallow, fine = trunk.detail(trunk.upload([trunk.cut(image, crop.region)]))
    state = adapted(state, shallow[0], fine[0], crop, params, params.correction_rate)
    state = _with_views(state, image, params, trunk, max(1, params.initial_crops // 2))
    return trained(state, course(params, params.initial_iterations // 2, params.online_rate))


def adapted(
    state: State, shallow: Tensor, fine: Tensor, crop: Crop, params: DRVTParams, rate: float
) -> State:
    """The state with both filters after one more sample at its place."""
    problem = state.setting.problem
    model = cf.learn(problem, cf.spectra(problem, shallow), state.filter, rate)
    size = state.scale_model
    if size is not None:
        target = crop.box_in_crop(state.box)
        setting = state.setting
        sample = scales.sample(fine, setting.standard, setting.fine, target, params)
        size = scales.learn(size, sample, params.scale_rate)
    return replace(state, filter=model, scale_model=size)


def remembered(state: State, deep: Tensor, crop: Crop, params: DRVTParams) -> State:
    """The state with one more lesson: standardised deep features ``(C, n, n)`` of `crop`."""
    labels = labels_in(state.setting, params, crop, state.box)
    stored = state.memory.with_lesson(deep, labels, limits(params))
    return replace(state, memory=stored, lesson=Lesson(labels, crop))


def trained(state: State, session: Course, losses: list[Tensor] | None = None) -> State:
    """The state after a training session.

    One that ends in numbers that are none (a learning rate far too high) is undone, on
    the device: asking it would cost a wait. `losses` takes those of its iterations.
    """
    draw = generator(state.rng)
    outcome = memory.train(state.head, state.memory, session, draw, losses)
    sane = outcome.loss.isfinite()
    for tensor in outcome.head:
        sane = sane & tensor.isfinite().all()
    head = Head(
        *(torch.where(sane, new, old) for new, old in zip(outcome.head, state.head, strict=True))
    )
    loss = torch.where(sane, outcome.loss, state.loss)
    return replace(state, head=head, loss=loss, rng=draw.get_state(), trained=state.frame)


def _with_views(state: State, image: Image, params: DRVTParams, trunk: Trunk, count: int) -> State:
    """`count` lessons from crops moved, resized and mirrored about the target."""
    draw = generator(state.rng)
    setting, box = state.setting, state.box
    random = torch.rand(count, 4, generator=draw).numpy().astype(np.float64)
    crops, pictures, mirrored = [], [], []
    for index, (x, y, zoom, flip) in enumerate(random):
        jitter = 0.0 if index == 0 else 1.0
        moved = (
            box.cx + jitter * (2 * x - 1) * _INITIAL_SHIFT * box.w,
            box.cy + jitter * (2 * y - 1) * _INITIAL_SHIFT * box.h,
        )
        times = 1 + jitter * (2 * zoom - 1) * _INITIAL_ZOOM
        crop = crop_for(setting, params, moved, state.size, times)
        picture = trunk.cut(image, crop.region)
        mirror = index > 0 and flip > 0.5
        crops.append(crop)
        mirrored.append(mirror)
        pictures.append(picture[:, ::-1] if mirror else picture)
    deep = standardised(setting, trunk.everything(trunk.upload(pictures)).deep)
    stored, limit = state.memory, limits(params)
    for crop, mirror, features in zip(crops, mirrored, deep, strict=True):
        inside = crop.box_in_crop(box)
        if mirror:
            inside = Box(setting.side - inside.right, inside.y, inside.w, inside.h)
        window = crop.box_in_crop(Box(0, 0, *state.size))
        labels = layout.label_map(
            setting.coarse,
            inside,
            (window.w, window.h),
            positive=params.positive_overlap,
            negative=params.negative_overlap,
        )
        stored = stored.with_lesson(features, labels, (limit[0], max(limit[1], count)))
    return replace(state, memory=stored, rng=draw.get_state())


def _setting(image: Image, box: Box, params: DRVTParams, trunk: Trunk, crop: Crop,
             found: Maps) -> Setting:  # fmt: skip
    height, width = image.shape[:2]
    low = min(1.0, max(5.0 / max(box.w, box.h), 0.05))
    high = max(1.0, min(4 * width / box.w, 4 * height / box.h))
    inside = crop.box_in_crop(box)
    sigma = params.cf_sigma * float(np.sqrt(inside.w * inside.h)) / trunk.shallow.stride
    spread = found.deep[0].std((1, 2), keepdim=True)
    return Setting(
        trunk.side,
        Grid.of_head(trunk.deep, found.deep.shape[-1]),
        Grid.of_level(trunk.shallow, found.shallow.shape[-1]),
        Grid.of_level(trunk.fine, found.fine.shape[-1]),
        found.deep[0].mean((1, 2), keepdim=True),
        spread.maximum(spread.mean().clamp(min=1e-6) * 1e-2),
        cf.problem(found.shallow[0], sigma, params.cf_ridge),
        scales.Standard.of(found.fine[0]),
        (low, high),
    )
