"""EDCF's own network by formula: seeded noise in the layers' usual spread.

Random filters keep a picture's structure, which is all that following a texture needs;
the coarse correlation's gain is set so that a template answers itself with a clear yes.
EDCF works without these, so they are not asked for by the registry: tests of the own
network pass them in.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.trackers.edcf.network import EDCFNet


def stand_in() -> dict[str, dict[str, Tensor]]:
    """Weights of encoder, correlation and decoder."""
    return {"edcf": tensors()}


def tensors(seed: int = 0) -> dict[str, Tensor]:
    """The state dict of a network as training would save it."""
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}
    for name, value in EDCFNet().state_dict().items():
        if value.dim() == 4:
            fan_in = value[0].numel()
            state[name] = torch.randn(value.shape, generator=generator) * (2 / fan_in) ** 0.5
        else:
            # A normalisation's own start is a constant; a bias's is drawn at random.
            state[name] = value.clone() if _constant(value) else torch.zeros_like(value)
    state["semantic.a"] = torch.tensor(2e-5)
    state["semantic.b"] = torch.tensor(-1.0)
    return state


def _constant(value: Tensor) -> bool:
    return value.numel() == 1 or bool((value == value.flatten()[0]).all())
