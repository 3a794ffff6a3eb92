"""The tracking loop: frames in, results to sinks, under control.

Runs on whatever thread calls it; knows no Qt. The order per frame is fixed: wait
for permission → take tuning and map wishes → track → sinks. A frame that cannot
be read is skipped by the source and shows as a gap, never as a guess.
"""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch

from core import params as parameters
from core.alarms.stop import Stopper, StopRule
from core.alarms.watcher import Verdict
from core.engine.control import Control
from core.engine.run_buffer import Row, RunBuffer
from core.errors import BoxtrailError, DeviceError, FrameUnavailable, TrackerError
from core.geometry import Box
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import Image, Tracker, TrackResult
from core.video.source import Frame


class EndReason(enum.StrEnum):
    """Why a run ended."""

    FINISHED = "finished"
    UNSURE = "unsure"  # a run until unsure found its end
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FrameResult:
    """One tracked frame. `seconds` is the tracker's time, without decoding.

    `result` carries the state and reason of the `verdict`, where the run is watched.
    """

    run_id: int
    frame: Frame
    result: TrackResult
    seconds: float
    is_seed: bool = False
    verdict: Verdict = Verdict()  # noqa: RUF009  (immutable)


class Judge(Protocol):
    """Who judges frames, in order of tracking; the first one is the seed."""

    def see(self, image: Image, result: TrackResult) -> Verdict:
        """Judge the next frame: its picture and the tracker's word."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """Who judges the frames of a run, and when it stops by itself (`rule` None: never)."""

    watcher: Judge
    rule: StopRule | None = None


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: frames done (without the seed), wall seconds, error if any.

    `doubtful_from` is the first frame of the doubt in which the run ended, None without.
    """

    run_id: int
    reason: EndReason
    frames: int
    seconds: float
    error: BoxtrailError | None = None
    doubtful_from: int | None = None


Sink = Callable[[FrameResult], None]


@dataclass(frozen=True, slots=True)
class Start:
    """How the first frame is taken.

    With ``NEW_TEMPLATE`` the tracker is initialised on `box` at `frame`; the other
    policies call `Tracker.correct`, so the tracker must have been running. With
    `resumes` the tracker is in the state after `frame`, where it said `box` itself: it is
    not told anything and goes on as if it had never stopped.
    """

    frame: int
    box: Box
    policy: CorrectionPolicy = CorrectionPolicy.NEW_TEMPLATE
    resumes: bool = False


def into(buffer: RunBuffer) -> Sink:
    """A sink that appends to `buffer`, dropping pixels and maps."""

    def sink(item: FrameResult) -> None:
        r = item.result
        buffer.append(
            Row(
                item.frame.index,
                r.box,
                r.score,
                r.state,
                r.reason,
                r.scalars,
                item.seconds,
                item.is_seed,
                item.verdict.alarms,
                item.verdict.doubt,
                r.timings,
            )
        )

    return sink


def run(
    run_id: int,
    frames: Iterable[Frame],
    tracker: Tracker,
    start: Start,
    control: Control,
    sinks: Sequence[Sink],
    watch: Watch | None = None,
) -> RunEnd:
    """Track through `frames`; the first one is the seed frame.

    Parameters
    ----------
    frames
        In the order to track, forwards or backwards.
    tracker
        New, or (for the policies that keep a template) the one to correct.
    sinks
        Called for every frame in order; an exception from one ends the run.
    watch
        Judges every frame, and ends the run where its rule says so; without one the
        tracker's own word stands.

    Returns
    -------
    RunEnd
        Never raises for expected errors (:class:`BoxtrailError`): they are in `error`,
        and everything tracked before them has been delivered.
    """
    began = time.perf_counter()
    done = -1  # the seed frame is not counted
    stopper = Stopper(watch.rule if watch and watch.rule else StopRule())

    def end(reason: EndReason, error: BoxtrailError | None = None) -> RunEnd:
        wall = time.perf_counter() - began
        return RunEnd(run_id, reason, max(done, 0), wall, error, stopper.first_doubtful)

    try:
        with torch.inference_mode(), _reading(frames):
            for frame in frames:
                if not control.wait():
                    return end(EndReason.CANCELLED)
                _apply_wishes(tracker, control)
                seed = done < 0
                tick = time.perf_counter()
                result = _first(tracker, frame, start) if seed else tracker.update(frame.image)
                item = FrameResult(run_id, frame, result, time.perf_counter() - tick, seed)
                _refuse_nonsense(item)
                item = _judged(item, watch)
                for sink in sinks:
                    sink(item)
                done += 1
                enough = stopper.should_stop(frame.index, item.result.state)
                if enough and watch and watch.rule:
                    return end(EndReason.UNSURE)
    except BoxtrailError as error:
        return end(EndReason.FAILED, error)
    except torch.OutOfMemoryError as error:
        return end(EndReason.FAILED, _out_of_memory(error))
    if control.cancelled:
        return end(EndReason.CANCELLED)
    return end(EndReason.FAILED, _no_seed(start)) if done < 0 else end(EndReason.FINISHED)


@contextlib.contextmanager
def _reading(frames: Iterable[Frame]) -> Iterator[None]:
    # A source reads ahead on a thread: end that with the run, not with the garbage.
    try:
        yield
    finally:
        close = getattr(frames, "close", None)
        if close is not None:
            close()


def _no_seed(start: Start) -> FrameUnavailable:
    return FrameUnavailable(
        f"Frame {start.frame}, where tracking should start, cannot be read.",
        "Draw the box on a neighbouring frame.",
    )


def _out_of_memory(error: torch.OutOfMemoryError) -> DeviceError:
    return DeviceError(
        "The graphics card ran out of memory.",
        "Close other programs that use it, or choose the device “cpu”.",
        str(error),
    )


def _refuse_nonsense(item: FrameResult) -> None:
    # A defect in a tracker must not reach the document, where such a box cannot be saved.
    if not item.result.box.is_finite():
        raise TrackerError(
            f"On frame {item.frame.index} the tracker gave a box that is not a number.",
            "Start again from a box on this frame.",
        )


def _judged(item: FrameResult, watch: Watch | None) -> FrameResult:
    if watch is None:
        return item
    verdict = watch.watcher.see(item.frame.image, item.result)
    if item.is_seed:
        return item
    result = replace(item.result, state=verdict.state, reason=verdict.reason)
    return replace(item, result=result, verdict=verdict)


def _first(tracker: Tracker, frame: Frame, start: Start) -> TrackResult:
    if frame.index != start.frame:
        raise _no_seed(start)
    if start.resumes:
        return TrackResult(start.box, 1.0, TargetState.TRACKING)
    if start.policy is CorrectionPolicy.NEW_TEMPLATE:
        return tracker.init(frame.image, start.box)
    return tracker.correct(frame.image, start.box, start.policy)


def _apply_wishes(tracker: Tracker, control: Control) -> None:
    keys = control.take_want_maps()
    if keys is not None:
        tracker.want_maps = keys
    values = control.take_tuning()
    if values:
        tracker.tune(parameters.with_values(tracker.params, values))
