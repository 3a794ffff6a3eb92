"""Accuracy, robustness and expected average overlap (EAO) of reset-based runs.

Accuracy is the mean overlap outside the burn-in after each start; robustness counts failures;
EAO averages the overlap that a run of N frames would have, over the year's interval of
N. Sources: Kristan et al., VOT2015 (EAO, intervals) and TPAMI 2016; the formulas follow the
vot-toolkit (``toolkit``) or pysot (``pysot``), whose numbers differ: pysot weighs fragments
by sequence, begins them five frames after the failure and counts lengths from 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.evaluate.regions import OVERLAPS, Region
from core.evaluate.trajectory import FAILED, SKIPPED, STARTED, Trajectory

Array = NDArray[np.float64]
Counting = Literal["toolkit", "pysot"]

INTERVALS: Mapping[int, tuple[int, int]] = MappingProxyType(
    {2015: (108, 371), 2016: (108, 371), 2017: (100, 356), 2018: (100, 356), 2019: (46, 291)}
)
"""Lowest and highest sequence length of the EAO by the year of the challenge."""

BURN_IN, SKIP, SENSITIVITY = 10, 5, 30.0


def interval(year: int) -> tuple[int, int]:
    """The EAO interval of a year.

    Raises
    ------
    DatasetError
        If the year has none.
    """
    if year not in INTERVALS:
        known = f"{min(INTERVALS)} to {max(INTERVALS)}"
        raise DatasetError(f"There is no EAO interval for {year}.", f"Years {known} have one.")
    return INTERVALS[year]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One repetition of a sequence: its overlaps by frame and where it started and failed.

    `overlaps` is ``(N,)``: 0 (``toolkit``) or NaN (``pysot``) where there is no region.
    `eao_overlaps` are those of the EAO (pysot cuts the frame one pixel smaller there).
    """

    overlaps: Array
    eao_overlaps: Array
    starts: tuple[int, ...]
    failures: tuple[int, ...]
    skipped: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.overlaps)


def judge(
    trajectory: Trajectory,
    truth: Sequence[Region],
    size: tuple[int, int],
    counting: Counting = "toolkit",
    overlap: str = "",
) -> Judged:
    """Compare a trajectory with the true regions.

    Parameters
    ----------
    truth
        A region per frame; NaN numbers where the target is not annotated.
    size
        ``(width, height)`` of the frames.
    overlap
        One of :data:`core.evaluate.regions.OVERLAPS`; by default that of `counting`.

    Raises
    ------
    DatasetError
        If the numbers of frames differ.
    """
    if len(trajectory) != len(truth):
        raise DatasetError(
            f"There are {len(trajectory)} results for {len(truth)} frames.",
            "They belong to another version of the sequence.",
        )
    smaller = (size[0] - 1, size[1] - 1)
    way = overlap or counting
    overlaps = _overlaps(trajectory, truth, size, counting, way)
    same = counting == "toolkit" or way != "pysot"
    return Judged(
        overlaps,
        overlaps if same else _overlaps(trajectory, truth, smaller, counting, way),
        tuple(trajectory.at(STARTED)),
        tuple(trajectory.at(FAILED)),
        tuple(trajectory.at(SKIPPED)),
    )


def _overlaps(
    trajectory: Trajectory,
    truth: Sequence[Region],
    bounds: tuple[int, int],
    counting: Counting,
    way: str,
) -> Array:
    none = 0.0 if counting == "toolkit" else math.nan
    values = np.full(len(truth), none)
    for k, (state, region) in enumerate(zip(trajectory.states, truth, strict=True)):
        if not isinstance(state, int) and np.isfinite(region).all():
            values[k] = OVERLAPS[way](state, region, bounds)
    return values


@dataclass(frozen=True, slots=True)
class SupervisedScores:
    """The headline numbers of reset-based runs, of one sequence or of many.

    `accuracy` mean overlap outside the burn-in; `failures` per repetition; `robustness` is
    ``exp(−30 · failures / frames)`` (``toolkit``) or failures per hundred frames (``pysot``);
    `eao` over the year's interval; NaN where there is nothing to measure.
    """

    accuracy: float
    robustness: float
    failures: float
    eao: float
    frames: float
    fps: float = math.nan

    def as_dict(self) -> dict[str, float]:
        """The numbers by key."""
        return {
            "accuracy": self.accuracy,
            "robustness": self.robustness,
            "failures": self.failures,
            "eao": self.eao,
            "frames": self.frames,
            "fps": self.fps,
        }


