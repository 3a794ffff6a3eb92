"""What C-RPN is trained on: labels, samples and losses of all stages (Sec. 3.3 and 3.5).

Per stage: the anchors A_l are labelled by their overlap with the target, at most 64 of
those still in play are drawn, softmax loss on their class and smooth-L1 on the offsets
of the positives (Eq. 4, 5). Then anchors that the stage is sure are background leave
the game, positives never, and the rest move to where the stage regressed them (Eq. 6),
without a gradient: each stage is responsible for its own step. All stages add up (Eq. 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

from core.nets import anchors as boxes_of
from core.trackers.crpn.network import StageOutput

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1
SMALLEST_SIDE, LARGEST_SIDE = 2.0, 2000.0
"""Bounds of a refined anchor's sides in crop pixels: only a wild offset leaves them."""


@dataclass(frozen=True, slots=True)
class LossOptions:
    """The constants of training.

    Attributes
    ----------
    positive, negative
        τ_pos and τ_neg: overlaps above and below which an anchor has a label.
    samples, positives
        Most anchors per pair and stage, and most positive ones among them.
    theta
        θ: an anchor whose probability of background is larger is filtered out.
    beta
        Error of an offset from which smooth L1 is linear. A positive anchor is off by a
        tenth or two: with the usual 1 all of them would lie in the flat part.
    loc_weight
        λ of Eq. 4.
    """

    positive: float = 0.6
    negative: float = 0.3
    samples: int = 64
    positives: int = 16
    theta: float = 0.95
    beta: float = 1 / 9
    loc_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class StageLoss:
    """One stage's part; `total` carries the gradient, the rest is for curves.

    `kept` is the share of anchors still in play, `positives` and `negatives` the
    samples drawn per pair.
    """

    total: Tensor
    cls: Tensor
    loc: Tensor
    kept: Tensor
    positives: Tensor
    negatives: Tensor


def overlap(anchors: Tensor, targets: Tensor) -> Tensor:
    """IoU ``(B, N)`` of every pair's anchors ``(B, N, 4)`` with its target ``(B, 4)``."""
    return boxes_of.overlaps(anchors, targets[:, None])


def assign(anchors: Tensor, targets: Tensor, present: Tensor, options: LossOptions) -> Tensor:
    """Labels ``(B, N)`` int64 of anchors by their overlap with the targets.

    Parameters
    ----------
    anchors, targets
        ``(B, N, 4)`` and ``(B, 4)`` rows ``(cx, cy, w, h)`` in crop pixels.
    present
        ``(B,)`` bool: where False the search shows another object, all is negative.
    """
    shared = overlap(anchors, targets) * present[:, None]
    labels = torch.full_like(shared, IGNORED, dtype=torch.int64)
    labels[shared < options.negative] = NEGATIVE
    labels[shared > options.positive] = POSITIVE
    return labels


def draw(labels: Tensor, options: LossOptions, generator: torch.Generator | None = None) -> Tensor:
    """Labels of a random sample; all others become :data:`IGNORED`.

    At most `positives` positives, and negatives up to `samples` together with them.
    """
    lot = torch.rand(labels.shape, generator=generator, device=labels.device)
    positive = _lowest(lot, labels == POSITIVE, torch.full_like(labels[:, :1], options.positives))
    room = options.samples - positive.sum(1, keepdim=True)
    negative = _lowest(lot, labels == NEGATIVE, room)
    return labels.masked_fill(~(positive | negative), IGNORED)


def _lowest(lot: Tensor, eligible: Tensor, count: Tensor) -> Tensor:
    """The `count` ``(B, 1)`` eligible entries of each row with the lowest lots."""
    order = lot.masked_fill(~eligible, 2.0).argsort(dim=1)
    rank = torch.empty_like(order)
    rank.scatter_(1, order, torch.arange(lot.shape[1], device=lot.device).expand_as(order))
    return eligible & (rank < count)


def filtered(kept: Tensor, cls: Tensor, labels: Tensor | None, theta: float) -> Tensor:
    """Anchors still in play after a stage: A_{l+1} of Sec. 3.3.

    Parameters
    ----------
    kept
        ``(…, N)`` bool, before the stage.
    cls
        ``(…, N, 2)`` its logits, negative first.
    labels
        In training: positives stay whatever the stage thinks of them.
    """
    logits = cls.detach()
    sure = torch.sigmoid(logits[..., 0] - logits[..., 1]) > theta
    if labels is not None:
        sure = sure & (labels != POSITIVE)
    return kept & ~sure


def refined(anchors: Tensor, loc: Tensor) -> Tensor:
    """A_{l+1} from A_l and the offsets of stage l (Eq. 6), without a gradient."""
    moved = boxes_of.decode(loc.detach(), anchors)
    sides = moved[..., 2:].clamp(SMALLEST_SIDE, LARGEST_SIDE)
    return torch.cat([moved[..., :2], sides], dim=-1)


def stage_loss(
    output: StageOutput, anchors: Tensor, targets: Tensor, drawn: Tensor, options: LossOptions
) -> tuple[Tensor, Tensor]:
    """Classification and regression loss of one stage on the `drawn` labels (Eq. 4).

    Both classes weigh one half of the first: with 16 positives at most among 64 samples
    the mean would be the background's. The second is summed over the four offsets and
    averaged over the positives.
    """
    positive, negative = drawn == POSITIVE, drawn == NEGATIVE
    log = output.cls.log_softmax(dim=-1)
    cls = 0.5 * (_mean(-log[..., 1], positive) + _mean(-log[..., 0], negative))
    wanted = boxes_of.encode(targets[:, None].expand_as(anchors), anchors)
    error = nnf.smooth_l1_loss(output.loc, wanted, reduction="none", beta=options.beta).sum(-1)
    return cls, _mean(error, positive)


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    # Values elsewhere must not reach the sum at all: 0 · inf would be nan.
    total = values.masked_fill(~chosen, 0.0).sum()
    return total / chosen.sum().clamp(min=1)


def cascade_loss(
    outputs: Sequence[StageOutput],
    anchors: Tensor,
    targets: Tensor,
    present: Tensor,
    options: LossOptions,
    generator: torch.Generator | None = None,
) -> list[StageLoss]:
    """The losses of all stages; train on the sum of their `total` (Eq. 7).

    Parameters
    ----------
    outputs
        Per stage, of ``B`` pairs.
    anchors
        A_1, ``(N, 4)`` for all pairs or ``(B, N, 4)``.
    targets
        ``(B, 4)`` true boxes about the middle of the search crop, crop pixels.
    present
        ``(B,)`` bool, False for pairs of different objects.
    generator
        For the drawing of samples.
    """
    current = anchors.expand(len(targets), -1, -1) if anchors.dim() == 2 else anchors
    kept = torch.ones(current.shape[:2], dtype=torch.bool, device=current.device)
    losses = []
    for output in outputs:
        labels = assign(current, targets, present, options)
        kept = kept | (labels == POSITIVE)
        drawn = draw(labels.masked_fill(~kept, IGNORED), options, generator)
        cls, loc = stage_loss(output, current, targets, drawn, options)
        losses.append(
            StageLoss(
                cls + options.loc_weight * loc,
                cls.detach(),
                loc.detach(),
                kept.float().mean(),
                (drawn == POSITIVE).sum(1).float().mean(),
                (drawn == NEGATIVE).sum(1).float().mean(),
            )
        )
        kept = filtered(kept, output.cls, labels, options.theta)
        current = refined(current, output.loc)
    return losses
