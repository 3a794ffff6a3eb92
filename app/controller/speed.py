"""How fast a run goes just now: a rate over the last second or two, not the mean.

The mean would hide that a run has become slow; single frame times jump about.
"""

from __future__ import annotations

import time
from collections import deque

_WINDOW = 1.5  # seconds


class Speed:
    """Frames per second over a sliding window."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque([(time.perf_counter(), 0)])

    @property
    def rate(self) -> float:
        """Frames per second; 0 before there is anything to go by."""
        (t0, n0), (t1, n1) = self._marks[0], self._marks[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 else 0.0

    def at(self, count: int) -> None:
        """`count` frames have been done by now."""
        now = time.perf_counter()
        self._marks.append((now, count))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW:
            self._marks.popleft()

    def restart(self, count: int) -> None:
        """Forget the time before now (the run was held)."""
        self._marks = deque([(time.perf_counter(), count)])
