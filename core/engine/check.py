"""Checking boxes that were tracked: somebody else goes over them once more.

A check walks from a trusted box (one that a person entered or confirmed) along the
tracked ones and asks opinions (:mod:`core.alarms.opinion`) about each; at every further
trusted box they start anew. What was tracked before the first trusted box is walked
backwards. An answer holds for the frames since the one before it. Boxes, scores and
states stay as they are; only the alarm bits of the opinions asked are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from core import weights
from core.alarms.kinds import Alarm
from core.alarms.opinion import Maker, Opinion, SecondTracker
from core.alarms.thresholds import FALLBACK, Calibration, Checkers, calibration
from core.document.document import Document, Run
from core.document.track import Columns, Track
from core.engine.control import Control
from core.errors import TrackerError
from core.geometry import Box
from core.states import Flag, Source
from core.trackers import registry
from core.trackers.base import Services
from core.video.source import VideoSource

SPREAD = 2
"""Frames to each side that a doubt takes in."""

Progress = Callable[[int], None]
"""Told how many frames are done."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Frames to walk: from the trusted box on `first` to the tracked one on `last`."""

    first: int
    last: int

    @property
    def step(self) -> int:
        return 1 if self.last >= self.first else -1

    @property
    def frames(self) -> int:
        """How many frames it has, both ends included."""
        return abs(self.last - self.first) + 1


@dataclass(frozen=True, slots=True)
class Checked:
    """What was heard: overlaps per frame and alarm; frames nobody spoke of are missing.

    `asked` are the boxes as they were then: what was moved meanwhile was not checked.
    """

    track_id: int
    asked: Columns
    heard: Mapping[Alarm, Mapping[int, float]]
    finished: bool = True

    @property
    def frames(self) -> int:
        """Of how many frames anything was said."""
        return len({frame for answers in self.heard.values() for frame in answers})


def legs(track: Track, start: int | None = None, known: Columns | None = None) -> list[Leg]:
    """The way of a check over a track.

    Parameters
    ----------
    start
        Begin at the last trusted box on or before this frame; None: check everything.
    known
        What earlier checks left (:func:`answered`). If any other tracked box is there, only
        those are walked to, each from the trusted box before it, and `start` is not used.

    Raises
    ------
    TrackerError
        If there is no trusted box to begin at, or no tracked one to check.
    """
    columns = track.columns
    tracked = columns.frames[_tracked(columns)]
    trusted = columns.frames[_trusted(columns)]
    if not len(tracked):
        raise TrackerError(
            f"“{track.title}” has no tracked boxes to check.",
            "Track it, then check what was found.",
        )
    if not len(trusted):
        raise TrackerError(
            f"No box of “{track.title}” is yours.", "Accept or correct one that is right first."
        )
    if known is not None:
        ways = _to(columns.frames[_unknown(columns, known)], trusted)
        if ways:
            return ways
    before = trusted[trusted <= start] if start is not None else trusted[:0]
    begin = int(before[-1]) if len(before) else int(trusted[0])
    ways = []
    if tracked[-1] > begin:
        ways.append(Leg(begin, int(tracked[-1])))
    if tracked[0] < trusted[0] and not len(before):
        ways.append(Leg(int(trusted[0]), int(tracked[0])))
    if not ways:
        raise TrackerError(
            "Nothing was tracked after this box.", "Go to a box before the ones to be checked."
        )
    return ways


def check(
    track: Track,
    ways: Sequence[Leg],
    video: VideoSource,
    opinions: Sequence[Opinion],
    control: Control,
    progress: Progress = lambda _: None,
) -> Checked:
    """Walk the ways and ask; runs on the calling thread until done or cancelled.

    Raises
    ------
    BoxtrailError
        If a tracker that is asked cannot run.
    """
    heard: dict[Alarm, dict[int, float]] = {opinion.alarm: {} for opinion in opinions}
    done = 0
    with torch.inference_mode():
        for way in ways:
            walk = _Walk(track, opinions, heard)
            for frame in video.frames(way.first, way.last + way.step, way.step):
                if not control.wait():
                    return Checked(track.id, track.columns, _frozen(heard), finished=False)
                walk.on(frame.index, frame.image)
                done += 1
                progress(done)
    return Checked(track.id, track.columns, _frozen(heard))


def with_check(track: Track, checked: Checked, limits: Mapping[Alarm, float]) -> Track:
    """The track with the bits of what was heard: set below the limit, else cleared.

    A doubt takes in the frames next to it (:func:`around`).
    """
    columns = track.columns
    bits = columns.alarms.copy()
    machine = _tracked(columns) & _same_boxes(columns, checked.asked)
    for alarm, answers in checked.heard.items():
        lowest = _lowest_around(answers)
        for row in np.flatnonzero(machine & np.isin(columns.frames, list(answers))):
            doubted = lowest[int(columns.frames[row])] < limits[alarm]
            bits[row] = bits[row] | np.uint16(alarm) if doubted else bits[row] & ~np.uint16(alarm)
    bits.setflags(write=False)
    return replace(track, columns=replace(columns, alarms=bits))


