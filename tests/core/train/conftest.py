"""A network so small that a training run takes a moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.train.recipe import Batch, Exported


class ToyRecipe:
    """Fits a line with a dropout in it, so that torch's generator matters."""

    key, tracker = "toy", "toy"

    def network(self) -> nn.Module:
        return nn.ModuleDict({"backbone": nn.Linear(4, 4), "head": nn.Linear(4, 1)})

    def backbone(self, network: nn.Module) -> nn.Module | None:
        assert isinstance(network, nn.ModuleDict)
        return network["backbone"]

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        assert isinstance(network, nn.ModuleDict)
        hidden = nn.functional.dropout(network["backbone"](batch["x"]), 0.1, network.training)
        error = network["head"](hidden)[:, 0] - batch["y"]
        return {"fit": error.square().mean(), "size": network["head"].weight.square().mean() * 0.01}

    def export(self, network: nn.Module) -> Exported:
        return Exported(dict(network.state_dict()), {"kind": "toy"})


class ToyMaterial:
    """Batches that depend on seed, epoch and step only; `asked` records what was drawn."""

    def __init__(self, spoiled: int | None = None) -> None:
        self.asked: list[tuple[int, int]] = []
        self._spoiled = spoiled

    def batches(self, epoch: int, first: int, steps: int) -> Iterator[Batch]:
        for step in range(first, steps):
            self.asked.append((epoch, step))
            rng = np.random.default_rng([epoch, step])
            x = torch.from_numpy(rng.normal(size=(8, 4)).astype(np.float32))
            y = x @ torch.tensor([1.0, -2.0, 0.5, 3.0])
            yield {"x": x, "y": y * float("nan") if step == self._spoiled else y}


@pytest.fixture
def recipe() -> ToyRecipe:
    return ToyRecipe()


@pytest.fixture
def material() -> type[ToyMaterial]:
    return ToyMaterial
