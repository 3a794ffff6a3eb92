"""What the plots of an evaluation show: of a report, of some of its sequences, or of single runs.

Curves are means over sequences, each counting the same. A one-pass run has a point in the
accuracy-robustness plot, too: accuracy is the mean overlap before the first failure, robustness
the share of the frames before it, where a failure is an overlap below 0.1 that does not recover
within ten frames (Kristan et al., VOT2020); over sequences both weigh frames the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluate.judged import THRESHOLDS, FrameErrors, Kind
from core.evaluate.metrics import Measured
from core.evaluate.plots import Axis, Line, Plot, Point
from core.evaluate.report import Report
from core.evaluate.supervised import eao_curve

Array = NDArray[np.float64]
FAILED_BELOW, GRACE = 0.1, 10
_SHARE = Axis("Share of frames", 0.0, 1.0, 0.2)
_ACCURACY = Axis("Accuracy", 0, 1, 0.2)
_AR = "Accuracy and robustness"


@dataclass(frozen=True, slots=True)
class CurveInfo:
    """A curve over thresholds: `detail` and `score` are its keys in a report."""

    kind: Kind
    title: str
    detail: str
    axis: Axis
    score: str


CURVES: tuple[CurveInfo, ...] = (
    CurveInfo("success", "Success", "success_curve", Axis("Overlap threshold", 0, 1, 0.2), "auc"),
    CurveInfo(
        "precision", "Precision", "precision_curve", Axis("Centre error, px", 0, 50, 10), "p20"
    ),
    CurveInfo(
        "normalized_precision",
        "Normalised precision",
        "normalized_precision_curve",
        Axis("Centre error in units of the true box", 0, 0.5, 0.1),
        "np",
    ),
)


def of_report(report: Report) -> dict[str, Plot]:
    """The plots over all sequences by name: ``success``, …, ``ar`` (and ``eao`` of VOT)."""
    if report.protocol == "vot":
        return _supervised(report)
    everything = {name: list(rows) for name, rows in report.scores.items()}
    found = _curves(report, everything, "all sequences")
    points = _points(report, everything)
    if points:
        found["ar"] = points
    return found


def of_attribute(report: Report, word: str) -> dict[str, Plot]:
    """Success and precision over the sequences with an attribute, by name."""
    members = by_attribute(report)[word]
    count = max(len(keys) for keys in members.values())
    suffix = "".join(c if c.isalnum() else "_" for c in word)
    found = _curves(report, members, f"{word} ({count})")
    return {f"{name}_{suffix}": found[name] for name in ("success", "precision")}


def of_keys(report: Report, keys: Sequence[str], label: str) -> dict[str, Plot]:
    """The plots over some sequences."""
    members = {name: [key for key in keys if key in rows] for name, rows in report.scores.items()}
    members = {name: chosen for name, chosen in members.items() if chosen}
    found = _curves(report, members, label)
    points = _points(report, members)
    return {**found, "ar": points} if points else found


def of_runs(runs: Mapping[str, tuple[Measured, FrameErrors]]) -> dict[str, Plot]:
    """The plots of single runs on one clip, by the run's name."""
    found = {}
    for info in CURVES:
        x = THRESHOLDS[info.kind].tolist()
        lines = tuple(
            Line(name, x, measured.details[info.detail], measured.scores.as_dict()[info.score])
            for name, (measured, _) in runs.items()
        )
        found[info.kind] = Plot(info.title, info.axis, _SHARE, lines)
    points = tuple(
        Point(name, *_robust_accurate([errors.overlaps])) for name, (_, errors) in runs.items()
    )
    found["ar"] = Plot(_AR, _tracked(), _ACCURACY, points=points)
    return found


def by_attribute(report: Report) -> dict[str, dict[str, list[str]]]:
    """Sequences by attribute and tracker."""
    found: dict[str, dict[str, list[str]]] = {}
    for tracker in report.scores:
        for word, keys in report.attribute_keys(tracker).items():
            found.setdefault(word, {})[tracker] = keys
    return dict(sorted(found.items()))


def before_failure(overlaps: Array) -> tuple[float, int, int]:
    """Sum of overlaps and number of frames before the first failure, and number of frames.

    `overlaps` is ``(N,)``; NaN frames (absent, or the given one) do not count.
    """
    known = overlaps[np.isfinite(overlaps)]
    bad = known < FAILED_BELOW
    for k in np.flatnonzero(bad):
        if bad[k : k + GRACE + 1].all():  # to the end of the sequence counts, too
            return float(known[:k].sum()), int(k), len(known)
    return float(known.sum()), len(known), len(known)


def _robust_accurate(rows: Sequence[Array]) -> tuple[float, float]:
    parts = [before_failure(row) for row in rows]
    total, tracked, frames = (sum(p[k] for p in parts) for k in range(3))
    if not frames:
        return math.nan, math.nan
    return tracked / frames, total / tracked if tracked else 0.0


def _tracked() -> Axis:
    return Axis("Robustness, share of frames before the first failure", 0, 1, 0.2)


def _points(report: Report, members: Mapping[str, Sequence[str]]) -> Plot | None:
    points = []
    for tracker, keys in members.items():
        found = [report.frames_of(tracker, key) for key in keys]
        rows = [errors.overlaps for errors in found if errors is not None]
        if len(rows) == len(keys):
            points.append(Point(tracker, *_robust_accurate(rows)))
    return Plot(_AR, _tracked(), _ACCURACY, points=tuple(points)) if points else None


def _curves(report: Report, members: Mapping[str, Sequence[str]], label: str) -> dict[str, Plot]:
    found = {}
    for info in CURVES:
        title = f"{info.title}: {label}"
        found[info.kind] = Plot(title, info.axis, _SHARE, tuple(_lines(report, members, info)))
    return found


def _lines(report: Report, members: Mapping[str, Sequence[str]], info: CurveInfo) -> list[Line]:
    lines = []
    for tracker, keys in members.items():
        stored = [report.details[tracker][key][info.detail] for key in keys]
        rows = np.array(stored, dtype=np.float64)
        known = rows[np.isfinite(rows).all(axis=1)] if len(rows) else rows
        if not len(known):
            continue
        x = np.linspace(info.axis.low, info.axis.high, rows.shape[1])
        value = float(report.over(tracker, list(keys)).as_dict()[info.score])
        lines.append(Line(tracker, x.tolist(), known.mean(axis=0).tolist(), value))
    return lines


def _supervised(report: Report) -> dict[str, Plot]:
    points, curves, longest = [], [], 2
    counting = report.settings.get("counting", "toolkit")
    for tracker in report.scores:
        groups = report.judged(tracker)
        scores = report.mean(tracker).as_dict()
        robust = math.exp(-30 * scores["failures"] / scores["frames"])
        points.append(Point(tracker, robust, scores["accuracy"]))
        curve = eao_curve(groups, counting)[1:]
        longest = max(longest, len(curve) + 1)
        lengths = [float(v) for v in range(1, len(curve) + 1)]
        curves.append(Line(tracker, lengths, curve.tolist(), scores["eao"]))
    x = Axis("Robustness, exp(−30 · failures / frames)", 0, 1, 0.2)
    step = float(max(10 ** math.floor(math.log10(longest)), 1))
    step = step / 2 if longest / step < 3 else step
    length = Axis("Sequence length, frames", 0, float(math.ceil(longest / step) * step), step)
    expected = Axis("Expected overlap", 0, 1, 0.2)
    return {
        "ar": Plot(_AR, x, _ACCURACY, points=tuple(points)),
        "eao": Plot("Expected average overlap", length, expected, tuple(curves)),
    }
