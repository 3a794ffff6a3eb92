"""What C-RPN shows of itself: score maps of the stages, masks, candidate boxes, patches.

A map lies on the anchors' grid: the centre of its middle cell is the centre of the
search region. `final` shows a score where the refined box lies, the others where its
anchor started.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.geometry import Box, Placement
from core.nets.backbone import Level
from core.nets.extent import Extent
from core.trackers import channels
from core.trackers.base import ALL_MAPS, MapInfo, Patch, Proposals, ResponseMap
from core.trackers.crpn.geometry import MapGrid
from core.trackers.crpn.network import Kernels
from core.trackers.crpn.selection import Candidates, Ranking
from core.trackers.kernels import kernel_patch

MAX_STAGES = 3
FINAL = "final"


def _stage_maps(stage: int) -> tuple[MapInfo, ...]:
    when = "" if stage == 1 else " Absent when fewer stages run."
    return (
        MapInfo(
            f"stage{stage}.score",
            f"Stage {stage}: probability",
            "Probability of the target, the best anchor of each cell; 0 where the stages up to "
            f"this one ruled all of them out.{when}",
            stage=stage,
        ),
        MapInfo(
            f"stage{stage}.kept",
            f"Stage {stage}: anchors kept",
            f"Share of each cell's anchors still in play after this stage.{when}",
            kind="mask",
            stage=stage,
        ),
    )


MAPS: tuple[MapInfo, ...] = (
    MapInfo(
        FINAL,
        "Final score",
        "The score that chooses, at the centres of the refined boxes: penalised, then blended with "
        "the cosine window.",
        primary=True,
    ),
    MapInfo(
        "penalised",
        "Penalised probability",
        "Probability times the penalty on a change of size and shape; no window.",
    ),
    *(info for stage in range(1, MAX_STAGES + 1) for info in _stage_maps(stage)),
    *(
        info
        for stage in range(1, MAX_STAGES + 1)
        for info in channels.declared(
            f"stage{stage}.features",
            f"Stage {stage}: features",
            feature="fused" if stage > 1 else "deep",
            stage=stage,
            absent="Absent when fewer stages run." if stage > 1 else "",
        )
    ),
)


class View:
    """One search as the reports see it: where the crop lay and what was found there.

    Parameters
    ----------
    center, pixel
        The crop's middle in the frame, and frame pixels per crop pixel.
    extent
        How the network's boxes differ from the person's.
    levels
        The backbone's levels of the stages.
    features
        Gives the features of all stages ``(1, C, n, n)``, made when they are asked for.
    """

    def __init__(
        self,
        found: Candidates,
        ranking: Ranking,
        grid: MapGrid,
        center: tuple[float, float],
        pixel: float,
        extent: Extent,
        levels: tuple[Level, ...],
        features: Callable[[], list[Tensor]],
    ) -> None:
        self._found, self._ranking, self._grid = found, ranking, grid
        self._center, self._pixel, self._extent = center, pixel, extent
        self._levels, self._features = levels, features

    def maps(self, wanted: frozenset[str]) -> dict[str, ResponseMap]:
        """The wanted ones of :data:`MAPS` that exist in this frame."""
        if not wanted:
            return {}
        everything = wanted >= ALL_MAPS
        found = {
            key: self._map(make())
            for key, make in self._makers().items()
            if everything or key in wanted
        }
        makers = self._feature_makers()
        return found | {key: makers[key]() for key in makers if everything or key in wanted}

    def proposals(self, wanted: frozenset[str], top: int) -> dict[str, Proposals]:
        """Where the anchors lay and where each stage moved them, the best by its score.

        ``top`` are those that are chosen from, ``anchors`` the start with the first stage's
        score, ``stageN`` the boxes after stage N.
        """
        if not (wanted >= ALL_MAPS or "proposals" in wanted):
            return {}
        found = self._found
        lists = {"top": self._best(found.boxes[-1], self._ranking.windowed, top)}
        lists["anchors"] = self._best(found.anchors, found.probabilities[0], top)
        for number, boxes in enumerate(found.boxes, start=1):
            score = found.probabilities[number - 1] * found.kept[number - 1]
            lists[f"stage{number}"] = self._best(boxes, score, top)
        return lists

    def _makers(self) -> dict[str, Callable[[], Tensor]]:
        found, ranking = self._found, self._ranking
        makers: dict[str, Callable[[], Tensor]] = {
            FINAL: lambda: self._placed(ranking.windowed),
            "penalised": lambda: self._cells(ranking.penalised).amax(0),
        }

        def score(stage: int) -> Callable[[], Tensor]:
            return lambda: self._cells(found.probabilities[stage] * found.kept[stage]).amax(0)

        def kept(stage: int) -> Callable[[], Tensor]:
            return lambda: self._cells(found.kept[stage].float()).mean(0)

        for stage in range(len(found.boxes)):
            makers[f"stage{stage + 1}.score"] = score(stage)
            makers[f"stage{stage + 1}.kept"] = kept(stage)
        return makers

    def _feature_makers(self) -> dict[str, Callable[[], ResponseMap]]:
        made = functools.cache(self._features)
        makers: dict[str, Callable[[], ResponseMap]] = {}
        for stage in range(len(self._found.boxes)):
            makers |= channels.makers(
                f"stage{stage + 1}.features",
                lambda stage=stage: made()[stage][0],
                lambda stage=stage: self._feature_place(stage, made()[stage].shape[-1]),
            )
        return makers

    def _feature_place(self, stage: int, cells: int) -> Placement:
        """The features' grid has the score map's stride and middle, and its level's lean."""
        side, shift = cells * self._grid.stride * self._pixel, self._grid.shift * self._pixel
        region = Box.from_center(self._center[0] + shift, self._center[1] + shift, side, side)
        x, y = self._levels[stage].lean
        return Placement.covering(region, (cells, cells)).moved(x * self._pixel, y * self._pixel)

    def _cells(self, values: Tensor) -> Tensor:
        """``(N,)`` as ``(k, rows, cols)``."""
        return values.view(-1, self._grid.cells, self._grid.cells)

    def _placed(self, values: Tensor) -> Tensor:
        """The largest of ``(N,)`` in each cell ``(rows, cols)`` that refined boxes lie in."""
        count, extent = self._grid.cells, self._extent
        boxes = self._found.boxes[-1]
        off = boxes.new_tensor([extent.x * math.exp(-extent.w), extent.y * math.exp(-extent.h)])
        centers = boxes[:, :2] - off * boxes[:, 2:]
        places = (centers - self._grid.shift) / self._grid.stride
        cells = (places + (count - 1) / 2).nan_to_num(-1.0).round()
        inside = ((cells >= 0) & (cells < count)).all(dim=1)
        index = (cells[:, 1] * count + cells[:, 0]).where(inside, torch.zeros_like(cells[:, 0]))
        shown = values.new_zeros(count * count)
        shown = shown.scatter_reduce(0, index.long(), values * inside, "amax")
        return shown.view(count, count)

    def _map(self, values: Tensor) -> ResponseMap:
        array = torch.nan_to_num(values, 0.0, 0.0, 0.0).float().cpu().numpy()
        side, shift = self._grid.side * self._pixel, self._grid.shift * self._pixel
        region = Box.from_center(self._center[0] + shift, self._center[1] + shift, side, side)
        placement = Placement.covering(region, (self._grid.cells, self._grid.cells))
        return ResponseMap(np.ascontiguousarray(array), placement, "probability", (0.0, 1.0))

    def _best(self, boxes: Tensor, score: Tensor, count: int) -> Proposals:
        scores, order = score.sort(descending=True, stable=True)
        rows = boxes[order[:count]].double().cpu().numpy()
        return Proposals(self._in_frame(rows), scores[:count].double().cpu().numpy())

    def _in_frame(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        sides = rows[:, 2:] * self._pixel
        centers = rows[:, :2] * self._pixel + np.array(self._center)
        return np.concatenate([centers - sides / 2, sides], axis=1)


def patches(
    wanted: frozenset[str],
    template: Patch,
    search: tuple[NDArray[np.uint8], Box],
    kernels: Kernels,
    stride: int,
) -> dict[str, Patch]:
    """The picture that was searched, the template's as it was cut, and every stage's kernels."""
    if not (wanted >= ALL_MAPS or "patches" in wanted):
        return {}
    picture, region = search
    place = Placement.covering(region, picture.shape[:2])
    shown = {"template": template, "search": Patch(picture, place, "search")}
    extent = template.placement.extent(template.image.shape[:2])
    pixel = extent.w / template.image.shape[1]
    for stage, kernel in enumerate(kernels, start=1):
        taps = kernel[0]
        side = taps.shape[-1] * stride * pixel
        window = Box.from_center(extent.cx, extent.cy, side, side)
        cells = (taps.shape[-1], taps.shape[-1])
        shown[f"kernels.stage{stage}"] = kernel_patch(taps, Placement.covering(window, cells))
    return shown
