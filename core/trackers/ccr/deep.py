"""The deep descriptor: a network's levels over the region around the target.

The network sees the region once per frame, resampled so that the target has about the
same number of pixels whatever its size; stages and scales only pool from its maps.
Channels differ in strength by far, so each is brought to mean 0 and equal power by
constants taken from the first frame (an :class:`Adapter`), which are part of a target's
state. Invariant: the network itself never changes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from core import weights
from core.dsp import sampling
from core.geometry import Box
from core.nets import backbones
from core.nets.backbone import Backbone
from core.trackers.base import Image, Services
from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.maps import FeatureMap

_UNIT = 16  # the input's side is a multiple of this plus 1: every level is centred on it
_FAINTEST = 0.01  # of the mean variance: a channel fainter than this is not raised to the others


@dataclass(frozen=True, slots=True)
class Choice:
    """What is taken of one backbone: its levels, and how it is built for them."""

    levels: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


CHOICES: Mapping[str, Choice] = {
    "efficientnet-lite0": Choice(("block10",), {"depth": 11}),
    "resnet50": Choice(("layer3.4",)),
}
"""Per backbone; its key is that of its weights. Both levels are the last ones of stride 16
before the network's final stages."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """Per channel of one level what is subtracted and what it is then multiplied with."""

    mean: Tensor
    gain: Tensor

    def apply(self, found: FeatureMap) -> FeatureMap:
        """The map with its channels adapted."""
        values = (found.values - self.mean[:, None]) * self.gain[:, None]
        return replace(found, values=values)


class Network:
    """A backbone with its levels, as a maker of feature maps.

    Raises
    ------
    WeightsError
        If the weights of the chosen backbone are missing or damaged.
    """

    def __init__(self, params: CCRDeepParams, services: Services) -> None:
        key = params.backbone
        self._levels = CHOICES[key].levels
        self._cell = params.deep_cell
        self._device = services.device
        source = services.weights.get(key)
        # The network never changes, so that the trackers of a program may share it.
        make = _installed if source is None else functools.partial(_built, source=source)
        self._backbone = make(key, services.device, params.half)

    def maps(
        self, image: Image, center: tuple[float, float], cell: float, cells: float
    ) -> tuple[FeatureMap, ...]:
        """Raw maps of all levels around `center`.

        Parameters
        ----------
        cell
            Side in frame pixels of what shall be one cell of the deep filter.
        cells
            Cells per side that must be covered.
        """
        pixel = cell / self._cell
        count = int(-(-cells * self._cell // _UNIT)) * _UNIT + 1
        side = count * pixel
        region = Box.from_center(center[0], center[1], side, side)
        picture = torch.from_numpy(sampling.cut(image, region, count)).to(self._device)
        found = self._backbone(picture.permute(2, 0, 1)[None].float(), self._levels)
        maps = []
        for name in self._levels:
            level = self._backbone.levels[name]
            edge = (level.offset - level.stride / 2) * pixel
            values = found[name][0].float().transpose(0, 1).contiguous()
            corner = (region.x + edge, region.y + edge)
            lean = (level.lean[0] * pixel, level.lean[1] * pixel)
            maps.append(FeatureMap(values, corner, level.stride * pixel, lean))
        return tuple(maps)


def adapters_for(maps: tuple[FeatureMap, ...], power: float) -> tuple[Adapter, ...]:
    """Adapters that give the channels of every level mean 0 and the same power.

    All channels together then have a variance of `power`.
    """
    made = []
    for found in maps:
        variance, mean = torch.var_mean(found.values, dim=(0, 2), correction=0)
        raised = torch.maximum(variance, _FAINTEST * variance.mean() + 1e-12)
        share = power / (len(mean) * len(maps))
        made.append(Adapter(mean, torch.rsqrt(raised) * share**0.5))
    return tuple(made)


def _built(
    key: str,
    device: torch.device,
    half: bool,
    source: weights.Source | None = None,
) -> Backbone:
    return backbones.build(key, source, device=device, half=half, **CHOICES[key].options)


@functools.lru_cache(maxsize=2)
def _installed(key: str, device: torch.device, half: bool) -> Backbone:
    return _built(key, device, half)
