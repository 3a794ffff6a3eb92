"""From the RPN's answers to a few boxes, and from their scores to one.

Coarse scores are the RPN's foreground probabilities, lowered where size or shape change
and blended with a cosine window as in SiamRPN. Greedy non-maximum suppression leaves N
boxes; the best one near the previous box is always among them, which keeps a target that
the suppression gave to its neighbour (SPM-Tracker).

Boxes are rows ``(cx, cy, w, h)`` in crop pixels about the crop's middle, where the
previous box is. Nothing here is read by the host.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from core.nets import anchors
from core.trackers.cract.params import CractParams

_NEAR = 0.8
"""Overlap with the previous box from which a box is near it."""

TAU_RANGE = (-0.25, 1.25)
"""D answers about 0 to 1: one exploding answer must not decide alone."""


class Coarse(NamedTuple):
    """All anchors, decoded.

    `boxes` ``(A, 4)``; `chance` ``(A,)`` is the RPN's probability, `penalty` the factor for
    a changed size, `score` both with the window blended in.
    """

    boxes: Tensor
    chance: Tensor
    penalty: Tensor
    score: Tensor


class Picked(NamedTuple):
    """The proposals ``(N,)``; `valid` is 0 where there were fewer."""

    boxes: Tensor
    coarse: Tensor
    penalty: Tensor
    valid: Tensor


def window(cells: int, shapes: int) -> Tensor:
    """A cosine window over the grid for every anchor, ``(shapes · cells²,)``."""
    line = torch.hann_window(cells + 2, periodic=False)[1:-1]
    return torch.outer(line, line).flatten().repeat(shapes)


def coarse(
    logits: Tensor,
    offsets: Tensor,
    grid: Tensor,
    hann: Tensor,
    size: tuple[float, float],
    params: CractParams,
) -> Coarse:
    """Decode and score all anchors, as SiamRPN's released trackers do.

    Parameters
    ----------
    logits, offsets
        ``(2, A)`` and ``(A, 4)`` of one pair.
    grid, hann
        Anchors ``(A, 4)`` and window ``(A,)``.
    size
        The previous box's ``(w, h)`` in crop pixels.
    """
    boxes = anchors.decode(offsets, grid)
    chance = logits.softmax(dim=0)[1]
    w, h = boxes[:, 2], boxes[:, 3]
    before = torch.tensor(size, device=boxes.device)
    scale = _change(_padded(w, h) / _padded(before[0], before[1]))
    shape = _change((before[0] / before[1]) / (w / h))
    penalty = torch.exp(-(scale * shape - 1) * params.penalty)
    score = penalty * chance * (1 - params.window) + hann * params.window
    return Coarse(boxes, chance, penalty, score)


def _padded(w: Tensor, h: Tensor) -> Tensor:
    context = (w + h) / 2
    return ((w + context) * (h + context)).sqrt()


def _change(ratio: Tensor) -> Tensor:
    return torch.maximum(ratio, 1 / ratio)


def suppress(boxes: Tensor, scores: Tensor, count: int, overlap: float) -> tuple[Tensor, Tensor]:
    """Greedy non-maximum suppression, of many pictures at once.

    Parameters
    ----------
    boxes, scores
        ``(..., A, 4)`` and ``(..., A)``; every row of scores is a picture of its own.
    count
        Most boxes to keep.
    overlap
        A box that overlaps a kept one by more is dropped.

    Returns
    -------
    tuple of Tensor
        Indices ``(..., count)`` of the kept boxes, best first, and whether each is one:
        there may be fewer, then the last indices mean nothing.
    """
    left = scores
    kept, real = [], []
    for _ in range(count):
        value, best = left.max(dim=-1, keepdim=True)
        kept.append(best)
        real.append(value > float("-inf"))
        chosen = boxes.gather(-2, best[..., None].expand(*best.shape, 4))
        # The box itself goes even where it has no area to overlap.
        left = left.masked_fill(anchors.overlaps(chosen, boxes) > overlap, float("-inf"))
        left = left.scatter(-1, best, float("-inf"))
    return torch.cat(kept, dim=-1), torch.cat(real, dim=-1)


def pick(found: Coarse, size: tuple[float, float], params: CractParams) -> Picked:
    """N proposals: suppressed ones above a share of the best, and one near the last box."""
    low = params.min_share * found.score.max()
    scores = found.score.masked_fill(found.score < low, float("-inf"))
    kept, real = suppress(found.boxes, scores, params.proposals - 1, params.nms_overlap)
    last = torch.tensor([[0.0, 0.0, *size]], device=found.boxes.device)
    shared = anchors.overlaps(last, found.boxes)
    # Where none is near, the nearest: overlaps count only below every score of a near one.
    near = torch.where(shared > _NEAR, 1 + found.score, shared).argmax()
    index = torch.cat([kept, near.view(1)])
    valid = torch.cat([real, torch.ones_like(real[:1])])
    return Picked(found.boxes[index], found.score[index], found.penalty[index], valid.float())


class Judged(NamedTuple):
    """Scores ``(N,)`` of refined proposals: v⁺, τ, s̃ (Eq. 9) and the final one (Eq. 10)."""

    identity: Tensor
    tau: Tensor
    refined: Tensor
    final: Tensor


def judge(logits: Tensor, tau: Tensor, coarse_score: Tensor, params: CractParams) -> Judged:
    """Fuse the scores of the identifier ``(N, 2)``, the discriminator and the RPN ``(N,)``."""
    identity = logits.softmax(dim=1)[:, 1]
    bounded = tau.clamp(*TAU_RANGE)
    refined = params.alpha * identity + (1 - params.alpha) * bounded
    return Judged(
        identity, bounded, refined, params.beta * refined + (1 - params.beta) * coarse_score
    )
