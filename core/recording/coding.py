"""How map values become stored cells and come back.

``compact`` and ``fine`` keep 8 or 16 bits of every map's own span, ``exact`` keeps float32
as it is. The one idea of the codes: the top code is kept for the largest cell, so that a
replayed map has its peak where the tracker had it, at the very same value. Codes are stored
as differences along frame, row and column, which deflate packs a third tighter; the
differences wrap around, so undoing them is three cumulative sums without loss.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recording.schema import CELL
from core.trackers.base import ResponseMap

Codes = NDArray[Any]


class Precision(enum.StrEnum):
    """How exactly maps are kept.

    Half a step is the usual error: 1/510 of the map's span for ``compact``, 1/131,070 for
    ``fine``. Cells within half a step of the peak are kept one step below it.
    """

    COMPACT = "compact"
    FINE = "fine"
    EXACT = "exact"

    @property
    def top(self) -> int:
        """The largest code, which is the peak's; 0 where values are kept as they are."""
        return 0 if self is Precision.EXACT else int(np.iinfo(CELL[self]).max)

    def error(self, low: float, high: float) -> float:
        """Bound on the error of a cell of a map with values ``low..high``."""
        return (high - low) / self.top if self.top else 0.0


def encode(values: NDArray[np.float32], precision: Precision) -> tuple[Codes, float, float]:
    """Cells of one map ``(rows, cols)`` as stored, with its lowest and highest value.

    Raises
    ------
    ValueError
        If a value is not finite and the precision cannot say so.
    """
    low, high = float(values.min()), float(values.max())
    if precision is Precision.EXACT:
        return np.ascontiguousarray(values, CELL[precision]), low, high
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("the map has values that are not numbers")
    top, span = precision.top, high - low
    if span == 0:
        return np.zeros(values.shape, CELL[precision]), low, high
    scaled = np.rint((values.astype(np.float64) - low) * (top / span))
    codes = np.minimum(scaled, top - 1).astype(CELL[precision])
    codes[values == np.float32(high)] = top
    return codes, low, high


def decode(codes: Codes, precision: Precision, low: float, high: float) -> NDArray[np.float32]:
    """The values of one map, read-only."""
    if precision is Precision.EXACT:
        values = codes.astype(np.float32)
    else:
        values = (low + (high - low) * (codes / precision.top)).astype(np.float32)
        if high > low:
            values[codes == precision.top] = high
    values.setflags(write=False)
    return values


def as_recorded(response: ResponseMap, precision: Precision) -> ResponseMap:
    """The map as a recording gives it back: what a window shows while it records.

    A map that cannot be recorded comes back as it is.
    """
    if precision is Precision.EXACT:
        return response
    try:
        codes, low, high = encode(response.values, precision)
    except ValueError:
        return response
    return replace(response, values=decode(codes, precision, low, high))


def maps_as_recorded(
    maps: Mapping[str, ResponseMap], precision: Precision
) -> dict[str, ResponseMap]:
    """:func:`as_recorded` for all maps of a frame."""
    return {key: as_recorded(response, precision) for key, response in maps.items()}


def differences(codes: Codes) -> Codes:
    """Differences to the neighbours along every axis, wrapping around; inverse of `summed`."""
    found = codes.copy()
    for axis in range(codes.ndim):
        before = np.moveaxis(found, axis, 0)
        before[1:] -= before[:-1].copy()
    return found


def summed(differences_: Codes) -> Codes:
    """Codes from their differences: cumulative sums along every axis, wrapping around."""
    found = differences_
    for axis in range(differences_.ndim):
        found = np.cumsum(found, axis=axis, dtype=differences_.dtype)
    return found
