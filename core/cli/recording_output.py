"""The recording of a run, written while it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from core.engine.plan import RunPlan
from core.engine.runner import FrameResult, RunEnd
from core.recording import about
from core.recording.coding import Precision
from core.recording.recorder import Recorder, RecordingState, WhenFull
from core.session import Session
from core.trackers import registry
from core.trackers.base import MapInfo, Services


@dataclass(frozen=True, slots=True)
class RecordTo:
    """Where to record, and how. `wanted` is as in `Tracker.want_maps`."""

    path: Path
    wanted: frozenset[str]
    precision: Precision = Precision.COMPACT
    when_full: WhenFull = WhenFull.WAIT


class RecordingOutput:
    """A context manager whose `take` is a sink of the run.

    What was tracked is in the file whatever ends the run. A run that found nothing beyond
    its first frame leaves no file.

    Raises
    ------
    StorageError
        At the end, if the file could not be written and the run went on without it.
    """

    def __init__(
        self, target: RecordTo, session: Session, plan: RunPlan, services: Services
    ) -> None:
        title = session.store.current.track(plan.run.track_id).title
        self._begin = about.run_started(plan, services, target.wanted, title=title)
        self._recorder = Recorder(
            target.path,
            about.started(session.video.info),
            _known_maps(plan.run.tracker),
            precision=target.precision,
            when_full=target.when_full,
        )

    def __enter__(self) -> Self:
        self._recorder.__enter__()
        self._recorder.note(self._begin)
        return self

    def take(self, item: FrameResult) -> None:
        """Record one frame."""
        self._recorder.take(item)

    def ended(self, end: RunEnd) -> None:
        """Note how the run ended."""
        self._recorder.note(about.run_ended(end))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._recorder.__exit__(kind, error, trace)
        state = self._recorder.state
        if state.error is None and 0 < state.written <= 1:
            self._recorder.path.unlink(missing_ok=True)
        for line in _remarks(state):
            print(f"boxtrail: {line}", file=sys.stderr)


def _known_maps(tracker: str) -> Sequence[MapInfo]:
    return registry.find(tracker).maps


def _remarks(state: RecordingState) -> list[str]:
    remarks = []
    if state.left_out:
        remarks.append(
            f"the disk was too slow: {state.left_out} frames were recorded without their maps."
        )
    if state.unusable:
        remarks.append(f"{state.unusable} maps could not be recorded (values not finite).")
    return remarks
