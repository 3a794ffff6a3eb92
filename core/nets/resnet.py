"""ResNet-18 and ResNet-50 up to conv4_x: the backbones of CRACT and of CCR's paper.

He et al., CVPR 2016, with the stride of a bottleneck in its 3×3 convolution as in
torchvision, whose weights are read. Levels are ``stem``, every block as
``layer<n>.<block>``, and ``layer1`` to ``layer3`` for the last block of each; all after
their ReLU. CCR's “fourth layer” is ``layer3.4`` of ResNet-50 (``res4ex``).

Everything is padded, so every cell ``i`` is centred on the input pixel ``stride · i``.
With ``dense`` layer3 keeps stride 8 and is dilated instead, which samples the very same
features four times as densely.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from core.nets.backbone import Backbone, Geometry

_STEM_CHANNELS = 64


class _Design(NamedTuple):
    blocks: tuple[int, int, int]
    bottleneck: bool


_DESIGNS = {"resnet18": _Design((2, 2, 2), False), "resnet50": _Design((3, 4, 6), True)}
_WIDTHS = (64, 128, 256)
_WIDENING = 4  # of a bottleneck's output


class _Conv(NamedTuple):
    """One convolution of a block; all are followed by batch normalisation."""

    outputs: int
    kernel: int
    stride: int = 1
    dilation: int = 1

    @property
    def padding(self) -> int:
        return self.dilation * (self.kernel - 1) // 2


class Block(nn.Module):
    """A residual block: ``body`` plus ``shortcut``, then ReLU."""

    def __init__(self, inputs: int, convs: list[_Conv]) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        channels = inputs
        for conv in convs:
            parts += [*_conv_bn(channels, conv), nn.ReLU()]
            channels = conv.outputs
        self.body = nn.Sequential(*parts[:-1])
        stride = max(conv.stride for conv in convs)
        same = channels == inputs
        self.shortcut = nn.Sequential(
            *([] if same else _conv_bn(inputs, _Conv(channels, 1, stride)))
        )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, outputs, H', W')``."""
        return self.relu(self.body(x) + self.shortcut(x))


def _conv_bn(inputs: int, conv: _Conv) -> list[nn.Module]:
    layer = nn.Conv2d(
        inputs,
        conv.outputs,
        conv.kernel,
        stride=conv.stride,
        padding=conv.padding,
        dilation=conv.dilation,
        bias=False,
    )
    return [layer, nn.BatchNorm2d(conv.outputs)]


class ResNet(Backbone):
    """The backbone; see the module's text.

    Parameters
    ----------
    name
        ``resnet18`` or ``resnet50``.
    dense
        Keep stride 8 in layer3 by dilation.
    """

    def __init__(self, name: str, *, dense: bool = False) -> None:
        super().__init__()
        self.name = name
        design = _DESIGNS[name]
        geometry = Geometry()
        geometry.layer(7, 2, padding=3)
        levels = [geometry.level("stem", _STEM_CHANNELS)]
        geometry.layer(3, 2, padding=1)
        self.stem = nn.Sequential(*_conv_bn(3, _Conv(_STEM_CHANNELS, 7, 2)), nn.ReLU())
        self.pool = nn.MaxPool2d(3, 2, padding=1)
        self.layers = nn.ModuleList()
        inputs = _STEM_CHANNELS
        for number in (1, 2, 3):
            blocks = nn.ModuleList()
            for convs in _blocks(design, number, dense=dense and number == 3):
                blocks.append(Block(inputs, convs))
                inputs = convs[-1].outputs
                for conv in convs:
                    geometry.layer(
                        conv.kernel, conv.stride, padding=conv.padding, dilation=conv.dilation
                    )
                levels.append(geometry.level(f"layer{number}.{len(blocks) - 1}", inputs))
            levels.append(geometry.level(f"layer{number}", inputs))
            self.layers.append(blocks)
        self.levels = {level.name: level for level in levels}

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        """See :meth:`Backbone.features`."""
        x = self.stem(normalised)
        found = {"stem": x} if "stem" in wanted else {}
        x = self.pool(x)
        for index, layer in enumerate(self.layers, start=1):
            blocks = list(layer.children())
            for number, block in enumerate(blocks):
                if len(found) == len(wanted):
                    return found
                x = block(x)
                names = [f"layer{index}.{number}"]
                if number == len(blocks) - 1:
                    names.append(f"layer{index}")
                found.update({name: x for name in names if name in wanted})
        return found


def _blocks(design: _Design, number: int, *, dense: bool) -> list[list[_Conv]]:
    """The convolutions of each block of layer `number`."""
    width = _WIDTHS[number - 1]
    blocks = []
    for index in range(design.blocks[number - 1]):
        stride = 2 if number > 1 and index == 0 else 1
        before = after = 2 if dense and index > 0 else 1
        if dense and stride == 2:
            # Nothing is thinned out: what follows reaches over the samples that are kept.
            stride, after = 1, 2
        strided = _Conv(width, 3, stride, before)
        if design.bottleneck:
            blocks.append([_Conv(width, 1), strided, _Conv(width * _WIDENING, 1)])
        else:
            blocks.append([strided, _Conv(width, 3, 1, after)])
    return blocks


_BODY = {1: (0, 1), 2: (3, 4), 3: (6, 7)}  # torchvision's number: places of conv and norm


def translated(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The names of torchvision turned into ours; layer4 and the classifier are dropped."""
    ours: dict[str, Tensor] = {}
    for name, tensor in published.items():
        if name.startswith(("layer4.", "fc.")) or name.endswith("num_batches_tracked"):
            continue
        stem = re.fullmatch(r"(conv1|bn1)\.(\w+)", name)
        block = re.fullmatch(r"layer([123])\.(\d+)\.(conv|bn|downsample\.)(\d)\.(\w+)", name)
        if stem:
            ours[f"stem.{0 if stem[1] == 'conv1' else 1}.{stem[2]}"] = tensor
        elif block:
            layer, number, kind, place, rest = block.groups()
            if kind == "downsample.":
                part = f"shortcut.{place}"
            else:
                part = f"body.{_BODY[int(place)][kind == 'bn']}"
            ours[f"layers.{int(layer) - 1}.{number}.{part}.{rest}"] = tensor
        else:
            ours[name] = tensor
    return ours


__all__ = ["Block", "ResNet", "translated"]
