"""The frozen network below both streams: crops in, three feature maps out.

`deep` feeds the convolutional stream, `shallow` the correlation filter, `fine` the
estimate of the size. Which levels of which network these are is said once, in
:data:`TRUNKS`; everything else follows from the levels' geometry.
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

AUTO = "auto"
GREY = (128.0, 128.0, 128.0)
"""Outside the frame (as MDNet's crops): near every trunk's mean, so nearly silent."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a trunk contributes when a parameter says “auto”."""

    deep: tuple[str, ...]
    shallow: str
    fine: str
    side: int
    options: dict[str, Any]


TRUNKS: dict[str, Choice] = {
    "efficientnet-lite0": Choice(("block7", "block10"), "block2", "stem", 257, {"depth": 11}),
    "vgg-m": Choice(("conv3",), "pool1", "pool1", 331, {}),
}


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
        If a parameter names a level that this trunk does not have.
    WeightsError
        If its weights are missing.
    """

    def __init__(self, params: DRVTParams, services: Services) -> None:
        choice = TRUNKS[params.trunk]
        options = dict(choice.options)
        if params.trunk == "efficientnet-lite0":
            options["dense"] = params.dense
        self.device = services.device
        self.backbone: Backbone = backbones.build(
            params.trunk,
            services.weights.get(params.trunk),
            device=services.device,
            half=params.half,
            **options,
        )
        levels = self.backbone.levels
        deep = choice.deep if params.fc_level == AUTO else tuple(params.fc_level.split("+"))
        shallow = choice.shallow if params.cf_level == AUTO else params.cf_level
        for name in (*deep, shallow):
            if name not in levels:
                raise ParamError(
                    f"The trunk {params.trunk} has no level “{name}”.",
                    "Use auto, or one of " + ", ".join(levels) + ".",
                )
        self._deep, self._shallow, self._fine = deep, shallow, choice.fine
        self.side = params.input_side or choice.side

    @property
    def deep(self) -> Level:
        """Geometry of the deep map: that of its last level."""
        return self.backbone.levels[self._deep[-1]]

    @property
    def shallow(self) -> Level:
        """Geometry of the shallow map."""
        return self.backbone.levels[self._shallow]

    @property
    def fine(self) -> Level:
        """Geometry of the fine map."""
        return self.backbone.levels[self._fine]

    def everything(self, pictures: Tensor) -> Maps:
        """All three maps of ``(N, 3, side, side)`` pictures."""
        found = self.backbone(pictures, {*self._deep, self._shallow, self._fine})
        parts = [found[name] for name in self._deep]
        deep = parts[0] if len(parts) == 1 else torch.cat(_aligned(parts), 1)
        return Maps(deep.float(), found[self._shallow].float(), found[self._fine].float())

    def detail(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Only the shallow and the fine map, at a fraction of the cost."""
        found = self.backbone(pictures, {self._shallow, self._fine})
        return found[self._shallow].float(), found[self._fine].float()

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
