"""What differs between the networks that can be trained: the contract of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from core.nets.backbone import Backbone

Batch = Mapping[str, Tensor]
"""What the material gives for one step: tensors whose first axis counts pairs.

``template`` and ``search`` are pictures; from a bank of features there are
``template.LEVEL`` and ``search.LEVEL`` instead.
"""


def levels(
    batch: Batch, side: str, backbone: Backbone, wanted: Iterable[str]
) -> Mapping[str, Tensor]:
    """The backbone's features of a batch's `side`: those that it brings, or computed now."""
    if side in batch:
        return backbone(batch[side].float(), wanted)
    return {name: batch[f"{side}.{name}"].float() for name in wanted}


class Material(Protocol):
    """Endless pairs: the same seed, epoch and step always give the same batch."""

    def batches(self, epoch: int, first: int, steps: int) -> Iterator[Batch]:
        """Batches `first` to ``steps - 1`` of `epoch`, on the CPU."""
        ...


@dataclass(frozen=True, slots=True)
class Exported:
    """What is shipped: tensors by name and the facts that a reader needs to use them."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FrozenBackbone:
    """A backbone by name and options (see :mod:`core.nets.backbones`), and the levels used."""

    name: str
    options: Mapping[str, Any]
    levels: tuple[str, ...]


class Recipe(Protocol):
    """One network, its losses, and how it becomes a weights file.

    `key` is the entry among the weights, `tracker` the registered tracker that uses it.
    """

    key: str
    tracker: str

    def network(self) -> nn.Module:
        """The network before its first step: ImageNet backbone, new heads.

        The global generator of torch is seeded by the caller.
        """
        ...

    def backbone(self, network: nn.Module) -> nn.Module | None:
        """The part that counts as backbone: slower rate, frozen statistics; None if all is new."""
        ...

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The weighted terms of the loss by name; their sum is descended.

        `batch` lies on the network's device.
        """
        ...

    def export(self, network: nn.Module) -> Exported:
        """What a weights file of this network holds."""
        ...


class PairRecipe(Recipe, Protocol):
    """A recipe that learns from pairs of a template and a search crop.

    Batches are those of :mod:`core.train.data.loader`.
    """

    def pairs(self) -> dict[str, Any]:
        """Values of :class:`core.train.data.params.PairParams` that the network fixes."""
        ...

    def tracking(self) -> dict[str, Any]:
        """Parameters that make the tracker use this network."""
        ...

    def frozen(self) -> FrozenBackbone | None:
        """The backbone whose features can be computed beforehand, where there is one."""
        ...
