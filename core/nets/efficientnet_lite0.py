"""EfficientNet-Lite0: the default backbone wherever a paper borrows an ImageNet network.

Inverted residual blocks (expand 1×1 → depth-wise k×k → project 1×1) without
squeeze-and-excitation, ReLU6 (Tan & Le, ICML 2019, and TensorFlow's “lite” variant).
Levels are named after the block they leave: the linear output of its projection.

Strided layers are padded symmetrically here (the original pads one side more for even
sizes), so every cell ``i`` of every level is centred on the input pixel
``stride · i``. With ``dense`` the strides end at 8: later blocks are dilated instead,
which samples the very same features four times as densely.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor, nn

from core.nets.backbone import Backbone, Geometry

_BN_EPS = 1e-3


class _Stage(NamedTuple):
    blocks: int
    expand: int
    channels: int
    kernel: int
    stride: int


_STAGES = (
    _Stage(1, 1, 16, 3, 1),
    _Stage(2, 6, 24, 3, 2),
    _Stage(2, 6, 40, 5, 2),
    _Stage(3, 6, 80, 3, 2),
    _Stage(3, 6, 112, 5, 1),
    _Stage(4, 6, 192, 5, 2),
    _Stage(1, 6, 320, 3, 1),
)
_STEM_CHANNELS = 32
_DENSE_STRIDE = 8

LEAN = {
    "stem": (0.0, -0.2),
    "block0": (0.1, -0.6),
    "block1": (-0.2, -0.7),
    "block2": (-0.2, -0.8),
    "block3": (-2.6, -2.9),
    "block4": (-3.1, -3.4),
    "block5": (-4.4, -4.5),
    "block6": (-4.6, -4.8),
    "block7": (-4.7, -4.9),
    "block8": (-5.2, -5.4),
    "block9": (-5.2, -5.4),
    "block10": (-5.6, -5.7),
}
"""Where the published weights look, in pixels from the middle of what a cell sees.

They were trained with pictures padded on the right and below only, where each strided layer
sees half a pixel further right and down, and learned to look back to the left and up by as
much. Measured as the mean of where the gradients of a cell lie; deeper blocks are not.
"""


def _conv_bn(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, dilation: int = 1, groups: int = 1
) -> list[nn.Module]:
    padding = dilation * (kernel - 1) // 2
    conv = nn.Conv2d(
        inputs,
        outputs,
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=False,
    )
    return [conv, nn.BatchNorm2d(outputs, eps=_BN_EPS)]


class Block(nn.Module):
    """One inverted residual block."""

    def __init__(self, inputs: int, stage: _Stage, *, stride: int, dilation: int) -> None:
        super().__init__()
        inner = inputs * stage.expand
        expand = [] if stage.expand == 1 else [*_conv_bn(inputs, inner, 1), nn.ReLU6(inplace=True)]
        depth = _conv_bn(inner, inner, stage.kernel, stride=stride, dilation=dilation, groups=inner)
        self.expand = nn.Sequential(*expand)
        self.depth = nn.Sequential(*depth, nn.ReLU6(inplace=True))
        self.project = nn.Sequential(*_conv_bn(inner, stage.channels, 1))
        # The original skips only where its stride is 1; a dilated block keeps that.
        self.skips = False

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, channels, H', W')``."""
        out = self.project(self.depth(self.expand(x)))
        return x + out if self.skips else out


class EfficientNetLite0(Backbone):
    """The backbone; see the module's text.

    Parameters
    ----------
    depth
        Number of blocks to build, 1 to 16; a shallow one loads faster.
    dense
        Keep stride 8 from block 5 on by dilation.
    """

    name = "efficientnet-lite0"

    def __init__(self, depth: int = 16, *, dense: bool = False) -> None:
        super().__init__()
        geometry = Geometry()
        geometry.layer(3, 2, padding=1)
        levels = [geometry.level("stem", _STEM_CHANNELS)]
        self.stem = nn.Sequential(*_conv_bn(3, _STEM_CHANNELS, 3, stride=2), nn.ReLU6(inplace=True))
        blocks: list[Block] = []
        inputs, dilation = _STEM_CHANNELS, 1
        for stage in _STAGES:
            for index in range(stage.blocks):
                wanted = stage.stride if index == 0 else 1
                too_coarse = dense and geometry.stride * wanted > _DENSE_STRIDE
                stride = 1 if too_coarse else wanted
                block = Block(inputs, stage, stride=stride, dilation=dilation)
                block.skips = wanted == 1 and inputs == stage.channels
                padding = dilation * (stage.kernel - 1) // 2
                geometry.layer(stage.kernel, stride, padding=padding, dilation=dilation)
                if too_coarse:
                    dilation *= wanted
                levels.append(geometry.level(f"block{len(blocks)}", stage.channels))
                blocks.append(block)
                inputs = stage.channels
        self.blocks = nn.ModuleList(blocks[:depth])
        self.levels = {
            level.name: replace(level, lean=LEAN.get(level.name, (0.0, 0.0)))
            for level in levels[: depth + 1]
        }

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        """See :meth:`Backbone.features`."""
        x = self.stem(normalised)
        found = {"stem": x} if "stem" in wanted else {}
        for index, block in enumerate(self.blocks):
            if len(found) == len(wanted):
                break
            x = block(x)
            if f"block{index}" in wanted:
                found[f"block{index}"] = x
        return found


_PARTS = {
    "_expand_conv": "expand.0",
    "_bn0": "expand.1",
    "_depthwise_conv": "depth.0",
    "_bn1": "depth.1",
    "_project_conv": "project.0",
    "_bn2": "project.1",
}


def translated(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The names of the published state dict turned into ours; the classifier is dropped."""
    ours: dict[str, Tensor] = {}
    for name, tensor in published.items():
        if name.startswith(("_conv_head", "_bn1.", "_fc")) or name.endswith("num_batches_tracked"):
            continue
        stem = re.fullmatch(r"_(conv_stem|bn0)\.(\w+)", name)
        block = re.fullmatch(r"_blocks\.(\d+)\.(\w+?)\.(\w+)", name)
        if stem:
            ours[f"stem.{0 if stem[1] == 'conv_stem' else 1}.{stem[2]}"] = tensor
        elif block and block[2] in _PARTS:
            ours[f"blocks.{block[1]}.{_PARTS[block[2]]}.{block[3]}"] = tensor
        else:
            ours[name] = tensor
    return ours


__all__ = ["Block", "EfficientNetLite0", "translated"]
