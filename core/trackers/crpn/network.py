"""The C-RPN network: feature transfer blocks and a cascade of Siamese RPNs (Fan & Ling, 2019).

Stage l correlates the template's features Φ_l with the search region's (Eq. 1 to 3).
Φ_1 is the deepest level; each further stage fuses the one before with the next
shallower level (Sec. 3.4) and returns to the deepest level's grid, so that all stages
speak of the same anchors. The template's kernels do not depend on the search and are
computed once per target. Anchor order everywhere: shape, row, column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch.nn.functional as nnf
from torch import Tensor, nn

from core.nets import correlation
from core.nets.backbone import Backbone, Level
from core.trackers.crpn.config import ENTRY, NetworkConfig

Kernels = tuple[Tensor, ...]
"""Per stage the template as kernels; depth-wise ``(1, 2C, h, w)``."""


class StageOutput(NamedTuple):
    """What one stage says of its N = shapes · rows · cols anchors.

    `cls` ``(B, N, 2)`` logits, negative first; `loc` ``(B, N, 4)`` offsets (Eq. 5).
    """

    cls: Tensor
    loc: Tensor


def conv3(
    inputs: int, outputs: int, *, separable: bool, padding: int = 0, relu: bool = True
) -> nn.Sequential:
    """A 3 × 3 convolution with batch normalisation, in one piece or in two."""
    if separable:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, inputs, 3, padding=padding, groups=inputs, bias=False),
            nn.Conv2d(inputs, outputs, 1, bias=False),
        ]
    else:
        layers = [nn.Conv2d(inputs, outputs, 3, padding=padding, bias=False)]
    layers.append(nn.BatchNorm2d(outputs))
    if relu:
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


class FeatureTransferBlock(nn.Module):
    """Φ_{l-1} and φ_l fused (Eq. 2, Fig. 6).

    Parameters
    ----------
    above, lateral
        Channels of Φ_{l-1} and of φ_l.
    rim
        Cells by which φ_l's grid is larger on every side: the transposed convolution
        with a kernel of ``2 · rim + 1`` lands exactly on it.
    """

    def __init__(self, above: int, lateral: int, config: NetworkConfig, rim: int) -> None:
        super().__init__()
        width, split = config.channels, config.separable
        self.rim = rim
        self.interpolates = config.ftb_resize == "interp"
        self.up = nn.ConvTranspose2d(above, width, 2 * rim + 1)
        self.above = conv3(width, width, separable=split, padding=1, relu=False)
        self.lateral = nn.Sequential(
            conv3(lateral, width, separable=split, padding=1),
            conv3(width, width, separable=split, padding=1, relu=False),
        )

    def forward(self, above: Tensor, level: Tensor) -> Tensor:
        """``(B, above, n, n)`` and ``(B, lateral, n + 2·rim, …)`` to ``(B, C, n, n)``."""
        fused = nnf.relu(self.above(self.up(above)) + self.lateral(level))
        if self.rim == 0:
            return fused
        if self.interpolates:
            return nnf.interpolate(
                fused, size=above.shape[-2:], mode="bilinear", align_corners=False
            )
        return _without_rim(fused, self.rim)


class DepthwiseHead(nn.Module):
    """An RPN by depth-wise correlation; classification and regression in one pass.

    The first half of the channels classifies, the second half regresses.
    """

    def __init__(self, inputs: int, config: NetworkConfig) -> None:
        super().__init__()
        width, split = config.channels, config.separable
        self.width = width
        self.template = conv3(inputs, 2 * width, separable=split)
        self.search = conv3(inputs, 2 * width, separable=split)
        self.mix_cls = nn.Sequential(
            nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.mix_loc = nn.Sequential(
            nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.cls = _output(width, 2 * config.shapes)
        self.loc = _output(width, 4 * config.shapes)

    def kernel(self, template: Tensor) -> Tensor:
        """Features of the template ``(B, inputs, n, n)`` as kernels ``(B, 2C, n - 2, …)``."""
        return self.template(template)

    def forward(self, kernel: Tensor, search: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits ``(B, 2k, h, w)`` and offsets ``(B, 4k, h, w)``."""
        both = correlation.depthwise(kernel, self.search(search))
        first, second = both.split(self.width, dim=1)
        return self.cls(self.mix_cls(first)), self.loc(self.mix_loc(second))


