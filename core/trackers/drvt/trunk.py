"""The frozen network below both streams: crops in, three feature maps out.

`deep` feeds the convolutional stream, `shallow` the correlation filter, `fine` the
estimate of the size. Which levels of which network these are is said once, in
:func:`roles`; everything else follows from the levels' geometry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.dsp import sampling
from core.errors import ParamError
from core.geometry import Box
from core.nets import backbones
from core.nets.backbone import Backbone, Level
from core.trackers.base import Image, Services
from core.trackers.drvt.params import DRVTParams

GREY = (128.0, 128.0, 128.0)
"""Outside the frame (as MDNet's crops): near every trunk's mean, so nearly silent."""

_SMALLEST = 129
"""Side of the smallest crop: seven cells of stride 16 are left above conv4."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which levels of a network serve as what, its own crop side and its options."""

    deep: tuple[str, ...]
    shallow: str
    fine: str
    side: int
    options: dict[str, Any]


def roles(params: DRVTParams) -> Roles:
    """What the parameters make of the trunk they name."""
    if params.trunk == "vgg-m":
        return Roles(("conv3",), "pool1", "pool1", 331, {})
    deep = tuple(params.fc_level.split("+"))
    options = {"depth": int(deep[-1].removeprefix("block")) + 1, "dense": params.dense}
    return Roles(deep, params.cf_level, "stem", 257, options)


@dataclass(frozen=True, slots=True)
class Maps:
    """Feature maps of N crops ``(N, channels, cells, cells)``, float32."""

    deep: Tensor
    shallow: Tensor
    fine: Tensor


class Trunk:
    """A backbone with its three roles.

    Raises
    ------
    ParamError
        If the crop is too small for any cell.
    WeightsError
        If its weights are missing.
    """

    def __init__(self, params: DRVTParams, services: Services) -> None:
        self._roles = roles(params)
        self.device = services.device
        self.backbone: Backbone = backbones.build(
            params.trunk,
            services.weights.get(params.trunk),
            device=services.device,
            half=params.half,
            **self._roles.options,
        )
        self.side = params.input_side or self._roles.side
        if self.side < _SMALLEST:
            raise ParamError(
                f"drvt.input_side: {self.side} pixels leave the classifier no cells.",
                f"Use 0 for the trunk's own side, or at least {_SMALLEST}.",
            )

    @property
    def deep(self) -> Level:
        """Geometry of the deep map: that of its last level."""
        return self.backbone.levels[self._roles.deep[-1]]

    @property
    def shallow(self) -> Level:
        """Geometry of the shallow map."""
        return self.backbone.levels[self._roles.shallow]

    @property
    def fine(self) -> Level:
        """Geometry of the fine map."""
        return self.backbone.levels[self._roles.fine]

    def everything(self, pictures: Tensor) -> Maps:
        """All three maps of ``(N, 3, side, side)`` pictures."""
        found = self.backbone(pictures, {*self._roles.deep, self._roles.shallow, self._roles.fine})
        parts = [found[name] for name in self._roles.deep]
        deep = parts[0] if len(parts) == 1 else torch.cat(_aligned(parts), 1)
        return Maps(
            deep.float(), found[self._roles.shallow].float(), found[self._roles.fine].float()
        )

    def detail(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Only the shallow and the fine map, at a fraction of the cost."""
        found = self.backbone(pictures, {self._roles.shallow, self._roles.fine})
        return found[self._roles.shallow].float(), found[self._roles.fine].float()

    def upload(self, pictures: list[Image]) -> Tensor:
        """Crops ``(side, side, 3)`` uint8 as one float batch on the device."""
        batch = torch.from_numpy(np.stack(pictures)).to(self.device)
        return batch.permute(0, 3, 1, 2).float()

    def cut(self, image: Image, region: Box) -> Image:
        """The crop ``(side, side, 3)`` of a frame region."""
        return sampling.cut(image, region, self.side, GREY)


def _aligned(parts: list[Tensor]) -> list[Tensor]:
    """Levels of different strides on the coarsest one's grid.

    In a symmetrically padded network a coarse cell is centred on a fine one, which is picked.
    """
    cells = min(part.shape[-1] for part in parts)
    out = []
    for part in parts:
        step = (part.shape[-1] - 1) // max(cells - 1, 1)
        out.append(part if step == 1 else part[..., ::step, ::step])
    return out
