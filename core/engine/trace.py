"""What one run said of every frame, wherever it comes from, and how two of them differ.

A :class:`Trace` is a run under way, one that ended, a recording or a trial, in one form:
rows by frame, and a source of maps. Comparing is done on the frames that both have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.engine.map_source import MapSource
from core.engine.run_buffer import Row
from core.geometry import center_error_rows, iou_rows
from core.trackers.base import MapInfo

FloatArray = NDArray[np.float64]
APART = 0.5
"""Overlap (IoU) below which two boxes are said to lie apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One run's rows and maps.

    Attributes
    ----------
    title
        For people: tracker, what was changed, or the file.
    rows
        By frame; of several rows of one frame the one that counts.
    source
        Where its maps come from; None when it has none.
    maps
        The maps that may be there.
    step
        Direction of tracking, ±1.
    """

    title: str
    rows: Mapping[int, Row] = field(default_factory=dict)
    source: MapSource | None = None
    maps: tuple[MapInfo, ...] = ()
    step: int = 1

    @classmethod
    def of_rows(
        cls,
        title: str,
        rows: Iterable[Row],
        source: MapSource | None = None,
        maps: tuple[MapInfo, ...] = (),
        step: int = 1,
    ) -> Trace:
        """Of rows in order of tracking: the last one of each frame counts."""
        return cls(title, {row.frame: row for row in rows}, source, maps, step)

    def column(self, name: str, frames: Iterable[int]) -> FloatArray:
        """The score, or a diagnostic, on `frames`; NaN where there is none."""
        nothing = float("nan")
        if name == "score":
            values = (self.rows[f].score if f in self.rows else nothing for f in frames)
        else:
            values = (
                self.rows[f].scalars.get(name, nothing) if f in self.rows else nothing
                for f in frames
            )
        return np.fromiter(values, np.float64)

    def names(self) -> list[str]:
        """Score first, then the diagnostics in order of appearance."""
        found = dict.fromkeys(n for row in self.rows.values() for n in row.scalars)
        return ["score", *found]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two traces on their common frames, ascending.

    Attributes
    ----------
    frames
        ``(N,)`` int.
    overlap
        IoU of the two boxes ``(N,)``, in [0, 1].
    distance
        Of their centres ``(N,)``, in frame pixels.
    score
        Second minus first ``(N,)``.
    identical
        Whether all boxes and scores are the same bit for bit.
    """

    frames: NDArray[np.int64]
    overlap: FloatArray
    distance: FloatArray
    score: FloatArray
    identical: bool

    @property
    def first_difference(self) -> int | None:
        """The first frame, in order of time, whose boxes are not the same; None: all are."""
        different = np.flatnonzero(self.distance + (1 - self.overlap) > 0)
        return int(self.frames[different[0]]) if len(different) else None

    @property
    def first_apart(self) -> int | None:
        """The first frame whose boxes overlap less than :data:`APART`; None: none does."""
        apart = np.flatnonzero(self.overlap < APART)
        return int(self.frames[apart[0]]) if len(apart) else None

    @property
    def mean_overlap(self) -> float:
        """Mean IoU; NaN without common frames."""
        return float(self.overlap.mean()) if len(self.overlap) else float("nan")


def compare(first: Trace, second: Trace) -> Comparison:
    """How `second` differs from `first`."""
    frames = sorted(first.rows.keys() & second.rows.keys())
    pairs = [(first.rows[f], second.rows[f]) for f in frames]
    a = np.array([p.box.as_tuple() for p, _ in pairs], np.float64).reshape(-1, 4)
    b = np.array([q.box.as_tuple() for _, q in pairs], np.float64).reshape(-1, 4)
    same = bool(np.array_equal(a, b)) and all(p.score == q.score for p, q in pairs)
    overlap, distance = iou_rows(a, b), center_error_rows(a, b)
    equal = (a == b).all(axis=1)
    overlap[equal], distance[equal] = 1.0, 0.0  # rounding must not make equal boxes differ
    score = np.array([q.score - p.score for p, q in pairs], np.float64)
    return Comparison(np.array(frames, np.int64), overlap, distance, score, same)
