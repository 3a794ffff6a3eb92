from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from core.nets import anchors
from core.nets.backbone import Backbone, Geometry
from core.trackers.cract import losses
from core.trackers.cract.losses import LossConfig
from core.trackers.cract.network import Base, Network, NetworkConfig

CONFIG = LossConfig()
HERE = torch.tensor([True])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_that_anchors_are_labelled_by_their_overlap() -> None:
    shared = torch.tensor([[0.61, 0.6, 0.45, 0.3, 0.29, 0.0], [0.9, 0.1, 0.7, 0.2, 0.5, 0.4]])
    labels = losses.anchor_labels(shared, torch.tensor([True, True]), CONFIG)
    assert labels.tolist() == [[1, -1, -1, -1, 0, 0], [1, 0, 1, 0, -1, -1]]


def test_that_the_best_anchor_is_positive_where_none_is_good() -> None:
    labels = losses.anchor_labels(torch.tensor([[0.1, 0.4, 0.2]]), HERE, CONFIG)
    assert labels.tolist() == [[0, 1, 0]]
    labels = losses.anchor_labels(torch.zeros(1, 3), HERE, CONFIG)
    assert labels.tolist() == [[0, 0, 0]]


def test_that_a_pair_without_the_target_is_all_ground() -> None:
    labels = losses.anchor_labels(torch.tensor([[0.9, 0.4]]), ~HERE, CONFIG)
    assert labels.tolist() == [[0, 0]]
    assert losses.box_labels(torch.tensor([[0.9]]), ~HERE, CONFIG).tolist() == [[0]]


def test_that_only_as_many_samples_as_asked_for_remain() -> None:
    labels = torch.tensor([[1] * 40 + [0] * 400 + [-1] * 60, [1] * 3 + [0] * 30 + [-1] * 467])
    got = losses.sampled(labels, 64, 16, generator())
    assert (got == 1).sum(1).tolist() == [16, 3]
    assert (got == 0).sum(1).tolist() == [48, 30]
    kept = got != -1
    assert torch.equal(got[kept], labels[kept])
    other = losses.sampled(labels, 64, 16, generator(1))
    assert not torch.equal(got, other)
    assert torch.equal(got, losses.sampled(labels, 64, 16, generator()))


def test_that_the_score_loss_weighs_both_kinds_the_same() -> None:
    logits = torch.tensor([[[0.0, 1.0, 2.0, 9.0], [1.0, 0.0, 0.5, -9.0]]])
    labels = torch.tensor([[1, 0, 0, -1]])

    def entropy(right: float, wrong: float) -> float:
        return -math.log(math.exp(right) / (math.exp(right) + math.exp(wrong)))

    want = (entropy(1, 0) + (entropy(1, 0) + entropy(2, 0.5)) / 2) / 2
    assert float(losses.score_loss(logits, labels)) == pytest.approx(want, rel=1e-5)


def test_that_regression_losses_are_smooth_l1_on_encoded_boxes() -> None:
    boxes = torch.tensor([[10.0, 0.0, 20.0, 40.0], [0.0, 0.0, 5.0, 5.0]])
    target = torch.tensor([[14.0, 4.0, 20.0, 80.0]])
    offsets = torch.zeros(1, 2, 4)
    positive = torch.tensor([[True, False]])
    # dx = .2, dy = .1, dw = 0, dh = ln 2
    small = lambda d: d * d / 2  # noqa: E731
    want = small(0.2) + small(0.1) + small(math.log(2))
    got = losses.offset_loss(offsets, boxes, target, positive)
    assert float(got) == pytest.approx(want, rel=1e-5)
    # In R's units: 5 · .2 = 1, 5 · .1 = .5, 0, 10 · ln 2, the first and last beyond the bend.
    want = 0.5 + small(0.5) + (10 * math.log(2) - 0.5)
    got = losses.refinement_loss(offsets, boxes[None], target, positive)
    assert float(got) == pytest.approx(want, rel=1e-5)


def test_that_no_sample_gives_no_loss_and_no_nan() -> None:
    offsets = torch.zeros(1, 2, 4, requires_grad=True)
    none = torch.zeros(1, 2, dtype=torch.bool)
    loss = losses.offset_loss(offsets, torch.ones(2, 4), torch.ones(1, 4), none)
    loss.backward()
    assert float(loss.detach()) == 0
    assert offsets.grad is not None
    assert not offsets.grad.any()


