"""The recording of a run, written while it runs."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from core.engine.plan import RunPlan
from core.engine.runner import FrameResult, RunEnd
from core.recording.recorder import RecordingState
from core.recording.run_recorder import RecordTo, RunRecorder
from core.session import Session
from core.trackers.base import Services

__all__ = ["RecordTo", "RecordingOutput"]


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
        self._plan, self._services = plan, services
        self._told = False
        self._track = session.store.current.track(plan.run.track_id)
        self._recorder = RunRecorder(target, session.video, plan.run.tracker)

    def __enter__(self) -> Self:
        self._recorder.begin(self._plan, self._services, self._track)
        return self

    def take(self, item: FrameResult) -> None:
        """Record one frame.

        Raises
        ------
        StorageError
            If the file cannot be written any more: the recording is what the run is for.
        """
        self._recorder.take(item)
        error = self._recorder.error
        if error is not None:
            self._told = True
            raise error

    def ended(self, end: RunEnd) -> None:
        """Note how the run ended."""
        self._recorder.ended(end)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state = self._recorder.close()
        for line in _remarks(state):
            print(f"boxtrail: {line}", file=sys.stderr)
        if state.error is not None and kind is None and not self._told:
            raise state.error


def _remarks(state: RecordingState) -> list[str]:
    remarks = []
    if state.left_out:
        remarks.append(
            f"the disk was too slow: {state.left_out} frames were recorded without their maps."
        )
    if state.unusable:
        remarks.append(f"{state.unusable} maps could not be recorded (values not finite).")
    return remarks
