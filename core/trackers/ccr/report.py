"""What CCR shows of itself: maps with their place in the frame, patches, a verdict.

Half cells: in a response the cell ``N // 2`` is zero displacement, so its *centre*
lies on the centre of the search; a filter or mask is a window, whose *middle* lies
on the centre of the target.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.geometry import Box, Placement
from core.trackers import channels
from core.trackers.base import ALL_MAPS, MapInfo, Patch, ResponseMap, TrackResult
from core.trackers.ccr import filter as filters
from core.trackers.ccr import model
from core.trackers.ccr.cascade import StageResult, Unified
from core.trackers.ccr.features import FloatArray, Grid, Hierarchy, Layout
from core.trackers.ccr.kinds import COLOUR, DEEP, HOG
from core.trackers.ccr.model import Residuals, State
from core.trackers.ccr.params import CCRParams
from core.trackers.kernels import kernel_patch

MAX_STAGES = 3
SHOWN_SCALES = 5
"""Scales of the last stage that have a map: the middle one and two to each side."""

_TITLES = {HOG: ("HOG", "gradients"), COLOUR: ("Colour", "colours"), DEEP: ("CNN", "the network")}
_EARLIER = "absent when the cascade stopped earlier"


def declared(types: tuple[str, ...]) -> tuple[MapInfo, ...]:
    """The maps of a tracker with these feature types."""
    stages = (info for stage in range(1, MAX_STAGES + 1) for info in _stage_maps(stage, types))
    return (
        MapInfo("response", "Response", "Fused response of the last stage that ran.", primary=True),
        *stages,
        *(_scale_map(number) for number in range(1, SHOWN_SCALES + 1)),
        *(
            MapInfo(
                f"filter.{name}",
                f"{_TITLES[name][0]} filter",
                f"Where the filter on {_TITLES[name][1]} looks: its strength over all channels.",
                kind="filter",
                feature=_TITLES[name][0],
            )
            for name in types
        ),
        *(
            info
            for name in types
            for info in channels.declared(
                f"features.{name}", f"{_TITLES[name][0]} features", feature=_TITLES[name][0]
            )
        ),
        MapInfo(
            "mask", "First-frame mask", "Where the first HOG filter may be strong.", kind="mask"
        ),
    )


def _stage_maps(stage: int, types: tuple[str, ...]) -> tuple[MapInfo, ...]:
    texts = {"fused": ("fused response", f"All features at the winning scale; {_EARLIER}.")}
    for name in types:
        texts[name] = (
            f"{_TITLES[name][0]} response",
            f"What {_TITLES[name][1]} alone say at the winning scale; {_EARLIER}.",
        )
    if DEEP in types:
        texts["shallow"] = (
            "shallow part",
            f"What HOG and colours add to the fused response; {_EARLIER}.",
        )
        texts["deep"] = (
            "deep part",
            f"What the network adds to the fused response; {_EARLIER}.",
        )
    return tuple(
        MapInfo(
            f"stage{stage}.{name}",
            f"Stage {stage}: {title}",
            doc,
            stage=stage,
            branch=name if name in ("shallow", "deep") else "",
            feature=_TITLES[name][0] if name in _TITLES else "",
        )
        for name, (title, doc) in texts.items()
    )


def _scale_map(number: int) -> MapInfo:
    steps = number - 1 - SHOWN_SCALES // 2
    size = f"{abs(steps)} steps {'smaller' if steps < 0 else 'larger'}" if steps else "present size"
    return MapInfo(
        f"scale{number}",
        f"Scale {number} of {SHOWN_SCALES} ({size})",
        "Fused response of the last stage at this scale; absent where fewer scales are searched.",
        scale=number,
    )


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage's result and where it was searched: the centre, and the samples' scales."""

    result: StageResult
    center: tuple[float, float]
    scales: FloatArray

    @property
    def scale(self) -> float:
        """The scale of the winning sample."""
        return float(self.scales[self.result.scale_index])


