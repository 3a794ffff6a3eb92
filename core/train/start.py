"""Weights to start from: fine-tuning goes on from a file instead of from chance."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from core.errors import TrainingError
from core.train.recipe import Recipe
from core.weights import reading


def start_from(recipe: Recipe, network: nn.Module, path: Path) -> None:
    """Put the weights of a file that `recipe` exported into `network`.

    The file must hold every tensor that the recipe trains, in the same shape; a frozen
    backbone is not among them.

    Raises
    ------
    WeightsError
        If the file cannot be read.
    TrainingError
        If it holds another network.
    """
    tensors = reading.read(path)
    state = network.state_dict()
    for name in recipe.export(network).tensors:
        place = _place(name, state)
        if place is None:
            continue  # the description of the network, not one of its parameters
        if name not in tensors or tensors[name].shape != state[place].shape:
            raise TrainingError(
                f"“{path.name}” holds another network: “{name}” is missing or has another shape.",
                "Start from weights of the same kind and size, or set [network] as they need it.",
            )
        with torch.no_grad():
            state[place].copy_(tensors[name])


def _place(name: str, state: dict[str, torch.Tensor]) -> str | None:
    """The parameter that an exported tensor belongs to: heads are exported by shorter names."""
    if name in state:
        return name
    found = [full for full in state if full.endswith(f".{name}")]
    return found[0] if len(found) == 1 else None
