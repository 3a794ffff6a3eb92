"""CRACT: proposals, regression and identifier together (Fan & Ling, Sec. 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn

from core.trackers.cract.losses import LossConfig, pair_losses
from core.trackers.cract.network import BASES, Network, NetworkConfig, stored, untrained
from core.train.recipe import Batch, Exported, FrozenBackbone, levels


class CractRecipe:
    """Region proposals, the regressor and the identifier; the discriminator learns online.

    Parameters
    ----------
    network
        ``backbone``, and fields of :class:`core.trackers.cract.network.NetworkConfig`.
    losses
        Fields of :class:`core.trackers.cract.losses.LossConfig`.
    """

    tracker = "cract"

    def __init__(
        self, network: Mapping[str, Any], losses: Mapping[str, Any], *, tunes_backbone: bool
    ) -> None:
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in network.items()
        }
        self._base = fields.pop("backbone", "efficientnet-lite0")
        if self._base not in BASES:
            raise ValueError(f"there is no backbone {self._base!r} for CRACT")
        self.config = NetworkConfig(**fields)
        self.options = LossConfig(**losses)
        self.key = BASES[self._base].key
        self._tunes_backbone = tunes_backbone

    def pairs(self) -> dict[str, Any]:
        """How pairs are cut: as the tracker cuts them."""
        return {
            "crop": "context",
            "template_size": self.config.template,
            "search_size": self.config.search,
            "exemplar": float(self.config.exemplar),
            "fill": "mean",
        }

    def tracking(self) -> dict[str, Any]:
        """See :class:`core.train.recipe.PairRecipe`."""
        return {"backbone": self._base}

    def frozen(self) -> FrozenBackbone | None:
        """See :class:`core.train.recipe.PairRecipe`."""
        if self._tunes_backbone:
            return None
        base = BASES[self._base]
        return FrozenBackbone(self._base, base.options, (base.deep, base.shallow))

    def network(self) -> nn.Module:
        """See :class:`core.train.recipe.Recipe`."""
        return untrained(self._base, self.config, {})

    def backbone(self, network: nn.Module) -> nn.Module:
        """See :class:`core.train.recipe.Recipe`."""
        return cast(Network, network).backbone

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The four parts of the loss."""
        net = cast(Network, network)
        parts = pair_losses(
            net,
            net.combined(levels(batch, "template", net.backbone, net.levels)),
            net.combined(levels(batch, "search", net.backbone, net.levels)),
            (batch["template_box"], batch["search_box"]),
            ~batch["negative"],
            self.options,
        )
        return dict(parts._asdict())

    def export(self, network: nn.Module) -> Exported:
        """See :class:`core.train.recipe.Recipe`."""
        tensors = stored(cast(Network, network), backbone=self._tunes_backbone)
        return Exported(tensors, {"network": "CRACT", "backbone": self._base})
