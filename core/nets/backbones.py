"""Backbones by name, with their weights: what trackers call.

A backbone is registered here with the way its published state dict reads in our
names. Weights come from :mod:`core.weights`; a tracker's own weights may replace
them in part (a fine-tuned backbone), see :func:`tuned`.

The normalisation of the input belongs to the weights: it is taken from the tensors
``mean`` and ``std`` of the file where it has them (``boxtrail weights convert`` writes
them), else from the entry of the list.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core import weights
from core.errors import WeightsError
from core.nets import alexnet, efficientnet_lite0, resnet, vgg_m
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
    "resnet18": Recipe(functools.partial(resnet.ResNet, "resnet18"), resnet.translated),
    "resnet50": Recipe(functools.partial(resnet.ResNet, "resnet50"), resnet.translated),
    "alexnet": Recipe(alexnet.AlexNet, alexnet.translated),
    "vgg-m": Recipe(vgg_m.VGGM, vgg_m.translated),
}


def make(name: str, **options: Any) -> Backbone:
    """An untrained backbone with the normalisation of its entry; `options` as its class.

    Raises
    ------
    WeightsError
        If there is no backbone of that name.
    """
    if name not in RECIPES:
        known = ", ".join(sorted(RECIPES))
        raise WeightsError(f"There is no backbone “{name}”.", f"Use one of {known}.")
    backbone = RECIPES[name].make(**options)
    known = weights.entry(name)
    backbone.normalise_with(known.mean, known.std)
    return backbone


def pretrained(name: str, source: weights.Source | None = None, **options: Any) -> Backbone:
    """A backbone with its weights as it can be trained on: nothing folded or frozen.

    Parameters and errors as :func:`build`.
    """
    backbone = make(name, **options)
    put(backbone, RECIPES[name].translate(weights.load(name, source)))
    return backbone


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
    return ready(pretrained(name, source, **options), device=device, half=half)


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


def put(backbone: Backbone, tensors: Mapping[str, Tensor]) -> None:
    """Fill `backbone` with `tensors` in our names, and take their normalisation.

    Tensors of layers that were not built are passed over.

    Raises
    ------
    WeightsError
        If they are those of another network.
    """
    weights.fill(backbone, tensors, where=backbone.name, extra_allowed=True)
    if "mean" in tensors and "std" in tensors:
        backbone.normalise_with(tensors["mean"].tolist(), tensors["std"].tolist())


def tuned(
    name: str,
    own: Mapping[str, Tensor],
    source: weights.Source | None = None,
    *,
    where: str,
    **options: Any,
) -> Backbone:
    """Backbone `name` with some tensors of a tracker's over its ImageNet weights.

    Parameters
    ----------
    own
        Tensors by the backbone's own names; where they are complete, ImageNet's weights
        are not needed.
    source
        ImageNet weights to take instead of the installed ones.
    where
        Name of the tracker's weights, for errors.
    options
        As the backbone's class takes them.

    Raises
    ------
    WeightsError
        If weights are missing or damaged, or a tensor does not belong to the backbone.
    """
    body = make(name, **options)
    needed = {key for key in body.state_dict() if not key.endswith("num_batches_tracked")}
    strange = sorted(own.keys() - needed - {"mean", "std"})
    if strange:
        raise WeightsError(
            f"The weights “{where}” replace “{strange[0]}”, which {name} does not have.",
            "Choose the file that was made for this network.",
        )
    if not needed <= own.keys():
        body = pretrained(name, source, **options)
    if own:
        put(body, {**body.state_dict(), **own})
    return body


def checked(name: str, published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of backbone `name` in our names, all there and of the right shapes.

    With its normalisation as ``mean`` and ``std``; what the network does not use is
    left out.

    Raises
    ------
    WeightsError
        If there is no such backbone, or with the difference.
    """
    backbone = make(name)
    put(backbone, RECIPES[name].translate(published))
    tensors = {
        key: value.detach().clone()
        for key, value in backbone.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    return {**tensors, "mean": backbone.mean.flatten(), "std": backbone.std.flatten()}
