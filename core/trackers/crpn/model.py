"""The state of C-RPN: what a target is, and what changes per frame.

Everything is frozen and no tensor is ever changed in place, so that a snapshot is a
reference and going back to it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.geometry import Box, Placement
from core.nets.extent import SAME, Extent
from core.trackers.base import Image, Patch
from core.trackers.crpn import geometry
from core.trackers.crpn.network import Kernels

_SMALLEST = 10.0  # frame pixels; a target that started smaller may be as small as it was


@dataclass(frozen=True, slots=True)
class State:
    """One target.

    Attributes
    ----------
    center, size
        Of the box, (x, y) and (w, h) in frame pixels.
    kernels
        The template, per stage.
    template
        The picture it was made from.
    colour
        Mean colour of the first frame: what lies beyond the border.
    bounds
        Smallest and largest side of the box.
    missed
        Frames in a row without the target.
    extent
        How the network's boxes differ from the person's, see :mod:`core.nets.extent`.
    """

    center: tuple[float, float]
    size: tuple[float, float]
    kernels: Kernels
    template: Patch
    colour: tuple[float, float, float]
    bounds: tuple[float, float]
    missed: int = 0
    extent: Extent = SAME

    @property
    def box(self) -> Box:
        """The present box."""
        return Box.from_center(*self.center, *self.size)

    @property
    def pixel(self) -> float:
        """Frame pixels per crop pixel."""
        return geometry.pixel_size(*self.size)

    def at(self, box: Box) -> State:
        """The same target on a box that a person gave."""
        low, high = self.bounds
        bounds = (min(low, box.w, box.h), max(high, box.w, box.h))
        return replace(self, center=(box.cx, box.cy), size=(box.w, box.h), bounds=bounds, missed=0)


def side_bounds(image: Image, box: Box) -> tuple[float, float]:
    """How small and how large the sides of a target may become."""
    height, width = image.shape[:2]
    return min(_SMALLEST, box.w, box.h), max(float(width), float(height), box.w, box.h)


def in_frame(box: tuple[float, float, float, float], state: State) -> Box:
    """A box ``(cx, cy, w, h)`` about the middle of the search picture, in the frame."""
    x, y, w, h = (value * state.pixel for value in box)
    return Box.from_center(state.center[0] + x, state.center[1] + y, w, h)


def patch(picture: Image, region: Box) -> Patch:
    """The template's picture with its place."""
    return Patch(picture, Placement.covering(region, picture.shape[:2]), "template")


def mixed(old: Kernels, new: Kernels, rate: float) -> Kernels:
    """The mean of two templates, `rate` of the new one."""
    return tuple(a * (1 - rate) + b * rate for a, b in zip(old, new, strict=True))
