"""What a network takes for the target's extent, against what the person drew.

A network regresses the extent that it knows of such objects: with the antlers or without
them. On the next frame that becomes the search's scale, and the difference feeds on
itself. The first frame, where both are known, tells the difference once and for all: the
network is asked there at scales about the true one, whose effects cancel, and the mean
logarithm of its sides over the person's is taken off every later answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from core.geometry import Box, iou

SCALES = (math.exp(-0.15), 1.0, math.exp(0.15))
"""Scales of the search at which the network is asked."""

_LARGEST = 0.5
_ON_TARGET = 0.35

Extent = tuple[float, float]
"""Logarithms of the network's width and height over the person's."""

SAME: Extent = (0.0, 0.0)


def difference(found: Iterable[Box], true: Box) -> Extent:
    """The mean over the boxes `found` on the first frame; those beside the target are left out.

    Each is clamped to a factor of 1.65, so that a network that misses does little harm.
    """
    logs = [
        (math.log(box.w / true.w), math.log(box.h / true.h))
        for box in found
        if box.w > 0 and box.h > 0 and iou(box, true) > _ON_TARGET
    ]
    if not logs:
        return SAME
    w, h = (sum(log[axis] for log in logs) / len(logs) for axis in (0, 1))
    return _clamped(w), _clamped(h)


def as_network(size: tuple[float, float], extent: Extent) -> tuple[float, float]:
    """The sides (w, h) that the network would give to a target of `size`."""
    return size[0] * math.exp(extent[0]), size[1] * math.exp(extent[1])


def as_person(size: tuple[float, float], extent: Extent) -> tuple[float, float]:
    """The sides that a person would have drawn where the network gives `size`."""
    return size[0] * math.exp(-extent[0]), size[1] * math.exp(-extent[1])


def _clamped(value: float) -> float:
    return max(-_LARGEST, min(_LARGEST, value))
