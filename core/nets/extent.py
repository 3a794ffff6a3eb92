"""What a network takes for the target's extent, against what the person drew.

A network regresses the extent that it knows of such objects: with the antlers or without
them. On the next frame that becomes the search's scale, and the difference feeds on
itself. The first frame, where both are known, tells the difference once and for all: the
network is asked there, and what it says beyond the person's box is taken off every later
answer. So a picture that does not change leaves the box exactly where it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.geometry import Box, iou

_LARGEST = 0.5
_FARTHEST = 0.25
_ON_TARGET = 0.35

Sides = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Extent:
    """How the network's box differs from the person's.

    `w`, `h` are logarithms of its sides over the person's; `x`, `y` the distance of the
    centres in the person's sides.
    """

    w: float = 0.0
    h: float = 0.0
    x: float = 0.0
    y: float = 0.0

    def as_network(self, size: Sides) -> Sides:
        """The sides (w, h) that the network would give to a target of `size`."""
        return size[0] * math.exp(self.w), size[1] * math.exp(self.h)

    def as_person(self, box: Box) -> Box:
        """The box that a person would have drawn where the network gives `box`."""
        w, h = box.w * math.exp(-self.w), box.h * math.exp(-self.h)
        return Box.from_center(box.cx - self.x * w, box.cy - self.y * h, w, h)


SAME = Extent()


def difference(found: Box, drawn: Box) -> Extent:
    """What the network's box `found` on the first frame says about the person's.

    Nothing where it lies beside the target. Bounded to a factor of 1.65 and a quarter of
    the target, so that a network that errs does little harm.
    """
    if not (found.w > 0 and found.h > 0 and iou(found, drawn) > _ON_TARGET):
        return SAME
    return Extent(
        _bounded(math.log(found.w / drawn.w), _LARGEST),
        _bounded(math.log(found.h / drawn.h), _LARGEST),
        _bounded((found.cx - drawn.cx) / drawn.w, _FARTHEST),
        _bounded((found.cy - drawn.cy) / drawn.h, _FARTHEST),
    )


def _bounded(value: float, most: float) -> float:
    return max(-most, min(most, value))
