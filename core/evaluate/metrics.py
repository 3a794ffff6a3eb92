"""The numbers of tracking benchmarks, as pure functions of boxes.

`pred` and `truth` are ``(N, 4)`` float64 arrays of x, y, w, h in frame pixels; a row of
`truth` with a NaN means that the target is absent there, and such frames are left out
(the OTB and pysot toolkits count them as hits of one metric and misses of the other).

Sources: OTB success and precision: Wu, Lim, Yang, CVPR 2013 / TPAMI 2015. Normalised
precision: Müller et al., ECCV 2018 (TrackingNet) and Fan et al., CVPR 2019 (LaSOT).
AO and SR: Huang, Zhao, Huang, TPAMI 2021 (GOT-10k). A perfect tracker has a success
AUC of 20/21, because no overlap is *above* the last threshold, 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import center_error_rows, iou_rows

Array = NDArray[np.float64]

SUCCESS_THRESHOLDS: Array = np.linspace(0.0, 1.0, 21)
PRECISION_THRESHOLDS: Array = np.arange(51, dtype=np.float64)
NORMALIZED_THRESHOLDS: Array = np.arange(51) / 100.0
KEYS = ("auc", "p20", "np", "ao", "sr50", "sr75", "fps", "p95_ms")
"""Columns of every report, in this order."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The headline numbers of one sequence (or a mean of them).

    `auc` mean of the 21 success values; `p20` share of frames within 20 px; `np` mean
    of the normalised-precision curve over 0..0.5 (TrackingNet, LaSOT); `ao`, `sr50`,
    `sr75` as in GOT-10k; `fps` frames per second of the tracker alone, `p95_ms` the
    latency that 95 % of the frames stay below. NaN where there is nothing to measure.
    """

    auc: float
    p20: float
    np: float
    ao: float
    sr50: float
    sr75: float
    fps: float
    p95_ms: float

    @classmethod
    def mean(cls, scores: Sequence[Scores]) -> Scores:
        """Mean over sequences, each counting the same; NaNs are left out."""
        return cls(*(_mean([getattr(s, key) for s in scores]) for key in KEYS))

    def as_dict(self) -> dict[str, float]:
        """The numbers by key, in the order of :data:`KEYS`."""
        return {key: getattr(self, key) for key in KEYS}


def present(truth: Array) -> NDArray[np.bool_]:
    """Mask ``(N,)`` of frames whose true box is known and has an area."""
    finite = np.isfinite(truth).all(axis=1)
    sized = (np.nan_to_num(truth[:, 2:]) > 0).all(axis=1)
    return np.logical_and(finite, sized)


def success_curve(overlaps: Array) -> Array:
    """Share of frames with an overlap *above* each of 21 thresholds, ``(21,)``."""
    return _shares(overlaps[:, None] > SUCCESS_THRESHOLDS[None, :])


def precision_curve(errors: Array) -> Array:
    """Share of frames with a centre error within 0, 1, …, 50 px, ``(51,)``."""
    return _shares(errors[:, None] <= PRECISION_THRESHOLDS[None, :])


def normalized_precision_curve(pred: Array, truth: Array) -> Array:
    """Share of frames with a centre error, in units of the true box, within 0..0.5, ``(51,)``.

    The error is divided by the true width in x and by the true height in y.
    """
    dx = (pred[:, 0] + pred[:, 2] / 2 - truth[:, 0] - truth[:, 2] / 2) / truth[:, 2]
    dy = (pred[:, 1] + pred[:, 3] / 2 - truth[:, 1] - truth[:, 3] / 2) / truth[:, 3]
    return _shares(np.hypot(dx, dy)[:, None] <= NORMALIZED_THRESHOLDS[None, :])


def clipped_overlaps(pred: Array, truth: Array, width: float, height: float) -> Array:
    """Overlaps ``(N,)`` of the parts inside the frame, as GOT-10k measures them."""
    return iou_rows(_clipped(pred, width, height), _clipped(truth, width, height))


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything computed for one sequence: headline `scores` and the `details` behind them."""

    scores: Scores
    details: dict[str, float | int | list[float]]


def measure(
    pred: Array,
    truth: Array,
    *,
    size: tuple[int, int],
    init_frame: int,
    seconds: Array,
) -> Measured:
    """All metrics of one one-pass run.

    Parameters
    ----------
    pred
        ``(N, 4)`` tracked boxes; rows before `init_frame` are ignored, the row at
        `init_frame` is the true box itself (it counts in the OTB metrics).
    truth
        ``(N, 4)`` true boxes, NaN rows where the target is absent.
    size
        ``(width, height)`` of the frames.
    init_frame
        The frame the tracker was started on.
    seconds
        ``(M,)`` time of the tracker for each tracked frame, without the start.
    """
    counted = present(truth)
    counted[:init_frame] = False
    p, t = pred[counted], truth[counted]
    overlaps, errors = iou_rows(p, t), center_error_rows(p, t)
    success, precision = success_curve(overlaps), precision_curve(errors)
    normalized = normalized_precision_curve(p, t)
    later = counted.copy()
    later[init_frame] = False  # GOT-10k leaves the given frame out
    clipped = clipped_overlaps(pred[later], truth[later], *size)
    scores = Scores(
        auc=float(success.mean()),
        p20=float(precision[20]),
        np=float(normalized.mean()),
        ao=_mean(clipped),
        sr50=_mean(clipped > 0.5),
        sr75=_mean(clipped > 0.75),
        fps=len(seconds) / float(seconds.sum()) if len(seconds) else float("nan"),
        p95_ms=float(np.percentile(seconds, 95)) * 1e3 if len(seconds) else float("nan"),
    )
    return Measured(
        scores,
        {
            "np_at_020": float(normalized[20]),
            "op50": float(success[10]),
            "mean_iou": _mean(overlaps),
            "counted_frames": int(counted.sum()),
            "median_ms": float(np.median(seconds)) * 1e3 if len(seconds) else float("nan"),
            "success_curve": [round(float(v), 6) for v in success],
            "precision_curve": [round(float(v), 6) for v in precision],
            "normalized_precision_curve": [round(float(v), 6) for v in normalized],
        },
    )


def _shares(hits: NDArray[np.bool_]) -> Array:
    if not len(hits):
        return np.full(hits.shape[1], np.nan)
    return hits.mean(axis=0)


def _mean(values: Sequence[float] | NDArray[np.generic]) -> float:
    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[~np.isnan(numbers)]
    return float(numbers.mean()) if len(numbers) else float("nan")


def _clipped(boxes: Array, width: float, height: float) -> Array:
    x0, y0 = np.clip(boxes[:, 0], 0, width), np.clip(boxes[:, 1], 0, height)
    x1 = np.clip(boxes[:, 0] + boxes[:, 2], 0, width)
    y1 = np.clip(boxes[:, 1] + boxes[:, 3], 0, height)
    return np.stack([x0, y0, x1 - x0, y1 - y0], axis=1)
