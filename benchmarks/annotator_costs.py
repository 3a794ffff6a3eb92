"""What a person's actions cost, and what linear interpolation would have cost.

The cost model is fixed, in seconds, so that ways of working can be compared; it follows
the keystroke-level model (Card, Moran, Newell 1980: a key 0.2 to 0.5 s, pointing 1.1 s,
a mental step 1.35 s) rounded to halves. Watching costs 1/25 s a frame.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SECONDS = {
    "look": 1.0,  # at a frame: is the box right?
    "draw": 4.0,  # a new box with the mouse
    "fix": 3.0,  # pull two handles of a box that is there
    "beyond": 7.0,  # a new box, and its handles out of the picture
    "key": 0.5,
    "seek": 1.5,  # type a frame number
    "watch": 0.04,  # per frame of a stretch that is played
}

GOAL = 0.75
"""Mean overlap with the truth that a sequence shall reach."""

BAD = 0.5
"""Overlap below which a box is wrong."""

Boxes = NDArray[np.float64]


@dataclass
class Effort:
    """What was done, by kind of action."""

    done: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, count: int = 1) -> None:
        if kind not in SECONDS:
            raise KeyError(kind)
        self.done[kind] += count

    @property
    def corrections(self) -> int:
        """Boxes drawn or fixed after the first one."""
        return self.done["draw"] + self.done["fix"] + self.done["beyond"] - 1

    @property
    def seconds(self) -> float:
        """The person's time."""
        return sum(SECONDS[kind] * count for kind, count in self.done.items())


def overlaps(boxes: Boxes, truth: Boxes) -> NDArray[np.float64]:
    """Overlap per frame ``(N,)``; NaN where the target is absent, 0 where a box is missing."""
    x = np.maximum(boxes[:, 0], truth[:, 0])
    y = np.maximum(boxes[:, 1], truth[:, 1])
    right = np.minimum(boxes[:, 0] + boxes[:, 2], truth[:, 0] + truth[:, 2])
    bottom = np.minimum(boxes[:, 1] + boxes[:, 3], truth[:, 1] + truth[:, 3])
    inter = np.clip(right - x, 0, None) * np.clip(bottom - y, 0, None)
    union = boxes[:, 2] * boxes[:, 3] + truth[:, 2] * truth[:, 3] - inter
    found = inter / np.maximum(union, 1e-12)
    found = np.where(np.isfinite(boxes).all(axis=1), found, 0.0)
    return np.where(np.isfinite(truth).all(axis=1), found, np.nan)


def linear_keys(truth: Boxes, goal: float = GOAL) -> list[int]:
    """Fewest keyframes, greedily, from which straight lines reach the mean overlap `goal`.

    Each visible stretch has a key on its first and last frame. Then whichever needs fewer:
    the frame that is farthest off becomes a key, or lines are split there where they lose
    more than a bound (Ramer, Douglas, Peucker) with the largest bound that reaches the goal.
    """
    visible = np.isfinite(truth).all(axis=1)
    edges = np.flatnonzero(np.diff(visible.astype(int), prepend=0, append=0))
    ends = sorted({k for a, b in zip(edges[::2], edges[1::2], strict=True) for k in (a, b - 1)})
    candidates = [_by_worst(truth, list(map(int, ends)), goal)]
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        keys = _by_bound(truth, list(map(int, ends)), middle)
        if np.nanmean(overlaps(lines(truth, keys), truth)) >= goal:
            low = middle
            candidates.append(keys)
        else:
            high = middle
    return min(candidates, key=len)


def lines(truth: Boxes, keys: list[int]) -> Boxes:
    """Boxes on straight lines between the true ones on `keys`."""
    frames = np.arange(len(truth))
    return np.stack([np.interp(frames, keys, truth[keys, c]) for c in range(4)], axis=1)


def _away(boxes: Boxes, truth: Boxes) -> NDArray[np.float64]:
    """How far the farthest edge is off, in box sizes; overlaps are all 0 beyond one size."""
    edges = [np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], axis=1) for b in (boxes, truth)]
    size = np.sqrt(truth[:, 2] * truth[:, 3])
    return np.abs(edges[0] - edges[1]).max(axis=1) / np.maximum(size, 1e-6)


def _by_worst(truth: Boxes, ends: list[int], goal: float) -> list[int]:
    keys = list(ends)
    while True:
        found = overlaps(lines(truth, sorted(keys)), truth)
        if np.nanmean(found) >= goal:
            return sorted(keys)
        away = _away(lines(truth, sorted(keys)), truth)
        away[keys] = -np.inf
        keys.append(int(np.nanargmax(away)))


def _by_bound(truth: Boxes, ends: list[int], least: float) -> list[int]:
    keys, waiting = set(ends), list(itertools.pairwise(ends))
    while waiting:
        a, b = waiting.pop()
        if b - a < 2 or not np.isfinite(truth[a : b + 1]).all():
            continue
        stretch = truth[a : b + 1]
        found = overlaps(lines(stretch, [0, b - a]), stretch)
        worst = int(np.argmax(_away(lines(stretch, [0, b - a]), stretch)))
        if found.min() < least:
            keys.add(a + worst)
            waiting += [(a, a + worst), (a + worst, b)]
    return sorted(keys)
