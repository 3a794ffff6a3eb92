"""C-RPN: all stages on ImageNet features (Fan & Ling, CVPR 2019, Sec. 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.nets import backbones
from core.trackers.crpn.config import EXEMPLAR, NetworkConfig
from core.trackers.crpn.geometry import first_anchors, map_grid
from core.trackers.crpn.loading import KEYS
from core.trackers.crpn.losses import LossOptions, cascade_loss
from core.trackers.crpn.network import SiameseCRPN
from core.train.recipe import Batch, Exported, FrozenBackbone, levels


class CrpnRecipe:
    """Backbone, feature transfer blocks and heads, trained on the sum of all stages.

    Parameters
    ----------
    network
        Fields of :class:`core.trackers.crpn.config.NetworkConfig`.
    losses
        Fields of :class:`core.trackers.crpn.losses.LossOptions`.
    """

    tracker = "crpn"

    def __init__(
        self, network: Mapping[str, Any], losses: Mapping[str, Any], *, tunes_backbone: bool
    ) -> None:
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in network.items()
        }
        name = fields.pop("backbone", "efficientnet-lite0")
        self.config = NetworkConfig.of(name, **fields)
        self.options = LossOptions(**losses)
        self.key = KEYS[name]
        self._tunes_backbone = tunes_backbone

    def pairs(self) -> dict[str, Any]:
        """How pairs are cut: as the tracker cuts them."""
        return {
            "crop": "context",
            "template_size": self.config.template_size,
            "search_size": self.config.search_size,
            "exemplar": EXEMPLAR,
            "fill": "mean",
        }

    def tracking(self) -> dict[str, Any]:
        """See :class:`core.train.recipe.PairRecipe`."""
        return {"backbone": self.config.backbone}

    def frozen(self) -> FrozenBackbone | None:
        """See :class:`core.train.recipe.PairRecipe`."""
        if self._tunes_backbone:
            return None
        return FrozenBackbone(self.config.backbone, self.config.backbone_options, self._levels)

    @property
    def _levels(self) -> tuple[str, ...]:
        return self.config.levels[: self.config.stages]

    def network(self) -> nn.Module:
        """See :class:`core.train.recipe.Recipe`."""
        body = backbones.pretrained(self.config.backbone, **self.config.backbone_options)
        return SiameseCRPN(body, self.config)

    def backbone(self, network: nn.Module) -> nn.Module:
        """See :class:`core.train.recipe.Recipe`."""
        return cast(SiameseCRPN, network).backbone

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Classification and regression of every stage (Eq. 7)."""
        net = cast(SiameseCRPN, network)
        wanted = self._levels
        first = levels(batch, "template", net.backbone, wanted)
        region = levels(batch, "search", net.backbone, wanted)
        outputs = [
            type(output)(output.cls.float(), output.loc.float())
            for output in net.cascade(net.cascade.kernels(first), region)
        ]
        boxes = self._first(net, batch)
        found = cascade_loss(outputs, boxes, batch["search_box"], ~batch["negative"], self.options)
        return {f"stage{number}": stage.total for number, stage in enumerate(found, start=1)}

    def export(self, network: nn.Module) -> Exported:
        """See :class:`core.train.recipe.Recipe`."""
        tensors = cast(SiameseCRPN, network).tensors(with_backbone=self._tunes_backbone)
        return Exported(tensors, {"network": "C-RPN", "backbone": self.config.backbone})

    def _first(self, network: SiameseCRPN, batch: Batch) -> Tensor:
        """The first anchors ``(N, 4)``, or ``(B, N, 4)`` where each pair has its own."""
        deepest = network.cascade.levels[0]
        grid = map_grid(self.config, deepest, self.config.search_size)
        device = batch["search_box"].device
        if self.config.anchors != "own":
            return first_anchors(self.config, grid, (0.0, 0.0), device)
        sizes = batch["template_box"][:, 2:].tolist()
        return torch.stack([first_anchors(self.config, grid, (w, h), device) for w, h in sizes])
