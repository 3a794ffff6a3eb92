"""Smooth random paths that can be asked for any moment.

A path is a sum of a few sine waves and a drift: frame 57 costs no more than frame 1, and
its derivative, which motion blur needs, is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WAVES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Path1D:
    """``start + drift·t + Σ amplitude·sin(rate·t + phase)``; rates in rad per frame."""

    start: float
    drift: float
    amplitudes: NDArray[np.float64]
    rates: NDArray[np.float64]
    phases: NDArray[np.float64]

    def at(self, t: float) -> float:
        """Value at time `t` in frames."""
        waves = self.amplitudes @ np.sin(self.rates * t + self.phases)
        return float(self.start + self.drift * t + waves)

    def velocity(self, t: float) -> float:
        """Change per frame at time `t`."""
        waves = (self.amplitudes * self.rates) @ np.cos(self.rates * t + self.phases)
        return float(self.drift + waves)

    def moved(self, offset: float) -> Path1D:
        """The same path, `offset` further."""
        return Path1D(self.start + offset, self.drift, self.amplitudes, self.rates, self.phases)


def constant(value: float) -> Path1D:
    """A path that stays where it is."""
    none = np.zeros(0)
    return Path1D(value, 0.0, none, none, none)


def wander(
    rng: np.random.Generator, amplitude: float, speed: float, *, start: float = 0.0
) -> Path1D:
    """A path about `start` that keeps within ± `amplitude`, with about the given mean speed.

    Parameters
    ----------
    amplitude
        Bound of the excursion; the waves share it unevenly.
    speed
        Root mean square of the change per frame.
    """
    shares = rng.dirichlet(np.ones(_WAVES)) * amplitude
    spread = rng.uniform(0.5, 2.0, _WAVES)
    # RMS speed of a sum of sines: sqrt(Σ (a·w)² / 2).
    norm = float(np.sqrt(((shares * spread) ** 2).sum() / 2))
    rates = spread * min(speed / norm, 0.5) if norm > 0 else np.zeros(_WAVES)
    return Path1D(start, 0.0, shares, rates, rng.uniform(0, 2 * np.pi, _WAVES))
