from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as nnf
from fakes import cract_weights
from safetensors.torch import save_file
from torch import Tensor

from core.errors import WeightsError
from core.nets import anchors, backbones, roi
from core.nets.folding import folded
from core.trackers.cract import network as networks
from core.trackers.cract.network import (
    BASES,
    Network,
    NetworkConfig,
    PyramidRoIAlign,
    RelationHead,
)

SMALL = NetworkConfig(rpn_channels=8, channels=8, hidden=10)
CPU = torch.device("cpu")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def untrained(name: str = "efficientnet-lite0", config: NetworkConfig = SMALL) -> Network:
    base = BASES[name]
    torch.manual_seed(0)
    return Network(backbones.make(name, **base.options), base, config).eval()


@pytest.fixture(scope="module")
def net() -> Network:
    return untrained()


@pytest.mark.parametrize("name", sorted(BASES))
def test_that_the_map_has_the_papers_25_by_25_cells(name: str) -> None:
    net = untrained(name)
    with torch.inference_mode():
        first = net.features(torch.rand(1, 3, 129, 129) * 255)
        region = net.features(torch.rand(1, 3, 241, 241) * 255)
        logits, offsets = net.propose(net.heads.rpn.kernels(first.deep), region)
    assert net.stride == 8
    assert region.deep.shape[-2:] == region.fused.shape[-2:] == (31, 31)
    assert net.cells == 25
    assert logits.shape == (1, 2, 5 * 25 * 25)
    assert offsets.shape == (1, 5 * 25 * 25, 4)
    middle = net.anchors.view(5, 25, 25, 4)[2, 12, 12]
    assert middle.tolist() == [0.0, 0.0, 64.0, 64.0]


def test_that_crops_without_a_middle_cell_are_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        untrained(config=NetworkConfig(search=240))


def test_that_channels_are_read_in_the_order_of_the_anchors() -> None:
    # A layer that answers with its channel's and cell's number shows who goes where.
    k, cells = 5, 3
    numbers = torch.arange(4 * k * cells * cells, dtype=torch.float32).view(1, 4 * k, cells, cells)
    offsets = networks._per_anchor(numbers)
    for coordinate, anchor, row, col in [(0, 0, 0, 0), (2, 3, 1, 2), (3, 4, 2, 1)]:
        want = numbers[0, coordinate * k + anchor, row, col]
        assert offsets[0, (anchor * cells + row) * cells + col, coordinate] == want


def test_that_the_rpn_correlates_the_middle_of_the_template(net: Network) -> None:
    template = torch.randn(1, 112, 17, 17, generator=generator())
    other = template.clone()
    other[..., :5, :] += 1.0
    other[..., 12:] += 1.0
    one, two = net.heads.rpn.kernels(template), net.heads.rpn.kernels(other)
    assert one.score.shape == (1, 8, 5, 5)
    assert torch.equal(one.score, two.score)
    other[..., 8, 8] += 1.0
    assert not torch.equal(one.offset, net.heads.rpn.kernels(other).offset)


def test_that_the_pyramid_is_one_convolution_of_the_concatenation() -> None:
    torch.manual_seed(1)
    pyramid = PyramidRoIAlign(4)
    fused = torch.randn(2, 4, 9, 9, generator=generator())
    boxes = torch.tensor([[[0.0, 1.0, 4.0, 5.0], [3.0, -3.0, 6.0, 3.0]]]).expand(2, -1, -1)
    levels = networks.roi.pyramid(fused, boxes, (6, 3, 1))
    stacked = torch.cat([nnf.interpolate(part, size=(6, 6)) for part in levels], dim=1)
    assert stacked.shape == (4, 12, 6, 6)
    torch.testing.assert_close(pyramid(fused, boxes), torch.relu(pyramid.merge(stacked)))


def test_that_one_grid_pools_without_the_pyramid() -> None:
    fine = PyramidRoIAlign(8, grids=1)
    fused, boxes = torch.rand(1, 8, 20, 20, generator=generator()), torch.tensor([[[0, 1, 7, 5.0]]])
    [grid] = roi.pyramid(fused, boxes, (6,))
    assert torch.equal(fine(fused, boxes), torch.relu(fine.merge(grid)))
    config = NetworkConfig(rpn_channels=8, channels=8, hidden=10, grids=1)
    assert NetworkConfig.read(config.tensors()) == config


def test_that_a_head_is_one_convolution_of_the_concatenation() -> None:
    torch.manual_seed(1)
    head = RelationHead(SMALL, 4).eval()
    box = torch.randn(3, 8, 6, 6, generator=generator())
    target = torch.randn(1, 8, 6, 6, generator=generator(1))
    joined = torch.cat([target.expand(3, -1, -1, -1), box], dim=1)
    want = head.layers(head.join(joined))
    torch.testing.assert_close(head(box, head.target_part(target)), want)
    # The same once normalisation is folded into the convolution.
    head.join[1].running_mean.copy_(torch.randn(8, generator=generator(2)))
    want = head.layers(head.join(joined))
    flat = folded(head)
    torch.testing.assert_close(flat(box, flat.target_part(target)), want, rtol=1e-4, atol=1e-5)


def test_that_deltas_come_in_the_units_of_the_boxes(net: Network) -> None:
    part = net.heads.regressor.target_part(torch.zeros(1, 8, 6, 6))
    raw = net.heads.regressor(torch.ones(1, 8, 6, 6), part)
    scaled = net.deltas(torch.ones(1, 8, 6, 6), part) * torch.tensor([5.0, 5.0, 10.0, 10.0])
    torch.testing.assert_close(scaled, raw)


