"""Labels and losses of the offline training (Sec. 3.4): ``L = ℓ_rpn + ℓ_reg + ℓ_ide``.

Pure functions on tensors; boxes are rows ``(cx, cy, w, h)`` about the crop's middle. A
pair may show no target in its search region (`present` false): then everything in it is
ground. :func:`pair_losses` puts all of it together for one batch of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as nnf
from torch import Tensor

from core.nets import anchors
from core.trackers.cract.network import DELTA_SCALE, Features, Network
from core.trackers.cract.proposals import suppress

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1


@dataclass(frozen=True, slots=True)
class LossConfig:
    """How labels are given and samples chosen; the paper's numbers where it names them.

    `jittered` proposals are drawn about the target beside the RPN's, or R and I would
    see no positive ones until the RPN has learned.
    """

    anchor_positive: float = 0.6
    anchor_negative: float = 0.3
    anchors: int = 64
    anchor_positives: int = 16
    box_overlap: float = 0.5
    regressed: int = 16
    identified: int = 32
    proposals: int = 8
    nms_overlap: float = 0.75
    jittered: int = 8


class Losses(NamedTuple):
    """The parts of the loss, scalars."""

    rpn_score: Tensor
    rpn_offset: Tensor
    regression: Tensor
    identity: Tensor

    @property
    def total(self) -> Tensor:
        return self.rpn_score + self.rpn_offset + self.regression + self.identity


def anchor_labels(shared: Tensor, present: Tensor, config: LossConfig) -> Tensor:
    """1, 0 or -1 (ignored) for overlaps ``(N, A)``; `present` is ``(N,)`` bool.

    Where no anchor overlaps the target enough, the best one is positive.
    """
    labels = torch.full_like(shared, IGNORED, dtype=torch.long)
    labels = labels.masked_fill(shared < config.anchor_negative, NEGATIVE)
    labels = labels.masked_fill(shared > config.anchor_positive, POSITIVE)
    best = nnf.one_hot(shared.argmax(dim=1), shared.shape[1]).bool()
    labels = torch.where(best & (shared > 0), POSITIVE, labels)
    return labels.masked_fill(~present[:, None], NEGATIVE)


def sampled(
    labels: Tensor, total: int, positives: int, generator: torch.Generator | None = None
) -> Tensor:
    """`labels` ``(N, A)`` with all but `total` per row ignored, at most `positives` positive."""
    noise = torch.rand(labels.shape, generator=generator, device=labels.device)
    wanted = _lowest(noise, labels == POSITIVE, torch.full_like(labels[:, :1], positives))
    taken = wanted.sum(1, keepdim=True)
    wanted = wanted | _lowest(noise, labels == NEGATIVE, total - taken)
    return labels.masked_fill(~wanted, IGNORED)


def _lowest(noise: Tensor, among: Tensor, count: Tensor) -> Tensor:
    """Mask of the `count` ``(N, 1)`` lowest of each row, only `among` ``(N, A)``."""
    rank = noise.masked_fill(~among, 2.0).argsort(dim=1).argsort(dim=1)
    return among & (rank < count)


def score_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of logits ``(N, 2, A)``: half for the positives, half for the others."""
    each = nnf.cross_entropy(logits, labels.clamp(min=0), reduction="none")
    return (_mean(each, labels == POSITIVE) + _mean(each, labels == NEGATIVE)) / 2


def offset_loss(offsets: Tensor, boxes: Tensor, target: Tensor, positive: Tensor) -> Tensor:
    """Smooth L1 of offsets ``(N, A, 4)`` from `boxes` to `target` ``(N, 4)``.

    Summed over the four, averaged over the `positive` ``(N, A)``. Not scaled.
    """
    wanted = anchors.encode(target[:, None], boxes)
    each = nnf.smooth_l1_loss(offsets, wanted.expand_as(offsets), reduction="none").sum(-1)
    return _mean(each, positive)


def refinement_loss(deltas: Tensor, boxes: Tensor, target: Tensor, positive: Tensor) -> Tensor:
    """As :func:`offset_loss` for R's deltas, in its units of (1/5, 1/5, 1/10, 1/10)."""
    scale = torch.tensor(DELTA_SCALE, device=deltas.device)
    wanted = anchors.encode(target[:, None], boxes) * scale
    each = nnf.smooth_l1_loss(deltas * scale, wanted, reduction="none").sum(-1)
    return _mean(each, positive)


