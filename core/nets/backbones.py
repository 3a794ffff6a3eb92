"""Backbones by name, with their weights: what trackers call.

A backbone is registered here with the way its published state dict reads in our
names. Weights come from :mod:`core.weights`; a tracker's own weights may replace
them afterwards (a fine-tuned backbone).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core import weights
from core.errors import WeightsError
from core.nets import efficientnet_lite0
from core.nets.backbone import Backbone
from core.nets.folding import folded


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make one backbone and to read its publisher's names."""

    make: Callable[..., Backbone]
    translate: Callable[[Mapping[str, Tensor]], dict[str, Tensor]]


RECIPES: dict[str, Recipe] = {
    "efficientnet-lite0": Recipe(
        efficientnet_lite0.EfficientNetLite0, efficientnet_lite0.translated
    ),
}


def make(name: str, **options: Any) -> Backbone:
    """An untrained backbone; `options` as its class takes them.

    Raises
    ------
    WeightsError
        If there is no backbone of that name.
    """
    if name not in RECIPES:
        known = ", ".join(sorted(RECIPES))
        raise WeightsError(f"There is no backbone “{name}”.", f"Use one of {known}.")
    return RECIPES[name].make(**options)


def build(
    name: str,
    source: weights.Source | None = None,
    *,
    device: torch.device | None = None,
    half: bool = False,
    **options: Any,
) -> Backbone:
    """A backbone with ImageNet weights, ready for inference.

    Batch normalisation is folded into the convolutions, gradients are off.

    Parameters
    ----------
    name
        Key in :data:`RECIPES` and of its entry among the weights.
    source
        Other weights than the installed ones, see :func:`core.weights.load`.
    device
        Where it computes; the CPU by default.
    half
        Compute in float16; on CUDA only, ignored elsewhere.
    options
        As the backbone's class takes them.

    Raises
    ------
    WeightsError
        If weights are missing, damaged or of another network.
    """
    backbone = make(name, **options)
    tensors = RECIPES[name].translate(weights.load(name, source))
    weights.fill(backbone, tensors, where=name, extra_allowed=True)
    return ready(backbone, device=device, half=half)


def ready(
    backbone: Backbone, *, device: torch.device | None = None, half: bool = False
) -> Backbone:
    """`backbone` for inference: folded, without gradients, on `device`."""
    place = device or torch.device("cpu")
    prepared = folded(backbone.eval()).requires_grad_(requires_grad=False).to(place)
    if half and place.type == "cuda":
        prepared = prepared.half()
    # Depth-wise layers run up to 1.6 times as fast with the channels innermost.
    for parameter in prepared.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return prepared
