"""The state of CRACT, how a target is started, and how the discriminator learns.

Everything here is frozen and no tensor is ever changed in place, so that a snapshot is a
reference and going back to it is exact. Random numbers come from the state's own
generator state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.dsp import sampling
from core.geometry import Box
from core.nets.extent import SAME, Extent
from core.trackers.base import Image
from core.trackers.cract import discriminator as online
from core.trackers.cract import samples
from core.trackers.cract.discriminator import Discriminator
from core.trackers.cract.network import Features, Kernels, Network
from core.trackers.cract.params import CractParams
from core.trackers.cract.samples import Chosen, Collection, FloatArray, Memory

_SMALLEST = 10.0  # px; a box that started smaller may stay as small
_SMALLEST_CONTEXT = 4.0


@dataclass(frozen=True, slots=True)
class Template:
    """The first frame's target, as the fixed part of the network sees it.

    `regressor` and `identifier` are the target's share of the heads' convolutions;
    `patch` and `region` the picture it was computed from, for showing it.
    """

    kernels: Kernels
    regressor: Tensor
    identifier: Tensor
    patch: Image
    region: Box


@dataclass(frozen=True, slots=True)
class Setting:
    """Constants of one target: its template, the colour beyond the frame, bounds of sides."""

    template: Template
    fill: tuple[float, float, float]
    low: tuple[float, float]
    high: tuple[float, float]

    def admitting(self, box: Box) -> Setting:
        """The same with bounds that a person's box lies within."""
        low = (min(self.low[0], box.w), min(self.low[1], box.h))
        high = (max(self.high[0], box.w), max(self.high[1], box.h))
        return replace(self, low=low, high=high)


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes from frame to frame.

    `believed` counts frames that were learned from or could have been, `failures` those
    in a row that were not believed. `losses` are the first and last loss of the latest
    training, `updates` how often D was trained since the first frame.
    """

    setting: Setting
    box: Box
    judge: Discriminator
    memory: Memory
    rng: Tensor
    losses: Tensor
    believed: int = 0
    failures: int = 0
    updates: int = 0
    extent: Extent = SAME


@dataclass(frozen=True, slots=True)
class Crop:
    """One square cut out of a frame.

    `zoom` is crop pixels per frame pixel; `size` the box's ``(w, h)`` in crop pixels.
    """

    picture: Image
    region: Box
    zoom: float
    size: tuple[float, float]

    @property
    def half(self) -> float:
        """Half the side in crop pixels."""
        return self.picture.shape[0] / 2

    def to_frame(self, rows: FloatArray) -> FloatArray:
        """``(cx, cy, w, h)`` rows about the crop's middle, to rows of the frame."""
        placed = rows / self.zoom
        placed[:, 0] += self.region.cx
        placed[:, 1] += self.region.cy
        return placed

    def box(self, row: FloatArray) -> Box:
        """One row ``(cx, cy, w, h)`` about the crop's middle, as a box of the frame."""
        placed = np.clip(self.to_frame(row[None])[0], -1e7, 1e7)
        return Box.from_center(*(float(value) for value in placed))

    def to_crop(self, box: Box) -> FloatArray:
        """A box of the frame as ``(cx, cy, w, h)`` in the crop."""
        row = np.array([box.cx - self.region.cx, box.cy - self.region.cy, box.w, box.h])
        return row * self.zoom


def cut(
    image: Image,
    box: Box,
    pixels: int,
    network: Network,
    fill: tuple[float, float, float],
    growth: float = 1.0,
) -> Crop:
    """The square of `pixels` about `box`; `growth` shows more of the frame in as many."""
    context = (box.w + box.h) / 2
    side = max(float(np.sqrt((box.w + context) * (box.h + context))), _SMALLEST_CONTEXT)
    zoom = network.config.exemplar / (side * growth)
    region = Box.from_center(box.cx, box.cy, pixels / zoom, pixels / zoom)
    picture = sampling.cut(image, region, pixels, fill)
    return Crop(picture, region, zoom, (box.w * zoom, box.h * zoom))


def features(crop: Crop, network: Network) -> Features:
    """φ4 and φ34 of a crop."""
    device = network.anchors.device
    picture = torch.from_numpy(crop.picture).to(device).permute(2, 0, 1)[None].float()
    return network.features(picture)


def search_growth(failures: int, params: CractParams) -> float:
    """How much larger than usual the search region is after failures in a row."""
    return min(params.search_growth**failures, max(params.search_limit, 1.0))


