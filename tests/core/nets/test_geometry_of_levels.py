"""Where the cells of each backbone really lie, measured on the built network."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from core.nets import backbones
from core.nets.backbone import Backbone, Level

NETS = [
    ("efficientnet-lite0", {"depth": 11}),
    ("efficientnet-lite0", {"depth": 11, "dense": True}),
    ("resnet18", {}),
    ("resnet18", {"dense": True}),
    ("resnet50", {}),
    ("resnet50", {"dense": True}),
    ("alexnet", {}),
    ("vgg-m", {}),
]
PADDED = {"efficientnet-lite0", "resnet18", "resnet50"}


def _linear(backbone: Backbone) -> Backbone:
    """The same layers, in such a way that every input pixel that is seen has an influence."""
    net = copy.deepcopy(backbone).double().eval()
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        for name, part in list(module.named_children()):
            if isinstance(part, nn.MaxPool2d):
                same = nn.AvgPool2d(part.kernel_size, part.stride, part.padding)
                setattr(module, name, same)
            elif isinstance(part, nn.LocalResponseNorm):
                setattr(module, name, nn.Identity())  # across channels only
    net.normalise_with((0, 0, 0), (100, 100, 100))
    net.mean, net.std = net.mean.double(), net.std.double()
    return net


def _seen(net: Backbone, name: str, side: int, strip: int) -> tuple[int, int, int]:
    """A middle column of cells, and the first and the last but one pixel column it sees."""
    picture = torch.ones(1, 3, strip, side, dtype=torch.float64, requires_grad=True)
    out = net(picture, [name])[name]
    middle = out.shape[3] // 2
    out[0, :, out.shape[2] // 2, middle].sum().backward()
    assert picture.grad is not None
    columns = picture.grad.abs().sum((0, 1, 2)).nonzero().flatten()
    return middle, int(columns[0]), int(columns[-1]) + 1


@pytest.mark.parametrize(("name", "options"), NETS, ids=str)
def test_that_every_level_sees_what_it_says_where_it_says(name: str, options: dict) -> None:
    torch.manual_seed(0)
    net = _linear(backbones.make(name, **options))
    for level in net.levels.values():
        side = _roomy(level)
        strip = 33 if name in PADDED else level.receptive_field
        middle, first, end = _seen(net, level.name, side, strip)
        assert first > 0, level
        assert end < side, level
        assert end - first == level.receptive_field, level
        assert (first + end) / 2 == level.center(middle), level


def _roomy(level: Level) -> int:
    return 32 * math.ceil((level.receptive_field + 4 * level.stride) / 32) + 1


@pytest.mark.parametrize(("name", "options"), NETS, ids=str)
def test_that_channels_and_stride_are_those_of_the_table(name: str, options: dict) -> None:
    net = backbones.make(name, **options).eval()
    small, large = torch.zeros(1, 3, 129, 129), torch.zeros(1, 3, 129 + 64, 129)
    with torch.inference_mode():
        before, after = net(small, net.levels), net(large, net.levels)
    for level in net.levels.values():
        assert before[level.name].shape[1] == level.channels
        assert (after[level.name].shape[2] - before[level.name].shape[2]) * level.stride == 64


@pytest.mark.parametrize(("name", "options"), NETS, ids=str)
def test_that_the_input_a_net_is_made_for_has_its_cells_about_its_middle(
    name: str, options: dict
) -> None:
    net = backbones.make(name, **options).eval()
    side = {"alexnet": 255, "vgg-m": 331}.get(name, 257)
    with torch.inference_mode():
        maps = net(torch.zeros(1, 3, side, side), net.levels)
    for level in net.levels.values():
        if name == "alexnet" and level.name in ("conv1", "conv2"):
            continue  # their last cells are dropped by the layer after them
        cells = maps[level.name].shape[2]
        assert level.center((cells - 1) / 2) == side / 2, level


def test_that_the_papers_shapes_come_out() -> None:
    def cells(name: str, side: int, levels: tuple[str, ...], **options: bool) -> list[int]:
        net = backbones.make(name, **options).eval()
        with torch.inference_mode():
            maps = net(torch.zeros(1, 3, side, side), levels)
        return [maps[level].shape[2] for level in levels]

    deep = ("conv3", "conv4", "conv5")
    assert cells("alexnet", 127, deep) == [10, 8, 6]
    assert cells("alexnet", 255, deep) == [26, 24, 22]
    assert cells("vgg-m", 331, ("conv1", "pool1", "conv2", "pool2", "conv3")) == [
        163, 81, 39, 19, 17,
    ]  # fmt: skip
    assert cells("resnet50", 257, ("layer3.4",)) == [17]
    assert cells("resnet18", 257, ("layer2", "layer3")) == [33, 17]
    assert cells("resnet18", 257, ("layer2", "layer3"), dense=True) == [33, 33]


def test_that_one_more_convolution_on_vgg_m_sees_the_107_pixels_of_mdnet() -> None:
    level = backbones.make("vgg-m").levels["conv3"]
    assert level.receptive_field + 2 * level.stride == 107
    assert level.center(1) == 53 + 0.5  # pixel 53 is the middle of the first such window
