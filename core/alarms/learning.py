"""Thresholds that follow a person's verdicts, within bounds, and back again.

Every alarm has a tolerance per tracker, 1 at first. A box that a person accepts or
whose alarm they call none makes the alarms that rang there more tolerant by a step;
a box that they correct although nothing rang makes all signs a little less tolerant.
Steps are small and bounded to between half and twice the calibrated margin, so that no
run of clicks can switch an alarm off. Nothing is hidden: :func:`Tolerances.of` is what
is shown, and :meth:`Tolerances.without` takes it back.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from core import params as parameters
from core.alarms.kinds import ALARMS, Alarm
from core.alarms.thresholds import Thresholds
from core.storage import atomic_write

log = logging.getLogger(__name__)

STEP = 1.08
"""Factor of one verdict."""

MISSED_STEP = 1.03
"""Factor of one overlooked error, for every sign: many signs share the blame."""

LEAST, MOST = 0.5, 2.0
"""Bounds of a tolerance."""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Tolerance per tracker and alarm field; immutable.

    Values above 1 ring later than calibrated, values below 1 earlier.
    """

    values: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, tracker: str) -> Mapping[str, float]:
        """What was learnt for one tracker: alarm field → tolerance, those that moved only."""
        return self.values.get(tracker, MappingProxyType({}))

    def accepted(self, tracker: str, bits: int) -> Tolerances:
        """After a person said that a box is right on which `bits` rang."""
        return self._moved(tracker, _fields(bits), STEP)

    def overlooked(self, tracker: str) -> Tolerances:
        """After a person corrected a box on which nothing rang."""
        return self._moved(tracker, [i.field for i in ALARMS.values()], 1 / MISSED_STEP)

    def without(self, tracker: str, alarm_field: str = "") -> Tolerances:
        """As calibrated again: one alarm of a tracker, or all of them."""
        mine = {n: v for n, v in self.of(tracker).items() if alarm_field and n != alarm_field}
        return self._with(tracker, mine)

    def applied(self, tracker: str, thresholds: Thresholds) -> Thresholds:
        """The thresholds in force: the calibrated ones, moved by what was learnt."""
        moved = {
            info.field: _moved_limit(info.alarm, thresholds.of(info.alarm), factor)
            for info in ALARMS.values()
            if (factor := self.of(tracker).get(info.field, 1.0)) != 1.0
        }
        return parameters.with_values(thresholds, moved) if moved else thresholds

    def _moved(self, tracker: str, names: Iterable[str], factor: float) -> Tolerances:
        mine = dict(self.of(tracker))
        for name in names:
            value = min(max(mine.get(name, 1.0) * factor, LEAST), MOST)
            mine[name] = 1.0 if abs(value - 1.0) < 1e-9 else value
        return self._with(tracker, {n: v for n, v in mine.items() if v != 1.0})

    def _with(self, tracker: str, mine: Mapping[str, float]) -> Tolerances:
        values = {t: v for t, v in self.values.items() if t != tracker}
        if mine:
            values[tracker] = MappingProxyType(dict(mine))
        return Tolerances(MappingProxyType(values))


def _fields(bits: int) -> list[str]:
    return [info.field for info in ALARMS.values() if bits & info.alarm]


def _moved_limit(alarm: Alarm, limit: float, tolerance: float) -> float:
    """A threshold whose margin to the calm end of its range is `tolerance` times as wide."""
    info = ALARMS[alarm]
    calm = info.low if info.above else info.high
    if info.above and info.high == 1.0:
        # Between the limit and 1 lies what is still rung at: that is what shrinks.
        moved = 1.0 - (1.0 - limit) / tolerance
    elif info.above:
        moved = calm + (limit - calm) * tolerance
    else:
        moved = info.low + (limit - info.low) / tolerance
    return min(max(moved, info.low), info.high)


def load_tolerances(path: Path) -> Tolerances:
    """What was learnt before; nothing where the file is missing or unusable."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Tolerances()
    except (OSError, ValueError) as error:
        log.warning("what was learnt about alarms cannot be read: %s", error)
        return Tolerances()
    known = {info.field for info in ALARMS.values()}
    values: dict[str, Mapping[str, float]] = {}
    for tracker, mine in stored.items() if isinstance(stored, dict) else ():
        if not isinstance(mine, dict):
            continue
        good = {
            name: min(max(float(v), LEAST), MOST)
            for name, v in mine.items()
            if name in known and isinstance(v, int | float) and not isinstance(v, bool) and v == v
        }
        if good:
            values[str(tracker)] = MappingProxyType(good)
    return Tolerances(MappingProxyType(values))


def save_tolerances(tolerances: Tolerances, path: Path) -> None:
    """Write what was learnt.

    Raises
    ------
    StorageError
        If it cannot be written; the old file stays.
    """
    plain = {tracker: dict(mine) for tracker, mine in tolerances.values.items()}
    with atomic_write(path, text=True) as stream:
        json.dump(plain, stream, indent=1, sort_keys=True)
