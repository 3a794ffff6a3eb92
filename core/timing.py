"""Seconds per named step of a frame, for profiling views."""

from __future__ import annotations

import time


class StepClock:
    """Books the time since its last lap under a name.

    On a GPU the laps are the times to *launch* the work: nothing is synchronised.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Book the time since the last call under `name`."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now
