"""What DRVT shows of itself: maps with their place in the frame, patches, diagnostics.

Half cells: a cell of any map lies about its *centre*, which the level's geometry gives
in crop pixels; the crop may be stretched, so a cell need not be square in the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.geometry import Placement
from core.nets.backbone import Level
from core.trackers import channels
from core.trackers.base import ALL_MAPS, Image, MapArray, MapInfo, Patch, ResponseMap
from core.trackers.drvt import cf, fusion
from core.trackers.drvt.fusion import FACTORS, MIDDLE, FloatMap, Fused
from core.trackers.drvt.layout import NEGATIVE, POSITIVE, Crop, Grid
from core.trackers.drvt.model import State
from core.trackers.drvt.params import DRVTParams
from core.trackers.drvt.reliability import Evidence
from core.trackers.kernels import kernel_patch

MAPS: tuple[MapInfo, ...] = (
    MapInfo(
        "final",
        "Masked response",
        "The filter's response inside the classifier's mask; where the filter is not believed, "
        "the classifier's probability.",
        primary=True,
    ),
    MapInfo(
        "fc_prob",
        "Classifier",
        "Probability of the target in a window of its size about each cell.",
        kind="probability",
        branch="classifier",
    ),
    *(
        MapInfo(
            f"cf.scale{index}",
            f"Filter at {factor:g} ×",
            f"Response of the correlation filter to a window {factor:g} times the usual one.",
            branch="filter",
            scale=index + 1,
        )
        for index, factor in enumerate(FACTORS)
    ),
    MapInfo("mask", "Mask", "Where the classifier lets the filter look.", kind="mask"),
    MapInfo(
        "distractors",
        "Distractors",
        "Cells away from the target that the classifier takes for it.",
        kind="mask",
    ),
    MapInfo(
        "labels",
        "Labels",
        "What the classifier was last told: 1 target, 0 ground, between them unused.",
        kind="mask",
    ),
    *channels.declared("features", "Shallow features", feature="shallow"),
)


@dataclass(frozen=True, slots=True)
class View:
    """What one frame's search gave; see :class:`core.trackers.drvt.fusion.Fused`.

    `shallow` ``(K, n, n)`` are the filter's features of the middle crop, of `level`;
    `losses` ``()`` those of the iterations of a training in this frame, None unless asked for.
    """

    probability: FloatMap
    responses: FloatMap
    fused: Fused
    crops: list[Crop]
    distractors: FloatMap
    loss: float
    shallow: Tensor
    level: Level
    losses: list[Tensor] | None = None


def maps(wanted: frozenset[str], view: View | None, state: State) -> dict[str, ResponseMap]:
    """The wanted ones of :data:`MAPS` that exist in this frame."""
    if not wanted:
        return {}
    everything = wanted >= ALL_MAPS
    makers: dict[str, Callable[[], ResponseMap]] = {"labels": lambda: _labels(state)}
    if view is not None:
        makers |= _view_makers(view, state)
    return {key: make() for key, make in makers.items() if everything or key in wanted}


def _view_makers(view: View, state: State) -> dict[str, Callable[[], ResponseMap]]:
    setting, fused = state.setting, view.fused
    fine = fusion.displacement_grid(setting.shallow, setting.side)
    middle = view.crops[MIDDLE]

    def coarse(values: MapArray, quantity: str) -> ResponseMap:
        place = middle.placement(setting.coarse)
        return ResponseMap(values.astype(np.float32), place, quantity, (0.0, 1.0))

    def response(index: int) -> ResponseMap:
        return _filter_map(view.responses[index], view.crops[index], fine)

    def final() -> ResponseMap:
        if not fused.reliable:
            return coarse(view.probability.copy(), "probability")
        values = np.where(fused.mask, view.responses[fused.scale_index], 0.0)
        return _filter_map(values.astype(np.float32), view.crops[fused.scale_index], fine)

    makers: dict[str, Callable[[], ResponseMap]] = {
        "final": final,
        "fc_prob": lambda: coarse(view.probability.copy(), "probability"),
        "mask": lambda: ResponseMap(
            fused.mask.astype(np.float32), middle.placement(fine), "mask", (0.0, 1.0)
        ),
        "distractors": lambda: coarse(view.distractors, "distractor"),
    }
    for index in range(len(FACTORS)):
        makers[f"cf.scale{index}"] = lambda index=index: response(index)
    px, py = middle.pixel
    x, y = view.level.lean
    place = middle.placement(setting.shallow).moved(x * px, y * py)
    return makers | channels.makers("features", lambda: view.shallow, lambda: place)


def _filter_map(values: MapArray, crop: Crop, grid: Grid) -> ResponseMap:
    return ResponseMap(values.copy(), crop.placement(grid), value_range=(0.0, 1.0))


def _labels(state: State) -> ResponseMap:
    lesson = state.lesson
    values = np.full(lesson.labels.shape, 0.5, np.float32)
    values[lesson.labels == POSITIVE] = 1.0
    values[lesson.labels == NEGATIVE] = 0.0
    place = lesson.crop.placement(state.setting.coarse)
    return ResponseMap(values, place, "label", (0.0, 1.0))


def patches(wanted: frozenset[str], picture: Image, crop: Crop, state: State) -> dict[str, Patch]:
    """The picture that was searched, and the target as the tracker now sees it."""
    if not (wanted >= ALL_MAPS or "patches" in wanted):
        return {}
    side = picture.shape[0]
    inside = crop.box_in_crop(state.box)
    col0, row0 = (int(np.clip(start, 0, side - 1)) for start in (inside.x, inside.y))
    col1 = int(np.clip(np.ceil(inside.right), col0 + 1, side))
    row1 = int(np.clip(np.ceil(inside.bottom), row0 + 1, side))
    target = np.ascontiguousarray(picture[row0:row1, col0:col1])
    px, py = crop.pixel
    x, y = crop.to_frame(col0, row0)
    return {
        "template": Patch(target, Placement((px, 0.0, x, 0.0, py, y)), "template"),
        "search": Patch(picture, Placement.covering(crop.region, picture.shape[:2]), "search"),
        "kernels": _kernels(crop, state),
    }


def _kernels(crop: Crop, state: State) -> Patch:
    problem = state.setting.problem
    weights = cf.weights(problem, state.filter)
    taps = torch.fft.irfft2(weights.conj(), s=(problem.cells, problem.cells))
    return kernel_patch(taps, crop.placement(state.setting.shallow))


def new_losses(wanted: frozenset[str]) -> list[Tensor] | None:
    """Where to note the loss of every iteration of training; None while nobody looks."""
    return [] if wanted >= ALL_MAPS or "patches" in wanted else None


def scalars(
    view: View, evidence: Evidence, before: State, after: State, params: DRVTParams
) -> dict[str, float]:
    """Diagnostics of one frame; ``loss.1`` and so on are those before every step of a training."""
    losses = torch.stack(view.losses).tolist() if view.losses else []
    fused, trained = view.fused, after.trained > before.trained
    learned = after.filter is not before.filter
    return {
        "learning_rate": params.cf_rate if learned else 0.0,
        "probability": evidence.probability,
        "agreement": evidence.agreement,
        **fused.quality.scalars(),
        "psr_paper": fused.psr_paper,
        "filter_used": float(fused.reliable),
        "scale_index": float(fused.scale_index),
        "scale": after.scale,
        "distractors": float(view.distractors.sum()),
        "loss": view.loss,
        "iterations": float(params.online_iterations if trained else 0),
        "positive_frames": float(len(after.memory.positives)),
        "negative_frames": float(len(after.memory.grounds)),
        "misses": float(after.misses),
        "window": after.window,
        **{
            f"loss.{step}": value
            for step, value in enumerate(losses, start=1)
            if np.isfinite(value)
        },
    }
