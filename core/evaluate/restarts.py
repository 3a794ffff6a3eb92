"""Where the temporal (TRE) and spatial (SRE) robustness evaluations of OTB start a tracker.

TRE starts at 20 frames spread over the sequence and follows each to the end; SRE starts
12 times on the first frame with a box that is shifted or scaled by a tenth or two (Wu,
Lim, Yang, CVPR 2013 / TPAMI 2015). Roundings are those of the benchmark's own code
(halves away from zero, in 1-based coordinates); its later Python port moves ``down`` wrongly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.geometry import Box

Array = NDArray[np.float64]

SEGMENTS, SHORTEST, SHIFT = 20, 20, 0.1
SHIFTS = (
    *("left", "right", "up", "down"),
    *("topLeft", "topRight", "bottomLeft", "bottomRight"),
    *("scale_8", "scale_9", "scale_11", "scale_12"),
)
"""The twelve perturbations of SRE by the benchmark's names."""


def temporal_starts(truth: Array, segments: int = SEGMENTS) -> list[int]:
    """Frames to start at, ascending and each once (short sequences have fewer).

    Parameters
    ----------
    truth
        ``(N, 4)`` true boxes, NaN rows where the target is absent. Frames without a box, or
        with one that begins before the frame, are not used; the last start leaves 20 frames.
    """
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(truth).all(axis=1) & (truth > [-1, -1, 0, 0]).all(axis=1)
    frames = np.flatnonzero(usable)
    late = np.flatnonzero(len(truth) - frames >= SHORTEST)
    if not len(late):
        return [int(frames[0])] if len(frames) else []
    last = int(late[-1]) + 1
    step = last / (segments - 1)
    count = math.floor((last - 1) / step) + 1
    places = [math.floor(1 + k * step + 1e-9) for k in range(count)] + [last]
    return sorted({int(frames[place - 1]) for place in places})


def perturbed(box: Box, kind: str, width: int, height: int) -> Box:
    """`box` shifted or scaled as `kind` (one of :data:`SHIFTS`) says, within the frame."""
    x, y, w, h = box.x + 1, box.y + 1, box.w, box.h
    if kind.startswith("scale_"):
        ratio = int(kind[6:]) / 10
        x, y = _round(x + w / 2 - ratio * w / 2), _round(y + h / 2 - ratio * h / 2)
        w, h = _round(ratio * w), _round(ratio * h)
    elif kind in ("left", "right"):
        x += math.ceil(SHIFT * w) * (1 if kind == "right" else -1)
    elif kind in ("up", "down"):
        y += math.ceil(SHIFT * h) * (1 if kind == "down" else -1)
    else:
        x, y, w, h = _corner_moved(x, y, w, h, kind)
    x, y = max(x, 1.0), max(y, 1.0)
    return Box(x - 1, y - 1, min(w, width - x + 1), min(h, height - y + 1))


def _corner_moved(
    x: float, y: float, w: float, h: float, kind: str
) -> tuple[float, float, float, float]:
    """One corner goes out by a tenth of the size; the opposite one stays."""
    right, bottom = x + w - 1, y + h - 1
    if "Left" in kind:
        x = _round(x - SHIFT * w)
    else:
        right = _round(right + SHIFT * w)
    if "top" in kind:
        y = _round(y - SHIFT * h)
    else:
        bottom = _round(bottom + SHIFT * h)
    return x, y, right - x + 1, bottom - y + 1


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)
