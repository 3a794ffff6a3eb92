"""Which second tracker checks a tracker best, and below which overlap it doubts a box.

Read from the records of packaging/calibrate_alarms_record.py: where two trackers began
from the same true box, the overlap of their boxes is what a check would have heard. With
the run's own alarms it makes flagged stretches, as the review shows them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.alarms.review import BREAK
from core.geometry import iou_rows

CATCH = 0.95
"""Share of the bad frames that shall lie in a flagged stretch."""

BELOW = tuple(round(0.4 + 0.05 * k, 2) for k in range(11))
"""Overlaps to choose from."""

SECONDS = ("ccr", "edcf", "drvt")
"""Trackers that may check: those that follow changes of the target."""

LEAST_BAD = 80
"""Bad frames without which nothing is chosen."""


@dataclass(frozen=True)
class Part:
    """One sequence: overlap with the truth, with the second tracker, and own alarms."""

    name: str
    truth: np.ndarray
    second: np.ndarray
    ringing: np.ndarray

    def flagged(self, below: float) -> np.ndarray:
        """Mask of the frames that lie in a flagged stretch."""
        return stretches(self.ringing | (self.second < below))


@dataclass(frozen=True)
class Answers:
    """What was chosen for one tracker, and how good it is."""

    second: str
    below: float
    measured: dict[str, float]

    def line(self) -> str:
        """For the screen."""
        shown = "  ".join(f"{n} {v:.1%}" for n, v in self.measured.items())
        return f"checked by {self.second} below {self.below}: {shown}"


def stretches(ringing: np.ndarray) -> np.ndarray:
    """Flagged stretches as the review shows them: short pauses belong to them."""
    found = ringing.copy()
    at = np.flatnonzero(ringing)
    for a, b in itertools.pairwise(at):
        if b - a <= BREAK:
            found[a:b] = True
    return found


def check_chosen(
    cache: Path, tracker: str, ringing: np.ndarray, sequence: np.ndarray
) -> Answers | None:
    """The best second tracker for `tracker`, from what is recorded.

    Parameters
    ----------
    ringing, sequence
        Per frame, seeds left out, as ``judged`` in calibrate_alarms.py lists them: whether
        the run's own alarms ring, and the name of the sequence.
    """
    found = []
    for second in SECONDS:
        if second == tracker.split("-")[0] or not (cache / second).is_dir():
            continue
        parts = paired(cache, tracker, second, ringing, sequence)
        if sum(int((p.truth < 0.5).sum()) for p in parts) < LEAST_BAD:
            continue
        below = chosen(parts)
        caught, false = shares(parts, dict.fromkeys((p.name for p in parts), below))
        found.append((caught < CATCH, false, second, below, parts, caught))
    if not found:
        return None
    _, false, second, below, parts, caught = min(found, key=lambda f: f[:2])
    others = {p.name: chosen([q for q in parts if q is not p]) for p in parts}
    caught_out, false_out = shares(parts, others)
    measured = {
        "check_caught": caught, "check_false": false,
        "check_caught_left_out": caught_out, "check_false_left_out": false_out,
    }  # fmt: skip
    return Answers(second, below, measured)


def paired(
    cache: Path, tracker: str, second: str, ringing: np.ndarray, sequence: np.ndarray
) -> list[Part]:
    """The frames that both trackers reached from the first true box, per sequence."""
    parts = []
    for path in sorted((cache / tracker).glob("*.npz")):
        other = cache / second / path.name
        if not other.exists():
            continue
        with np.load(path) as a, np.load(other) as b:
            count = min(int((a["segment"] == 0).sum()), int((b["segment"] == 0).sum()))
            both = iou_rows(a["boxes"][1:count], b["boxes"][1:count])
            mine = ringing[sequence == path.stem][: count - 1]
            parts.append(Part(path.stem, a["iou"][1:count], both, mine))
    return parts


def chosen(parts: list[Part]) -> float:
    """The lowest overlap that catches enough; else the one that catches most."""
    names = [p.name for p in parts]
    caught = [shares(parts, dict.fromkeys(names, below))[0] for below in BELOW]
    return next((b for b, c in zip(BELOW, caught, strict=True) if c >= CATCH), BELOW[-1])


def shares(parts: list[Part], below: dict[str, float]) -> tuple[float, float]:
    """Share of the bad frames in flagged stretches, and of all others."""
    flagged = np.concatenate([p.flagged(below[p.name]) for p in parts])
    bad = np.concatenate([p.truth < 0.5 for p in parts])
    caught = float(flagged[bad].mean()) if bad.any() else 1.0
    return caught, float(flagged[~bad].mean())
