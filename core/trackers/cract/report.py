"""What CRACT shows of itself: maps with their place in the frame, proposals, a verdict.

Maps of the RPN's grid have one cell per 8 crop pixels, and their middle cell on the
middle of the search crop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.geometry import Box, Placement, iou_rows
from core.states import TargetState
from core.trackers import channels
from core.trackers.base import ALL_MAPS, MapArray, MapInfo, Patch, Proposals, ResponseMap
from core.trackers.cract.model import Crop, State
from core.trackers.cract.network import Features, Network
from core.trackers.cract.params import CractParams
from core.trackers.cract.proposals import Coarse
from core.trackers.cract.samples import FloatArray
from core.trackers.kernels import kernel_patch

_APART = 0.3
DENSE = 9
"""Places per side at which `D_dense` asks the discriminator."""

MAPS: tuple[MapInfo, ...] = (
    MapInfo(
        "final",
        "Final score",
        "The refined proposals' final scores (Eq. 10), each drawn as a spot on its box.",
        primary=True,
    ),
    MapInfo(
        "coarse",
        "Coarse score",
        "The RPN's score with penalty and window, the best anchor of each cell.",
    ),
    MapInfo(
        "rpn_score",
        "RPN",
        "The RPN's foreground probability, the best anchor of each cell.",
        kind="probability",
    ),
    MapInfo(
        "anchor_argmax",
        "Best anchor",
        "Which anchor shape has that probability: 0 is the widest, 4 the tallest.",
        kind="mask",
    ),
    MapInfo(
        "D_dense",
        "Discriminator",
        "What the discriminator answers on boxes of the target's size, on a 9 × 9 grid.",
    ),
    *channels.declared("features", "Fused features", feature="fused"),
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """The proposals of one frame on the host, one row each.

    `before` and `after` regression, ``(N, 4)`` as ``(cx, cy, w, h)`` in crop pixels;
    `coarse` c̃, `penalty`, `identity` v⁺, `tau` τ, `refined` s̃ and `final` ``(N,)``;
    `valid` tells which rows are proposals at all. `losses` are those of D's last
    training.
    """

    before: FloatArray
    after: FloatArray
    coarse: FloatArray
    penalty: FloatArray
    identity: FloatArray
    tau: FloatArray
    refined: FloatArray
    final: FloatArray
    valid: FloatArray
    losses: FloatArray

    @property
    def best(self) -> int:
        """The proposal with the largest final score (Eq. 10)."""
        return int(np.argmax(np.where(self.valid > 0, self.final, -np.inf)))

    def is_finite(self) -> bool:
        """Whether every number is one."""
        return all(np.isfinite(getattr(self, name)).all() for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one frame's search found, for showing it.

    `judged` are the features on which the proposals were classified.
    """

    crop: Crop
    features: Features
    coarse: Coarse
    judged: Tensor
    weighed: Weighed


def maps(
    wanted: frozenset[str], seen: Seen, before: State, network: Network
) -> dict[str, ResponseMap]:
    """The wanted ones of :data:`MAPS`."""
    everything = wanted >= ALL_MAPS
    makers: dict[str, Callable[[], ResponseMap]] = {
        "final": lambda: _final(seen, network),
        "coarse": lambda: _over_anchors(seen.coarse.score, seen.crop, network),
        "rpn_score": lambda: _over_anchors(seen.coarse.chance, seen.crop, network),
        "anchor_argmax": lambda: _best_anchor(seen, network),
        "D_dense": lambda: _dense(seen, before, network),
    }
    fused = seen.features.fused[0]
    x, y = (offset / seen.crop.zoom for offset in network.lean)
    place = grid_placement(seen.crop, fused.shape[-1], network.stride).moved(x, y)
    makers |= channels.makers("features", lambda: fused, lambda: place)
    return {key: make() for key, make in makers.items() if everything or key in wanted}


def grid_placement(crop: Crop, cells: int, step: float) -> Placement:
    """Where a grid of `cells` per side, `step` crop pixels apart, lies about a crop's middle."""
    side = cells * step / crop.zoom
    region = Box.from_center(crop.region.cx, crop.region.cy, side, side)
    return Placement.covering(region, (cells, cells))


def _grid(values: Tensor, network: Network) -> Tensor:
    return values.view(network.config.anchor_count, network.cells, network.cells)


def _host(values: Tensor) -> MapArray:
    return np.ascontiguousarray(values.float().cpu().numpy(), np.float32)


def _over_anchors(values: Tensor, crop: Crop, network: Network) -> ResponseMap:
    place = grid_placement(crop, network.cells, network.stride)
    best = _grid(values, network).amax(dim=0)
    return ResponseMap(_host(best), place, "score", (0.0, 1.0))


def _best_anchor(seen: Seen, network: Network) -> ResponseMap:
    place = grid_placement(seen.crop, network.cells, network.stride)
    best = _grid(seen.coarse.chance, network).argmax(dim=0)
    last = float(network.config.anchor_count - 1)
    return ResponseMap(_host(best), place, "anchor", (0.0, last))


def _final(seen: Seen, network: Network) -> ResponseMap:
    """Spots of the height of the final scores, a sixth of the box wide (one σ)."""
    place = grid_placement(seen.crop, network.cells, network.stride)
    line = (np.arange(network.cells) - (network.cells - 1) / 2) * network.stride
    rows = seen.weighed.after
    # A spot narrower than a cell could fall between them.
    sigma = np.maximum(rows[:, 2:] / 6, network.stride)
    across = np.exp(-(((line[None] - rows[:, :1]) / sigma[:, :1]) ** 2) / 2)
    down = np.exp(-(((line[None] - rows[:, 1:2]) / sigma[:, 1:]) ** 2) / 2)
    height = np.clip(seen.weighed.final, 0, None) * seen.weighed.valid
    spots = height[:, None, None] * down[:, :, None] * across[:, None, :]
    return ResponseMap(spots.max(axis=0).astype(np.float32), place, "score", (0.0, 1.0))


