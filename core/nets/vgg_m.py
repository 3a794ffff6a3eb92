"""VGG-M, conv1 to conv3, without padding: the backbone of MDNet and DRVT.

Chatfield et al., BMVC 2014; the published net pads conv2, conv3 and a pooling, MDNet
(Nam & Han, CVPR 2016) and DRVT do not. A picture of 331 gives 163 cells at ``conv1``, 81 at
``pool1``, 39 at ``conv2``, 19 at ``pool2`` and 17 at ``conv3``; convolution levels are after
their ReLU, pooling levels after normalisation and pooling. A head with one 3×3
convolution on ``conv3`` sees exactly MDNet's 107 pixels.

The local response normalisation is MatConvNet's (5 channels, κ = 2, α = 1e-4, β = 0.75);
torch divides α by the number of channels, hence 5e-4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from core.nets.backbone import Backbone, Geometry


class LocalResponseNorm(nn.LocalResponseNorm):
    """Computed in float32: squares of activations overflow float16."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (torch's name)
        """Same shape and dtype as `input`."""
        return super().forward(input.float()).to(input.dtype)


class VGGM(Backbone):
    """The backbone; see the module's text."""

    name = "vgg-m"

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(3, 96, 7, stride=2), nn.ReLU())
        self.conv2 = nn.Sequential(nn.Conv2d(96, 256, 5, stride=2), nn.ReLU())
        self.conv3 = nn.Sequential(nn.Conv2d(256, 512, 3), nn.ReLU())
        self.pool1 = nn.Sequential(_norm(), nn.MaxPool2d(3, 2))
        self.pool2 = nn.Sequential(_norm(), nn.MaxPool2d(3, 2))
        geometry = Geometry()
        levels = []
        for name, channels, kernel, stride in (
            ("conv1", 96, 7, 2),
            ("pool1", 96, 3, 2),
            ("conv2", 256, 5, 2),
            ("pool2", 256, 3, 2),
            ("conv3", 512, 3, 1),
        ):
            geometry.layer(kernel, stride)
            levels.append(geometry.level(name, channels))
        self.levels = {level.name: level for level in levels}

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        """See :meth:`Backbone.features`."""
        x, found = normalised, {}
        for name in self.levels:
            if len(found) == len(wanted):
                break
            x = self.get_submodule(name)(x)
            if name in wanted:
                found[name] = x
        return found


def _norm() -> LocalResponseNorm:
    return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def translated(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names read from MatConvNet's file turned into ours; later layers are dropped.

    The average picture becomes the mean that the input is normalised with: one value per
    channel, since windows of any size are cut here.
    """
    ours: dict[str, Tensor] = {}
    for name, tensor in published.items():
        conv = re.fullmatch(r"conv([123])\.(weight|bias)", name)
        if conv:
            ours[f"conv{conv[1]}.0.{conv[2]}"] = tensor
        elif name == "average":
            ours["mean"] = tensor.reshape(-1, 3).mean(0)
            ours["std"] = torch.ones(3)
        elif not re.fullmatch(r"(conv|fc)\d\.(weight|bias)", name):
            ours[name] = tensor
    return ours


__all__ = ["VGGM", "translated"]
