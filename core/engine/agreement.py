"""How well several trackers agree on a frame, which of them to believe, and the fused box.

Boxes come as an array ``(T, N, 4)``: `T` trackers on `N` frames, in frame pixels. The
agreement of a frame is the mean IoU over all pairs; a tracker's own is its mean IoU with
the others. A tracker's vote counts ``w = score * (1, 0.55 or 0.1)`` as it is tracking,
uncertain or lost. The best one is that whose box the votes, its own included, support
most, ``max_a sum_b w_b * IoU(a, b)``; the fused box is the weighted mean (centre, and
logarithm of the sides) of the boxes that overlap the best one's: those elsewhere are
outvoted, not averaged in. Constants and alternatives were compared on real sequences by
benchmarks/consensus.py. Pure functions, used frame by frame and over whole runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import iou_rows
from core.states import TargetState

Array = NDArray[np.float64]

APART = 0.55
"""Agreement below which the trackers of a frame, or one of them and the others, disagree."""

TOGETHER = 0.3
"""Overlap with the best tracker's box from which a box is averaged in."""

TRUST = {TargetState.TRACKING: 1.0, TargetState.UNCERTAIN: 0.55, TargetState.LOST: 0.1}
"""What a tracker's vote counts by its state."""

_LEAST = 0.05  # a score of 0 is still a voice


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """`mean` ``(N,)`` of a frame and `each` ``(T, N)`` of a tracker with the others, in [0, 1]."""

    mean: Array
    each: Array


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """`boxes` ``(N, 4)`` in frame pixels, and which tracker is `best` on each frame ``(N,)``."""

    boxes: Array
    best: NDArray[np.int64]


def overlaps(boxes: Array) -> Array:
    """IoU of all pairs of trackers, ``(T, T, N)``; 1 with itself."""
    count, length = boxes.shape[:2]
    found = np.ones((count, count, length))
    for a in range(count):
        for b in range(a + 1, count):
            found[a, b] = found[b, a] = iou_rows(boxes[a], boxes[b])
    return found


def agreement(boxes: Array) -> Agreement:
    """Agreement of frames and trackers; `boxes` is ``(T, N, 4)`` with at least two trackers."""
    each = (overlaps(boxes).sum(axis=1) - 1) / (len(boxes) - 1)
    return Agreement(each.mean(axis=0), each)


def votes(scores: Array, states: NDArray[np.integer]) -> Array:
    """What each tracker's word counts, ``(T, N)``, from its score in [0, 1] and its state."""
    trust = np.array([TRUST[state] for state in sorted(TRUST)])
    return np.clip(scores, _LEAST, 1) * trust[np.clip(states, 0, len(trust) - 1)]


def fused(boxes: Array, scores: Array, states: NDArray[np.integer]) -> Fused:
    """The fused boxes; `boxes` is ``(T, N, 4)``, `scores` and `states` are ``(T, N)``."""
    weights, found = votes(scores, states), overlaps(boxes)
    best = np.argmax((found * weights).sum(axis=1), axis=0)
    frames = np.arange(boxes.shape[1])
    counted = np.where(found[best, :, frames].T >= TOGETHER, weights, 0.0)
    shares = counted / counted.sum(axis=0)
    sides = np.log(np.maximum(boxes[..., 2:], 1e-3))
    centres = boxes[..., :2] + boxes[..., 2:] / 2
    # Around the best box: where all say the same, rounding must not move it.
    centre = centres[best, frames]
    centre = centre + (shares[..., None] * (centres - centre)).sum(axis=0)
    side = sides[best, frames]
    side = np.exp(side + (shares[..., None] * (sides - side)).sum(axis=0))
    return Fused(np.concatenate([centre - side / 2, side], axis=1), best)


def best_over(boxes: Array, scores: Array, states: NDArray[np.integer]) -> int:
    """The tracker to take for a whole stretch: the one that the votes support most in sum."""
    weights, found = votes(scores, states), overlaps(boxes)
    return int(np.argmax((found * weights).sum(axis=(1, 2))))