class UpChannelHead(nn.Module):
    """An RPN by up-channel correlation: one kernel of all channels per output (SiamRPN)."""

    def __init__(self, inputs: int, config: NetworkConfig) -> None:
        super().__init__()
        self.width, self.shapes = config.channels, config.shapes
        self.template = nn.Conv2d(inputs, 6 * self.shapes * self.width, 3)
        self.search = nn.Conv2d(inputs, 2 * self.width, 3)
        self.adjust = nn.Conv2d(4 * self.shapes, 4 * self.shapes, 1)

    def kernel(self, template: Tensor) -> Tensor:
        """Kernels ``(B, 6k · C, n - 2, …)``: 2k for the classes, 4k for the offsets."""
        return self.template(template)

    def forward(self, kernel: Tensor, search: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits ``(B, 2k, h, w)`` and offsets ``(B, 4k, h, w)``."""
        count = 2 * self.shapes
        first, second = self.search(search).split(self.width, dim=1)
        # A sum over so many products would start far outside the range of softmax.
        kernel = kernel / (self.width * kernel.shape[-1] * kernel.shape[-2]) ** 0.5
        split = count * self.width
        cls = correlation.up_channel(
            kernel[:, :split].expand(len(search), -1, -1, -1), first, count
        )
        loc = correlation.up_channel(
            kernel[:, split:].expand(len(search), -1, -1, -1), second, 2 * count
        )
        return cls, self.adjust(loc)


def _output(inputs: int, outputs: int) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, 1)
    # The cascade starts as its anchors: large first offsets would throw them about.
    nn.init.normal_(conv.weight, std=0.01)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


class CascadedRPN(nn.Module):
    """Feature transfer blocks and heads; works on the levels of any backbone.

    Parameters
    ----------
    config
        What to build.
    levels
        The backbone's levels: they give channels and grids.

    Raises
    ------
    ValueError
        If the levels' strides differ or their grids do not nest.
    """

    def __init__(self, config: NetworkConfig, levels: Mapping[str, Level]) -> None:
        super().__init__()
        self.config = config
        self.levels = tuple(levels[name] for name in config.levels[: config.stages])
        head = UpChannelHead if config.xcorr == "up" else DepthwiseHead
        deepest = self.levels[0]
        self._rims = [_rim(deepest, level) for level in self.levels]
        widths = [level.channels for level in self.levels]
        if config.transfer:
            widths = [deepest.channels] + [config.channels] * (config.stages - 1)
            self.transfer = nn.ModuleList(
                FeatureTransferBlock(above, level.channels, config, rim)
                for above, level, rim in zip(widths, self.levels[1:], self._rims[1:], strict=False)
            )
        self.heads = nn.ModuleList(head(width, config) for width in widths)

    def fused(self, features: Mapping[str, Tensor], stages: int) -> list[Tensor]:
        """Φ_1 … Φ_stages, all on the deepest level's grid (Eq. 2)."""
        if not self.config.transfer:
            return [
                _without_rim(features[level.name], rim)
                for level, rim in zip(self.levels[:stages], self._rims, strict=False)
            ]
        maps = [features[self.levels[0].name]]
        for block, level in zip(self.transfer, self.levels[1:stages], strict=False):
            maps.append(block(maps[-1], features[level.name]))
        return maps

    def kernels(self, features: Mapping[str, Tensor]) -> Kernels:
        """The template as kernels of every stage; compute them once per target."""
        fused = self.fused(features, self.config.stages)
        cells = self.config.template_cells
        return tuple(
            head.kernel(_middle(level, cells))  # type: ignore[operator]
            for head, level in zip(self.heads, fused, strict=True)
        )

    def forward(
        self, kernels: Kernels, features: Mapping[str, Tensor], stages: int | None = None
    ) -> list[StageOutput]:
        """What the first `stages` stages say of their anchors in the search region."""
        count = stages or self.config.stages
        outputs = []
        for head, kernel, level in zip(
            self.heads, kernels, self.fused(features, count), strict=False
        ):
            cls, loc = head(kernel, level)
            outputs.append(StageOutput(_rows(cls, 2), _rows(loc, 4)))
        return outputs


class SiameseCRPN(nn.Module):
    """Backbone and cascade together: what is trained.

    Its state dict has the names of a weights file, ``backbone.…`` and ``cascade.…``.
    """

    def __init__(self, backbone: Backbone, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.cascade = CascadedRPN(config, backbone.levels)

    def forward(self, template: Tensor, search: Tensor) -> list[StageOutput]:
        """All stages for pairs of pictures ``(B, 3, side, side)``, RGB, 0 to 255."""
        wanted = self.config.levels[: self.config.stages]
        kernels = self.cascade.kernels(self.backbone(template, wanted))
        return self.cascade(kernels, self.backbone(search, wanted))

    def tensors(self, *, with_backbone: bool) -> dict[str, Tensor]:
        """What a weights file holds; without the backbone its ImageNet weights are taken."""
        state = {
            name: tensor.detach().cpu().contiguous()
            for name, tensor in self.state_dict().items()
            if not name.endswith("num_batches_tracked")
            and (with_backbone or not name.startswith("backbone."))
        }
        return {**state, ENTRY: self.config.to_tensor()}


def _rim(deepest: Level, level: Level) -> int:
    cells = (deepest.offset - level.offset) / deepest.stride
    if level.stride != deepest.stride or cells < 0 or cells != round(cells):
        raise ValueError(f"the grid of {level.name} does not nest with that of {deepest.name}")
    return round(cells)


def _without_rim(level: Tensor, rim: int) -> Tensor:
    return level[..., rim : level.shape[-2] - rim, rim : level.shape[-1] - rim]


def _middle(level: Tensor, cells: int) -> Tensor:
    rim = (level.shape[-1] - cells) // 2
    return level[..., rim : rim + cells, rim : rim + cells] if cells else level


def _rows(maps: Tensor, values: int) -> Tensor:
    """``(B, values · k, h, w)``, anchor shape inner, as ``(B, k · h · w, values)``."""
    return maps.reshape(len(maps), values, -1).transpose(1, 2)
