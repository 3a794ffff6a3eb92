"""What the discriminator learns from: where samples are drawn, kept, and how they count.

Samples are boxes in the present search crop, pooled from its features: of the target
where they overlap it by at least 0.7, of the ground where they hardly do. The samples
of frames that a person gave are never dropped; others are kept for a number of believed
frames, those of the target longer than those of the ground (MDNet, Sec. 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.geometry import iou_rows
from core.trackers.cract.discriminator import Discriminator
from core.trackers.cract.gauss_newton import Problem
from core.trackers.cract.params import CractParams

FloatArray = NDArray[np.float64]

POSITIVE = 0.7
"""Overlap from which a sample shows the target."""

NEGATIVE_FIRST, NEGATIVE = 0.5, 0.3
"""Overlap up to which a sample shows the ground, in the first frame and later."""

_POOL = 6  # candidates drawn per sample wanted
_PINNED = 8  # corrected frames kept beside the first


# --- drawing --------------------------------------------------------------------------


def around(
    target: FloatArray, count: int, generator: torch.Generator, low: float = POSITIVE
) -> FloatArray:
    """Boxes ``(count, 4)`` that overlap `target` ``(cx, cy, w, h)`` by at least `low`.

    The target itself is the first.
    """
    noise = torch.randn(_POOL * count, 4, generator=generator).numpy().astype(np.float64)
    noise = np.clip(0.5 * noise, -1, 1)
    side = np.sqrt(target[2] * target[3])
    boxes = np.empty_like(noise)
    boxes[:, :2] = target[:2] + 0.2 * side * noise[:, :2]
    grown = 1.25 ** noise[:, 2]
    shape = 1.2 ** noise[:, 3]
    boxes[:, 2], boxes[:, 3] = target[2] * grown * shape, target[3] * grown / shape
    boxes[0] = target
    return _first(boxes, _overlaps(boxes, target) >= low, count)


def apart(
    target: FloatArray, half: float, count: int, generator: torch.Generator, high: float
) -> FloatArray:
    """Boxes ``(count, 4)`` that overlap `target` by at most `high`.

    Half of them are near the target, half anywhere in the crop, whose middle is 0 and
    whose half side is `half`.
    """
    drawn = torch.rand(_POOL * count, 4, generator=generator).numpy().astype(np.float64)
    drawn = 2 * drawn - 1
    side = np.sqrt(target[2] * target[3])
    boxes = np.empty_like(drawn)
    boxes[0::2, :2] = target[:2] + 1.2 * side * drawn[0::2, :2]
    boxes[1::2, :2] = half * drawn[1::2, :2]
    boxes[:, :2] = boxes[:, :2].clip(-half, half)
    grown = 1.5 ** drawn[:, 2]
    shape = 1.2 ** drawn[:, 3]
    boxes[:, 2], boxes[:, 3] = target[2] * grown * shape, target[3] * grown / shape
    return _first(boxes, _overlaps(boxes, target) <= high, count)


def _overlaps(boxes: FloatArray, target: FloatArray) -> FloatArray:
    def corners(rows: FloatArray) -> FloatArray:
        return np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, 2:]], axis=1)

    return iou_rows(corners(boxes), corners(target[None]))


def _first(boxes: FloatArray, wanted: NDArray[np.bool_], count: int) -> FloatArray:
    """The first `count` wanted boxes, repeated where they are too few."""
    found = boxes[wanted] if wanted.any() else boxes[:1]
    return found[np.arange(count) % len(found)]


# --- memory ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collection:
    """Samples of one frame, after D's convolution ``(n, 36 · D)``.

    `age` counts believed frames at the time.
    """

    age: int
    positives: Tensor
    negatives: Tensor


@dataclass(frozen=True, slots=True)
class Memory:
    """Samples kept: `pinned` of frames a person gave, `recent` ones, oldest first."""

    pinned: tuple[Collection, ...]
    recent: tuple[Collection, ...] = ()

    def with_recent(self, new: Collection, params: CractParams) -> Memory:
        """The memory with `new`, without what is too old by then."""
        kept = [c for c in (*self.recent, new) if new.age - c.age < params.long_memory]
        for index, old in enumerate(kept):
            if new.age - old.age >= params.short_memory and len(old.negatives):
                none = old.negatives.new_zeros(0, old.negatives.shape[1])
                kept[index] = replace(old, negatives=none)
        return replace(self, recent=tuple(kept))

    def with_pinned(self, new: Collection) -> Memory:
        """The memory with the samples of a corrected frame; the first frame's stay."""
        first, later = self.pinned[:1], (*self.pinned[1:], new)
        return replace(self, pinned=(*first, *later[-_PINNED:]))

    def chosen(self, age: int, params: CractParams, *, short: bool) -> Chosen:
        """The samples for an update at `age`: of the target, and of the ground."""
        near = tuple(c for c in self.recent if age - c.age < params.short_memory)
        far = near if short else self.recent
        positives = [*(c.positives for c in self.pinned), *(c.positives for c in far)]
        negatives = [*(c.negatives for c in self.pinned), *(c.negatives for c in near)]
        kept = len(self.pinned)
        return Chosen(
            torch.cat(positives),
            torch.cat(negatives),
            sum(len(tensor) for tensor in positives[:kept]),
            sum(len(tensor) for tensor in negatives[:kept]),
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Samples for one training; of each kind the first ones are the pinned."""

    positives: Tensor
    negatives: Tensor
    pinned_positives: int
    pinned_negatives: int


# --- importance -----------------------------------------------------------------------


def shared(count: int, pinned: int, least: float, device: torch.device) -> Tensor:
    """Importance ``(count,)`` of samples, sum 1; at least `least` for the first `pinned`."""
    weights = torch.full((count,), 1.0 / max(count, 1), device=device)
    if 0 < pinned < count and pinned / count < least:
        weights = torch.cat(
            [
                torch.full((pinned,), least / pinned, device=device),
                torch.full((count - pinned,), (1 - least) / (count - pinned), device=device),
            ]
        )
    return weights


def hardened(weights: Tensor, scores: Tensor, count: int, share: float) -> Tensor:
    """`weights` with `share` of their sum moved to the `count` samples of highest score."""
    hardest = scores.topk(min(count, len(scores))).indices
    extra = torch.zeros_like(weights).index_fill(0, hardest, 1.0 / len(hardest))
    return weights * (1 - share) + extra * (share * weights.sum())


def problem(chosen: Chosen, judge: Discriminator | None, params: CractParams) -> Problem:
    """Targets and importance of Eq. 8: both kinds count the same, hard negatives more.

    `judge` is the discriminator so far, which tells the hard ones; without one (in the
    first frame) all negatives count the same.
    """
    device, least = chosen.positives.device, params.first_share
    positive = shared(len(chosen.positives), chosen.pinned_positives, least, device)
    negative = shared(len(chosen.negatives), chosen.pinned_negatives, least, device)
    if judge is not None:
        scores = judge.scores(chosen.negatives)
        negative = hardened(negative, scores, params.hard_negatives, params.hard_share)
    targets = torch.cat([torch.ones_like(positive), torch.zeros_like(negative)])
    decay = params.init_decay if judge is None else params.decay
    return Problem(targets, torch.cat([positive, negative]) / 2, decay)
