"""VOT's supervised protocol: after a failure the tracker starts anew five frames later.

A failure is an overlap with the true region of nothing. The tracker starts on the smallest upright
box around the region, as the toolkit gives it to trackers of boxes (Kristan et al., VOT2015 ff.).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.engine.control import Control
from core.engine.runner import FrameResult, Start, run
from core.errors import DatasetError
from core.evaluate.evidence import Evidence
from core.evaluate.metrics import Measured
from core.evaluate.protocol import SequenceRun, Settings, Tick, created, frames, peeked, repeated
from core.evaluate.regions import OVERLAPS, Region, upright
from core.evaluate.sequences import BenchmarkSequence
from core.evaluate.supervised import SKIP, Judged, judge, summarize
from core.evaluate.trajectory import FAILED, SKIPPED, STARTED, State, Trajectory
from core.geometry import Box
from core.trackers.base import Tracker


def evaluate_with_resets(
    sequence: BenchmarkSequence, tracker: str, settings: Settings, tick: Tick | None = None
) -> SequenceRun:
    """Run `tracker` over `sequence` with resets and measure it.

    Raises
    ------
    BoxtrailError
        If the sequence cannot be read or the tracker fails to run.
    """
    began = time.perf_counter()
    truth = true_regions(sequence, as_boxes=settings.upright)
    runs = repeated(
        settings.repetitions,
        lambda k: _Resets(sequence, truth, created(tracker, settings, k), tick).run(),
        lambda a, b: a.trajectory.text() == b.trajectory.text(),
    )
    trajectories = tuple(one.trajectory for one in runs)
    seconds = np.array([v for one in runs for v in one.seconds])
    measured = measure_trajectories(trajectories, truth, runs[0].size, settings, seconds)
    return SequenceRun(
        tracker,
        sequence.key,
        _boxes(trajectories[0]),
        seconds,
        runs[0].init_seconds,
        time.perf_counter() - began,
        measured,
        trajectories=trajectories,
        words=runs[0].words,
        size=runs[0].size,
        scores=runs[0].evidence.scores,
        maps=runs[0].evidence.maps,
    )


def true_regions(sequence: BenchmarkSequence, *, as_boxes: bool) -> list[Region]:
    """A region per frame: the polygons where there are any, else (or `as_boxes`) boxes."""
    if as_boxes or not sequence.regions:
        return list(sequence.boxes)
    return list(sequence.regions)


def measure_trajectories(
    trajectories: Sequence[Trajectory],
    truth: Sequence[Region],
    size: tuple[int, int],
    settings: Settings,
    seconds: NDArray[np.float64],
) -> Measured:
    """The scores of one sequence; `details` has what is needed to pool sequences.

    Raises
    ------
    DatasetError
        If numbers of frames differ or a setting has no meaning.
    """
    judged = [judge(t, truth, size, settings.counting, settings.overlap) for t in trajectories]
    speed = len(seconds) / float(seconds.sum()) if len(seconds) else float("nan")
    scores = summarize([judged], settings.year, settings.counting, [speed])
    return Measured(scores, {"repetitions": [_plain(j) for j in judged]})


def _plain(judged: Judged) -> dict[str, list[float] | list[int]]:
    plain: dict[str, list[float] | list[int]] = {
        "overlaps": [round(float(v), 8) for v in judged.overlaps],
        "starts": list(judged.starts),
        "failures": list(judged.failures),
        "skipped": list(judged.skipped),
    }
    if judged.eao_overlaps is not judged.overlaps:
        plain["eao_overlaps"] = [round(float(v), 8) for v in judged.eao_overlaps]
    return plain


def _boxes(trajectory: Trajectory) -> NDArray[np.float64]:
    none = np.full(4, np.nan)
    return np.stack([none if isinstance(s, int) else upright(s) for s in trajectory.states])


class _Resets:
    """One repetition: runs until a failure, skips, starts again."""

    def __init__(
        self,
        sequence: BenchmarkSequence,
        truth: Sequence[Region],
        tracker: Tracker,
        tick: Tick | None,
    ) -> None:
        self.seconds: list[float] = []
        self.init_seconds = 0.0
        self.size = (0, 0)
        self.words: dict[int, str] = {}
        # Here a failure is no overlap at all: which frames have one is known in `_take`.
        self.evidence = Evidence(np.full((len(truth), 4), np.nan))
        self._sequence, self._truth = sequence, truth
        self._tracker, self._tick = tracker, tick
        self._states: list[State] = [SKIPPED] * len(truth)
        self._control = Control()
        self._failed = -1

    @property
    def trajectory(self) -> Trajectory:
        return Trajectory(tuple(self._states))

    def run(self) -> _Resets:
        frame = self._start_from(0)
        if frame != 0:
            raise DatasetError(
                f"The first frame of {self._sequence.key} has no true box.",
                "The VOT protocol needs one; use --protocol ope.",
            )
        while frame is not None:
            self._until_failure(frame)
            frame = self._start_from(self._failed + SKIP) if self._failed >= 0 else None
        return self

    def _start_from(self, frame: int) -> int | None:
        for k in range(frame, len(self._truth)):
            if np.isfinite(self._truth[k]).all():
                return k
        return None

    def _until_failure(self, start: int) -> None:
        self._failed, self._control = -1, Control()
        pictures, self.size = peeked(frames(self._sequence, start))
        box = Box(*(float(v) for v in upright(self._truth[start])))
        end = run(0, pictures, self._tracker, Start(start, box), self._control, (self._take,))
        if end.error is not None:
            raise end.error
        last = len(self._truth) if self._failed < 0 else self._failed
        for k in range(start + 1, last):  # unreadable frames keep the last box
            if self._states[k] is SKIPPED and not isinstance(self._states[k - 1], int):
                self._states[k] = self._states[k - 1]

    def _take(self, item: FrameResult) -> None:
        k = item.frame.index
        if self._tick is not None:
            self._tick(1)
        if item.is_seed:
            self._states[k] = STARTED
            self.init_seconds = self.init_seconds or item.seconds
            return
        self.seconds.append(item.seconds)
        self.evidence.take(item)
        if item.result.reason:
            self.words[k] = item.result.reason
        region = np.array(item.result.box.as_tuple(), dtype=np.float64)
        truth = self._truth[k]
        if np.isfinite(truth).all() and OVERLAPS["toolkit"](region, truth, self.size) <= 0:
            self._states[k], self._failed = FAILED, k
            self.evidence.keep(item)
            self._control.cancel()
        else:
            self._states[k] = region
