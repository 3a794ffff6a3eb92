"""A C-RPN network by formula: normalised correlation of features, no regression.

Every stage compares the template with the search cell by cell: features are whitened,
each is cut off at ±δ, and the mean product over template cells and features is a
correlation in [-1, 1] that neither contrast nor brightness can raise. The logit grows
with it, the offsets are zero, and the only anchor has the target's own size: the
network can say *where*, never *how large*.

Products of cut-off features come out of the network's own layers (ReLU, depth-wise
correlation, a 1 × 1 mix): with ``a = relu(u + δ)`` and ``b = relu(u - δ)``, ``a - b - δ``
is u cut off at ±δ, and a product of two such differences is a sum of products.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from core.nets import backbones
from core.trackers.crpn.config import NetworkConfig
from core.trackers.crpn.network import CascadedRPN, SiameseCRPN

FOLLOWS_SIZE = False
"""Whether this network can tell a change of size."""

FEATURES = 16
CUT = 0.4
GAIN, HALF = 14.0, 0.35
"""The logit is ``GAIN · (correlation - HALF)``."""

# Per whitened feature: what a search channel and a kernel channel hold, and how much
# their product counts. (s - δ)(s' - δ) with s = a - b, all multiplied out.
_TERMS = (
    ("a", "a", 1.0),
    ("a", "b", -1.0),
    ("b", "a", -1.0),
    ("b", "b", 1.0),
    ("a", "1", -CUT),
    ("b", "1", CUT),
    ("1", "a", -CUT),
    ("1", "b", CUT),
)
CONFIG = NetworkConfig(anchors="own", channels=FEATURES * len(_TERMS))


@functools.cache
def stand_in() -> dict[str, dict[str, Tensor]]:
    """Weights of key ``crpn``; the backbone is the installed ImageNet one."""
    network = SiameseCRPN(
        backbones.pretrained(CONFIG.backbone, **CONFIG.backbone_options).eval(), CONFIG
    )
    with torch.no_grad():
        levels = network.backbone(_noise(), CONFIG.levels)
        for parameter in network.cascade.parameters():
            parameter.zero_()
        for module in network.cascade.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.fill_(1.0)
        for stage, name in enumerate(CONFIG.levels):
            whitener, offset = _whitening(levels[name])
            if stage > 0:
                _pass_on(network.cascade.transfer[stage - 1], whitener, offset)
                whitener, offset = _joined(CONFIG.channels), torch.zeros(FEATURES)
            _correlate(network.cascade, stage, whitener, offset)
    return {"crpn": network.tensors(with_backbone=False)}


def _noise() -> Tensor:
    """Smooth coloured noise of several grains ``(4, 3, 257, 257)``."""
    generator = torch.Generator().manual_seed(1)
    pictures = []
    for grain in (6, 12, 24, 48):
        coarse = torch.rand((1, 3, 257 // grain + 3, 257 // grain + 3), generator=generator) * 255
        pictures.append(nnf.interpolate(coarse, size=(257, 257), mode="bicubic"))
    return torch.cat(pictures).clamp(0, 255)


def _whitening(level: Tensor) -> tuple[Tensor, Tensor]:
    """Matrix ``(FEATURES, channels)`` and offset that give uncorrelated unit features."""
    rows = level[..., 4:-4, 4:-4].permute(1, 0, 2, 3).flatten(1)
    mean = rows.mean(1)
    values, vectors = torch.linalg.eigh(torch.cov(rows))
    matrix = (vectors[:, -FEATURES:] / values[-FEATURES:].sqrt()).T
    return matrix, -matrix @ mean


def _joined(channels: int) -> Tensor:
    """Reads a signed feature from its positive and its negative part."""
    matrix = torch.zeros(FEATURES, channels)
    for i in range(FEATURES):
        matrix[i, i], matrix[i, FEATURES + i] = 1.0, -1.0
    return matrix


def _set(block: Any, matrix: Tensor, offset: Tensor) -> None:
    """Make a separable 3 × 3 block the cell-wise ``matrix · x + offset``."""
    depth, point, norm = block[0], block[1], block[2]
    depth.weight[:, 0, 1, 1] = 1.0
    point.weight[: len(matrix), :, 0, 0] = matrix
    norm.bias[: len(offset)] = offset


def _pass_on(block: Any, whitener: Tensor, offset: Tensor) -> None:
    """Let a transfer block pass its own level, whitened, as positive and negative parts."""
    first, second = block.lateral
    _set(first, torch.cat([whitener, -whitener]), torch.cat([offset, -offset]))
    _set(second, torch.eye(CONFIG.channels), torch.zeros(CONFIG.channels))


def _correlate(cascade: CascadedRPN, stage: int, whitener: Tensor, offset: Tensor) -> None:
    head: Any = cascade.heads[stage]
    shift = {"a": CUT, "b": -CUT}
    searched, kept, products = zip(*_TERMS, strict=True)
    for block, parts in ((head.search, searched), (head.template, kept)):
        rows, offsets = [], []
        for part in parts:
            rows.append(whitener * 0 if part == "1" else whitener)
            offsets.append(torch.ones(FEATURES) if part == "1" else offset + shift[part])
        _set(block, torch.cat(rows), torch.cat(offsets))
    cells = (CONFIG.template_cells - 2) ** 2
    scale = 1 / (FEATURES * cells * CUT**2)
    mix, norm = head.mix_cls[0], head.mix_cls[1]
    weights = torch.tensor(products).repeat_interleave(FEATURES)
    mix.weight[0, :, 0, 0] = weights * scale
    # (s - δ)(s' - δ) ends with + δ², one per feature and cell; 1 more passes the ReLU.
    norm.bias[0] = 2.0
    head.cls.weight[1, 0, 0, 0] = GAIN
    head.cls.bias[1] = -GAIN * (1.0 + HALF)
