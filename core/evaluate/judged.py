"""Boxes against the truth, frame by frame: what curves, plots and lists of frames are made of.

The per-frame numbers are those whose shares the success and precision curves are, so a point of
a curve can be turned back into the frames that lie there (:meth:`FrameErrors.near`,
:meth:`FrameErrors.missed`). Summary numbers come from :mod:`core.evaluate.metrics` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluate.conventions import BOXTRAIL, Convention
from core.evaluate.metrics import (
    NORMALIZED_THRESHOLDS,
    PRECISION_THRESHOLDS,
    SUCCESS_THRESHOLDS,
    Measured,
    measure,
    present,
)
from core.geometry import iou_rows

Array = NDArray[np.float64]
Kind = Literal["success", "precision", "normalized_precision"]
THRESHOLDS: Mapping[Kind, Array] = MappingProxyType(
    {
        "success": SUCCESS_THRESHOLDS,
        "precision": PRECISION_THRESHOLDS,
        "normalized_precision": NORMALIZED_THRESHOLDS,
    }
)
_DIGITS = 10_000
_NONE = "-"


@dataclass(frozen=True, slots=True, eq=False)
class FrameErrors:
    """Overlap, centre error in px, and centre error in units of the true box, each ``(N,)``.

    NaN on frames that are not counted: no box, no true box, or before the start.
    """

    overlaps: Array
    errors: Array
    normalized: Array

    def __len__(self) -> int:
        return len(self.overlaps)

    def values(self, kind: Kind) -> Array:
        """What the curve `kind` is made of."""
        return {
            "success": self.overlaps,
            "precision": self.errors,
            "normalized_precision": self.normalized,
        }[kind]

    def near(self, kind: Kind, threshold: float) -> NDArray[np.intp]:
        """Frames that the curve loses (success) or gains at the threshold nearest `threshold`.

        For success those above this threshold and not above the next; for the others those
        within this threshold and not within the one before.
        """
        steps, values = THRESHOLDS[kind], self.values(kind)
        k = int(np.argmin(np.abs(steps - threshold)))
        with np.errstate(invalid="ignore"):
            if kind == "success":
                above = values > steps[k] if k else values >= 0
                here = above & (values <= steps[min(k + 1, len(steps) - 1)])
            else:
                here = (values <= steps[k]) & (values > steps[k - 1] if k else values >= 0)
        return np.flatnonzero(here)

    def missed(self, kind: Kind, threshold: float) -> NDArray[np.intp]:
        """Frames that fail at the threshold nearest `threshold`: those that the curve lacks."""
        steps, values = THRESHOLDS[kind], self.values(kind)
        limit = steps[int(np.argmin(np.abs(steps - threshold)))]
        with np.errstate(invalid="ignore"):
            return np.flatnonzero(values <= limit if kind == "success" else values > limit)

    def as_text(self) -> dict[str, Any]:
        """Compact plain values for a report, four digits; see :func:`from_text`."""
        return {
            "overlap": _text(self.overlaps, _DIGITS),
            "error": _text(self.errors, 100),
            "normalized": _text(self.normalized, _DIGITS),
        }


def from_text(value: Mapping[str, Any]) -> FrameErrors:
    """The frame errors of a report, see :meth:`FrameErrors.as_text`.

    Raises
    ------
    ValueError, KeyError
        If they are not such values.
    """
    columns = [_numbers(value["overlap"], _DIGITS), _numbers(value["error"], 100)]
    columns.append(_numbers(value["normalized"], _DIGITS))
    if len({len(column) for column in columns}) != 1:
        raise ValueError("columns of frames differ in length")
    return FrameErrors(*columns)


def frame_errors(boxes: Array, truth: Array, start: int = 0) -> FrameErrors:
    """Compare ``(N, 4)`` `boxes` (NaN rows: none) with ``(N, 4)`` `truth` from `start` on."""
    known = present(truth) & np.isfinite(boxes).all(axis=1)
    known[:start] = False
    b, t = np.nan_to_num(boxes), np.nan_to_num(truth)
    size = np.where(t[:, 2:] > 0, t[:, 2:], 1.0)
    # The order of these sums is that of the metrics: an error that is a threshold stays one.
    apart = (b[:, :2] + (b[:, 2:] - 1) / 2) - (t[:, :2] + (t[:, 2:] - 1) / 2)

    def kept(values: Array) -> Array:
        return np.where(known, values, np.nan)

    errors, normalized = (np.sqrt((part**2).sum(axis=1)) for part in (apart, apart / size))
    return FrameErrors(kept(iou_rows(b, t)), kept(errors), kept(normalized))


def summary(
    boxes: Array,
    truth: Array,
    size: tuple[int, int],
    *,
    seconds: Array | None = None,
    convention: Convention = BOXTRAIL,
) -> Measured | None:
    """The benchmark's numbers of the frames that have a box, the first of them the given one.

    Parameters
    ----------
    boxes, truth
        ``(N, 4)`` by frame; NaN rows of `boxes` are frames without a box, they do not count.
    size
        ``(width, height)`` of the frames.

    Returns
    -------
    Measured or None
        Those of :func:`core.evaluate.metrics.measure`; None when fewer than two frames have
        both boxes.
    """
    rows = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    sure = present(truth)
    if int(sure[rows].sum()) < 2:
        return None
    rows = rows[int(np.argmax(sure[rows])) :]
    times = np.empty(0) if seconds is None else seconds
    return measure(
        boxes[rows], truth[rows], size=size, init_frame=0, seconds=times, convention=convention
    )


def _text(values: Array, digits: int) -> str:
    return " ".join(_NONE if np.isnan(v) else str(round(v * digits)) for v in values.tolist())


def _numbers(text: str, digits: int) -> Array:
    parts = text.split()
    return np.array([np.nan if p == _NONE else int(p) / digits for p in parts], dtype=np.float64)
