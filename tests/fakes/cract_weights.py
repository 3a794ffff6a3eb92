"""CRACT's heads by formula: a plain correlation proposes, nothing is regressed.

The RPN correlates the template's features with the search region's, channel by channel,
and gives every anchor of a cell the same score; which anchor is taken is up to the
penalty for a changed size. R answers 0. I answers "not the target" always, which also
says that no box's size is to be believed. D is trained on the target as ever, on features
that are fixed projections of the backbone's.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.nets import backbones
from core.trackers.cract.network import BASES, Heads, NetworkConfig

FOLLOWS_SIZE = False
GAIN, THRESHOLD = 1 / 1700, 17.5


def stand_in() -> dict[str, dict[str, Tensor]]:
    """Weights of CRACT on EfficientNet-Lite0."""
    return {"cract": tensors("efficientnet-lite0", NetworkConfig())}


def tensors(backbone: str, config: NetworkConfig) -> dict[str, Tensor]:
    """The heads' tensors with their configuration."""
    base = BASES[backbone]
    levels = backbones.make(backbone, **base.options).levels
    shallow, deep = (levels[name].channels for name in (base.shallow, base.deep))
    state = {
        name: torch.ones_like(value) if name.endswith("running_var") else torch.zeros_like(value)
        for name, value in Heads(shallow, deep, config).state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    for name, value in state.items():
        # What is one number per channel and no bias is the factor of a normalisation.
        if value.dim() == 1 and name.endswith("weight"):
            value.fill_(1.0)
    state["rpn.adjust.0.weight"] = _projection(config.rpn_channels, deep)
    for part in ("template_score", "search_score", "template_offset", "search_offset"):
        state[f"rpn.{part}.0.weight"][..., 1, 1] = torch.eye(config.rpn_channels)
    state["rpn.score.0.weight"][..., 0, 0] = torch.eye(config.rpn_channels)
    count = config.anchor_count
    state["rpn.score.3.weight"][count:] = GAIN
    state["rpn.score.3.bias"][count:] = -THRESHOLD
    half = config.channels // 2
    fusion = state["fusion.0.weight"]
    fusion[:half, :shallow] = _projection(half, shallow)
    fusion[half:, shallow:] = _projection(config.channels - half, deep)
    state["pyramid.merge.weight"][:, : config.channels, 0, 0] = torch.eye(config.channels)
    state["identifier.layers.5.bias"].copy_(torch.tensor([20.0, -20.0]))
    return {**config.tensors(), **state}


def _projection(outputs: int, inputs: int) -> Tensor:
    """``(outputs, inputs, 1, 1)``: cosines over the channels, each with both signs.

    After the rectifier the two signs together keep what a projection says.
    """
    rows = torch.arange(outputs // 2)[:, None]
    cols = torch.arange(inputs)[None]
    waves = torch.cos(math.pi / inputs * (cols + 0.5) * (rows + 1)) * math.sqrt(2 / inputs)
    return torch.cat([waves, -waves])[:, :, None, None]