def test_that_a_box_is_pooled_where_it_is() -> None:
    # φ34 that rises by one per cell to the right: 8 crop pixels.
    net = untrained()
    ramp = (torch.arange(31.0) - 15).expand(1, 8, 31, 31)
    net.heads.pyramid.merge.weight.data.zero_()
    net.heads.pyramid.merge.weight.data[:, :8, 0, 0] = torch.eye(8)
    net.heads.pyramid.merge.bias.data.fill_(20.0)
    pooled = net.pool(ramp, torch.tensor([[[40.0, 0.0, 48.0, 48.0]]]))
    want = 5 + torch.arange(6.0) - 2.5 + 20
    torch.testing.assert_close(pooled[0, 0, 3], want)


def test_that_gradients_reach_every_part() -> None:
    net = untrained().train()
    template, search = torch.rand(2, 3, 129, 129) * 255, torch.rand(2, 3, 241, 241) * 255
    first, region = net.features(template), net.features(search)
    logits, offsets = net.propose(net.heads.rpn.kernels(first.deep), region)
    boxes = torch.tensor([[[0.0, 0.0, 60.0, 50.0]]]).expand(2, -1, -1)
    target = net.pool(first.fused, boxes)
    pooled = net.pool(region.fused, boxes)
    deltas = net.deltas(pooled, net.heads.regressor.target_part(target))
    answers = net.identify(pooled, net.heads.identifier.target_part(target))
    (logits.square().mean() + offsets.square().mean() + (deltas**2 + 0).sum()).backward(
        retain_graph=True
    )
    nnf.cross_entropy(answers, torch.tensor([0, 1])).backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


# --- weights --------------------------------------------------------------------------


def test_that_the_configuration_goes_with_the_weights() -> None:
    config = NetworkConfig(rpn_channels=12, search=257, anchor_ratios=(0.5, 1.0, 2.0))
    assert NetworkConfig.read(config.tensors()) == config
    assert NetworkConfig.read({}) == NetworkConfig()


@pytest.mark.parametrize("value", [torch.tensor(0.0), torch.tensor(float("nan")), torch.ones(0)])
def test_that_an_impossible_configuration_is_refused_in_words(value: Tensor) -> None:
    with pytest.raises(WeightsError, match="hidden"):
        NetworkConfig.read({"config.hidden": value})


def test_that_weights_decide_the_network_and_survive_a_file(tmp_path: Path) -> None:
    made = cract_weights.tensors("efficientnet-lite0", SMALL)
    path = tmp_path / "own.safetensors"
    save_file(made, path)
    got = networks.trained("efficientnet-lite0", {"cract": path}, device=CPU)
    assert got.config == SMALL
    assert not any(p.requires_grad for p in got.parameters())
    with torch.inference_mode():
        picture = torch.rand(1, 3, 129, 129, generator=generator()) * 255
        found = got.features(picture)
        again = networks.trained("efficientnet-lite0", {"cract": made}, device=CPU)
        assert torch.equal(found.fused, again.features(picture).fused)


def test_that_what_is_stored_is_what_was_trained() -> None:
    net = untrained()
    net.heads.rpn.adjust[1].running_var.fill_(3.0)
    tensors = networks.stored(net)
    assert not any(name.startswith("backbone.") for name in tensors)
    got = networks.trained("efficientnet-lite0", {"cract": tensors}, device=CPU)
    maps = torch.randn(1, 112, 31, 31, generator=generator())
    kernels = net.heads.rpn.kernels(maps[..., :17, :17])
    with torch.inference_mode():
        same = got.heads.rpn.kernels(maps[..., :17, :17])
        torch.testing.assert_close(same.score, kernels.score, rtol=1e-4, atol=1e-5)


def test_that_a_tuned_backbone_replaces_imagenets() -> None:
    made: dict[str, Any] = cract_weights.tensors("efficientnet-lite0", SMALL)
    plain = networks.trained("efficientnet-lite0", {"cract": made}, device=CPU)
    net = networks.untrained("efficientnet-lite0", SMALL, {})
    name = "blocks.10.project.0.weight"
    tuned = made | {f"backbone.{name}": net.backbone.state_dict()[name] * 2}
    got = networks.trained("efficientnet-lite0", {"cract": tuned}, device=CPU)
    with torch.inference_mode():
        picture = torch.rand(1, 3, 129, 129, generator=generator()) * 255
        assert not torch.equal(plain.features(picture).deep, got.features(picture).deep)
    with pytest.raises(WeightsError, match="nonsense"):
        networks.trained(
            "efficientnet-lite0", {"cract": made | {"backbone.nonsense": torch.ones(1)}}, device=CPU
        )


def test_that_missing_or_foreign_weights_are_told_in_words() -> None:
    with pytest.raises(WeightsError) as caught:
        networks.trained("resnet18", {}, device=CPU)
    assert caught.value.hint
    made = cract_weights.tensors("efficientnet-lite0", SMALL)
    made.pop("fusion.0.weight")
    with pytest.raises(WeightsError, match=r"fusion\.0\.weight"):
        networks.trained("efficientnet-lite0", {"cract": made}, device=CPU)
    odd = cract_weights.tensors("efficientnet-lite0", SMALL) | {
        "config.search": torch.tensor(240.0)
    }
    with pytest.raises(WeightsError, match="cannot be built"):
        networks.trained("efficientnet-lite0", {"cract": odd}, device=CPU)


def test_that_the_network_can_be_made_on_resnet18() -> None:
    made = cract_weights.tensors("resnet18", SMALL)
    net = untrained("resnet18")
    own, tuned = networks.split(made)
    assert not tuned
    networks.weights.fill(net.heads, own, where="test")
    assert net.heads.fusion[0].weight.shape == (8, 128 + 256, 1, 1)
    assert anchors.iou(net.anchors[:1], net.anchors[:1]).item() == pytest.approx(1.0)
