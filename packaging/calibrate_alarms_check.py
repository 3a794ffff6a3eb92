"""Which other trackers check a tracker best, and below which overlap they doubt a box.

Read from the records of packaging/calibrate_alarms_record.py: where trackers began from
the same true box, the overlap of their boxes is what a check would have heard, of two
that check the mean. With the run's own alarms it makes flagged stretches, as the review
shows them. The limit is chosen on all sequences; who checks, by what each sequence says
with the limit of the others, for that is how new material will be judged.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.alarms.review import BREAK
from core.engine.check import around
from core.geometry import iou_rows

CATCH = 0.97
"""Share of the bad frames that shall lie in a flagged stretch where the limit is chosen."""

MISS = 5.0
"""How many flagged frames that are right weigh as much as a bad one that is not flagged, as
shares: those are looked at in passing, this one has to be stumbled upon."""

BELOW = np.round(np.arange(0.4, 0.86, 0.01), 2)
"""Overlaps to choose from."""

SECONDS = ("ccr", "edcf", "drvt", "crpn", "cract")
"""Trackers that may check."""

LEAST_BAD = 80
"""Bad frames without which nothing is chosen."""


@dataclass(frozen=True)
class Part:
    """One sequence: overlap with the truth and with the checkers, and own alarms.

    `second` ``(N,)``, the mean over the checkers.
    """

    name: str
    truth: np.ndarray
    second: np.ndarray
    ringing: np.ndarray

    def counts(self) -> np.ndarray:
        """Of each limit ``(K, 2)``: bad frames and others that lie in a flagged stretch."""
        bad, heard = self.truth < 0.5, around(self.second)
        found = [stretches(self.ringing | (heard < below)) for below in BELOW]
        return np.array([[(flagged & bad).sum(), (flagged & ~bad).sum()] for flagged in found])

    def all(self) -> np.ndarray:
        """Bad frames and others."""
        return np.array([(self.truth < 0.5).sum(), (self.truth >= 0.5).sum()])


@dataclass(frozen=True)
class Answers:
    """Who checks one tracker, below which limit, and how good that is.

    `caught` is the share of bad frames in flagged stretches, `false` that of all others;
    `new` are both where each sequence has the limit of the others.
    """

    seconds: tuple[str, ...]
    below: float
    caught: float
    false: float
    new: tuple[float, float]

    def line(self) -> str:
        """For the screen."""
        return (
            f"checked by {' and '.join(self.seconds)} below {self.below}: caught "
            f"{self.caught:.1%}, others {self.false:.1%}; left out {self.new[0]:.1%}, "
            f"{self.new[1]:.1%}"
        )

    def cost(self) -> float:
        """What is to be low, on sequences that the limit was not chosen on."""
        return MISS * (1 - self.new[0]) + self.new[1]

    def measured(self, name: str) -> dict[str, float]:
        """For the file."""
        return {
            f"{name}_caught": self.caught, f"{name}_false": self.false,
            f"{name}_caught_left_out": self.new[0], f"{name}_false_left_out": self.new[1],
        }  # fmt: skip


def stretches(ringing: np.ndarray) -> np.ndarray:
    """Flagged stretches as the review shows them: short pauses belong to them."""
    found = ringing.copy()
    at = np.flatnonzero(ringing)
    for a, b in itertools.pairwise(at):
        if b - a <= BREAK:
            found[a:b] = True
    return found


def check_chosen(
    cache: Path, tracker: str, ringing: np.ndarray, sequence: np.ndarray, count: int
) -> list[Answers]:
    """All sets of up to `count` checkers for `tracker` that can be judged, the best first.

    Parameters
    ----------
    ringing, sequence
        Per frame, seeds left out, as ``judged`` in calibrate_alarms.py lists them: whether
        the run's own alarms ring, and the name of the sequence.
    """
    able = [s for s in SECONDS if s != tracker.split("-")[0] and (cache / s).is_dir()]
    found = []
    sets = [itertools.combinations(able, size) for size in range(1, count + 1)]
    for seconds in itertools.chain(*sets):
        parts = paired(cache, tracker, seconds, ringing, sequence)
        if sum(int((p.truth < 0.5).sum()) for p in parts) >= LEAST_BAD:
            found.append(judged(seconds, parts))
    return sorted(found, key=Answers.cost)


def paired(
    cache: Path, tracker: str, seconds: tuple[str, ...], ringing: np.ndarray, sequence: np.ndarray
) -> list[Part]:
    """The frames that all trackers reached from the first true box, per sequence."""
    parts = []
    for path in sorted((cache / tracker).glob("*.npz")):
        others = [cache / second / path.name for second in seconds]
        if not all(other.exists() for other in others):
            continue
        runs = [_first_run(p) for p in (path, *others)]
        count = min(len(boxes) for boxes, _ in runs)
        mine, truth = runs[0]
        overlaps = [iou_rows(mine[1:count], boxes[1:count]) for boxes, _ in runs[1:]]
        own = ringing[sequence == path.stem][: count - 1]
        parts.append(Part(path.stem, truth[1:count], np.mean(overlaps, axis=0), own))
    return parts


def _first_run(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Boxes ``(N, 4)`` up to where the target was lost for good, and their overlaps."""
    with np.load(path) as data:
        first = data["segment"] == 0
        return data["boxes"][first], data["iou"][first]


def judged(seconds: tuple[str, ...], parts: list[Part]) -> Answers:
    """How well these checkers do."""
    counts, every = np.array([p.counts() for p in parts]), np.array([p.all() for p in parts])
    total, whole = counts.sum(axis=0), every.sum(axis=0)
    at = _limit(total, whole)
    caught, false = total[at] / whole
    others = [_limit(total - mine, whole - n) for mine, n in zip(counts, every, strict=True)]
    new = sum(mine[k] for mine, k in zip(counts, others, strict=True)) / whole
    return Answers(
        seconds, float(BELOW[at]), float(caught), float(false), (float(new[0]), float(new[1]))
    )


def _limit(counts: np.ndarray, whole: np.ndarray) -> int:
    """Row of the lowest overlap that catches enough; else the last."""
    enough = np.flatnonzero(counts[:, 0] >= CATCH * whole[0])
    return int(enough[0]) if len(enough) else len(counts) - 1
