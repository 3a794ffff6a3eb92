"""A small grey crop of one frame, by which the frame is recognised later.

Documents keep it (:mod:`core.document.codec`), :mod:`core.video.samples` makes and
compares it; neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass

SIDE = 16
"""Crops are kept as ``SIDE × SIDE`` grey values."""


@dataclass(frozen=True, slots=True)
class FrameSample:
    """A crop of one frame: its place in pixels, and its grey values in rows, `SIDE²` bytes."""

    frame: int
    x: int
    y: int
    width: int
    height: int
    pixels: bytes
