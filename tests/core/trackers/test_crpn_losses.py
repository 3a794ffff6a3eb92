"""What C-RPN learns from: labels, samples, the cascade's filter and refinement, losses."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as nnf

from core.nets import anchors as boxes_of
from core.trackers.crpn import geometry, losses
from core.trackers.crpn.config import NetworkConfig
from core.trackers.crpn.losses import IGNORED, NEGATIVE, POSITIVE, LossOptions
from core.trackers.crpn.network import CascadedRPN, StageOutput

OPTIONS = LossOptions()
GRID = geometry.MapGrid(9, 8, 0.0)
CPU = torch.device("cpu")


def first() -> torch.Tensor:
    return geometry.first_anchors(NetworkConfig(), GRID, (64, 64), CPU)


def test_that_labels_follow_the_overlap_as_a_naive_loop_says() -> None:
    anchors = first()
    targets = torch.tensor([[3.0, -5.0, 70.0, 60.0], [20.0, 10.0, 30.0, 100.0]])
    labels = losses.assign(anchors.expand(2, -1, -1), targets, torch.tensor([True, True]), OPTIONS)
    seen = set()
    for pair in range(2):
        for row in range(len(anchors)):
            overlap = _naive_iou(anchors[row].tolist(), targets[pair].tolist())
            wanted = POSITIVE if overlap > 0.6 else NEGATIVE if overlap < 0.3 else IGNORED
            assert int(labels[pair, row]) == wanted
            seen.add(wanted)
    assert seen == {POSITIVE, NEGATIVE, IGNORED}


def _naive_iou(a: list[float], b: list[float]) -> float:
    w = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    h = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    shared = max(w, 0) * max(h, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def test_that_a_pair_of_different_objects_has_no_positive() -> None:
    target = torch.tensor([[0.0, 0.0, 64.0, 64.0]])
    labels = losses.assign(first()[None], target, torch.tensor([False]), OPTIONS)
    assert bool((labels == NEGATIVE).all())


def test_that_at_most_64_samples_are_drawn_and_all_kinds_of_them() -> None:
    labels = torch.full((3, 400), NEGATIVE)
    labels[0, :40] = POSITIVE
    labels[1, :5] = POSITIVE
    labels[2, :380] = IGNORED
    drawn = losses.draw(labels, OPTIONS, torch.Generator().manual_seed(0))
    positive, negative = (drawn == POSITIVE).sum(1), (drawn == NEGATIVE).sum(1)
    assert positive.tolist() == [16, 5, 0]
    assert negative.tolist() == [48, 59, 20]
    # Nothing is drawn under another label than its own.
    assert torch.equal(drawn[drawn != IGNORED], labels[drawn != IGNORED])
    again = losses.draw(labels, OPTIONS, torch.Generator().manual_seed(0))
    other = losses.draw(labels, OPTIONS, torch.Generator().manual_seed(1))
    assert torch.equal(drawn, again)
    assert not torch.equal(drawn, other)


def test_that_sure_background_is_filtered_but_positives_stay() -> None:
    def logit(negative: float) -> list[float]:
        return [math.log(negative), math.log(1 - negative)]

    cls = torch.tensor([[logit(0.96), logit(0.94), logit(0.99), logit(0.10)]])
    kept = torch.tensor([[True, True, True, False]])
    labels = torch.tensor([[NEGATIVE, NEGATIVE, POSITIVE, NEGATIVE]])
    assert losses.filtered(kept, cls, labels, 0.95).tolist() == [[False, True, True, False]]
    assert losses.filtered(kept, cls, None, 0.95).tolist() == [[False, True, False, False]]
    assert losses.filtered(kept, cls, None, 1.0).tolist() == kept.tolist()


def test_that_offsets_of_stage_after_stage_lead_to_the_target() -> None:
    anchors = first()[None]
    target = torch.tensor([[7.0, -4.0, 50.0, 90.0]])
    # Each stage goes half of what is left; the last one all of it.
    current = anchors
    for share in (0.5, 0.5, 1.0):
        offsets = boxes_of.encode(target[:, None].expand_as(current), current) * share
        current = losses.refined(current, offsets)
    assert torch.allclose(current, target[:, None].expand_as(current), atol=1e-2)


def test_that_wild_offsets_give_finite_boxes_and_no_gradient() -> None:
    loc = torch.tensor([[[1.0, -1.0, 90.0, -90.0]]], requires_grad=True)
    moved = losses.refined(torch.tensor([[[0.0, 0.0, 64.0, 64.0]]]), loc)
    assert not moved.requires_grad
    assert moved[0, 0].tolist() == [64.0, -64.0, pytest.approx(1024, rel=1e-5), 4.0]
    for _ in range(4):
        moved = losses.refined(moved, loc)
    assert moved[0, 0, 2:].tolist() == [losses.LARGEST_SIDE, losses.SMALLEST_SIDE]


def test_that_the_loss_of_a_stage_is_that_of_the_formula() -> None:
    cls = torch.tensor([[[0.0, 1.0], [2.0, 0.0], [0.0, 0.0], [9.0, 9.0]]])
    loc = torch.tensor([[[0.1, 0.0, 0.0, 2.0], [5.0, 5, 5, 5], [1.0, 1, 1, 1], [1.0, 1, 1, 1]]])
    anchors = torch.tensor([[[0.0, 0.0, 10.0, 10.0]] * 4])
    target = torch.tensor([[1.0, 0.0, 10.0, 10.0]])
    drawn = torch.tensor([[POSITIVE, NEGATIVE, NEGATIVE, IGNORED]])
    output, plain = StageOutput(cls, loc), LossOptions(beta=1.0)
    got_cls, got_loc = losses.stage_loss(output, anchors, target, drawn, plain)
    positive = math.log(1 + math.exp(-1))
    negative = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    assert float(got_cls) == pytest.approx(0.5 * (positive + negative), rel=1e-5)
    # Wanted (0.1, 0, 0, 0): only the last offset is off, by 2, which is 1.5 in smooth L1.
    assert float(got_loc) == pytest.approx(1.5, rel=1e-5)
    _, steep = losses.stage_loss(output, anchors, target, drawn, OPTIONS)
    assert float(steep) == pytest.approx(2 - 1 / 18, rel=1e-5)


def test_that_a_pair_without_positives_teaches_only_the_background() -> None:
    cls = torch.zeros(1, 405, 2, requires_grad=True)
    loc = torch.zeros(1, 405, 4, requires_grad=True)
    loss = losses.cascade_loss(
        [StageOutput(cls, loc)],
        first(),
        torch.tensor([[0.0, 0.0, 64.0, 64.0]]),
        torch.tensor([False]),
        OPTIONS,
        torch.Generator().manual_seed(0),
    )[0]
    loss.total.backward()
    assert float(loss.loc) == 0
    assert float(loss.total.detach()) == pytest.approx(0.5 * math.log(2))
    assert cls.grad is not None
    assert loc.grad is not None
    assert float(loc.grad.abs().sum()) == 0


def test_that_later_stages_learn_from_refined_and_filtered_anchors() -> None:
    anchors = first()
    target = torch.tensor([[0.0, 0.0, 40.0, 150.0]])  # like no anchor
    present = torch.tensor([True])
    offsets = boxes_of.encode(target[:, None].expand(1, len(anchors), 4), anchors[None])
    # Sure of background in the left half of the map, and one step goes to the target.
    cls = torch.zeros(1, len(anchors), 2)
    cls[0, anchors[:, 0] < 0, 0] = 9.0
    stage = StageOutput(cls, offsets)
    seen = losses.cascade_loss(
        [stage, stage], anchors, target, present, OPTIONS, torch.Generator().manual_seed(0)
    )
    assert float(seen[0].positives) == 0
    assert float(seen[0].kept) == 1
    # After refinement every anchor is positive: filtered ones come back, none is lost.
    assert float(seen[1].positives) == 16
    assert float(seen[1].kept) == 1
    stay = StageOutput(cls, torch.zeros_like(offsets))
    seen = losses.cascade_loss(
        [stay, stay], anchors, target, present, OPTIONS, torch.Generator().manual_seed(0)
    )
    share = float((anchors[:, 0] >= 0).float().mean())
    assert float(seen[1].kept) == pytest.approx(share)


def test_that_the_gradient_of_a_stage_stays_in_it() -> None:
    anchors = first()
    target = torch.tensor([[4.0, 4.0, 60.0, 70.0]])
    locs = [torch.zeros(1, len(anchors), 4, requires_grad=True) for _ in range(2)]
    clss = [torch.zeros(1, len(anchors), 2, requires_grad=True) for _ in range(2)]
    outputs = [StageOutput(c, r) for c, r in zip(clss, locs, strict=True)]
    seen = losses.cascade_loss(outputs, anchors, target, torch.tensor([True]), OPTIONS)
    seen[1].total.backward()
    assert locs[0].grad is None
    assert clss[0].grad is None
    assert locs[1].grad is not None


def test_that_a_pair_is_learned_by_heart() -> None:
    torch.manual_seed(0)
    from core.nets.backbone import Level

    levels = {
        "block4": Level("block4", 6, 8, 0.5, 67),
        "block7": Level("block7", 6, 8, 0.5, 147),
        "block10": Level("block10", 6, 8, 0.5, 339),
    }
    config = NetworkConfig(channels=16, template_size=129, search_size=193)
    cascade = CascadedRPN(config, levels).train()
    template = {name: torch.randn(1, 6, 17, 17) for name in levels}
    search = {name: nnf.pad(level, (4, 4, 2, 6)) for name, level in template.items()}
    grid = geometry.map_grid(config, levels["block10"], 193)
    anchors = geometry.first_anchors(config, grid, (64, 64), CPU)
    target = torch.tensor([[0.0, -16.0, 70.0, 60.0]])
    optimiser = torch.optim.Adam(cascade.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    history = []
    for _ in range(30):
        outputs = cascade(cascade.kernels(template), search)
        seen = losses.cascade_loss(
            outputs, anchors, target, torch.tensor([True]), OPTIONS, generator
        )
        total = torch.stack([stage.total for stage in seen]).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        history.append([float(stage.total.detach()) for stage in seen])
    for stage in range(3):
        assert history[-1][stage] < 0.5 * history[0][stage], (stage, history)
