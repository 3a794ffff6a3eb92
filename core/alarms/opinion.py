"""Evidence from beyond the run: a second tracker, and the way back.

A tracker's own signs tell when it loses its target, hardly when its box creeps off or
grows wrong: everything it measures follows the wrong box. Somebody else can tell. Both
kinds here are shown the same pictures and the boxes that are judged, and answer with an
overlap in [0, 1], low where they do not believe a box:

* :class:`SecondTracker` runs one or more other trackers from the same trusted box and
  compares (agreement of trackers as a sign of failure: Vojíř, Matas, Nosková, *Online
  adaptive hidden Markov model for multi-tracker fusion*, 2016). It costs their time.
* :class:`RoundTrip` starts a fresh tracker on the box every `every` frames, follows it
  `length` frames back and compares with the box that was there (forward-backward error,
  Kalal, Mikolajczyk, Matas 2010). It costs ``length / every`` of the tracker's time, and
  memory for `length` pictures.

Neither ever changes a box.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from core.alarms.appearance import Image
from core.alarms.kinds import Alarm
from core.geometry import Box, iou
from core.trackers.base import Tracker

Maker = Callable[[], Tracker]
"""Gives a new tracker."""


class Opinion(Protocol):
    """Somebody who is shown every frame with the box that is judged."""

    @property
    def alarm(self) -> Alarm:
        """The alarm that its answers may ring."""
        ...

    def trust(self, image: Image, box: Box) -> None:
        """Take `box` as true: a run begins, or a person's box was reached."""
        ...

    def about(self, image: Image, box: Box) -> float | None:
        """Overlap with what it believes itself, in [0, 1]; None: nothing new to say."""
        ...


class SecondTracker:
    """Other trackers beside the one that is judged, from the same trusted box.

    Of several the mean counts: it is low where one of them is elsewhere or all are a
    little apart, while a single one that errs a little among others that agree is no
    doubt.

    Parameters
    ----------
    makes
        One per tracker that is asked, at least one.
    """

    alarm = Alarm.SECOND

    def __init__(self, *makes: Maker) -> None:
        if not makes:
            raise ValueError("somebody must be asked")
        self._makes = makes
        self._trackers: list[Tracker] = []

    def trust(self, image: Image, box: Box) -> None:
        """Start anew from `box`."""
        if not self._trackers:
            self._trackers = [make() for make in self._makes]
        for tracker in self._trackers:
            tracker.init(image, box)

    def about(self, image: Image, box: Box) -> float | None:
        """Overlap of `box` with the box of the other tracker; of several the mean."""
        if not self._trackers:
            return None
        overlaps = [iou(tracker.update(image).box, box) for tracker in self._trackers]
        return sum(overlaps) / len(overlaps)


class RoundTrip:
    """A fresh tracker that goes back from the present box, every few frames.

    Parameters
    ----------
    every
        Frames from one trip to the next.
    length
        Frames to go back, no further than the last trusted box.
    """

    alarm = Alarm.ROUND_TRIP

    def __init__(self, make: Maker, every: int = 25, length: int = 25) -> None:
        if every < 1 or length < 1:
            raise ValueError("a trip needs at least one frame")
        self._make = make
        self._every = every
        self._passed: deque[tuple[Image, Box]] = deque(maxlen=length + 1)
        self._since = 0
        self._tracker: Tracker | None = None

    def trust(self, image: Image, box: Box) -> None:
        """Remember `box` as the place to come back to."""
        self._passed.clear()
        self._passed.append((image, box))
        self._since = 0

    def about(self, image: Image, box: Box) -> float | None:
        """Overlap after the trip with the box it set out for; None between trips."""
        self._passed.append((image, box))
        self._since += 1
        if self._since % self._every or len(self._passed) < 2:
            return None
        if self._tracker is None:
            self._tracker = self._make()
        way = list(self._passed)[-2::-1]
        self._tracker.init(image, box)
        arrived = box
        for passed, _ in way:
            arrived = self._tracker.update(passed).box
        return iou(arrived, way[-1][1])