def summarize(
    sequences: Sequence[Sequence[Judged]],
    year: int,
    counting: Counting = "toolkit",
    speeds: Sequence[float] = (),
) -> SupervisedScores:
    """The numbers of a tracker on some sequences, each given by its repetitions.

    Raises
    ------
    DatasetError
        If the year has no interval.
    """
    low, high = interval(year)
    frames = sum(len(repetitions[0]) for repetitions in sequences)
    failures = [float(np.mean([len(j.failures) for j in group])) for group in sequences]
    curve = eao_curve(sequences, counting)
    known = [v for v in speeds if math.isfinite(v)]
    if counting == "pysot":
        accuracy, lost = _pysot_accuracy(sequences), sum(failures)
        robustness, score = 100 * lost / frames, _mean(curve[low - 1 : high])
    else:
        lengths = [len(group[0]) for group in sequences]
        accuracy = float(np.average([_accuracy(group) for group in sequences], weights=lengths))
        weighted = float(np.average(failures, weights=lengths))
        robustness = math.exp(-SENSITIVITY * weighted * len(sequences) / frames)
        lost, score = sum(failures), _mean(curve[low : high + 1])
    return SupervisedScores(
        accuracy, robustness, lost, score, float(frames), _mean(np.array(known))
    )


def _accuracy(repetitions: Sequence[Judged]) -> float:
    return float(np.mean([_one_accuracy(judged) for judged in repetitions]))


def _one_accuracy(judged: Judged) -> float:
    kept = np.ones(len(judged), dtype=bool)
    kept[[*judged.failures, *judged.skipped]] = False
    for start in judged.starts:
        kept[start : start + BURN_IN] = False
    return float(judged.overlaps[kept].mean()) if kept.any() else 0.0


def _pysot_accuracy(sequences: Sequence[Sequence[Judged]]) -> float:
    """Mean over all frames of the means over repetitions."""
    means: list[Array] = []
    for repetitions in sequences:
        rows = np.stack([judged.overlaps for judged in repetitions])
        for row, judged in zip(rows, repetitions, strict=True):
            for start in judged.starts:
                row[start : start + BURN_IN] = np.nan
        known = np.isfinite(rows)
        counts = known.sum(axis=0)
        sums = np.where(known, rows, 0.0).sum(axis=0)
        means.append(sums[counts > 0] / counts[counts > 0])
    return _mean(np.concatenate(means))


def eao_curve(sequences: Sequence[Sequence[Judged]], counting: Counting = "toolkit") -> Array:
    """Expected average overlap by length: entry N is that of N frames after the start.

    (With ``pysot`` entry N is that of N + 1 frames, the start included.)
    """
    if counting == "pysot":
        return _pysot_curve(sequences)
    fragments, ended = [], []
    for judged in (j for repetitions in sequences for j in repetitions):
        if not judged.failures:
            fragments.append(judged.eao_overlaps)
            ended.append(False)
            continue
        for start, failure in zip(judged.starts, judged.failures, strict=False):
            fragments.append(judged.eao_overlaps[start:failure])
            ended.append(True)
        if len(judged.starts) > len(judged.failures):
            fragments.append(judged.eao_overlaps[judged.starts[-1] :])
            ended.append(False)
    longest = max(len(f) for f in fragments)
    values, counted = np.zeros((len(fragments), longest)), np.zeros((len(fragments), longest))
    for k, (fragment, failed) in enumerate(zip(fragments, ended, strict=True)):
        values[k, : len(fragment)] = fragment
        counted[k, : longest if failed else len(fragment)] = 1.0
    return _averaged(values, counted)


def _pysot_curve(sequences: Sequence[Sequence[Judged]]) -> Array:
    longest = max(len(j) for repetitions in sequences for j in repetitions)
    rows: list[Array] = []
    weights: list[float] = []
    share = 1.0 / len(sequences[-1])  # pysot takes the repetitions of the last sequence for all
    for judged in (j for repetitions in sequences for j in repetitions):
        points = [0, *(f + SKIP for f in judged.failures if f + SKIP <= len(judged))]
        for k, start in enumerate(points):
            last = k == len(points) - 1
            row = np.full(longest, np.nan)
            piece = judged.eao_overlaps[start : None if last else points[k + 1] + 1]
            if not last:
                row[:] = 0.0
            if judged.failures:
                piece = np.nan_to_num(piece, nan=0.0)
            row[: len(piece)] = piece
            rows.append(row)
            # A restart that would fall on the end shortens the fragment before it by a frame.
            length = len(piece) if last else points[k + 1] - start + 1
            weights.append(share * len(piece) / length if length else 0.0)
    values = np.stack(rows)
    known = np.isfinite(values).astype(np.float64)
    curve = _averaged(np.nan_to_num(values), known * np.array(weights)[:, None])
    curve[0] = 1.0
    return curve


def _averaged(values: Array, counted: Array) -> Array:
    """Mean over fragments (weights `counted`) of the mean over frames 1 … N of each."""
    lengths = np.arange(values.shape[1], dtype=np.float64)
    sums = np.cumsum(values, axis=1) - values[:, :1]
    means = np.divide(sums, lengths, out=values.copy(), where=lengths > 0)
    total = counted.sum(axis=0)
    return np.divide(
        (means * counted).sum(axis=0), total, out=np.zeros_like(total), where=total > 0
    )


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else math.nan
