"""When an alarm rings: thresholds per tracker, and how all signs count together.

The defaults lie in ``resources/alarms.toml``, one table per tracker, written by
packaging/calibrate_alarms.py from real sequences. A threshold at the far end of its
range never rings, so every alarm can be switched off.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import MappingProxyType
from typing import Any

from core import params as parameters
from core.alarms.kinds import ALARMS, Alarm
from core.params import param
from core.paths import resource

FALLBACK = "default"
"""The table of trackers that have none of their own."""


@dataclass(frozen=True, slots=True)
class Checkers:
    """Who checks a tracker's boxes, and the mean overlap below which they doubt one."""

    trackers: tuple[str, ...] = ("ccr",)
    below: float = 0.65


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The values from which on each alarm rings, and how doubt comes and goes."""

    looks_below: float = param(
        0.15, "Likeness to the target's own pictures under which a box is doubted.",
        bounds=(-1.0, 1.0), step=0.02, group="Signs", ref="docs/alarms.md",
    )  # fmt: skip
    rival_above: float = param(
        0.95, "Height of the second peak over the first above which there is a rival.",
        bounds=(0.0, 1.0), step=0.02, group="Signs",
    )  # fmt: skip
    edge_above: float = param(
        0.3, "Share of the box outside the picture above which it is leaving.",
        bounds=(0.0, 1.0), step=0.05, group="Signs",
    )  # fmt: skip
    jump_above: float = param(
        1.5, "Departure from the recent motion, in box sizes, above which the box jumped.",
        bounds=(0.0, 10.0), unit="box sizes", step=0.1, group="Signs",
    )  # fmt: skip
    size_above: float = param(
        1.6, "Change of area against the last frames above which the size jumped.",
        bounds=(1.0, 10.0), unit="×", step=0.05, group="Signs",
    )  # fmt: skip
    aspect_above: float = param(
        1.5, "Change of width over height against the last frames above which it jumped.",
        bounds=(1.0, 10.0), unit="×", step=0.05, group="Signs",
    )  # fmt: skip
    still_below: float = param(
        0.0, "Share of the box's usual speed under which it stands still although the target was "
        "moving.", bounds=(0.0, 1.0), unit="× usual", step=0.02, group="Signs",
    )  # fmt: skip
    psr_below: float = param(
        0.3, "Share of the usual peak-to-sidelobe ratio under which a peak is doubted.",
        bounds=(0.0, 1.0), unit="× usual", step=0.02, group="Signs",
    )  # fmt: skip
    apce_below: float = param(
        0.1, "Share of the usual peak-to-correlation energy under which a response is doubted.",
        bounds=(0.0, 1.0), unit="× usual", step=0.02, group="Signs",
    )  # fmt: skip
    score_below: float = param(
        0.2, "Score under which a frame is doubted.",
        bounds=(0.0, 1.0), step=0.02, group="Signs",
    )  # fmt: skip
    together_above: float = param(
        1.0, "Doubt from all signs together, 0 to 1, above which a frame is doubted.",
        bounds=(0.0, 1.0), step=0.02, group="Signs",
    )  # fmt: skip
    round_trip_below: float = param(
        0.4, "Overlap after tracking back below which the way there is doubted.",
        bounds=(0.0, 1.0), step=0.05, group="Signs",
    )  # fmt: skip
    second_below: float = param(
        0.5, "Overlap with a second tracker's box, where one runs along, below which a box is "
        "doubted.", bounds=(0.0, 1.0), step=0.05, group="Signs",
    )  # fmt: skip
    own_word: bool = param(
        True, "Whether the tracker's own doubts count.", group="Signs"
    )  # fmt: skip
    clear_after: int = param(
        3, "Frames without a sign after which doubt is over.",
        bounds=(1, 100), unit="frames", group="Doubt",
    )  # fmt: skip
    lost_after: int = param(
        8, "Doubtful frames in a row after which the target counts as lost.",
        bounds=(1, 1000), unit="frames", group="Doubt",
    )  # fmt: skip

    def of(self, alarm: Alarm) -> float:
        """The threshold of one alarm."""
        return float(getattr(self, ALARMS[alarm].field))

    def rings(self, alarm: Alarm, value: float) -> bool:
        """Whether a value of `alarm` lies beyond its threshold."""
        limit = self.of(alarm)
        return value > limit if ALARMS[alarm].above else value < limit


SIGNS = ("looks", "first", "score", "rival", "evidence", "size", "edge")
"""What counts together, each smoothed and growing with doubt; see `Watcher`."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign counts in the doubt from all together: a logistic function."""

    bias: float = 0.0
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def doubt(self, signs: Mapping[str, float]) -> float:
        """Doubt in [0, 1]; signs that are not there count as nothing said."""
        if not self.values:
            return 0.0
        total = self.bias + sum(w * signs.get(name, 0.0) for name, w in self.values.items())
        return 1.0 / (1.0 + math.exp(-min(max(total, -60.0), 60.0)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is known about one tracker's doubts.

    `evidence` names the scalar that says how well the target was found (1 is a perfect
    match), empty where a tracker reports none. `quick` is the one tracker that checks its runs
    best, `thorough` the two that do so together; below `back_below` its own way back doubts a
    box in a check. `measured` holds what the calibration
    found: share of bad frames flagged, share of good frames flagged, and so on.
    """

    thresholds: Thresholds = Thresholds()
    weights: Weights = Weights()
    evidence: str = ""
    quick: Checkers = Checkers()
    thorough: Checkers = Checkers()
    back_below: float = 0.4
    measured: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@cache
def _tables() -> Mapping[str, Calibration]:
    tables = tomllib.loads(resource("alarms.toml").read_text(encoding="utf-8"))
    return MappingProxyType({key: _calibration(key, table) for key, table in tables.items()})


def _calibration(key: str, table: Mapping[str, Any]) -> Calibration:
    weights = dict(table.get("weights", {}))
    bias = float(weights.pop("bias", 0.0))
    unknown = set(weights) - set(SIGNS)
    if unknown:
        raise ValueError(f"alarms.toml: {key} weighs unknown signs {sorted(unknown)}")
    return Calibration(
        parameters.from_dict(Thresholds, table.get("thresholds", {}), where=key),
        Weights(bias, MappingProxyType({name: float(w) for name, w in weights.items()})),
        str(table.get("evidence", "")),
        _checkers(table.get("quick", {})),
        _checkers(table.get("thorough", table.get("quick", {}))),
        float(table.get("back", {}).get("below", Calibration().back_below)),
        MappingProxyType({n: float(v) for n, v in table.get("measured", {}).items()}),
    )


def _checkers(table: Mapping[str, Any]) -> Checkers:
    usual = Checkers()
    keys = tuple(str(key) for key in table.get("trackers", usual.trackers))
    return Checkers(keys, float(table.get("below", usual.below)))


def calibration(tracker: str) -> Calibration:
    """The calibrated defaults of a tracker; a variant takes those of its method.

    `tracker` is a key of the registry; one that was never calibrated gets the careful
    defaults for any tracker.
    """
    tables = _tables()
    for key in (tracker, tracker.split("-")[0], FALLBACK):
        if key in tables:
            return tables[key]
    return Calibration()


def calibrated() -> list[str]:
    """Keys of the trackers with thresholds of their own."""
    return [key for key in _tables() if key != FALLBACK]


def changed(thresholds: Thresholds, defaults: Thresholds) -> dict[str, tuple[float, float]]:
    """Alarm thresholds that differ: field → (default, now)."""
    names = [f.name for f in fields(Thresholds)]
    pairs = {n: (getattr(defaults, n), getattr(thresholds, n)) for n in names}
    return {name: (float(a), float(b)) for name, (a, b) in pairs.items() if a != b}
