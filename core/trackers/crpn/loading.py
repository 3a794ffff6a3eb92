"""A C-RPN network from its weights, ready to track.

The weights say which network they are for. They hold the cascade and, where it was
trained too, the backbone, whole or in part; what is missing of the backbone comes from
its ImageNet weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core import weights
from core.errors import WeightsError
from core.nets import backbones
from core.nets.backbone import Backbone
from core.nets.folding import folded
from core.trackers.base import Services
from core.trackers.crpn.config import ENTRY, NetworkConfig
from core.trackers.crpn.network import CascadedRPN, Kernels, StageOutput

KEYS = {"efficientnet-lite0": "crpn", "alexnet": "crpn-alexnet"}
"""Weights key of each backbone."""


@dataclass(frozen=True, slots=True)
class Network:
    """Backbone and cascade, for inference."""

    config: NetworkConfig
    backbone: Backbone
    cascade: CascadedRPN
    device: torch.device

    def features(self, picture: Tensor, stages: int) -> dict[str, Tensor]:
        """The levels that `stages` stages need, of an uint8 picture ``(rows, cols, 3)``."""
        pictures = picture.to(self.device).permute(2, 0, 1)[None].float()
        wanted = self.config.levels[:stages]
        return {name: level.float() for name, level in self.backbone(pictures, wanted).items()}

    def kernels(self, picture: Tensor) -> Kernels:
        """The template's kernels of all stages."""
        return self.cascade.kernels(self.features(picture, self.config.stages))

    def search(self, kernels: Kernels, picture: Tensor, stages: int) -> list[StageOutput]:
        """What `stages` stages say of a search picture."""
        return self.cascade(kernels, self.features(picture, stages), stages)


def load(backbone: str, services: Services, *, half: bool = False) -> Network:
    """The network that the weights for `backbone` hold.

    Raises
    ------
    WeightsError
        If weights are missing, damaged or of another network.
    """
    key = KEYS[backbone]
    tensors = weights.load(key, services.weights.get(key))
    config = NetworkConfig.read(tensors)
    strange = [name for name in tensors if not name.startswith(("backbone.", "cascade.", ENTRY))]
    if strange:
        raise WeightsError(
            f"These weights are not those of {key}: {strange[0]} is unknown.",
            "Choose the file that was made for this network.",
        )
    # New layers draw initial values, which are replaced at once: nobody must notice.
    name = config.backbone
    own = _part(tensors, "backbone.")
    with torch.random.fork_rng(devices=[]):
        body = backbones.tuned(
            name, own, services.weights.get(name), where=key, **config.backbone_options
        )
        cascade = CascadedRPN(config, body.levels)
    body = backbones.ready(body, device=services.device, half=half)
    weights.fill(cascade, _part(tensors, "cascade."), where=key)
    ready = folded(cascade.eval()).requires_grad_(requires_grad=False).to(services.device)
    for parameter in ready.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return Network(config, body, ready, services.device)


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