def test_that_drawn_boxes_lie_about_the_target() -> None:
    target = torch.tensor([[5.0, -3.0, 40.0, 60.0]])
    boxes = losses.jittered(target, 200, generator())
    shared = anchors.iou(boxes[0], target)[:, 0]
    assert 0.2 < float(shared.min()) < 0.5
    assert float(shared.max()) > 0.85


# --- together -------------------------------------------------------------------------


class Stairs(Backbone):
    """A backbone of three strided layers, to be trained from nothing in a moment."""

    name = "stairs"

    def __init__(self) -> None:
        super().__init__()
        geometry = Geometry()
        for _ in range(3):
            geometry.layer(3, 2, padding=1)
        shallow = geometry.level("shallow", 12)
        geometry.layer(3, padding=1)
        self.levels = {"shallow": shallow, "deep": geometry.level("deep", 16)}
        self.early = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(12, 12, 3, 2, 1), nn.ReLU(),
        )  # fmt: skip
        self.late = nn.Conv2d(12, 16, 3, padding=1)
        self.normalise_with([127.0] * 3, [64.0] * 3)

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        early = self.early(normalised)
        return {"shallow": early, "deep": self.late(early)}


def pairs() -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    """A bright square with a cross, in the template's middle and elsewhere in the search."""
    template, search = torch.full((2, 3, 65, 65), 60.0), torch.full((2, 3, 129, 129), 60.0)
    places = torch.tensor([[16.0, -8.0, 36.0, 36.0], [-20.0, 12.0, 36.0, 36.0]])
    first = torch.tensor([[0.0, 0.0, 36.0, 36.0]] * 2)
    for picture, boxes in ((template, first), (search, places)):
        middle = picture.shape[-1] / 2
        for n, (x, y, w, h) in enumerate(boxes.tolist()):
            rows = slice(int(middle + y - h / 2), int(middle + y + h / 2))
            cols = slice(int(middle + x - w / 2), int(middle + x + w / 2))
            picture[n, :, rows, cols] = 200.0
            picture[n, 0, rows, int(middle + x)] = 0.0
    return template, search, (first, places)


def test_that_the_losses_fall_to_nearly_nothing_on_two_pairs() -> None:
    torch.manual_seed(0)
    config = NetworkConfig(
        rpn_channels=16, channels=12, hidden=32, template=65, search=129, anchor_base=32.0
    )
    net = Network(Stairs(), Base("test", "shallow", "deep", {}), config).train()
    assert net.cells == 11
    template, search, boxes = pairs()
    here = torch.tensor([True, True])
    draws = generator(3)
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    history = []
    for _ in range(60):
        first, region = net.features(template), net.features(search)
        found = losses.pair_losses(net, first, region, boxes, here, CONFIG, draws)
        optimiser.zero_grad()
        found.total.backward()
        optimiser.step()
        history.append([float(part.detach()) for part in found])
    start, end = torch.tensor(history[:5]).mean(0), torch.tensor(history[-5:]).mean(0)
    assert (end < 0.35 * start).all(), (start, end)
    with torch.no_grad():
        kernels = net.heads.rpn.kernels(net.features(template).deep)
        logits, offsets = net.propose(kernels, net.features(search))
    best = logits.softmax(1)[:, 1].argmax(1)
    decoded = anchors.decode(offsets, net.anchors)
    for n in range(2):
        assert float(anchors.iou(decoded[n, best[n]][None], boxes[1][n : n + 1])) > 0.6


def test_that_boxes_for_training_carry_no_gradient_and_stay_sane() -> None:
    torch.manual_seed(0)
    config = NetworkConfig(rpn_channels=8, channels=6, hidden=8, template=65, search=129)
    net = Network(Stairs(), Base("test", "shallow", "deep", {}), config)
    logits = torch.randn(1, 2, 5 * 121, requires_grad=True)
    offsets = torch.randn(1, 5 * 121, 4, requires_grad=True) * 5
    target = torch.tensor([[0.0, 0.0, 30.0, 30.0]])
    made = losses.training_boxes(logits, offsets, net, target, CONFIG, generator())
    assert made.shape == (1, 16, 4)
    assert not made.requires_grad
    assert float(made[..., :2].abs().max()) <= 129 / 2
    assert float(made[0, :8, 2:].min()) >= 4
    assert float(made[..., 2:].max()) <= 129
