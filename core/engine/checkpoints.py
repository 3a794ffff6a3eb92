"""Tracker states kept along a run, so that a correction continues from before the error.

States are taken every few frames and thinned (every second one dropped, spacing
doubled) when there are too many, so memory is bounded whatever the clip's length.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.trackers.base import Tracker


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tracker's state after it processed `frame`."""

    frame: int
    state: object


class Checkpoints:
    """States of one run in the order of tracking.

    Parameters
    ----------
    every
        Frames between states at first.
    keep
        Bound on their number.
    """

    def __init__(self, every: int = 10, keep: int = 64) -> None:
        self._every = every
        self._keep = keep
        self._seen = 0
        self._taken: list[Checkpoint] = []

    def __len__(self) -> int:
        return len(self._taken)

    def offer(self, frame: int, tracker: Tracker) -> None:
        """Take a state if it is due; call after each processed frame."""
        if self._seen % self._every == 0:
            self._taken.append(Checkpoint(frame, tracker.snapshot()))
            if len(self._taken) > self._keep:
                self._taken = self._taken[::2]
                self._every *= 2
        self._seen += 1

    def until(self, frame: int, step: int) -> Checkpoints:
        """A new list with the states strictly before `frame` in the direction `step`.

        For a run that continues from one of them: a later correction at a still
        earlier frame finds its state, too.
        """
        kept = Checkpoints(self._every, self._keep)
        kept._taken = [c for c in self._taken if (frame - c.frame) * step > 0]
        return kept

    def before(self, frame: int, step: int) -> Checkpoint | None:
        """The last state strictly before `frame` in the direction ``step`` (±1)."""
        earlier = [c for c in self._taken if (frame - c.frame) * step > 0]
        return earlier[-1] if earlier else None
