"""The numbers of tracking benchmarks, as pure functions of boxes.

`pred` and `truth` are ``(N, 4)`` float64 arrays of x, y, w, h in frame pixels; a row of
`truth` with a NaN means that the target is absent there, and such frames are left out.
Toolkits that count otherwise: :mod:`core.evaluate.conventions`.

Sources: OTB success and precision: Wu, Lim, Yang, CVPR 2013 / TPAMI 2015. Normalised
precision: Müller et al., ECCV 2018 (TrackingNet) and Fan et al., CVPR 2019 (LaSOT).
AO and SR: Huang, Zhao, Huang, TPAMI 2021 (GOT-10k). A perfect tracker has a success
AUC of 20/21, because no overlap is *above* the last threshold, 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluate.conventions import BOXTRAIL, Convention
from core.evaluate.supervised import SupervisedScores
from core.geometry import iou_rows

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
    def mean(cls, scores: Sequence[Scores], frames: Sequence[float] | None = None) -> Scores:
        """Mean over sequences, each counting the same; NaNs are left out.

        With `frames`, AO and SR weigh sequences by these numbers of frames instead.
        """
        means = {key: _mean([getattr(s, key) for s in scores]) for key in KEYS}
        for key in ("ao", "sr50", "sr75") if frames is not None else ():
            means[key] = _weighted([getattr(s, key) for s in scores], frames or ())
        return cls(**means)

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


def clipped_overlaps(
    pred: Array,
    truth: Array,
    width: float,
    height: float,
    *,
    convention: Convention = BOXTRAIL,
) -> Array:
    """Overlaps ``(N,)`` of the parts inside the frame, as GOT-10k means them."""
    if convention.clip == "frame":
        pred, truth = _clipped(pred, width, height), _clipped(truth, width, height)
    elif convention.clip == "corner":
        pred, truth = _cornered(pred, width, height), _cornered(truth, width, height)
    return _overlaps(pred, truth, convention.epsilon)


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything computed for one sequence: headline `scores` and the `details` behind them."""

    scores: Scores | SupervisedScores
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One run to be measured: `boxes` and `truth` are ``(N, 4)``, rows before `start` ignored.

    `name` says which it is where a protocol has several (``left``, ``start 3``).
    """

    boxes: Array
    truth: Array
    start: int = 0
    name: str = ""


def measure(
    pred: Array,
    truth: Array,
    *,
    size: tuple[int, int],
    init_frame: int,
    seconds: Array,
    convention: Convention = BOXTRAIL,
) -> Measured:
    """All metrics of one one-pass run.

    Parameters
    ----------
    pred
        ``(N, 4)`` tracked boxes; rows before `init_frame` are ignored.
    truth
        ``(N, 4)`` true boxes, NaN rows where the target is absent.
    size
        ``(width, height)`` of the frames.
    init_frame
        The frame the tracker was started on.
    seconds
        ``(M,)`` time of the tracker for each tracked frame, without the start.
    convention
        Whose way of counting is used.
    """
    parts = [Part(pred, truth, init_frame)]
    return measure_parts(parts, size=size, seconds=seconds, convention=convention)


def measure_parts(
    parts: Sequence[Part],
    *,
    size: tuple[int, int],
    seconds: Array,
    convention: Convention = BOXTRAIL,
) -> Measured:
    """The metrics of several runs of one sequence, each frame of each run counting the same.

    So OTB counts its TRE and SRE runs and got10k its repetitions. Parameters as in
    :func:`measure`.
    """
    rules = convention
    judged, clipped_parts = [], []
    for part in parts:
        truth = part.truth[part.start :]
        pred = _prepared(part.boxes[part.start :], truth, rules)
        judged.append(_judged(pred, truth, rules))
        later = present(truth)
        later[:1] = False  # GOT-10k leaves the given frame out
        clipped_parts.append(clipped_overlaps(pred[later], truth[later], *size, convention=rules))
    overlaps, errors, normalized_errors = (np.concatenate(v) for v in zip(*judged, strict=True))
    clipped = np.concatenate(clipped_parts)
    above = np.greater_equal if rules.at_least else np.greater
    success = _shares(above(overlaps[:, None], rules.thresholds[None, :]))
    precision = precision_curve(errors)
    normalized = _shares(normalized_errors[:, None] <= NORMALIZED_THRESHOLDS[None, :])
    at = None if rules.np_at is None else round(rules.np_at * 100)
    scores = Scores(
        auc=float(success.mean()),
        p20=float(precision[20]),
        np=float(normalized.mean() if at is None else normalized[at]),
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
            "mean_iou": _mean(overlaps[overlaps >= 0]),
            "counted_frames": len(overlaps),
            "ao_frames": len(clipped),
            "median_ms": float(np.median(seconds)) * 1e3 if len(seconds) else float("nan"),
            "mean_fps": _mean(1.0 / seconds[seconds > 0]),
            "success_curve": [round(float(v), 6) for v in success],
            "precision_curve": [round(float(v), 6) for v in precision],
            "normalized_precision_curve": [round(float(v), 6) for v in normalized],
        },
    )


def _prepared(pred: Array, truth: Array, rules: Convention) -> Array:
    """The boxes as they are judged: the given one true, those without an area repaired."""
    pred = pred.copy()
    if rules.given_box and len(pred):
        pred[0] = truth[0]
    if rules.repair:
        known = np.isfinite(truth).all(axis=1)
        for k in np.flatnonzero(~present(pred) & known):
            if k > 0:
                pred[k] = pred[k - 1]
    return pred


def _judged(pred: Array, truth: Array, rules: Convention) -> tuple[Array, Array, Array]:
    """Overlaps, centre errors and normalised errors of the frames that are counted."""
    start = 0 if rules.first_frame else 1
    shift = np.array([rules.first_pixel, rules.first_pixel, 0, 0], dtype=np.float64)
    p, t = pred[start:] + shift, truth[start:] + shift
    valid = present(t)
    if rules.all_positive:
        valid &= (np.nan_to_num(t) > 0).all(axis=1)
    if rules.absent == "left out":
        p, t, valid = p[valid], t[valid], valid[valid]
    overlaps = np.where(valid, _overlaps(p, t, rules.epsilon), -1.0)
    errors, normalized = _errors(p, t, rules)
    unknown = np.inf if rules.absent == "miss" else -1.0
    sure = present(t) if rules.center_positive else valid
    errors, normalized = np.where(sure, errors, unknown), np.where(sure, normalized, unknown)
    if rules.center_positive:
        outside = sure & ~(_pixel_centers(np.nan_to_num(t)) > 0).all(axis=1)
        errors[outside] = normalized[outside] = -1.0
    return overlaps, errors, normalized


def _overlaps(p: Array, t: Array, epsilon: float) -> Array:
    if not epsilon:
        return iou_rows(np.nan_to_num(p), np.nan_to_num(t))
    low = np.maximum(p[:, :2], t[:, :2])
    high = np.minimum(p[:, :2] + p[:, 2:], t[:, :2] + t[:, 2:])
    inter = np.prod(np.maximum(high - low, 0), axis=1)
    union = np.prod(p[:, 2:], axis=1) + np.prod(t[:, 2:], axis=1) - inter
    return np.clip(inter / (union + epsilon), 0.0, 1.0)


def _errors(p: Array, t: Array, rules: Convention) -> tuple[Array, Array]:
    size = np.maximum(t[:, 2:], rules.norm_floor) + rules.norm_epsilon
    apart = _pixel_centers(p) - _pixel_centers(t)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = apart / size
        if rules.norm_epsilon:  # pysot divides both centres; the last bits differ
            scaled = _pixel_centers(p) / size - _pixel_centers(t) / size
        return np.sqrt((apart**2).sum(axis=1)), np.sqrt((scaled**2).sum(axis=1))


def _pixel_centers(boxes: Array) -> Array:
    return boxes[:, :2] + (boxes[:, 2:] - 1) / 2


def _shares(hits: NDArray[np.bool_]) -> Array:
    if not len(hits):
        return np.full(hits.shape[1], np.nan)
    return hits.mean(axis=0)


def _mean(values: Sequence[float] | NDArray[np.generic]) -> float:
    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[~np.isnan(numbers)]
    return float(numbers.mean()) if len(numbers) else float("nan")


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    pairs = [(v, w) for v, w in zip(values, weights, strict=True) if not np.isnan(v) and w > 0]
    total = sum(w for _, w in pairs)
    return sum(v * w for v, w in pairs) / total if total else float("nan")


def _clipped(boxes: Array, width: float, height: float) -> Array:
    x0, y0 = np.clip(boxes[:, 0], 0, width), np.clip(boxes[:, 1], 0, height)
    x1 = np.clip(boxes[:, 0] + boxes[:, 2], 0, width)
    y1 = np.clip(boxes[:, 1] + boxes[:, 3], 0, height)
    return np.stack([x0, y0, x1 - x0, y1 - y0], axis=1)


def _cornered(boxes: Array, width: float, height: float) -> Array:
    corner = np.clip(boxes[:, :2], 0, [width, height])
    sides = np.clip(boxes[:, 2:], 0, np.array([width, height]) - corner)
    return np.concatenate([corner, sides], axis=1)
