"""A running mean of a network's weights: it measures better than the last step's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn


class Average:
    """Exponential mean of all floating tensors of a network's state.

    Parameters
    ----------
    network
        Where it starts.
    share
        Share of the past per step; early on it is lower, so that the start is forgotten.
    """

    def __init__(self, network: nn.Module, share: float) -> None:
        self._share = share
        self.tensors: dict[str, Tensor] = {
            name: tensor.detach().clone() for name, tensor in network.state_dict().items()
        }

    @torch.no_grad()
    def take(self, network: nn.Module, step: int) -> None:
        """Mix in the weights after `step` (counted from 0)."""
        share = min(self._share, (1 + step) / (10 + step))
        for name, tensor in network.state_dict().items():
            mean = self.tensors[name]
            if mean.is_floating_point() and self._share > 0:
                mean.lerp_(tensor.to(mean), 1 - share)
            else:
                mean.copy_(tensor)

    @contextlib.contextmanager
    def in_place(self, network: nn.Module) -> Iterator[None]:
        """`network` carries the mean inside the block, and its own weights after it."""
        own = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        network.load_state_dict(self.tensors)
        try:
            yield
        finally:
            network.load_state_dict(own)
