"""Tracker states kept along a run, so that a correction continues from before the error.

States are taken every few frames and thinned (every second one dropped, spacing
doubled) when there are too many or they take too much memory, so memory is bounded
whatever the clip's length and the tracker's size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.geometry import Box
from core.trackers.base import Tracker


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tracker's state after it processed `frame`, where it said `box`."""

    frame: int
    state: object
    box: Box | None = None


class Checkpoints:
    """States of one run in the order of tracking.

    Parameters
    ----------
    every
        Frames between states at first.
    keep
        Bound on their number.
    budget
        Bound on their memory in bytes; a single state is kept whatever its size.
    """

    def __init__(self, every: int = 10, keep: int = 64, budget: int = 64 << 20) -> None:
        self._every = every
        self._keep = keep
        self._budget = budget
        self._seen = 0
        self._taken: list[Checkpoint] = []

    def __len__(self) -> int:
        return len(self._taken)

    def offer(self, frame: int, tracker: Tracker, box: Box | None = None) -> None:
        """Take a state if it is due; call after each processed frame."""
        if self._seen % self._every == 0:
            self._take(Checkpoint(frame, tracker.snapshot(), box))
        self._seen += 1

    def take_last(self, frame: int, tracker: Tracker, box: Box | None = None) -> None:
        """Take the state at the end of a run, so that going on from there costs nothing."""
        if not self._taken or self._taken[-1].frame != frame:
            self._take(Checkpoint(frame, tracker.snapshot(), box))

    def _take(self, checkpoint: Checkpoint) -> None:
        self._taken.append(checkpoint)
        bound = min(self._keep, max(1, self._budget // max(size_of(checkpoint.state), 1)))
        while len(self._taken) > bound:
            self._taken = self._taken[::2] if bound > 1 else self._taken[-1:]
            self._every *= 2

    def until(self, frame: int, step: int) -> Checkpoints:
        """A new list with the states strictly before `frame` in the direction `step`.

        For a run that continues from one of them: a later correction at a still
        earlier frame finds its state, too.
        """
        kept = Checkpoints(self._every, self._keep, self._budget)
        kept._taken = [c for c in self._taken if (frame - c.frame) * step > 0]
        return kept

    def through(self, frame: int, step: int) -> Checkpoints:
        """A new list with the states up to and with `frame` in the direction `step`."""
        return self.until(frame + step, step)

    def at_or_before(self, frame: int, step: int) -> Checkpoint | None:
        """The last state at or before `frame` in the direction `step` (±1)."""
        return self.before(frame + step, step)

    def before(self, frame: int, step: int) -> Checkpoint | None:
        """The last state strictly before `frame` in the direction ``step`` (±1)."""
        earlier = [c for c in self._taken if (frame - c.frame) * step > 0]
        return earlier[-1] if earlier else None


def size_of(state: object) -> int:
    """Bytes of the arrays in a tracker's state; memory shared within it counts once."""
    return sum(array.nbytes for array in _arrays(state, set()))


def _arrays(value: Any, seen: set[int]) -> Iterator[torch.Tensor | np.ndarray]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, torch.Tensor | np.ndarray):
        yield value
        return
    for item in _parts(value):
        yield from _arrays(item, seen)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    return vars(value).values() if hasattr(value, "__dict__") else ()
