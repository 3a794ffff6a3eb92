"""Plain values that travel between the shell and the views.

All are immutable and free of Qt, so that they can be made on any thread, compared,
and tested without a window. Coordinates are frame pixels as in
:mod:`core.geometry`; colours are ``"#rrggbb"``.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry import Box
from core.render.layers import LayerLook
from core.states import Flag, Source, TargetState


@dataclass(frozen=True, slots=True)
class BoxView:
    """One box as the canvas shows it on the current frame."""

    track_id: int
    box: Box
    color: str
    title: str
    source: Source
    state: TargetState
    flags: Flag
    score: float
    selected: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A box that a run proposes on the current frame; `text` says whose it is.

    `pattern` are the lengths of dashes and gaps in points, empty for a solid line.
    """

    box: Box
    color: str
    text: str
    pattern: tuple[float, ...] = (7.0, 4.0)


@dataclass(frozen=True, slots=True)
class OverlaySettings(LayerLook):
    """How a response map is laid over the frame, and whether it is."""

    visible: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class DisplayFrame:
    """A frame ready to paint.

    `bgra` is ``(H, W, 4)`` uint8, C-contiguous and read-only: the memory layout of
    ``QImage.Format_RGB32``, so that painting needs no conversion.
    """

    index: int
    bgra: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """``(width, height)`` in frame pixels."""
        height, width = self.bgra.shape[:2]
        return width, height


def to_display(index: int, rgb: NDArray[np.uint8]) -> DisplayFrame:
    """Convert frame `index`, ``(H, W, 3)`` uint8 RGB, for painting.

    Takes about a millisecond for a full-HD frame: call it on a worker thread.
    """
    bgra = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
    bgra.setflags(write=False)
    return DisplayFrame(index, np.asarray(bgra, dtype=np.uint8))