def around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each frame ``(N,)`` the lowest value within :data:`SPREAD` frames.

    Errors outlast their plainest frame: where two trackers begin to part, the first boxes
    that are wrong differ least.
    """
    padded = np.pad(values, SPREAD, constant_values=np.inf)
    rows = [padded[k : k + len(values)] for k in range(2 * SPREAD + 1)]
    return np.min(rows, axis=0)


def _lowest_around(answers: Mapping[int, float]) -> dict[int, float]:
    """:func:`around` for answers by frame; frames nobody spoke of say nothing."""
    if not answers:
        return {}
    first, last = min(answers), max(answers)
    values = np.full(last - first + 1, np.inf)
    for frame, value in answers.items():
        values[frame - first] = value
    lowest = around(values)
    return {frame: float(lowest[frame - first]) for frame in answers}


def answered(track: Track, checked: Checked) -> Columns:
    """The boxes that were asked about, as :func:`with_check` left them in `track`."""
    columns = track.columns
    frames = [frame for answers in checked.heard.values() for frame in answers]
    mask = _tracked(columns) & _same_boxes(columns, checked.asked)
    return columns.select(mask & np.isin(columns.frames, frames))


def run_of(document: Document, track: Track) -> Run | None:
    """The run that made most of a track's boxes; None where nobody knows it."""
    runs = track.columns.runs[_tracked(track.columns)]
    numbers, counts = np.unique(runs, return_counts=True)
    return document.run(int(numbers[np.argmax(counts)])) if len(numbers) else None


def judge_of(document: Document, track: Track) -> Calibration:
    """The calibration of the tracker that made most of a track's boxes."""
    run = run_of(document, track)
    return calibration(run.tracker if run is not None else FALLBACK)


def checkers_of(known: Calibration, services: Services, *, thorough: bool) -> Checkers:
    """Who is to check: two trackers or one; one also where the second lacks its weights."""
    if thorough and not any(
        weights.missing(registry.find(key).weights, services.weights)
        for key in known.thorough.trackers
    ):
        return known.thorough
    return known.quick


def second_tracker(keys: Sequence[str], services: Services) -> SecondTracker:
    """The opinion of the trackers `keys` with their default parameters.

    Raises
    ------
    TrackerError
        If one is unknown.
    WeightsError
        When asked: if one's weights are missing.
    """
    return SecondTracker(*(_maker(key, services) for key in keys))


def _maker(key: str, services: Services) -> Maker:
    spec = registry.find(key)
    return lambda: spec.create({}, services)


class _Walk:
    """One way: who trusts what, and for which frames an answer holds."""

    def __init__(
        self, track: Track, opinions: Sequence[Opinion], heard: dict[Alarm, dict[int, float]]
    ) -> None:
        self._track = track
        self._opinions = opinions
        self._heard = heard
        self._trusting = False
        self._open: dict[Alarm, list[int]] = {opinion.alarm: [] for opinion in opinions}

    def on(self, frame: int, image: NDArray[np.uint8]) -> None:
        key = self._track.at(frame)
        if key is None or key.is_absent or key.source == Source.INTERPOLATED:
            self._trusting = False
        elif key.is_protected:
            self._restart(image, key.box)
        elif self._trusting:
            self._ask(frame, image, key.box)

    def _restart(self, image: NDArray[np.uint8], box: Box) -> None:
        for opinion in self._opinions:
            opinion.trust(image, box)
            self._open[opinion.alarm] = []
        self._trusting = True

    def _ask(self, frame: int, image: NDArray[np.uint8], box: Box) -> None:
        for opinion in self._opinions:
            waiting = self._open[opinion.alarm]
            waiting.append(frame)
            answer = opinion.about(image, box)
            if answer is not None:
                self._heard[opinion.alarm].update(dict.fromkeys(waiting, answer))
                waiting.clear()


def _tracked(columns: Columns) -> NDArray[np.bool_]:
    absent = (columns.flags & np.uint8(Flag.ABSENT)) != 0
    return (columns.sources == Source.TRACKED) & ~columns.protected() & ~absent


def _trusted(columns: Columns) -> NDArray[np.bool_]:
    return columns.protected() & ((columns.flags & np.uint8(Flag.ABSENT)) == 0)


def _unknown(columns: Columns, known: Columns) -> NDArray[np.bool_]:
    """Mask ``(N,)`` of the tracked boxes that are not as a check left them."""
    _, rows, others = np.intersect1d(columns.frames, known.frames, return_indices=True)
    heard = np.uint16(Alarm.SECOND | Alarm.ROUND_TRIP)  # what undoing a check takes away
    same = np.zeros(len(columns), dtype=bool)
    same[rows] = (columns.boxes[rows] == known.boxes[others]).all(axis=1) & (
        (columns.alarms[rows] & heard) == (known.alarms[others] & heard)
    )
    return _tracked(columns) & ~same


def _to(frames: NDArray[np.int32], trusted: NDArray[np.int32]) -> list[Leg]:
    """The ways from trusted boxes to all of `frames` and no further; both are sorted."""
    ways: list[Leg] = []
    number = np.searchsorted(trusted, frames)
    for k in np.unique(number[number > 0]):
        first, last = int(trusted[k - 1]), int(frames[number == k][-1])
        if ways and ways[-1].last == first - 1:
            first = ways.pop().first
        ways.append(Leg(first, last))
    if len(frames) and number[0] == 0:
        ways.append(Leg(int(trusted[0]), int(frames[0])))
    return ways


def _same_boxes(now: Columns, then: Columns) -> NDArray[np.bool_]:
    """Mask ``(N,)`` of the rows of `now` whose box is in `then` on the same frame."""
    _, rows, others = np.intersect1d(now.frames, then.frames, return_indices=True)
    same = np.zeros(len(now), dtype=bool)
    same[rows] = (now.boxes[rows] == then.boxes[others]).all(axis=1)
    return same


def _frozen(heard: dict[Alarm, dict[int, float]]) -> Mapping[Alarm, Mapping[int, float]]:
    return MappingProxyType({alarm: MappingProxyType(a) for alarm, a in heard.items()})
