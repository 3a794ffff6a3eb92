"""What CCR shows of itself: maps with their place in the frame, patches, a verdict.

Half cells: in a response the cell ``N // 2`` is zero displacement, so its *centre*
lies on the centre of the search; a filter or mask is a window, whose *middle* lies
on the centre of the target.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.geometry import Box, Placement
from core.trackers.base import ALL_MAPS, MapArray, MapInfo, Patch, ResponseMap
from core.trackers.ccr import filter as filters
from core.trackers.ccr.cascade import StageResult, Unified
from core.trackers.ccr.features import COLOUR, HOG, Grid, Hierarchy, Layout
from core.trackers.ccr.model import State

MAX_STAGES = 3


def _stage_maps(stage: int) -> tuple[MapInfo, ...]:
    key = f"stage{stage}"
    return (
        MapInfo(
            f"{key}.fused",
            f"Stage {stage}: fused response",
            "Both features together at the winning scale; absent when the cascade stopped earlier.",
            stage=stage,
        ),
        MapInfo(
            f"{key}.{HOG}",
            f"Stage {stage}: HOG response",
            "What gradients alone say at the winning scale; absent like the fused one.",
            stage=stage,
        ),
        MapInfo(
            f"{key}.{COLOUR}",
            f"Stage {stage}: colour response",
            "What colours alone say at the winning scale; absent like the fused one.",
            stage=stage,
        ),
    )


MAPS: tuple[MapInfo, ...] = (
    MapInfo("response", "Response", "Fused response of the last stage that ran.", primary=True),
    *(info for stage in range(1, MAX_STAGES + 1) for info in _stage_maps(stage)),
    MapInfo(
        f"filter.{HOG}",
        "HOG filter",
        "Where the HOG filter looks: its strength over all channels.",
        kind="filter",
    ),
    MapInfo(
        f"filter.{COLOUR}",
        "Colour filter",
        "Where the colour filter looks: its strength over all channels.",
        kind="filter",
    ),
    MapInfo("mask", "First-frame mask", "Where the first HOG filter may be strong.", kind="mask"),
)


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage's result and where it was searched."""

    result: StageResult
    center: tuple[float, float]
    scale: float  # of the winning sample


def response_placement(view: StageView, layout: Layout, unified: Unified) -> Placement:
    """Where a response of `unified.cells` lies in the frame."""
    cell = unified.step * layout.zoom * view.scale
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


def maps(wanted: frozenset[str], views: list[StageView], state: State) -> dict[str, ResponseMap]:
    """The wanted ones of :data:`MAPS` that exist in this frame."""
    if not wanted:
        return {}
    everything = wanted >= ALL_MAPS
    makers = _stage_makers(views, state) | _model_makers(state)
    return {key: make() for key, make in makers.items() if everything or key in wanted}


def _stage_makers(views: list[StageView], state: State) -> dict[str, Callable[[], ResponseMap]]:
    layout, unified = state.setting.layout, state.setting.unified
    makers: dict[str, Callable[[], ResponseMap]] = {}

    def maker(view: StageView, values: MapArray) -> Callable[[], ResponseMap]:
        return lambda: ResponseMap(
            values[view.result.scale_index].copy(),
            response_placement(view, layout, unified),
            value_range=(0.0, 1.0),
        )

    for number, view in enumerate(views, start=1):
        makers[f"stage{number}.fused"] = maker(view, view.result.fused)
        for name, values in view.result.responses.items():
            makers[f"stage{number}.{name}"] = maker(view, values / state.norms[name])
        makers["response"] = makers[f"stage{number}.fused"]
    return makers


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
    """The picture that was searched, and the target as the tracker now sees it."""
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
    }


def search_scalars(views: list[StageView], before: State, after: State) -> dict[str, float]:
    """Diagnostics of the cascade: shifts in frame pixels, the scale, the history."""
    layout = after.setting.layout
    scalars = {
        "mean_peak": before.history.mean_peak,
        "mean_q": before.history.mean_q,
        "failed": float(after.failures > 0),
        "stages_used": float(len(views)),
        "scale_index": float(views[-1].result.scale_index),
        "scale": after.scale,
    }
    for number, view in enumerate(views, start=1):
        scalars[f"stage{number}.shift"] = (
            float(np.hypot(*view.result.shift)) * layout.zoom * view.scale
        )
    return scalars
