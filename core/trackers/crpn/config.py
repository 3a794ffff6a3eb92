"""Which network a weights file holds: the file itself says it.

A configuration travels among the tensors, as the bytes of a JSON text, so that it is
there wherever the weights are: in a file, or handed over as tensors. The code never
guesses an architecture from shapes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.errors import WeightsError

ENTRY = "config"
"""Name of the tensor that holds the configuration."""

EXEMPLAR = 127.0
"""Crop pixels that the target's square with context spans (SiamFC's convention)."""

_BACKBONES: dict[str, dict[str, Any]] = {
    "efficientnet-lite0": {
        "levels": ("block10", "block7", "block4"),
        "template_size": 129,
        "search_size": 257,
        "template_cells": 7,
    },
    "alexnet": {
        "levels": ("conv5", "conv4", "conv3"),
        "template_size": 127,
        "search_size": 255,
        "template_cells": 0,
        "channels": 256,
        "separable": False,
    },
}
BACKBONE_OPTIONS: dict[str, dict[str, Any]] = {
    "efficientnet-lite0": {"depth": 11, "dense": True},
    "alexnet": {},
}


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Everything about the network that its tensors depend on.

    Attributes
    ----------
    backbone, levels
        Name of the backbone and its levels from deep to shallow, one per stage.
    channels
        Width of the fused features and of each branch of a head.
    stages
        Number of region proposal networks, 1 to 3.
    xcorr
        ``depthwise`` (SiamRPN++) or ``up`` (up-channel, SiamRPN).
    separable
        3 × 3 convolutions as a depth-wise and a point-wise one: an eighth of the work.
    ftb_resize
        How fused features return to the deepest level's grid: ``crop`` the rim, exact,
        or ``interp``, bilinear, as the paper says; the same where the grids are equal.
    transfer
        Whether a stage fuses its level with the stage before (Eq. 2). Without, it reads its
        own level alone, which is what the blocks are compared with.
    anchors
        ``ratios``: one anchor per ratio. ``own``: a single anchor that has the size the
        target had last.
    ratios, base_side
        Height over width of the anchors, and the root of their area in crop pixels.
    template_size, search_size
        Sides of the two pictures; such that the levels' grids lie symmetrically.
    template_cells
        Side of the template's middle that is correlated, in cells; 0 for all of it. A
        padded network's rim knows where the border is, and must not be matched.
    temperature
        Divides the logits of the reported probability, so that it is a calibrated one.
    """

    backbone: str = "efficientnet-lite0"
    levels: tuple[str, ...] = ("block10", "block7", "block4")
    channels: int = 128
    stages: int = 3
    xcorr: str = "depthwise"
    separable: bool = True
    ftb_resize: str = "crop"
    transfer: bool = True
    anchors: str = "ratios"
    ratios: tuple[float, ...] = (0.33, 0.5, 1.0, 2.0, 3.0)
    base_side: float = 64.0
    template_size: int = 129
    search_size: int = 257
    template_cells: int = 7
    temperature: float = 1.0

    def __post_init__(self) -> None:
        _require(self.backbone in _BACKBONES, "backbone", self.backbone)
        _require(1 <= self.stages <= len(self.levels), "number of stages", self.stages)
        _require(self.channels > 0, "width", self.channels)
        _require(self.xcorr in ("depthwise", "up"), "correlation", self.xcorr)
        _require(self.ftb_resize in ("crop", "interp"), "resizing", self.ftb_resize)
        _require(self.anchors in ("ratios", "own"), "kind of anchors", self.anchors)
        _require(len(self.ratios) > 0 and min(self.ratios) > 0, "set of ratios", self.ratios)
        _require(self.base_side > 0, "anchor side", self.base_side)
        _require(0 < self.template_size < self.search_size, "template size", self.template_size)
        _require(self.temperature > 0, "temperature", self.temperature)

    @classmethod
    def of(cls, backbone: str, **changes: Any) -> NetworkConfig:
        """The default network on `backbone`, with some fields changed."""
        return cls(**{"backbone": backbone, **_BACKBONES.get(backbone, {}), **changes})

    @property
    def shapes(self) -> int:
        """Number of anchors per cell."""
        return 1 if self.anchors == "own" else len(self.ratios)

    @property
    def backbone_options(self) -> dict[str, Any]:
        """How the backbone is built, for :func:`core.nets.backbones.make`."""
        return dict(BACKBONE_OPTIONS[self.backbone])

    def to_tensor(self) -> Tensor:
        """The configuration as ``(N,)`` uint8, to be stored as :data:`ENTRY`."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return torch.tensor(list(text.encode()), dtype=torch.uint8)

    @classmethod
    def read(cls, tensors: Mapping[str, Tensor]) -> NetworkConfig:
        """The configuration among `tensors`.

        Raises
        ------
        WeightsError
            If there is none, or one that this version does not understand.
        """
        if ENTRY not in tensors:
            raise WeightsError(
                "These weights do not say which C-RPN network they are for.",
                "Choose a file that was made for C-RPN.",
            )
        try:
            text = bytes(tensors[ENTRY].round().to(torch.uint8).tolist()).decode()
            values = json.loads(text)
            lists = {name: tuple(v) for name, v in values.items() if isinstance(v, list)}
            return cls(**{**values, **lists})
        except (ValueError, TypeError, AttributeError) as error:
            raise WeightsError(
                "The network description in these C-RPN weights cannot be read.",
                "They may come from a newer version of Boxtrail, or be damaged.",
                str(error),
            ) from error


def _require(condition: bool, what: str, value: object) -> None:
    if not condition:
        raise WeightsError(
            f"There is no C-RPN network with the {what} {value!r}.",
            "Choose weights that were made for this version.",
        )
