"""The network of CRACT: a Siamese RPN, fused features, and heads on pyramid RoIAlign.

The template's and the search region's deep features φ4 go through the RPN: depth-wise
correlation, then foreground and offsets for every anchor (Fig. 2). φ3 and φ4 fused are
φ34, from which the features of boxes are pooled (Eq. 1, 2, 5). Two heads compare a box
with the first frame's target: R gives offsets (Eq. 3), I whether it is the target (Eq. 6).

All boxes are rows ``(cx, cy, w, h)`` in pixels of the crop, about its middle. The same
modules serve training (batches, gradients) and tracking (one pair, the template's part
computed once).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import NamedTuple, cast

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from core import weights
from core.errors import WeightsError
from core.nets import anchors, backbones, correlation, roi
from core.nets.backbone import Backbone, Level
from core.nets.folding import folded

SIZES = (6, 3, 1)
"""Bins per side of the pyramid (Sec. 3.3)."""

BINS = SIZES[0]
DELTA_SCALE = (5.0, 5.0, 10.0, 10.0)
"""Refinements are small: R answers in units that make them about 1 (SPM-Tracker)."""

_CONFIG = "config."
_BACKBONE = "backbone."
_KERNEL = 7  # side of the middle part of the template that is correlated


class Base(NamedTuple):
    """How a backbone serves as φ3 and φ4."""

    key: str
    shallow: str
    deep: str
    options: dict[str, int | bool]


BASES: dict[str, Base] = {
    "efficientnet-lite0": Base("cract", "block4", "block10", {"depth": 11, "dense": True}),
    "resnet18": Base("cract-resnet18", "layer2", "layer3", {"dense": True}),
}
"""Per backbone the key of CRACT's weights on it, and its levels."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The sizes of the heads; kept among the weights, which thereby decide the network.

    `grids` is the number of grids that boxes are pooled at, see :class:`PyramidRoIAlign`.

    `template` and `search` are the sides of the crops in pixels, in which a target with
    its context has the side `exemplar`.
    """

    rpn_channels: int = 96
    channels: int = 64
    hidden: int = 128
    grids: int = 3
    template: int = 129
    search: int = 241
    exemplar: int = 127
    anchor_base: float = 64.0
    anchor_ratios: tuple[float, ...] = (0.33, 0.5, 1.0, 2.0, 3.0)

    @property
    def anchor_count(self) -> int:
        return len(self.anchor_ratios)

    def tensors(self) -> dict[str, Tensor]:
        """As tensors, to be stored beside the weights."""
        return {
            _CONFIG + field.name: torch.tensor(getattr(self, field.name), dtype=torch.float32)
            for field in fields(self)
        }

    @classmethod
    def read(cls, tensors: Mapping[str, Tensor]) -> NetworkConfig:
        """The configuration among `tensors`; what is not there is as by default.

        Raises
        ------
        WeightsError
            If a value makes no network.
        """
        found = cls()
        for field in fields(cls):
            value = tensors.get(_CONFIG + field.name)
            if value is None:
                continue
            kind = type(getattr(found, field.name))
            if value.numel() == 0 or not (torch.isfinite(value) & (value > 0)).all():
                raise WeightsError(
                    f"The weights name an impossible “{field.name}”.", "Use another file."
                )
            numbers = [round(float(v), 6) for v in value.flatten()]
            parsed = tuple(numbers) if kind is tuple else kind(numbers[0])
            found = replace(found, **{field.name: parsed})
        return found


class Features(NamedTuple):
    """Of one batch of crops: `deep` φ4 ``(N, C4, H, W)``, `fused` φ34 ``(N, C, H, W)``."""

    deep: Tensor
    fused: Tensor


class Kernels(NamedTuple):
    """The template's part of the RPN: kernels ``(N, C, 5, 5)`` of both branches."""

    score: Tensor
    offset: Tensor


def _conv_bn(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, bias=False), nn.BatchNorm2d(outputs)]


