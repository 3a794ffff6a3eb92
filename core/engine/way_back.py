"""A check by the way back: the tracker that made the boxes follows them backwards.

Every few frames it is started afresh on the box there and goes back; a box that it does not
return from to where it came from is doubted (forward-backward error, Kalal, Mikolajczyk,
Matas 2010, :class:`core.alarms.opinion.RoundTrip`). It needs no second tracker and no
weights but those of the first; what drifts slowly drifts back the same way, so it finds
less than somebody else does. An answer holds for the frames since the one before it; what
is left behind the last full trip is not spoken of.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.alarms.kinds import Alarm
from core.alarms.opinion import Opinion, RoundTrip
from core.alarms.thresholds import Calibration, Checkers
from core.document.document import Run
from core.engine.check import second_tracker
from core.trackers import registry
from core.trackers.base import Services

WAY_BACK = "way-back"
"""Stands where the keys of checking trackers stand."""

EVERY, LENGTH = 10, 20
"""Frames from one trip to the next, and of a trip: it costs twice the tracker's time."""

_USUAL = "ccr"


def way_back(known: Calibration) -> Checkers:
    """Checkers of a tracker's runs: itself, on the way back."""
    return Checkers((WAY_BACK,), known.back_below)


def alarm_of(checkers: Sequence[str]) -> Alarm:
    """The alarm that these checkers ring."""
    return Alarm.ROUND_TRIP if WAY_BACK in checkers else Alarm.SECOND


def opinion_of(checkers: Sequence[str], run: Run | None, services: Services) -> Opinion:
    """Who speaks for these checkers of a run (None: of boxes whose run nobody knows).

    Raises
    ------
    TrackerError, ParamError
        If a tracker is unknown or does not take the run's parameters.
    """
    if WAY_BACK not in checkers:
        return second_tracker(checkers, services)
    key = run.tracker if run is not None and run.tracker in registry.trackers else _USUAL
    spec, same = registry.find(key), run is not None and run.tracker == key
    params = dict(run.params) if run is not None and same else {}
    return RoundTrip(lambda: spec.create(params, services), EVERY, LENGTH)


def titles(checkers: Sequence[str], joined: str = " and ") -> str:
    """The checkers' names, for a sentence."""
    names = ("the way back" if k == WAY_BACK else registry.find(k).title for k in checkers)
    return joined.join(names)
