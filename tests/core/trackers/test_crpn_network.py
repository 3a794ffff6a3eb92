"""The C-RPN network: shapes, order of channels, centres, and that all of it can learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from core import weights
from core.errors import WeightsError
from core.nets import backbones
from core.nets.backbone import Level
from core.nets.folding import folded
from core.trackers.crpn import geometry
from core.trackers.crpn.config import ENTRY, NetworkConfig
from core.trackers.crpn.network import CascadedRPN, FeatureTransferBlock, SiameseCRPN

LITE: Mapping[str, Level] = {
    "block4": Level("block4", 40, 8, 0.5, 67),
    "block7": Level("block7", 80, 8, 0.5, 147),
    "block10": Level("block10", 112, 8, 0.5, 339),
}
ALEX: Mapping[str, Level] = {
    "conv3": Level("conv3", 384, 8, 27.5, 55),
    "conv4": Level("conv4", 384, 8, 35.5, 71),
    "conv5": Level("conv5", 256, 8, 43.5, 87),
}


def small(backbone: str, **changes: Any) -> NetworkConfig:
    return NetworkConfig.of(backbone, **{"channels": 8, **changes})


def features(config: NetworkConfig, levels: Mapping[str, Level], side: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(side)
    found = {}
    for name in config.levels:
        cells = geometry.level_cells(levels[name], side)
        shape = (2, levels[name].channels, cells, cells)
        found[name] = torch.randn(shape, generator=generator)
    return found


# --- geometry -------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "levels"), [("efficientnet-lite0", LITE), ("alexnet", ALEX)])
def test_that_the_levels_here_are_those_of_the_backbone(
    name: str, levels: Mapping[str, Level]
) -> None:
    config = NetworkConfig.of(name)
    backbone = backbones.make(name, **config.backbone_options)
    for level in config.levels:
        geometric = replace(backbone.levels[level], lean=(0.0, 0.0))  # weights say the lean
        assert geometric == levels[level]
    found = backbone.eval()(torch.zeros(1, 3, 129, 129), config.levels)
    for level in config.levels:
        assert found[level].shape[-1] == geometry.level_cells(levels[level], 129)


@pytest.mark.parametrize(
    ("name", "side", "cells"),
    [
        ("alexnet", 255, 17),
        ("alexnet", 271, 19),
        ("alexnet", 287, 21),
        ("efficientnet-lite0", 257, 27),
        ("efficientnet-lite0", 289, 31),
    ],
)
@pytest.mark.parametrize("resize", ["crop", "interp"])
def test_that_all_stages_have_the_same_map_about_the_middle(
    name: str, side: int, cells: int, resize: str
) -> None:
    levels = ALEX if name == "alexnet" else LITE
    config = small(name, ftb_resize=resize)
    cascade = CascadedRPN(config, levels)
    kernels = cascade.kernels(features(config, levels, config.template_size))
    outputs = cascade(kernels, features(config, levels, side))
    grid = geometry.map_grid(config, levels[config.levels[0]], side)
    assert (grid.cells, grid.shift) == (cells, 0.0)
    assert len(outputs) == 3
    for output in outputs:
        assert output.cls.shape == (2, 5 * cells * cells, 2)
        assert output.loc.shape == (2, 5 * cells * cells, 4)


def test_that_a_picture_off_the_grid_moves_the_anchors_with_the_map() -> None:
    config = NetworkConfig()
    grid = geometry.map_grid(config, LITE["block10"], 260)
    # 33 cells from 0.5 to 256.5: their middle, 128.5, lies 1.5 before that of 260 pixels.
    assert grid.shift == -1.5
    anchors = geometry.first_anchors(config, grid, (1, 1), torch.device("cpu"))
    middle = anchors.view(5, grid.cells, grid.cells, 4)[:, grid.cells // 2, grid.cells // 2]
    assert middle[:, :2].tolist() == [[-1.5, -1.5]] * 5


def test_that_a_template_larger_than_the_search_is_refused() -> None:
    with pytest.raises(WeightsError, match="does not fit"):
        geometry.map_grid(NetworkConfig(), LITE["block10"], 41)


def test_that_levels_which_do_not_nest_are_refused() -> None:
    odd = {**LITE, "block7": Level("block7", 80, 16, 0.5, 147)}
    with pytest.raises(ValueError, match="nest"):
        CascadedRPN(small("efficientnet-lite0"), odd)


@pytest.mark.parametrize(("rim", "side"), [(1, 24), (2, 26)])
def test_that_a_transfer_block_lands_on_the_lower_grid_and_returns(rim: int, side: int) -> None:
    config = small("alexnet")
    block = FeatureTransferBlock(6, 5, config, rim)
    assert block.up(torch.zeros(1, 6, 22, 22)).shape[-1] == side
    assert block(torch.zeros(1, 6, 22, 22), torch.zeros(1, 5, side, side)).shape == (1, 8, 22, 22)


def test_that_cropping_keeps_cells_over_their_place() -> None:
    # A block that passes the lower level through: one bright cell must stay where it is.
    config = small("alexnet", separable=False)
    block = FeatureTransferBlock(4, 1, config, 2).eval()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        block.lateral[0][0].weight[0, 0, 1, 1] = 1.0  # type: ignore[index]
        block.lateral[1][0].weight[0, 0, 1, 1] = 1.0  # type: ignore[index]
        for part in block.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.weight.fill_(1.0)
        level = torch.zeros(1, 1, 26, 26)
        level[0, 0, 9, 15] = 1.0
        out = block(torch.zeros(1, 4, 22, 22), level)[0, 0]
    row, col = divmod(int(out.argmax()), 22)
    deep, low = ALEX["conv5"], ALEX["conv3"]
    assert (deep.center(col), deep.center(row)) == (low.center(15), low.center(9))


# --- order ----------------------------------------------------------------------------


@pytest.mark.parametrize("xcorr", ["depthwise", "up"])
def test_that_channels_become_rows_in_the_order_of_the_anchors(xcorr: str) -> None:
    config = small("efficientnet-lite0", xcorr=xcorr, stages=1)
    cascade = CascadedRPN(config, LITE).eval()
    with torch.no_grad():
        for parameter in cascade.parameters():
            parameter.zero_()
        head: Any = cascade.heads[0]
        last = head.adjust if xcorr == "up" else head.loc
        # Channel v·k + shape holds value v of that shape.
        last.bias[:] = torch.arange(20.0)
        if xcorr == "depthwise":
            head.cls.bias[:] = torch.arange(10.0)
        found = {"block10": torch.zeros(1, 112, 33, 33)}
        kernels = cascade.kernels({"block10": torch.zeros(1, 112, 17, 17)})
        output = cascade(kernels, found)[0]
    cells = 27 * 27
    for shape in range(5):
        row = output.loc[0, shape * cells]
        assert row.tolist() == [shape, 5 + shape, 10 + shape, 15 + shape]
        if xcorr == "depthwise":
            assert output.cls[0, shape * cells].tolist() == [shape, 5 + shape]


def test_that_rows_and_columns_of_the_map_are_those_of_the_picture() -> None:
    torch.manual_seed(0)
    config = small("efficientnet-lite0", stages=1, channels=32)
    cascade = CascadedRPN(config, LITE).eval()
    search = {"block10": torch.zeros(1, 112, 33, 33)}
    template = torch.randn(1, 112, 7, 7)
    # The template itself, three rows up and five columns right of the middle.
    search["block10"][..., 10:17, 18:25] = template
    whole = torch.zeros(1, 112, 17, 17)
    whole[..., 5:12, 5:12] = template
    with torch.no_grad():
        head: Any = cascade.heads[0]
        head.search.load_state_dict(head.template.state_dict())
        kernel = head.kernel(template)
        response = torch.nn.functional.conv2d(head.search(search["block10"]), kernel)[0, 0]
        assert torch.allclose(kernel, cascade.kernels({"block10": whole})[0])
    row, col = divmod(int(response.argmax()), response.shape[-1])
    grid = geometry.map_grid(config, LITE["block10"], 257)
    anchors = geometry.first_anchors(config, grid, (1, 1), torch.device("cpu"))
    place = anchors.view(5, 27, 27, 4)[0, row, col, :2]
    assert place.tolist() == [5 * 8, -3 * 8]


@pytest.mark.parametrize("xcorr", ["depthwise", "up"])
def test_that_a_symmetric_picture_gives_a_symmetric_map(xcorr: str) -> None:
    # Mirrored filters and a mirrored picture must give a mirrored map: an off-centre
    # grid, crop or padding anywhere would show.
    torch.manual_seed(0)
    config = small("efficientnet-lite0", xcorr=xcorr)
    backbone = backbones.pretrained(config.backbone, **config.backbone_options).eval()
    network = SiameseCRPN(backbone, config).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() == 4:
                parameter.copy_((parameter + parameter.flip(-1)) / 2)
        picture = torch.rand(1, 3, 257, 257) * 255
        picture = (picture + picture.flip(-1)) / 2
        outputs = network(picture[..., 64:-64, 64:-64], picture)
    for output in outputs:
        maps = output.cls.transpose(1, 2).reshape(2, 5, 27, 27)
        spread = float(maps.std())
        assert spread > 0
        assert torch.allclose(maps, maps.flip(-1), atol=1e-3 * spread + 1e-6)


# --- learning and inference -----------------------------------------------------------


@pytest.mark.parametrize("xcorr", ["depthwise", "up"])
def test_that_gradients_reach_every_part_from_all_stages(xcorr: str) -> None:
    torch.manual_seed(0)
    config = small("efficientnet-lite0", xcorr=xcorr)
    cascade = CascadedRPN(config, LITE).train()
    template = features(config, LITE, 129)
    search = features(config, LITE, 257)
    for level in (*template.values(), *search.values()):
        level.requires_grad_()
    outputs = cascade(cascade.kernels(template), search)
    sum((o.cls.square().sum() + o.loc.square().sum()) for o in outputs).backward()  # type: ignore[union-attr]
    for name, parameter in cascade.named_parameters():
        # A bias before a batch normalisation has no effect, hence no gradient to speak of.
        assert parameter.grad is not None, name
    for name, level in (*template.items(), *search.items()):
        assert level.grad is not None
        assert float(level.grad.abs().max()) > 0, name


@pytest.mark.parametrize("xcorr", ["depthwise", "up"])
@pytest.mark.parametrize("separable", [True, False])
def test_that_cached_kernels_and_folding_change_nothing(xcorr: str, separable: bool) -> None:
    torch.manual_seed(0)
    config = small("efficientnet-lite0", xcorr=xcorr, separable=separable)
    backbone = backbones.pretrained(config.backbone, **config.backbone_options)
    network = SiameseCRPN(backbone, config)
    pictures = torch.rand(2, 3, 129, 129) * 255
    searches = torch.rand(2, 3, 257, 257) * 255
    with torch.no_grad():
        network.train()(pictures, searches)  # gives the normalisations something to fold
        network.eval()
        full = network(pictures, searches)
        ready = backbones.ready(network.backbone)
        cascade = folded(network.cascade)
        kernels = cascade.kernels(ready(pictures, config.levels))
        for row in range(2):
            one = tuple(kernel[row : row + 1] for kernel in kernels)
            found = ready(searches[row : row + 1], config.levels)
            for cached, whole in zip(cascade(one, found), full, strict=True):
                for now, then in zip(cached, whole, strict=True):
                    scale = float(then.abs().max())
                    assert torch.allclose(now[0], then[row], atol=2e-3 * scale)


def test_that_fewer_stages_are_the_first_ones() -> None:
    torch.manual_seed(0)
    config = small("efficientnet-lite0")
    cascade = CascadedRPN(config, LITE).eval()
    with torch.no_grad():
        kernels = cascade.kernels(features(config, LITE, 129))
        search = features(config, LITE, 257)
        whole = cascade(kernels, search)
        part = cascade(kernels, {name: search[name] for name in config.levels[:2]}, 2)
    assert len(part) == 2
    for one, other in zip(part, whole, strict=False):
        assert torch.equal(one.cls, other.cls)


# --- configuration --------------------------------------------------------------------


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.bfloat16])
def test_that_a_configuration_survives_as_a_tensor(kind: torch.dtype) -> None:
    config = NetworkConfig.of("alexnet", ratios=(0.5, 2.0), temperature=1.7, xcorr="up")
    assert NetworkConfig.read({ENTRY: config.to_tensor().to(kind)}) == config


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {ENTRY: torch.tensor([1, 2, 3])},
        {ENTRY: torch.tensor(list(b'{"width": 3}'))},
        {ENTRY: torch.tensor(list(b"[1, 2]"))},
        {ENTRY: torch.tensor(list(b'{"stages": 9}'))},
        {ENTRY: torch.tensor(list(b'{"backbone": "other"}'))},
    ],
    ids=["absent", "no text", "unknown field", "no table", "out of range", "unknown backbone"],
)
def test_that_an_unreadable_configuration_is_refused_in_words(tensors: dict[str, Tensor]) -> None:
    with pytest.raises(WeightsError) as caught:
        NetworkConfig.read(tensors)
    assert caught.value.hint


def test_that_the_tensors_of_a_network_fill_another_one() -> None:
    config = small("efficientnet-lite0")
    first, second = (
        SiameseCRPN(backbones.make(config.backbone, **config.backbone_options), config)
        for _ in range(2)
    )
    tensors = first.tensors(with_backbone=True)
    assert NetworkConfig.read(tensors) == config
    del tensors[ENTRY]
    weights.fill(second, tensors, where="crpn")
    for name, tensor in second.tensors(with_backbone=True).items():
        assert torch.equal(tensor, first.tensors(with_backbone=True)[name])
    heads = first.tensors(with_backbone=False)
    assert not any(name.startswith("backbone.") for name in heads)


@pytest.mark.parametrize(("name", "levels"), [("efficientnet-lite0", LITE), ("alexnet", ALEX)])
def test_that_without_transfer_a_stage_reads_its_own_level_on_the_same_cells(
    name: str, levels: Mapping[str, Level]
) -> None:
    config = small(name, transfer=False)
    cascade = CascadedRPN(config, levels).eval()
    search = features(config, levels, config.search_size)
    deepest, middle, _ = config.levels
    maps = cascade.fused(search, 3)
    assert len({level.shape[-1] for level in maps}) == 1
    rim = (search[middle].shape[-1] - search[deepest].shape[-1]) // 2
    assert torch.equal(
        maps[1], search[middle][..., rim : rim + maps[1].shape[-2], rim : rim + maps[1].shape[-1]]
    )
    kernels = cascade.kernels(features(config, levels, config.template_size))
    before = cascade(kernels, search)
    search[deepest] = search[deepest] + 1.0
    after = cascade(kernels, search)
    assert not torch.equal(before[0].cls, after[0].cls)
    assert torch.equal(before[1].cls, after[1].cls)
    assert NetworkConfig.read({ENTRY: config.to_tensor()}) == config