def start(
    image: Image, box: Box, params: CractParams, network: Network, seed: int
) -> tuple[State, Crop]:
    """Template, first samples and the discriminator for `box`."""
    mean = sampling.require_picture(image).reshape(-1, 3).mean(axis=0)
    fill = (float(mean[0]), float(mean[1]), float(mean[2]))
    template = _template(image, box, network, fill)
    height, width = image.shape[:2]
    low = (min(_SMALLEST, box.w), min(_SMALLEST, box.h))
    high = (max(float(width), box.w), max(float(height), box.h))
    setting = Setting(template, fill, low, high)
    crop = cut(image, box, network.config.search, network, fill)
    found = features(crop, network)
    generator = torch.Generator().manual_seed(seed)
    judge, memory, losses = _first_training(found, crop, params, network, generator)
    state = State(setting, box, judge, memory, generator.get_state(), losses)
    return state, crop


def _template(
    image: Image, box: Box, network: Network, fill: tuple[float, float, float]
) -> Template:
    crop = cut(image, box, network.config.template, network, fill)
    found = features(crop, network)
    place = torch.tensor([[[0.0, 0.0, *crop.size]]], device=found.fused.device)
    target = network.pool(found.fused, place)
    heads = network.heads
    return Template(
        heads.rpn.kernels(found.deep),
        heads.regressor.target_part(target),
        heads.identifier.target_part(target),
        crop.picture,
        crop.region,
    )


def _first_training(
    found: Features,
    crop: Crop,
    params: CractParams,
    network: Network,
    generator: torch.Generator,
) -> tuple[Discriminator, Memory, Tensor]:
    target = np.array([0.0, 0.0, *crop.size])
    count = params.init_positives
    rows = np.concatenate(
        [
            samples.around(target, count, generator),
            samples.apart(
                target, crop.half, params.init_negatives, generator, samples.NEGATIVE_FIRST
            ),
        ]
    )
    pooled = _pooled(found, rows, network)
    scale = pooled.square().mean().clamp(min=1e-12).rsqrt()
    cells = (online.as_cells(pooled) * scale).contiguous()
    weights = online.fresh(
        cells.shape[2], cells.shape[1], params, generator, network.anchors.device
    )
    problem = samples.problem(Chosen(cells[:count], cells[count:], count, 0), None, params)
    weights, losses = online.train_all(weights, cells, problem, params)
    judge = Discriminator(weights, scale)
    convolved = judge.convolved(pooled)
    first = Collection(0, convolved[:count].clone(), convolved[count:].clone())
    return judge, Memory((first,)), losses[[0, -1]]


def _pooled(found: Features, rows: FloatArray, network: Network) -> Tensor:
    boxes = torch.from_numpy(rows.astype(np.float32)).to(found.fused.device)
    return network.pool(found.fused, boxes[None])


def collected(
    state: State,
    found: Features,
    crop: Crop,
    rivals: Tensor,
    params: CractParams,
    network: Network,
) -> tuple[Collection, Tensor]:
    """Samples of this frame about the state's box, and the generator's state after them.

    `rivals` are features ``(n, C, 6, 6)`` of proposals that were rejected: the most
    similar things there are, so they join the samples of the ground.
    """
    generator = torch.Generator()
    generator.set_state(state.rng)
    target = crop.to_crop(state.box)
    count = params.positives
    rows = np.concatenate(
        [
            samples.around(target, count, generator),
            samples.apart(target, crop.half, params.negatives, generator, samples.NEGATIVE),
        ]
    )
    convolved = state.judge.convolved(_pooled(found, rows, network))
    negatives = torch.cat([convolved[count:], state.judge.convolved(rivals)])
    new = Collection(state.believed, convolved[:count].clone(), negatives)
    return new, generator.get_state()


def trained(
    state: State, params: CractParams, *, short: bool, residuals: list[float] | None = None
) -> State:
    """The state after an update of D's two layers (long-term, or short-term).

    `residuals` takes those of the conjugate gradients; None while nobody looks.
    """
    chosen = state.memory.chosen(state.believed, params, short=short)
    problem = samples.problem(chosen, state.judge, params)
    inputs = torch.cat([chosen.positives, chosen.negatives])
    before = state.judge.weights
    after, losses = online.train_layers(before, inputs, problem, params.update_cg, residuals)
    rate = params.update_rate
    if rate < 1:
        after = online.Weights(*(a + rate * (b - a) for a, b in zip(before, after, strict=True)))
    judge = replace(state.judge, weights=after)
    return replace(state, judge=judge, losses=losses[[0, -1]], updates=state.updates + 1)
