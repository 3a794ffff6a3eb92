"""Recording the runs on one object into one file, whatever happens to the disk.

What a front end needs between a run and the :class:`~core.recording.recorder.Recorder`:
only what was asked for is recorded, each run is announced and concluded in the log, and a
file that cannot be written any more ends the recording, never the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.document.track import Track
from core.engine.plan import RunPlan
from core.engine.runner import FrameResult, RunEnd
from core.errors import BoxtrailError, StorageError
from core.recording import about
from core.recording.coding import Precision, as_recorded
from core.recording.recorder import Recorder, RecordingState, WhenFull
from core.trackers import registry
from core.trackers.base import ALL_MAPS, EMPTY, ResponseMap, Services, TrackResult
from core.video.source import Access, VideoSource


@dataclass(frozen=True, slots=True)
class RecordTo:
    """Where to record, and how. `wanted` is as in `Tracker.want_maps`."""

    path: Path
    wanted: frozenset[str]
    precision: Precision = Precision.COMPACT
    when_full: WhenFull = WhenFull.WAIT


class RunRecorder:
    """Appends run after run of `tracker` to one file, until :meth:`close`.

    :meth:`begin`, :meth:`take` and :meth:`ended` are called on the run's thread and raise
    nothing that is expected; `state` may be read from any thread, its `error` says why
    nothing more is recorded.
    """

    def __init__(self, target: RecordTo, video: VideoSource, tracker: str) -> None:
        self.target = target
        self.tracker = tracker
        final = video.access is not Access.CHECKING
        self._refused: StorageError | None = None
        self._recorder = Recorder(
            target.path,
            about.started(video.info, final=final, beside=target.path),
            registry.find(tracker).maps,
            precision=target.precision,
            when_full=target.when_full,
        )
        self._recorder.__enter__()

    @property
    def path(self) -> Path:
        """The file."""
        return self.target.path

    @property
    def wanted(self) -> frozenset[str]:
        """What a tracker has to report for it, see `Tracker.want_maps`."""
        return self.target.wanted

    @property
    def error(self) -> StorageError | None:
        """Why nothing more is recorded; None while all is well."""
        return self._refused

    @property
    def state(self) -> RecordingState:
        """How it stands now."""
        state = self._recorder.state
        return state if self._refused is None else replace(state, error=self._refused)

    def as_recorded(self, response: ResponseMap) -> ResponseMap:
        """The map as the file will give it back: what is to be shown meanwhile."""
        return as_recorded(response, self.target.precision)

    def begin(self, plan: RunPlan, services: Services, track: Track | None = None) -> None:
        """A run on `track` begins; hashing its weights may take a moment."""
        try:
            self._recorder.note(about.run_started(plan, services, self.wanted, track))
        except BoxtrailError as error:
            text = f"“{self.path.name}” is not recorded: {error.message}"
            self._refused = StorageError(text, error.hint, error.details)

    def take(self, item: FrameResult) -> None:
        """Record one frame: a sink of the run."""
        if self.error is not None:
            return
        try:
            self._recorder.take(replace(item, result=only(item.result, self.wanted)))
        except StorageError as error:
            self._refused = error  # the run goes on without a recording

    def tuned(self, values: Mapping[str, Any]) -> None:
        """Live parameters changed; the next frame is tracked with `values`."""
        self._recorder.note(about.tuned(values))

    def ended(self, end: RunEnd) -> None:
        """Note how the run ended."""
        self._recorder.note(about.run_ended(end))

    def close(self) -> RecordingState:
        """Finish the file; one with nothing beyond a first frame is removed."""
        state = self._recorder.close()
        if state.error is None and 0 < state.written <= 1:
            self.path.unlink(missing_ok=True)
        return state if self._refused is None else replace(state, error=self._refused)


def only(result: TrackResult, wanted: frozenset[str]) -> TrackResult:
    """`result` without maps, patches and proposals that are not wanted."""
    if wanted >= ALL_MAPS:
        return result
    return replace(
        result,
        maps={key: found for key, found in result.maps.items() if key in wanted},
        patches=result.patches if "patches" in wanted else EMPTY,
        proposals=result.proposals if "proposals" in wanted else EMPTY,
    )
