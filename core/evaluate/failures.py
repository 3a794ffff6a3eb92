"""Where a tracker lost its target, for how long, and what was different there.

A failure is a stretch of frames in which the overlap with the true box stays under a threshold; the
frames on which the target is absent neither end nor begin one. The reason is read off the true and
the tracked boxes just before and after the first bad frame: it names what can be measured
(a jump, quick motion, the wrong size, …), not what the tracker meant; that is in `words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluate.evidence import LOST_BELOW
from core.evaluate.judged import FrameErrors, frame_errors
from core.evaluate.metrics import present
from core.evaluate.protocol import SequenceRun
from core.evaluate.sequences import BenchmarkSequence
from core.evaluate.trajectory import FAILED, STARTED

Array = NDArray[np.float64]

AT_LEAST, MARGIN = 5, 15
CURVE_POINTS = 240


@dataclass(frozen=True, slots=True, eq=False)
class LostStretch:
    """One failure.

    Attributes
    ----------
    start, length
        First bad frame, and number of frames until the overlap is back (or the end).
    curve_start, curve
        The overlap around it: that of frame ``curve_start + k`` is ``curve[k]``; NaN where the
        target is absent.
    reason
        What was different at the start, in words.
    words
        The tracker's own reason, if it gave one.
    scores
        The tracker's own score on the frames of `curve`; empty where unknown.
    """

    start: int
    length: int
    curve_start: int
    curve: Array
    reason: str
    words: str = ""
    scores: Array = field(default_factory=lambda: np.empty(0))

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a report."""
        value = {
            "start": self.start,
            "length": self.length,
            "reason": self.reason,
            "words": self.words,
            "curve_start": self.curve_start,
            "curve": [round(float(v), 3) for v in self.curve],
        }
        if np.isfinite(self.scores).any():
            value["scores"] = [round(float(v), 3) for v in self.scores]
        return value


@dataclass(frozen=True, slots=True, eq=False)
class FailureGallery:
    """The failures of one run and the errors of every frame, NaN where unknown."""

    errors: FrameErrors
    failures: tuple[LostStretch, ...] = field(default=())

    @property
    def overlaps(self) -> Array:
        """The overlap of every frame ``(N,)``."""
        return self.errors.overlaps

    def details(self) -> dict[str, Any]:
        """Plain values for a report: the failures, and the frames in full and in 240 points."""
        return {
            "failures": [failure.as_dict() for failure in self.failures],
            "overlap_curve": [round(float(v), 4) for v in thinned(self.overlaps, CURVE_POINTS)],
            "per_frame": self.errors.as_text(),
        }


def gallery(run: SequenceRun, sequence: BenchmarkSequence) -> FailureGallery:
    """The failures of a run on its sequence."""
    if run.trajectories:
        return _of_resets(run)
    start = int(np.argmax(present(sequence.boxes)))
    return find_failures(
        run.boxes, sequence.boxes, start=start, size=run.size, words=run.words, scores=run.scores
    )


def find_failures(
    boxes: Array,
    truth: Array,
    *,
    start: int = 0,
    size: tuple[int, int] | None = None,
    words: Mapping[int, str] | None = None,
    scores: Array | None = None,
    lost_below: float = LOST_BELOW,
    at_least: int = AT_LEAST,
) -> FailureGallery:
    """The failures of tracked `boxes` against `truth`, both ``(N, 4)``.

    A failure has `at_least` frames with an overlap under `lost_below`, or lasts to the end.
    """
    errors = frame_errors(boxes, truth, start)
    overlaps = errors.overlaps
    frames = np.flatnonzero(np.isfinite(overlaps))
    bad = overlaps[frames] < lost_below
    found = []
    for first, last in _stretches(bad):
        begin = int(frames[first])
        until = int(frames[last + 1]) if last + 1 < len(frames) else len(boxes)
        if last - first + 1 < at_least and until < len(boxes):
            continue
        low, high = max(begin - MARGIN, 0), min(until + MARGIN, len(boxes))
        reason = explain(boxes, truth, begin, size)
        said = _said(words or {}, begin)
        own = np.empty(0) if scores is None else scores[low:high]
        found.append(LostStretch(begin, until - begin, low, overlaps[low:high], reason, said, own))
    return FailureGallery(errors, tuple(found))


def explain(boxes: Array, truth: Array, frame: int, size: tuple[int, int] | None = None) -> str:
    """What is measurably different at `frame`, the first of a failure."""
    before = frame - 1
    if before < 0 or not present(truth[before : before + 1])[0]:
        return "the target was absent just before"
    t0, t1, p0, p1 = truth[before], truth[frame], boxes[before], boxes[frame]
    side = float(np.sqrt(t1[2] * t1[3]))
    moved, jumped = _distance(t0, t1), _distance(p0, p1)
    off = _distance(p1, t1)
    growth = float(np.sqrt(p1[2] * p1[3] / (t1[2] * t1[3])))
    if moved > 0.5 * side:
        return f"the target moved {moved:.0f} px in a frame, {moved / side:.1f} times its size"
    if jumped > 0.5 * side and jumped > 2 * moved:
        return f"the box jumped {jumped:.0f} px in a frame while the target moved {moved:.0f} px"
    if off < 0.5 * side and not 0.6 < growth < 1.7:
        return f"the box is {growth:.1f} times the target's size"
    if size is not None and _touches(t1, size):
        return "the target is at the border of the frame"
    return f"the box drifted off; it is {off:.0f} px away, {off / side:.1f} times the target's size"


def thinned(values: Array, points: int) -> Array:
    """At most `points` means of neighbouring values; NaN where a stretch has none."""
    if len(values) <= points:
        return values
    pieces = np.array_split(values, points)
    return np.array(
        [float(np.nanmean(p)) if np.isfinite(p).any() else float("nan") for p in pieces]
    )


def _of_resets(run: SequenceRun) -> FailureGallery:
    """VOT's failures: frames coded 2; they last until the next start."""
    trajectory = run.trajectories[0]
    rows = run.measured.details["repetitions"][0]
    values = [np.nan if v is None else v for v in rows["overlaps"]]
    overlaps = np.array(values, dtype=np.float64)
    overlaps[[*trajectory.at(0), *trajectory.at(STARTED)]] = np.nan
    starts, found = trajectory.at(STARTED), []
    for frame in trajectory.at(FAILED):
        until = next((s for s in starts if s > frame), len(trajectory))
        low, high = max(frame - MARGIN, 0), min(until + MARGIN, len(trajectory))
        last = overlaps[frame - 1]
        reason = "no overlap with the target"
        if np.isfinite(last):
            reason += f", {last:.2f} one frame before"
        said = _said(run.words, frame)
        curve, own = overlaps[low:high], run.scores[low:high]
        found.append(LostStretch(frame, until - frame, low, curve, reason, said, own))
    unknown = np.full_like(overlaps, np.nan)
    return FailureGallery(FrameErrors(overlaps, unknown, unknown), tuple(found))


def _stretches(bad: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], bad, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _said(words: Mapping[int, str], frame: int) -> str:
    """The tracker's reason at the failure or shortly around it."""
    near = sorted((k for k in words if abs(k - frame) <= AT_LEAST), key=lambda k: abs(k - frame))
    return words[near[0]] if near else ""


def _distance(a: Array, b: Array) -> float:
    return float(np.hypot(*(a[:2] + a[2:] / 2 - b[:2] - b[2:] / 2)))


def _touches(box: Array, size: tuple[int, int]) -> bool:
    corner = box[:2] + box[2:]
    return bool((box[:2] <= 1).any() or (corner >= np.array(size) - 1).any())
