"""What every backbone is: pictures in, feature levels with known geometry out.

A backbone takes float RGB pictures with values 0 to 255 and normalises them itself,
so that nobody can feed it the wrong range or channel order. It gives any of its
named levels; layers above the deepest one asked for are not computed.

Geometry, in pixels of the input picture with edges as coordinates (a pixel covers
``[0, 1)``): cell ``i`` of a level is centred at ``offset + stride · i``. A padded
backbone has ``offset = ½``, so an input of ``stride · k + 1`` pixels has ``k + 1``
cells that lie symmetrically about its middle; an unpadded one has
``offset = receptive_field / 2``, and a symmetric grid wherever no layer drops a pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Level:
    """One output of a backbone.

    `stride` and `offset` place its cells (see the module's text), `receptive_field` is
    the side of the input square that a cell sees; all in input pixels.

    `lean` (x, y) is where trained weights look within that square: how far from its middle
    the input lies that a cell answers to, on average. It is nothing that the layers say;
    maps that are shown over a picture are moved by it, computations never.
    """

    name: str
    channels: int
    stride: int
    offset: float
    receptive_field: int
    lean: tuple[float, float] = (0.0, 0.0)

    def center(self, index: float) -> float:
        """Input coordinate of the centre of cell `index` (fractions allowed)."""
        return self.offset + self.stride * index

    def index(self, coordinate: float) -> float:
        """Inverse of :meth:`center`."""
        return (coordinate - self.offset) / self.stride


class Backbone(nn.Module):
    """Base of all backbones; a subclass fills `levels` and computes :meth:`features`.

    The normalisation belongs to the weights, not to the architecture: a new backbone has
    mean 0 and deviation 1 until :meth:`normalise_with`.
    """

    name: str
    levels: Mapping[str, Level]
    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.ones(1, 3, 1, 1), persistent=False)

    def normalise_with(self, mean: Iterable[float], std: Iterable[float]) -> None:
        """Set the per-channel normalisation of RGB values 0 to 255."""
        place = self.mean.device
        self.mean = torch.tensor(list(mean), dtype=torch.float32, device=place).view(1, 3, 1, 1)
        self.std = torch.tensor(list(std), dtype=torch.float32, device=place).view(1, 3, 1, 1)

    def half(self) -> Self:
        """Weights in float16; the normalisation stays in float32."""
        mean, std = self.mean, self.std
        super().half()
        self.mean, self.std = mean, std
        return self

    def forward(self, pictures: Tensor, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Feature maps of the `wanted` levels.

        Parameters
        ----------
        pictures
            ``(N, 3, H, W)`` float, RGB, 0 to 255.
        wanted
            Names out of `levels`.

        Returns
        -------
        dict
            Per level ``(N, channels, rows, cols)``, in the dtype of the weights.

        Raises
        ------
        KeyError
            For a level that this backbone does not have.
        """
        names = frozenset(wanted)
        for name in names:
            if name not in self.levels:
                raise KeyError(f"{self.name} has no level {name!r}, only {', '.join(self.levels)}")
        normalised = ((pictures - self.mean) / self.std).to(self.dtype)
        return self.features(normalised.contiguous(memory_format=torch.channels_last), names)

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        """The levels `wanted` of normalised pictures; stops after the deepest one."""
        raise NotImplementedError

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the weights."""
        return next(self.parameters()).dtype


class Geometry:
    """Follows stride, receptive field and offset through a chain of layers."""

    def __init__(self) -> None:
        self.stride, self.receptive_field, self.offset = 1, 1, 0.5

    def layer(self, kernel: int, stride: int = 1, *, padding: int = 0, dilation: int = 1) -> None:
        """Append a convolution or pooling layer."""
        reach = dilation * (kernel - 1)
        self.receptive_field += reach * self.stride
        self.offset += (reach / 2 - padding) * self.stride
        self.stride *= stride

    def level(self, name: str, channels: int) -> Level:
        """The level after the layers so far."""
        return Level(name, channels, self.stride, self.offset, self.receptive_field)
