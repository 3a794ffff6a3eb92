"""Running a tracker over a sequence by a benchmark's protocol, and measuring it.

``ope`` starts on the first true box and follows to the end without help; ``tre`` and ``sre``
do that from 20 frames and 12 perturbed boxes (:mod:`core.evaluate.restarts`); ``vot`` starts
anew five frames after each failure (:mod:`core.evaluate.resets`). The tracker runs in the
product's own loop (:func:`core.engine.runner.run`), so what is measured is what people get. Only
its own time counts: decoding and the start are left out. A frame that cannot be read
keeps the last box, as if nothing was seen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core import device as devices
from core.engine.control import Control
from core.engine.runner import FrameResult, Start, run
from core.errors import DatasetError, FrameUnavailable
from core.evaluate.conventions import BOXTRAIL, convention
from core.evaluate.evidence import Evidence
from core.evaluate.metrics import Measured, Part, measure_parts, present
from core.evaluate.restarts import SHIFTS, perturbed, temporal_starts
from core.evaluate.sequences import BenchmarkSequence
from core.evaluate.supervised import Counting
from core.evaluate.trajectory import Trajectory
from core.geometry import Box
from core.trackers import registry
from core.trackers.base import ResponseMap, Services, Tracker
from core.video.images import read_image
from core.video.open import open_source
from core.video.source import Frame

Tick = Callable[[int], None]
"""Told how many more frames are done."""

Protocol = Literal["ope", "tre", "sre", "vot"]
PROTOCOLS: tuple[Protocol, ...] = ("ope", "tre", "sre", "vot")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on besides the sequence; the same settings give the same boxes.

    `weights` are files taken instead of the installed ones, by key. With `repetitions` above 1
    every run is repeated with the next seed, and no more once two are equal. `metrics` names
    a :class:`~core.evaluate.conventions.Convention`; `year`, `counting`, `overlap` and
    `upright` (true polygons become boxes) matter for ``vot`` alone. With `maps` the tracker's
    first map is made on every frame, and kept where it begins to fail; that takes some time.
    """

    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    device: str = "cpu"
    threads: int = 1
    seed: int = 0
    weights: Mapping[str, Path] = field(default_factory=dict)
    protocol: Protocol = "ope"
    repetitions: int = 1
    metrics: str = BOXTRAIL.name
    year: int = 2018
    counting: Counting = "toolkit"
    overlap: str = ""
    upright: bool = False
    maps: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SequenceRun:
    """A tracker's way through one sequence.

    `boxes` is ``(N, 4)`` with NaN rows before the start; `seconds` ``(M,)`` the tracker's
    time per tracked frame. Where a protocol has several runs these are those of the first
    and `parts` has all of them; `trajectories` are those of ``vot``. `words` are the
    tracker's own reasons by frame of the first run, `scores` ``(N,)`` its own scores (empty
    where unknown), `maps` those kept by frame; `size` is the frames' (width, height).
    """

    tracker: str
    key: str
    boxes: NDArray[np.float64]
    seconds: NDArray[np.float64]
    init_seconds: float
    wall_seconds: float
    measured: Measured
    parts: tuple[Part, ...] = ()
    trajectories: tuple[Trajectory, ...] = ()
    words: Mapping[int, str] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    scores: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    maps: Mapping[int, ResponseMap] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One run from a start to the end: boxes, times, frame size, and what the tracker said."""

    part: Part
    seconds: NDArray[np.float64]
    init_seconds: float
    size: tuple[int, int]
    words: Mapping[int, str]
    evidence: Evidence


def evaluate_sequence(
    sequence: BenchmarkSequence, tracker: str, settings: Settings, tick: Tick | None = None
) -> SequenceRun:
    """Run `tracker` over `sequence` by the protocol of `settings` and measure it.

    Raises
    ------
    BoxtrailError
        If the sequence cannot be read or the tracker fails on the way.
    """
    if settings.protocol == "vot":
        from core.evaluate.resets import evaluate_with_resets  # it needs this module

        return evaluate_with_resets(sequence, tracker, settings, tick)
    began = time.perf_counter()
    passes = repeated(
        settings.repetitions,
        lambda k: _passes(sequence, created(tracker, settings, k), settings.protocol, tick),
        _equal,
    )
    done = [one for repetition in passes for one in repetition]
    seconds = np.concatenate([one.seconds for one in done])
    measured = measure_parts(
        [one.part for one in done],
        size=done[0].size,
        seconds=seconds,
        convention=convention(settings.metrics),
    )
    first = done[0]
    return SequenceRun(
        tracker,
        sequence.key,
        first.part.boxes,
        first.seconds if len(done) == 1 else seconds,
        first.init_seconds,
        time.perf_counter() - began,
        measured,
        tuple(one.part for one in done),
        words=first.words,
        size=first.size,
        scores=first.evidence.scores,
        maps=first.evidence.maps,
    )


def repeated(count: int, one: Callable[[int], Any], same: Callable[[Any, Any], bool]) -> list[Any]:
    """Results of ``one(0)``, ``one(1)``, …; just the first if the second equals it."""
    results = [one(0)]
    for k in range(1, count):
        results.append(one(k))
        if k == 1 and same(results[0], results[1]):
            return results[:1]
    return results


def created(tracker: str, settings: Settings, repetition: int) -> Tracker:
    """A new tracker; each repetition has its own seed."""
    spec = registry.find(tracker)
    services = Services(
        devices.choose(settings.device), settings.seed + repetition, settings.weights
    )
    made = spec.create(settings.params.get(tracker), services)
    if settings.maps and spec.primary_map:
        made.want_maps = frozenset({spec.primary_map})
    return made


def _equal(a: list[Pass], b: list[Pass]) -> bool:
    return all(
        np.array_equal(p.part.boxes, q.part.boxes, equal_nan=True)
        for p, q in zip(a, b, strict=True)
    )


def _passes(
    sequence: BenchmarkSequence, tracker: Tracker, protocol: Protocol, tick: Tick | None
) -> list[Pass]:
    first = int(np.argmax(present(sequence.boxes)))
    if protocol == "tre":
        starts = temporal_starts(sequence.boxes) or [first]
        return [_pass(sequence, tracker, k, "", f"start {k}", tick) for k in starts]
    if protocol == "sre":
        return [_pass(sequence, tracker, first, kind, kind, tick) for kind in SHIFTS]
    return [_pass(sequence, tracker, first, "", "", tick)]


def _pass(
    sequence: BenchmarkSequence,
    tracker: Tracker,
    init: int,
    shift: str,
    name: str,
    tick: Tick | None,
) -> Pass:
    collected = _Collected(sequence.boxes, tick)
    box = Box(*(float(v) for v in sequence.boxes[init]))
    pictures = frames(sequence, init)
    if shift:
        pictures, (width, height) = peeked(pictures)
        box = perturbed(box, shift, width, height)
    end = run(0, pictures, tracker, Start(init, box), Control(), (collected.take,))
    if end.error is not None:
        raise end.error
    given = sequence.boxes[init] if not shift else np.array(box.as_tuple())
    boxes = collected.filled(init, given)
    return Pass(
        Part(boxes, sequence.boxes, init, name),
        np.array(collected.seconds),
        collected.init_seconds,
        collected.size,
        collected.words,
        collected.evidence,
    )


def peeked(pictures: Iterator[Frame]) -> tuple[Iterator[Frame], tuple[int, int]]:
    """The same frames, and the ``(width, height)`` of the first.

    Raises
    ------
    FrameUnavailable
        If there is none.
    """
    first = next(pictures, None)
    if first is None:
        raise FrameUnavailable("No frame of the sequence can be read.", "Check the pictures.")
    height, width = first.image.shape[:2]

    def again() -> Iterator[Frame]:
        with contextlib.closing(pictures) as rest:  # type: ignore[type-var]
            yield first
            yield from rest

    return again(), (width, height)


class _Collected:
    """The sink: boxes by frame, times, and the size of the pictures."""

    def __init__(self, truth: NDArray[np.float64], tick: Tick | None) -> None:
        self.boxes = np.full((len(truth), 4), np.nan)
        self.evidence = Evidence(truth)
        self.seconds: list[float] = []
        self.init_seconds = 0.0
        self.size = (0, 0)
        self.words: dict[int, str] = {}
        self._tick = tick

    def take(self, item: FrameResult) -> None:
        self.boxes[item.frame.index] = item.result.box.as_tuple()
        self.evidence.take(item)
        if item.result.reason:
            self.words[item.frame.index] = item.result.reason
        if item.is_seed:
            self.init_seconds = item.seconds
            height, width = item.frame.image.shape[:2]
            self.size = (width, height)
        else:
            self.seconds.append(item.seconds)
        if self._tick is not None:
            self._tick(1)

    def filled(self, init: int, truth: NDArray[np.float64]) -> NDArray[np.float64]:
        """All boxes from the start on: the true one there, the last one where none came."""
        boxes = self.boxes.copy()
        boxes[init] = truth
        for k in range(init + 1, len(boxes)):
            if np.isnan(boxes[k, 0]):
                boxes[k] = boxes[k - 1]
        return boxes


def frames(sequence: BenchmarkSequence, start: int) -> Iterator[Frame]:
    """Frames of `sequence` from `start` on; those that cannot be read are left out.

    Raises
    ------
    BoxtrailError
        If the clip is missing, or shorter than its boxes.
    """
    if sequence.video is None:
        yield from _picture_frames(sequence, start)
        return
    source = open_source(sequence.video)
    with contextlib.closing(source):
        source.wait_ready()
        if source.info.frame_count < len(sequence):
            raise DatasetError(
                f"“{sequence.video.name}” has {source.info.frame_count} frames, "
                f"but there are {len(sequence)} boxes.",
                "Is the download complete?",
            )
        yield from source.frames(start, len(sequence))


def _picture_frames(sequence: BenchmarkSequence, start: int) -> Iterator[Frame]:
    for index in range(start, len(sequence)):
        path = sequence.pictures[index]
        if not path.is_file():
            raise DatasetError(
                f"The picture “{path.name}” of {sequence.key} is missing.",
                "Is the download complete?",
                str(path),
            )
        try:
            yield Frame(index, float(index), read_image(path))
        except FrameUnavailable:
            continue  # a gap, as everywhere in the product
