"""The default backbone with its real weights."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from core import weights
from core.nets import backbones
from core.nets.backbone import Backbone, Level


@pytest.fixture(scope="module")
def net() -> Backbone:
    return backbones.build("efficientnet-lite0", depth=11)


@pytest.fixture(scope="module")
def scene() -> Tensor:
    """A wide picture with structure at every scale, ``(1, 3, 129, 737)``."""
    random, picture = np.random.default_rng(0), np.zeros((129, 737, 3), np.float32)
    for sigma in (1, 4, 16):
        noise = random.standard_normal(picture.shape).astype(np.float32)
        layer = cv2.GaussianBlur(noise, (0, 0), sigma)
        picture += layer / layer.std()
    scaled = np.clip(127 + 40 * picture, 0, 255)
    return torch.from_numpy(scaled).permute(2, 0, 1)[None].contiguous()


def _columns_inside(level: Level, width: int) -> slice:
    """Cells that see no border to the left or right."""
    reach = level.receptive_field / 2
    return slice(int(np.ceil(level.index(reach))), int(np.floor(level.index(width - reach))) + 1)


@pytest.mark.parametrize("name", ["block0", "block2", "block4", "block7"])
def test_that_a_picture_moved_by_16_pixels_moves_its_maps_by_whole_cells(
    net: Backbone, scene: Tensor, name: str
) -> None:
    level, width = net.levels[name], scene.shape[3] - 16
    with torch.inference_mode():
        before = net(scene[..., :width], [name])[name]
        after = net(scene[..., 16:], [name])[name]
    cells, inside = 16 // level.stride, _columns_inside(level, width)
    first, last = inside.start + cells, inside.stop
    assert last - first > 5
    moved, kept = after[..., first - cells : last - cells], before[..., first:last]
    assert float((moved - kept).abs().max()) < 1e-4 * float(kept.abs().max())
    assert float((before[..., first - 1 : last - 1] - kept).abs().max()) > 0.1


@pytest.mark.parametrize("name", ["block5", "block7", "block10"])
def test_that_dense_samples_the_same_features_four_times_as_densely(
    net: Backbone, scene: Tensor, name: str
) -> None:
    picture = scene[..., :257]
    with torch.inference_mode():
        coarse = net(picture, [name])[name]
        fine = backbones.build("efficientnet-lite0", depth=11, dense=True)(picture, [name])[name]
    assert fine.shape[2:] == (17, 33)
    assert float((fine[..., ::2, ::2] - coarse).abs().max()) < 1e-4 * float(coarse.abs().max())


def test_that_only_the_asked_layers_are_computed(net: Backbone, scene: Tensor) -> None:
    ran: list[int] = []
    hooks = [
        block.register_forward_hook(lambda *_, k=index: ran.append(k))
        for index, block in enumerate(net.blocks.children())
    ]
    with torch.inference_mode():
        found = net(scene[..., :129], ["stem", "block2"])
    for hook in hooks:
        hook.remove()
    assert list(found) == ["stem", "block2"]
    assert ran == [0, 1, 2]


def test_that_the_normalisation_is_the_one_the_weights_were_trained_with(
    net: Backbone, scene: Tensor
) -> None:
    """The first batch statistics of training are those of natural pictures so normalised."""
    state = weights.load("efficientnet-lite0")
    mean, variance = state["_bn0.running_mean"], state["_bn0.running_var"]
    stem = torch.nn.functional.conv2d
    random = np.random.default_rng(1)
    # Natural pictures: spectrum 1/f, channels alike.
    rows, cols = np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256), indexing="ij")
    spectrum = 1 / np.maximum(np.hypot(rows, cols), 1 / 256)
    grey = np.real(np.fft.ifft2(spectrum * np.fft.fft2(random.standard_normal((256, 256)))))
    picture = np.clip(115 + 60 * grey / grey.std(), 0, 255).astype(np.float32)
    x = torch.from_numpy(picture)[None, None].expand(1, 3, -1, -1)

    def misfit(pictures: Tensor) -> float:
        out = stem(pictures, state["_conv_stem.weight"], stride=2)[0]
        apart = (out.mean((1, 2)) - mean).abs() / (variance + 1e-3).sqrt()
        return float(apart.mean())

    right = misfit((x - net.mean) / net.std)
    assert right < 0.5
    assert right < misfit(x)
    assert right < misfit(x / 255)


def test_that_a_shallow_net_is_the_beginning_of_the_deep_one(net: Backbone, scene: Tensor) -> None:
    shallow = backbones.build("efficientnet-lite0", depth=5)
    assert list(shallow.levels) == list(net.levels)[:6]
    with torch.inference_mode():
        picture = scene[..., :129]
        assert torch.equal(
            shallow(picture, ["block4"])["block4"], net(picture, ["block4"])["block4"]
        )


def test_that_a_uniform_picture_gives_uniform_features_inside(net: Backbone) -> None:
    level = net.levels["block4"]
    with torch.inference_mode():
        out = net(torch.full((1, 3, 257, 257), 90.0), ["block4"])["block4"]
    inside = _columns_inside(level, 257)
    cells = out[..., inside, inside]
    assert float((cells - cells[..., :1, :1]).abs().max()) < 1e-4


@pytest.mark.parametrize("name", ["block2", "block4", "block10"])
def test_that_cells_look_where_the_lean_says(net: Backbone, scene: Tensor, name: str) -> None:
    """The mean place of a cell's gradients, over cells and random mixes of channels."""
    level, generator = net.levels[name], torch.Generator().manual_seed(0)
    off = []
    for left in (0, 110, 220):
        # Twice the height, so that no cell in the middle sees the border.
        parts = [scene[..., start : start + 257] for start in (left, left + 257)]
        picture = torch.cat(parts, dim=2)[:, :, :257].clone().requires_grad_()
        found = net(picture, [name])[name][0]
        rows, cols = found.shape[1] // 2, found.shape[2] // 2
        for row, col in ((rows, cols), (rows - 1, cols), (rows, cols - 1)) * 2:
            mix = torch.randn(len(found), generator=generator)
            loss = (found[:, row, col] * mix).sum()
            (slope,) = torch.autograd.grad(loss, picture, retain_graph=True)
            weights = slope.abs().sum((0, 1)).double()
            middle = [
                float((weights.sum(1 - axis) * (torch.arange(side) + 0.5)).sum() / weights.sum())
                for axis, side in enumerate(weights.shape)
            ]
            off.append((middle[1] - level.center(col), middle[0] - level.center(row)))
    measured = np.mean(off, axis=0)
    assert np.abs(measured - level.lean).max() < 0.15 * level.stride, (measured, level.lean)
    assert level.lean[1] < 0