def _dense(seen: Seen, before: State, network: Network) -> ResponseMap:
    step = (network.cells - 1) * network.stride / (DENSE - 1)
    line = (torch.arange(DENSE, dtype=torch.float32) - (DENSE - 1) / 2) * step
    rows = torch.empty(DENSE, DENSE, 4)
    rows[..., 0], rows[..., 1] = line[None, :], line[:, None]
    rows[..., 2], rows[..., 3] = seen.crop.size
    boxes = rows.view(1, -1, 4).to(network.anchors.device)
    judge = before.judge
    scores = judge.scores(judge.convolved(network.pool(seen.features.fused, boxes)))
    place = grid_placement(seen.crop, DENSE, step)
    return ResponseMap(_host(scores.view(DENSE, DENSE)), place, "score", (0.0, 1.0))


def proposals(wanted: frozenset[str], seen: Seen) -> dict[str, Proposals]:
    """The boxes before regression by c̃, and after it by each of their scores."""
    if not (wanted >= ALL_MAPS or "proposals" in wanted):
        return {}
    weighed = seen.weighed
    after = {
        "refined": weighed.final,
        "refined.classified": weighed.refined,
        "refined.identifier": weighed.identity,
        "refined.discriminator": weighed.tau,
    }
    found = {"coarse": _ranked(seen, weighed.before, weighed.coarse)}
    return found | {name: _ranked(seen, weighed.after, score) for name, score in after.items()}


def _ranked(seen: Seen, rows: FloatArray, scores: FloatArray) -> Proposals:
    real = np.flatnonzero(seen.weighed.valid > 0)
    order = real[np.argsort(-scores[real], kind="stable")]
    placed = seen.crop.to_frame(rows[order])
    placed[:, :2] -= placed[:, 2:] / 2
    return Proposals(placed, scores[order])


def patches(wanted: frozenset[str], crop: Crop, state: State, stride: int) -> dict[str, Patch]:
    """The first frame's template with its kernels, and the region that was searched."""
    if not (wanted >= ALL_MAPS or "patches" in wanted):
        return {}
    template = state.setting.template
    place = Placement.covering(template.region, template.patch.shape[:2])
    search = Placement.covering(crop.region, crop.picture.shape[:2])
    taps = template.kernels.score[0]
    pixel = template.region.w / template.patch.shape[1]
    side = taps.shape[-1] * stride * pixel
    window = Box.from_center(template.region.cx, template.region.cy, side, side)
    return {
        "kernels": kernel_patch(taps, Placement.covering(window, (taps.shape[-1], taps.shape[-1]))),
        "template": Patch(template.patch, place, "template"),
        "search": Patch(crop.picture, search, "search"),
    }


def new_residuals(wanted: frozenset[str]) -> list[float] | None:
    """Where to note the residuals of conjugate gradients; None while nobody looks."""
    return [] if wanted >= ALL_MAPS or "patches" in wanted else None


def scalars(
    weighed: Weighed, after: State, growth: float, residuals: list[float] | None
) -> dict[str, float]:
    """All scores of the chosen proposal, and how the discriminator is doing.

    With `residuals` those of its training in this frame, ``cg.1`` and so on.
    """
    best = weighed.best
    first, last = weighed.losses
    return {
        "coarse": float(weighed.coarse[best]),
        "identifier": float(weighed.identity[best]),
        "discriminator": float(weighed.tau[best]),
        "refined": float(weighed.refined[best]),
        "final": float(weighed.final[best]),
        "rival": rival(weighed),
        "penalty": float(weighed.penalty[best]),
        "proposals": float(weighed.valid.sum()),
        "alignment": float(np.hypot(*(weighed.after[best] - weighed.before[best])[:2])),
        "search_growth": growth,
        "failures": float(after.failures),
        "updates": float(after.updates),
        "loss_first": float(first),
        "loss_last": float(last),
        **{f"cg.{step}": value for step, value in enumerate(residuals or (), start=1)},
    }


def apart(weighed: Weighed) -> NDArray[np.bool_]:
    """Which proposals overlap the chosen one by less than 0.3, ``(N,)``."""
    corners = weighed.after.copy()
    corners[:, :2] -= corners[:, 2:] / 2
    shared = iou_rows(corners, corners[weighed.best][None])
    return (shared < _APART) & (weighed.valid > 0)


def rival(weighed: Weighed) -> float:
    """The largest final score of a box apart from the chosen one; 0 if there is none."""
    return float(max(weighed.final[apart(weighed)].max(initial=0.0), 0.0))


def verdict(weighed: Weighed, failures: int, params: CractParams) -> tuple[TargetState, float, str]:
    """State, score in [0, 1] and reason of one frame.

    The score is the final score of the chosen box (Eq. 10): what network, discriminator
    and RPN say of it together.
    """
    refined = float(weighed.refined[weighed.best])
    final = float(weighed.final[weighed.best])
    score = float(np.clip(final, 0.0, 1.0))
    if refined < min(params.lost_below, params.success):
        reason = f"Nothing in reach looks like the target (at best {refined:.2f})."
        return TargetState.LOST, score, reason
    if failures >= params.lost_after:
        return TargetState.LOST, score, f"No box was believed for {failures} frames."
    if refined < params.success:
        return TargetState.UNCERTAIN, score, f"The best box looks little like it ({refined:.2f})."
    if params.rival_ratio < 1 and rival(weighed) > params.rival_ratio * final:
        return TargetState.UNCERTAIN, score, "Another box looks as much like the target."
    return TargetState.TRACKING, score, ""
