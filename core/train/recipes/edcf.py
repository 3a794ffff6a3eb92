"""EDCF: both correlations and the reconstruction, from scratch (Wang et al., Eq. 15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from core.trackers.edcf import losses as terms
from core.trackers.edcf.network import CROP, WINDOWS, EDCFNet, middle
from core.train.recipe import Batch, Exported


@dataclass(frozen=True, slots=True)
class EdcfLosses:
    """Weights of the three losses; the low one is divided by its number of cells first.

    What has no weight is not computed: with `high` and `reconstruction` 0 the low branch
    trains ten times as fast.
    """

    low: float = 100.0
    high: float = 1.0
    reconstruction: float = 0.5


_STEM = "encoder.stem."


class EdcfRecipe:
    """Encoder, decoder and the gain of the semantic branch.

    Parameters
    ----------
    network
        ``lam1``, ``lam2`` and ``denominator`` of the correlation filter.
    losses
        Fields of :class:`EdcfLosses`.
    """

    key = tracker = "edcf"

    def __init__(
        self, network: Mapping[str, Any], losses: Mapping[str, Any], *, tunes_backbone: bool
    ) -> None:
        del tunes_backbone  # everything is trained
        self._network = dict(network)
        self.options = EdcfLosses(**losses)

    def pairs(self) -> dict[str, Any]:
        """How pairs are cut: three times the target, the template with its surroundings."""
        return {
            "crop": "target",
            "padding": 2.0,
            "template_size": WINDOWS.side,
            "search_size": CROP,
            "exemplar": float(CROP),
            "fill": "edge",
            "negative": 0.0,
            "template_shift": 0.0,
            "template_scale": 0.0,
            "search_shift": 40.0,
            "search_scale": 0.05,
            "search_aspect": 0.03,
        }

    def tracking(self) -> dict[str, Any]:
        """See :class:`core.train.recipe.PairRecipe`."""
        return {"features": "own"}

    def frozen(self) -> None:
        """There is none."""

    def network(self) -> nn.Module:
        """See :class:`core.train.recipe.Recipe`."""
        return EDCFNet(**self._network)

    def backbone(self, network: nn.Module) -> None:
        """There is none."""

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The three losses of Eq. 15, weighted."""
        wide, search = batch["template"].float(), batch["search"].float()
        net, options = cast(EDCFNet, network), self.options
        rebuilt = options.reconstruction > 0
        found = net(wide, search, semantic=options.high > 0, reconstruct=rebuilt)
        displacement = batch["search_box"][:, [1, 0]]
        label = terms.low_label(displacement)
        losses = {
            "low": terms.low_loss(found.low.float(), label) * (options.low / label[0].numel()),
        }
        if options.high > 0:
            label = terms.high_label(displacement)
            losses["high"] = terms.high_loss(found.high.float(), label) * options.high
        if rebuilt:
            losses["reconstruction"] = self._reconstruction(net, found, wide, search)
        return losses

    def _reconstruction(self, net: EDCFNet, found: Any, wide: Tensor, search: Tensor) -> Tensor:
        pictures = torch.cat([middle(wide, CROP), search])
        made = torch.cat([found.target_picture, found.search_picture]).float()
        wanted = net.encoder.normalized(pictures)
        return terms.reconstruction_loss(made, wanted) * self.options.reconstruction

    def export(self, network: nn.Module) -> Exported:
        """See :class:`core.train.recipe.Recipe`."""
        # What had no loss was not trained: it would be noise in the file.
        deep = self.options.high > 0 or self.options.reconstruction > 0
        tensors = {
            name: tensor.detach()
            for name, tensor in network.state_dict().items()
            if not name.endswith("num_batches_tracked") and (deep or name.startswith(_STEM))
        }
        return Exported(tensors, {"network": "EDCF" if deep else "EDCF, fine branch"})