class RPN(nn.Module):
    """Siamese region proposals by depth-wise correlation (SiamRPN++, Sec. 3.3)."""

    def __init__(self, inputs: int, config: NetworkConfig) -> None:
        super().__init__()
        width, k = config.rpn_channels, config.anchor_count
        self.adjust = nn.Sequential(*_conv_bn(inputs, width, 1))
        branch = lambda: nn.Sequential(*_conv_bn(width, width, 3), nn.ReLU())  # noqa: E731
        self.template_score, self.template_offset = branch(), branch()
        self.search_score, self.search_offset = branch(), branch()
        self.score = nn.Sequential(
            *_conv_bn(width, width, 1), nn.ReLU(), nn.Conv2d(width, 2 * k, 1)
        )
        self.offset = nn.Sequential(
            *_conv_bn(width, width, 1), nn.ReLU(), nn.Conv2d(width, 4 * k, 1)
        )

    def kernels(self, template: Tensor) -> Kernels:
        """From φ4 of templates ``(N, C4, h, h)``: the middle 7×7 cells only."""
        edge = (template.shape[-1] - _KERNEL) // 2
        middle = template[..., edge : edge + _KERNEL, edge : edge + _KERNEL]
        adjusted = self.adjust(middle)
        return Kernels(self.template_score(adjusted), self.template_offset(adjusted))

    def forward(self, kernels: Kernels, search: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``(N, 2, A)`` (background, target) and offsets ``(N, A, 4)`` per anchor.

        Anchors are in the order of :func:`core.nets.anchors.grid`.
        """
        adjusted = self.adjust(search)
        score = self.score(correlation.depthwise(kernels.score, self.search_score(adjusted)))
        offset = self.offset(correlation.depthwise(kernels.offset, self.search_offset(adjusted)))
        return score.flatten(2).unflatten(1, (2, -1)).flatten(2), _per_anchor(offset)


def _per_anchor(offset: Tensor) -> Tensor:
    """``(N, 4k, S, S)`` with the coordinate outermost, as ``(N, k · S · S, 4)``."""
    return offset.unflatten(1, (4, -1)).flatten(2).transpose(1, 2)


class PyramidRoIAlign(nn.Module):
    """Pools boxes at 6×6, 3×3 and 1×1 and merges them by a 1×1 convolution (Fig. 5).

    With fewer `grids` only the finest ones are used, to compare with.

    The coarse grids are repeated to 6×6 and all three concatenated by channels. A 1×1
    convolution of that is the sum of one per grid, which is how it is computed: the
    coarse ones before they are repeated.
    """

    def __init__(self, channels: int, grids: int = len(SIZES)) -> None:
        super().__init__()
        self.sizes = SIZES[:grids]
        self.merge = nn.Conv2d(len(self.sizes) * channels, channels, 1)

    def forward(self, fused: Tensor, boxes: Tensor) -> Tensor:
        """``(N, C, H, W)`` and boxes ``(N, M, 4)`` in cells to ``(N · M, C, 6, 6)``."""
        parts = self.merge.weight.chunk(len(self.sizes), dim=1)
        total: Tensor | None = None
        for level, weight in zip(roi.pyramid(fused, boxes, self.sizes), parts, strict=True):
            bias = self.merge.bias if total is None else None
            part = nnf.conv2d(level, weight, bias)
            if part.shape[-1] != BINS:
                part = nnf.interpolate(part, size=(BINS, BINS), mode="nearest")
            total = part if total is None else total + part
        return torch.relu(cast(Tensor, total))


class RelationHead(nn.Module):
    """Concatenates a box's features with the target's: a convolution, then three layers.

    The convolution of the concatenation is the sum of one over each; the target's is
    computed once per target, see :meth:`target_part`.
    """

    def __init__(self, config: NetworkConfig, outputs: int) -> None:
        super().__init__()
        width = config.channels
        self.join = nn.Sequential(*_conv_bn(2 * width, width, 3), nn.ReLU())
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(width * (BINS - 2) ** 2, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, outputs),
        )

    def target_part(self, target: Tensor) -> Tensor:
        """What targets ``(N, C, 6, 6)`` add to the convolution, ``(N, C, 4, 4)``."""
        return nnf.conv2d(target, self._conv.weight[:, : target.shape[1]])

    def forward(self, boxes: Tensor, target_part: Tensor) -> Tensor:
        """``(M, C, 6, 6)`` and ``(M or 1, C, 4, 4)`` to ``(M, outputs)``."""
        conv = self._conv
        own = nnf.conv2d(boxes, conv.weight[:, boxes.shape[1] :], conv.bias)
        return self.layers(self.join[1:](own + target_part))

    @property
    def _conv(self) -> nn.Conv2d:
        return cast(nn.Conv2d, self.join[0])


class Heads(nn.Module):
    """Everything of CRACT that is trained for tracking and does not change in use."""

    def __init__(self, shallow: int, deep: int, config: NetworkConfig) -> None:
        super().__init__()
        self.rpn = RPN(deep, config)
        self.fusion = nn.Sequential(*_conv_bn(shallow + deep, config.channels, 1), nn.ReLU())
        self.pyramid = PyramidRoIAlign(config.channels, config.grids)
        self.regressor = RelationHead(config, 4)
        self.identifier = RelationHead(config, 2)


class Network(nn.Module):
    """A backbone with CRACT's heads.

    Parameters
    ----------
    backbone
        With the two levels `base` names, at one stride.

    Raises
    ------
    ValueError
        If the cells of a level do not lie symmetrically about the middle of the crops:
        boxes are given about it.
    """

    def __init__(self, backbone: Backbone, base: Base, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.levels = (base.shallow, base.deep)
        shallow, deep = (backbone.levels[name] for name in self.levels)
        for level in (shallow, deep):
            _require_symmetric(level, config)
        if shallow.stride != deep.stride:
            raise ValueError(f"strides {shallow.stride} and {deep.stride} cannot be fused")
        self.stride = deep.stride
        # φ34 mixes both levels; where it looks lies between them.
        self.lean = tuple((a + b) / 2 for a, b in zip(shallow.lean, deep.lean, strict=True))
        self.heads = Heads(shallow.channels, deep.channels, config)
        sides = anchors.shapes(config.anchor_base, config.anchor_ratios, self.stride)
        self.cells = (config.search - 1) // self.stride + 1 - 2 - (_KERNEL - 3)
        self.anchors: Tensor
        boxes = anchors.grid(sides, self.cells, self.stride)
        self.register_buffer("anchors", boxes, persistent=False)

    def features(self, pictures: Tensor) -> Features:
        """φ4 and φ34 of crops ``(N, 3, H, H)``, RGB, 0 to 255."""
        return self.combined(self.backbone(pictures, self.levels))

    def combined(self, levels: Mapping[str, Tensor]) -> Features:
        """φ4 and φ34 of the backbone's two levels."""
        shallow, deep = (levels[name].float() for name in self.levels)
        return Features(deep, self.heads.fusion(torch.cat([shallow, deep], dim=1)))

    def pool(self, fused: Tensor, boxes: Tensor) -> Tensor:
        """Features ``(N · M, C, 6, 6)`` of boxes ``(N, M, 4)`` in crop pixels."""
        return self.heads.pyramid(fused, boxes / self.stride)

    def propose(self, kernels: Kernels, search: Features) -> tuple[Tensor, Tensor]:
        """Of the RPN: logits ``(N, 2, A)`` and offsets ``(N, A, 4)``."""
        return self.heads.rpn(kernels, search.deep)

    def deltas(self, boxes: Tensor, target_part: Tensor) -> Tensor:
        """Offsets r ``(M, 4)`` of Eq. 3 from R, in the units of Eq. 4."""
        scale = torch.tensor(DELTA_SCALE, device=boxes.device)
        return self.heads.regressor(boxes, target_part) / scale

    def identify(self, boxes: Tensor, target_part: Tensor) -> Tensor:
        """Logits v ``(M, 2)`` of Eq. 6 (not the target, the target)."""
        return self.heads.identifier(boxes, target_part)


def _require_symmetric(level: Level, config: NetworkConfig) -> None:
    for side in (config.template, config.search):
        last = level.center((side - 1) // level.stride)
        if abs(level.center(0) + last - side) > 1e-6:
            raise ValueError(f"{level.name}: cells do not lie symmetrically in {side} pixels")


def untrained(name: str, config: NetworkConfig, sources: Mapping[str, weights.Source]) -> Network:
    """A network to be trained: ImageNet's backbone `name`, new heads.

    Raises
    ------
    WeightsError
        If the backbone's weights are missing or damaged.
    """
    base = BASES[name]
    backbone = backbones.pretrained(name, sources.get(name), **base.options)
    return Network(backbone, base, config)


def trained(
    name: str,
    sources: Mapping[str, weights.Source],
    *,
    device: torch.device,
    half: bool = False,
) -> Network:
    """The network on backbone `name` with CRACT's weights, ready for tracking.

    The file may hold the heads alone; tensors ``backbone.…`` replace ImageNet's.

    Raises
    ------
    WeightsError
        If weights are missing, damaged, or of another network.
    """
    base = BASES[name]
    tensors = weights.load(base.key, sources.get(base.key))
    config = NetworkConfig.read(tensors)
    own, changed = split(tensors)
    try:
        # New layers draw numbers; those of whoever uses the tracker must stay as they are.
        with torch.random.fork_rng(devices=[]):
            body = backbones.tuned(name, changed, sources.get(name), where=base.key, **base.options)
            network = Network(body, base, config)
    except (ValueError, RuntimeError) as error:
        raise WeightsError(
            f"The weights “{base.key}” describe a network that cannot be built.",
            "Choose the file that was made for this network.",
            str(error),
        ) from error
    weights.fill(network.heads, own, where=base.key)
    network.backbone = backbones.ready(network.backbone, half=half, device=device)
    network.heads = folded(network.heads.eval())
    return network.requires_grad_(requires_grad=False).to(device)


def split(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The tensors of the heads, and those of the backbone under their own names."""
    heads, backbone = {}, {}
    for name, tensor in tensors.items():
        if name.startswith(_BACKBONE):
            backbone[name.removeprefix(_BACKBONE)] = tensor
        elif not name.startswith(_CONFIG):
            heads[name] = tensor
    return heads, backbone


def stored(network: Network, *, backbone: bool = False) -> dict[str, Tensor]:
    """The tensors to write into a weights file; with the backbone's only if it was trained."""
    tensors = {**network.config.tensors(), **network.heads.state_dict()}
    if backbone:
        own = network.backbone.state_dict()
        tensors.update({_BACKBONE + name: tensor for name, tensor in own.items()})
    return {
        name: tensor.detach().clone()
        for name, tensor in tensors.items()
        if not name.endswith("num_batches_tracked")
    }
