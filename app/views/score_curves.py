"""Growing curves over frames, and what of them fits on the screen.

Values lie in arrays indexed by frame, made once per run with NaN for "nothing yet",
so that appending is one assignment, runs backwards need no sorting, and gaps are
gaps. :func:`envelope` reduces any stretch to two points per pixel column (lowest and
highest), which draws the same picture as all points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.engine.run_buffer import Row

SCORE = "score"
TIME = "time, ms"
"""The tracker's own time per frame."""
FloatArray = NDArray[np.float64]


class LiveCurves:
    """Values per name for frames ``start <= frame < stop``."""

    def __init__(self, start: int = 0, stop: int = 0) -> None:
        self.start = start
        self.stop = max(stop, start)
        self._values: dict[str, NDArray[np.float32]] = {SCORE: self._blank()}
        self._limits: dict[str, tuple[float, float]] = {}
        self.newest: int | None = None

    @property
    def names(self) -> list[str]:
        """Score first, then scalars in order of appearance."""
        return list(self._values)

    def add(self, rows: Sequence[Row]) -> bool:
        """Append results; those outside the range are ignored. True if a new name came."""
        before = len(self._values)
        for row in rows:
            place = row.frame - self.start
            if not 0 <= row.frame - self.start < self.stop - self.start:
                continue
            self._put(SCORE, place, row.score)
            for name, value in row.scalars.items():
                self._put(name, place, value)
            if not row.is_seed:
                self._put(TIME, place, row.seconds * 1e3)
            for name, value in row.timings.items():
                self._put(f"{name}, ms", place, value * 1e3)
            self.newest = row.frame
        return len(self._values) > before

    def value(self, name: str, frame: int) -> float | None:
        """The value on a frame, None where there is none."""
        values, place = self._values.get(name), frame - self.start
        if values is None or not 0 <= place < len(values) or np.isnan(values[place]):
            return None
        return float(values[place])

    def limits(self, name: str) -> tuple[float, float]:
        """Lowest and highest value so far; (0, 1) before there are two different ones."""
        low, high = self._limits.get(name, (0.0, 1.0))
        return (low, high) if high > low else (0.0, 1.0) if name == SCORE else (low - 1, low + 1)

    def points(
        self, name: str, view: tuple[float, float], columns: int
    ) -> tuple[FloatArray, FloatArray]:
        """What to draw of a curve in the frames of `view` on `columns` pixels."""
        values = self._values.get(name)
        if values is None:
            return np.empty(0), np.empty(0)
        begin = int(np.clip(np.floor(view[0]) - self.start - 1, 0, len(values)))
        end = int(np.clip(np.ceil(view[1]) - self.start + 2, begin, len(values)))
        frames = np.arange(begin + self.start, end + self.start, dtype=np.float64)
        return envelope(frames, values[begin:end].astype(np.float64), columns)

    def _blank(self) -> NDArray[np.float32]:
        return np.full(self.stop - self.start, np.nan, np.float32)

    def _put(self, name: str, place: int, value: float) -> None:
        if name not in self._values:
            self._values[name] = self._blank()
        self._values[name][place] = value
        if np.isfinite(value):
            low, high = self._limits.get(name, (value, value))
            self._limits[name] = (min(low, value), max(high, value))


class FixedCurve:
    """A whole curve that somebody else worked out: ``(N,)`` values by frame, NaN for none.

    `share` says that its values are in [0, 1] and stand on the score's axis as they are.
    """

    def __init__(self, values: FloatArray, *, share: bool) -> None:
        self.values = values
        self.share = share

    def value(self, frame: int) -> float | None:
        """The value on a frame, None where there is none."""
        if not 0 <= frame < len(self.values) or np.isnan(self.values[frame]):
            return None
        return float(self.values[frame])

    def limits(self) -> tuple[float, float]:
        """Lowest and highest value; (0, 1) for shares."""
        if self.share or not np.isfinite(self.values).any():
            return 0.0, 1.0
        low, high = float(np.nanmin(self.values)), float(np.nanmax(self.values))
        return (low, high) if high > low else (low - 1, low + 1)

    def points(self, view: tuple[float, float], columns: int) -> tuple[FloatArray, FloatArray]:
        """What to draw in the frames of `view` on `columns` pixels."""
        begin = int(np.clip(np.floor(view[0]) - 1, 0, len(self.values)))
        end = int(np.clip(np.ceil(view[1]) + 2, begin, len(self.values)))
        frames = np.arange(begin, end, dtype=np.float64)
        return envelope(frames, self.values[begin:end], columns)


def envelope(x: FloatArray, y: FloatArray, columns: int) -> tuple[FloatArray, FloatArray]:
    """At most ``2 · columns`` points that draw like ``(N,)`` points `x`, `y`.

    Points fall into `columns` bins of equal count; each gives its lowest and its
    highest value in their order. NaN values are left out unless a bin has nothing
    else, so that gaps of a pixel or more stay gaps.
    """
    count = len(x)
    if count <= 2 * max(columns, 1):
        return x, y
    per_bin = -(-count // max(columns, 1))
    padded = np.full(-(-count // per_bin) * per_bin, np.nan)
    padded[:count] = y
    bins = padded.reshape(-1, per_bin)
    empty = np.isnan(bins).all(axis=1)
    low = np.where(np.isnan(bins), np.inf, bins).argmin(axis=1)
    high = np.where(np.isnan(bins), -np.inf, bins).argmax(axis=1)
    rows = np.arange(len(bins))
    order = np.sort(np.stack([low, high], axis=1), axis=1)
    places = (rows[:, None] * per_bin + order).ravel()
    places = np.minimum(places, count - 1)
    shown = np.where(np.repeat(empty, 2), np.nan, padded[places])
    return x[places], shown