def response_placement(view: StageView, index: int, layout: Layout, unified: Unified) -> Placement:
    """Where the response at scale `index`, of `unified.cells`, lies in the frame."""
    cell = unified.step * layout.zoom * float(view.scales[index])
    reach = (unified.cells // 2 + 0.5) * cell
    side = unified.cells * cell
    region = Box(view.center[0] - reach, view.center[1] - reach, side, side)
    return Placement.covering(region, (unified.cells, unified.cells))


def window_placement(
    grid: Grid, layout: Layout, center: tuple[float, float], scale: float
) -> Placement:
    """Where a feature's window lies in the frame."""
    side = grid.side * layout.zoom * scale
    region = Box.from_center(center[0], center[1], side, side)
    return Placement.covering(region, (grid.cells, grid.cells))


def maps(
    wanted: frozenset[str], views: list[StageView], state: State, hierarchy: Hierarchy
) -> dict[str, ResponseMap]:
    """The wanted ones of :func:`declared` that exist in this frame."""
    if not wanted:
        return {}
    everything = wanted >= ALL_MAPS
    makers = _stage_makers(views, state) | _model_makers(state)
    if views:
        makers |= _feature_makers(views[-1], state.setting.layout, hierarchy)
    return {key: make() for key, make in makers.items() if everything or key in wanted}


def _stage_makers(views: list[StageView], state: State) -> dict[str, Callable[[], ResponseMap]]:
    layout, unified = state.setting.layout, state.setting.unified
    makers: dict[str, Callable[[], ResponseMap]] = {}

    def maker(view: StageView, parts: dict[str, float], index: int) -> Callable[[], ResponseMap]:
        def make() -> ResponseMap:
            responses = view.result.responses
            values = sum(responses[name][index] * np.float32(f) for name, f in parts.items())
            place = response_placement(view, index, layout, unified)
            return ResponseMap(np.asarray(values, np.float32), place, value_range=(0.0, 1.0))

        return make

    for number, view in enumerate(views, start=1):
        weights, best = view.result.weights, view.result.scale_index
        for name in weights:
            plain = {name: 1 / state.norms[name]}
            makers[f"stage{number}.{name}"] = maker(view, plain, best)
        if DEEP in weights:
            deep = {DEEP: weights[DEEP]}
            shallow = {name: weight for name, weight in weights.items() if name != DEEP}
            makers[f"stage{number}.shallow"] = maker(view, shallow, best)
            makers[f"stage{number}.deep"] = maker(view, deep, best)
        makers[f"stage{number}.fused"] = maker(view, weights, best)
        makers["response"] = makers[f"stage{number}.fused"]
    if views:
        makers |= _scale_makers(views[-1], maker)
    return makers


def _scale_makers(
    last: StageView, maker: Callable[..., Callable[[], ResponseMap]]
) -> dict[str, Callable[[], ResponseMap]]:
    """Makers of the maps over the scales of the `last` stage."""
    middle = len(last.scales) // 2
    found = {}
    for number in range(1, SHOWN_SCALES + 1):
        index = middle + number - 1 - SHOWN_SCALES // 2
        if 0 <= index < len(last.scales):
            found[f"scale{number}"] = maker(last, last.result.weights, index)
    return found


def _feature_makers(
    view: StageView, layout: Layout, hierarchy: Hierarchy
) -> dict[str, Callable[[], ResponseMap]]:
    """Makers of the features in the window that the last stage searched."""
    found: dict[str, Callable[[], ResponseMap]] = {}
    scales = np.array([view.scale])
    for grid in layout.grids:
        found |= channels.makers(
            f"features.{grid.name}",
            lambda grid=grid: hierarchy.pool(grid, view.center, scales)[0],
            lambda grid=grid: _feature_place(grid, view, layout, hierarchy),
        )
    return found


def _feature_place(grid: Grid, view: StageView, layout: Layout, hierarchy: Hierarchy) -> Placement:
    """Where the features that a stage searched come from."""
    x, y = np.mean([found.lean for found in hierarchy.features[grid.name]], axis=0)
    place = window_placement(grid, layout, view.center, view.scale)
    return place.moved(float(x), float(y))


def _model_makers(state: State) -> dict[str, Callable[[], ResponseMap]]:
    setting = state.setting

    def support(grid: Grid) -> ResponseMap:
        values = filters.support(state.model[grid.name]).cpu().numpy()
        place = window_placement(grid, setting.layout, state.center, state.scale)
        return ResponseMap(values, place, "filter support")

    def mask(grid: Grid) -> ResponseMap:
        values = setting.problems[grid.name].mask.cpu().numpy().copy()
        place = window_placement(grid, setting.layout, state.center, state.scale)
        return ResponseMap(values, place, "mask", (0.0, 1.0))

    grids = setting.layout.grids
    makers = {f"filter.{grid.name}": functools.partial(support, grid) for grid in grids}
    return {**makers, "mask": functools.partial(mask, grids[0])}


def patches(wanted: frozenset[str], hierarchy: Hierarchy, state: State) -> dict[str, Patch]:
    """The picture that was searched, the target as the tracker now sees it, the kernels."""
    if not (wanted >= ALL_MAPS or "patches" in wanted):
        return {}
    picture, region = hierarchy.picture, hierarchy.region
    side = picture.shape[0]
    pixel = region.w / side
    box = state.box
    col0 = int(np.clip((box.x - region.x) / pixel, 0, side - 1))
    row0 = int(np.clip((box.y - region.y) / pixel, 0, side - 1))
    col1 = int(np.clip(np.ceil((box.right - region.x) / pixel), col0 + 1, side))
    row1 = int(np.clip(np.ceil((box.bottom - region.y) / pixel), row0 + 1, side))
    target = np.ascontiguousarray(picture[row0:row1, col0:col1])
    place = Box(
        region.x + col0 * pixel,
        region.y + row0 * pixel,
        (col1 - col0) * pixel,
        (row1 - row0) * pixel,
    )
    return {
        "template": Patch(target, Placement.covering(place, target.shape[:2]), "template"),
        "search": Patch(picture, Placement.covering(region, picture.shape[:2]), "search"),
        **_kernels(state),
    }


def _kernels(state: State) -> dict[str, Patch]:
    """The strongest channels of every filter."""
    found = {}
    for grid in state.setting.layout.grids:
        size = (grid.cells, grid.cells)
        taps = torch.fft.irfft2(state.model[grid.name], s=size)
        place = window_placement(grid, state.setting.layout, state.center, state.scale)
        found[f"kernels.{grid.name}"] = kernel_patch(taps, place)
    return found


def new_residuals(wanted: frozenset[str]) -> Residuals | None:
    """Where to note ADMM's residuals; None while nobody looks."""
    return {} if wanted >= ALL_MAPS or "patches" in wanted else None


def with_residuals(result: TrackResult, residuals: Residuals | None) -> TrackResult:
    """`result` with ADMM's residuals among its scalars, ``admm.hog.1`` and so on."""
    if not residuals:
        return result
    noted = {
        f"admm.{name}.{step}": value
        for name, values in residuals.items()
        for step, value in enumerate(values, start=1)
    }
    return replace(result, scalars={**result.scalars, **noted})


def search_scalars(
    views: list[StageView], before: State, after: State, params: CCRParams
) -> dict[str, float]:
    """Diagnostics of the cascade: shifts in frame pixels, the scale, the history.

    ``learning_rate`` is the share (αβ of Eq. 10) that the present frame has in the filters.
    """
    layout = after.setting.layout
    share = model.present_share(params, failed=after.failures > 0) or 0.0
    scalars = {
        "learning_rate": params.learning_rate * share,
        "mean_peak": before.history.mean_peak,
        "mean_q": before.history.mean_q,
        "failed": float(after.failures > 0),
        "stages_used": float(len(views)),
        "scale_index": float(views[-1].result.scale_index),
        "scale": after.scale,
    }
    if DEEP in views[-1].result.weights:
        scalars["deep_weight"] = _deep_share(views[-1], after)
    for number, view in enumerate(views, start=1):
        scalars[f"stage{number}.shift"] = (
            float(np.hypot(*view.result.shift)) * layout.zoom * view.scale
        )
    return scalars


def _deep_share(view: StageView, state: State) -> float:
    """Share of the deep response in the fused one, both normalised: UPDT's weight."""
    return view.result.weights[DEEP] * state.norms[DEEP]
