"""How alike the target still looks: a small picture of it against remembered ones.

The box's content at 24 × 24 is looked for in a cut that is a third larger, by normalised
cross-correlation over all three colours (Lewis 1995); the best place counts, so that a
box that is off by a sixth of its size does not look like another object. Two pictures
are remembered: the first one for ever, and one that follows slowly while all is well.
Costs about a fifth of a millisecond per frame; independent of any tracker.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.dsp.sampling import cut
from core.geometry import Box

SIDE = 24
"""Side of a remembered picture in cells."""

MARGIN = 4
"""Cells around it in which it is looked for."""

_RATE = 0.05  # of the newest picture in the one that follows

Image = NDArray[np.uint8]
Cut = NDArray[np.float32]


def cut_of(image: Image, box: Box) -> Cut:
    """The box with a margin of a sixth on each side, ``(32, 32, 3)`` float32, 0 to 255."""
    side = SIDE + 2 * MARGIN
    share = side / SIDE
    region = Box.from_center(box.cx, box.cy, max(box.w, 1.0) * share, max(box.h, 1.0) * share)
    return cut(image, region, side).astype(np.float32)


def likeness(template: Cut, patch: Cut) -> float:
    """Highest normalised correlation of a template's middle in `patch`, in [−1, 1].

    Both ``(32, 32, 3)``; 0 where one of them has no texture at all.
    """
    inner = template[MARGIN:-MARGIN, MARGIN:-MARGIN]
    found = cv2.matchTemplate(patch, np.ascontiguousarray(inner), cv2.TM_CCOEFF_NORMED)
    best = float(np.max(found))
    return min(max(best, -1.0), 1.0) if np.isfinite(best) else 0.0


class Appearance:
    """What the target looked like: at the start (`first`), and lately."""

    def __init__(self, first: Cut) -> None:
        self._first = first
        self._recent = first.copy()

    def similarities(self, patch: Cut) -> tuple[float, float]:
        """How alike `patch` (of :func:`cut_of`) is to the better memory, and to the first."""
        first = likeness(self._first, patch)
        return max(first, likeness(self._recent, patch)), first

    def learn(self, patch: Cut) -> None:
        """Let the slow memory follow; only for frames that nothing speaks against."""
        self._recent += _RATE * (patch - self._recent)
