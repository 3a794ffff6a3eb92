"""The AlexNet of Siamese trackers: SiamFC's geometry with SiamRPN's widths.

Bertinetto et al., ECCVW 2016; Li et al., CVPR 2018: five convolutions of 96, 256, 384,
384 and 256 channels, batch normalisation, no groups and no padding, stride 8; no ReLU
after the last. Levels ``conv1`` to ``conv5`` are the outputs of the five groups, the
first two with their pooling: a picture of 127 gives 10, 8 and 6 cells from ``conv3`` on,
one of 255 gives 26, 24 and 22.

torchvision's AlexNet has other widths and strides; its weights cannot be read. Read are
state dicts in PySOT's naming (``features.N`` or ``layerN``, with or without a prefix
such as ``backbone.``), which expect BGR, and our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from core.nets.backbone import Backbone, Geometry


class _Group(NamedTuple):
    channels: int
    kernel: int
    stride: int
    pools: bool


_GROUPS = (
    _Group(96, 11, 2, True),
    _Group(256, 5, 1, True),
    _Group(384, 3, 1, False),
    _Group(384, 3, 1, False),
    _Group(256, 3, 1, False),
)


class AlexNet(Backbone):
    """The backbone; see the module's text."""

    name = "alexnet"

    def __init__(self) -> None:
        super().__init__()
        geometry = Geometry()
        levels = []
        self.groups = nn.ModuleList()
        inputs = 3
        for number, group in enumerate(_GROUPS, start=1):
            parts: list[nn.Module] = [
                nn.Conv2d(inputs, group.channels, group.kernel, stride=group.stride),
                nn.BatchNorm2d(group.channels),
            ]
            geometry.layer(group.kernel, group.stride)
            if group.pools:
                parts.append(nn.MaxPool2d(3, 2))
                geometry.layer(3, 2)
            if number < len(_GROUPS):
                parts.append(nn.ReLU())
            self.groups.append(nn.Sequential(*parts))
            levels.append(geometry.level(f"conv{number}", group.channels))
            inputs = group.channels
        self.levels = {level.name: level for level in levels}

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        """See :meth:`Backbone.features`."""
        x, found = normalised, {}
        for number, group in enumerate(self.groups, start=1):
            if len(found) == len(wanted):
                break
            x = group(x)
            if f"conv{number}" in wanted:
                found[f"conv{number}"] = x
        return found


_IN_FEATURES = {0: (0, 0), 1: (0, 1), 4: (1, 0), 5: (1, 1), 8: (2, 0), 9: (2, 1),
                11: (3, 0), 12: (3, 1), 14: (4, 0), 15: (4, 1)}  # fmt: skip


def translated(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """PySOT's names and its BGR order turned into ours; heads beside the net are dropped.

    Tensors in our own names are passed through as they are.
    """
    ours: dict[str, Tensor] = {}
    for name, tensor in published.items():
        if name.endswith("num_batches_tracked"):
            continue
        flat = re.fullmatch(r"(?:.*\.)?features\.(\d+)\.(\w+)", name)
        layered = re.fullmatch(r"(?:.*\.)?layer([1-5])\.([01])\.(\w+)", name)
        if flat and int(flat[1]) in _IN_FEATURES:
            group, place = _IN_FEATURES[int(flat[1])]
            rest = flat[2]
        elif layered:
            group, place, rest = int(layered[1]) - 1, int(layered[2]), layered[3]
        else:
            ours[name] = tensor
            continue
        if (group, place, rest) == (0, 0, "weight"):
            tensor = tensor.flip(1)  # pictures come as RGB here
        ours[f"groups.{group}.{place}.{rest}"] = tensor
    return ours


__all__ = ["AlexNet", "translated"]