def _mean(values: Tensor, among: Tensor) -> Tensor:
    # 0 with a gradient of 0 where there are none.
    return (values * among).sum() / among.sum().clamp(min=1)


def training_boxes(
    logits: Tensor,
    offsets: Tensor,
    network: Network,
    target: Tensor,
    config: LossConfig,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Proposals ``(N, M, 4)`` for R and I: the RPN's best, and boxes about the target.

    Without gradients: a proposal is an input of what follows.
    """
    with torch.no_grad():
        boxes = anchors.decode(offsets, network.anchors)
        limit = float(network.config.search)
        centers = boxes[..., :2].clamp(-limit / 2, limit / 2)
        boxes = torch.cat([centers, boxes[..., 2:].clamp(4.0, limit)], dim=-1)
        chance = logits.softmax(dim=1)[:, 1]
        index, _ = suppress(boxes, chance, config.proposals, config.nms_overlap)
        kept = boxes.gather(1, index[..., None].expand(-1, -1, 4))
        return torch.cat([kept, jittered(target, config.jittered, generator)], dim=1)


def jittered(target: Tensor, count: int, generator: torch.Generator | None = None) -> Tensor:
    """`count` boxes about each target ``(N, 4)``: overlaps from about 0.3 to 1."""
    shape = (len(target), count, 4)
    noise = torch.rand(shape, generator=generator, device=target.device) * 2 - 1
    wide = target[:, None]
    centers = wide[..., :2] + 0.3 * noise[..., :2] * wide[..., 2:]
    return torch.cat([centers, wide[..., 2:] * torch.exp(0.3 * noise[..., 2:])], dim=-1)


def pair_losses(
    network: Network,
    first: Features,
    region: Features,
    boxes: tuple[Tensor, Tensor],
    present: Tensor,
    config: LossConfig,
    generator: torch.Generator | None = None,
) -> Losses:
    """All losses of a batch of pairs.

    Parameters
    ----------
    first, region
        Features of the templates and of the search crops.
    boxes
        The target ``(N, 4)`` in the template and in the search crop.
    present
        ``(N,)`` bool: whether the search crop shows the template's target.

    Returns
    -------
    Losses
        With gradients to every head, and to the backbone where it is trained.
    """
    logits, offsets = network.propose(network.heads.rpn.kernels(first.deep), region)
    shared = anchors.overlaps(network.anchors, boxes[1][:, None])
    labels = anchor_labels(shared, present, config)
    labels = sampled(labels, config.anchors, config.anchor_positives, generator)
    positive = labels == POSITIVE
    rpn = (
        score_loss(logits, labels),
        offset_loss(offsets, network.anchors, boxes[1], positive),
    )
    target = network.pool(first.fused, boxes[0][:, None])
    proposals = training_boxes(logits, offsets, network, boxes[1], config, generator)
    shape = proposals.shape
    parts = network.heads.regressor.target_part(target).repeat_interleave(shape[1], dim=0)
    deltas = network.deltas(network.pool(region.fused, proposals), parts).view(shape)
    chosen = box_labels(anchors.overlaps(proposals, boxes[1][:, None]), present, config)
    chosen = sampled(chosen, config.regressed, config.regressed, generator) == POSITIVE
    refined = anchors.decode(deltas.detach(), proposals)
    parts = network.heads.identifier.target_part(target).repeat_interleave(shape[1], dim=0)
    answers = network.identify(network.pool(region.fused, refined), parts)
    answers = answers.view(*shape[:2], 2).transpose(1, 2)
    same = box_labels(anchors.overlaps(refined, boxes[1][:, None]), present, config)
    same = sampled(same, config.identified, config.identified, generator)
    return Losses(
        *rpn, refinement_loss(deltas, proposals, boxes[1], chosen), score_loss(answers, same)
    )


def box_labels(shared: Tensor, present: Tensor, config: LossConfig) -> Tensor:
    """1 or 0 for the overlaps ``(N, M)`` of proposals with their target."""
    return ((shared > config.box_overlap) & present[:, None]).long()
