"""One opened clip with its document: the façade that window and command line share.

A :class:`Session` owns the video, the document store and the states of trackers
that ran, so that a correction can continue from before the error. It starts no
threads: :meth:`Session.execute` runs on whatever thread calls it and touches the
document only through the value it returns; :meth:`Session.with_result` makes the
new document, which the caller puts into the store (with undo, or not).
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core import device as devices
from core import params as parameters
from core.document import project_file
from core.document.document import Document, Run, VideoRef
from core.document.store import Change, DocumentStore
from core.engine.checkpoints import Checkpoints
from core.engine.control import Control
from core.engine.run_buffer import RunBuffer
from core.engine.runner import FrameResult, RunEnd, Sink, Start, into, run
from core.errors import BoxError, TrackerError
from core.geometry import require_usable
from core.states import CorrectionPolicy
from core.trackers import registry
from core.trackers.base import Services, Tracker
from core.video.open import open_source
from core.video.source import VideoSource


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A run that can be executed: checked, complete, independent of later edits.

    `template` is the seed to initialise on first when the policy keeps the template
    and no running tracker is at hand. `stop` is exclusive, as in `range`.
    """

    run: Run
    start: Start
    stop: int
    step: int
    template: Start | None = None

    @property
    def total(self) -> int:
        """Number of frames to track, without the seed."""
        return max(len(range(self.start.frame, self.stop, self.step)) - 1, 0)


@dataclass(frozen=True, slots=True)
class _Ran:
    """A tracker that ran on a track, with the states it went through."""

    key: str
    params: Mapping[str, Any]
    step: int
    tracker: Tracker
    checkpoints: Checkpoints


class Session:
    """An open clip and everything said about it.

    Parameters
    ----------
    video
        The opened clip.
    document
        What was loaded, or a new document for this clip.
    project_path
        Where :meth:`save` writes; None until the first "save as".
    """

    def __init__(
        self, video: VideoSource, document: Document, project_path: Path | None = None
    ) -> None:
        self.video = video
        self.store = DocumentStore(document)
        self.project_path = project_path
        self._ran: dict[int, _Ran] = {}

    @classmethod
    def of_video(cls, path: Path) -> Session:
        """Open a video file or image sequence with an empty document.

        Raises
        ------
        VideoError
            If it cannot be opened.
        """
        video = open_source(path)
        return cls(video, Document(video_ref(video)))

    @classmethod
    def of_project(cls, path: Path, *, video_path: Path | None = None) -> Session:
        """Open a project and its clip (`video_path` when it has moved).

        Raises
        ------
        ProjectError
            If the project cannot be read or its video is not where it says.
        VideoError
            If the video cannot be opened.
        """
        document = project_file.load(path)
        found = video_path or project_file.locate_video(document, path)
        video = open_source(found)
        document = replace(document, video=video_ref(video))
        return cls(video, document, path)

    def close(self) -> None:
        """Release the video and the trackers' memory."""
        self._ran.clear()
        self.video.close()

    def save(self, path: Path | None = None) -> Path:
        """Write the project; `path` becomes the place for later saves.

        Raises
        ------
        StorageError
            If it cannot be written; the old file stays.
        """
        target = path or self.project_path
        if target is None:
            raise ValueError("the first save needs a path")
        project_file.save(self.store.current, target)
        self.project_path = target
        return target

    def plan(
        self,
        track_id: int,
        frame: int,
        tracker: str,
        *,
        stop: int | None = None,
        step: int = 1,
        params: Mapping[str, Any] | None = None,
        policy: CorrectionPolicy = CorrectionPolicy.NEW_TEMPLATE,
    ) -> RunPlan:
        """Check and describe a run of `tracker` from the box at `frame`.

        Parameters
        ----------
        stop
            First frame not to track (exclusive); None for the end of the clip
            in the direction of `step` (+1 or −1).
        params
            Values that differ from the tracker's defaults.

        Raises
        ------
        BoxError
            If the track has no usable box on `frame`.
        ParamError, TrackerError
            For wrong parameters or an unknown tracker.
        """
        document = self.store.current
        key = document.track(track_id).at(frame)
        if key is None or key.is_absent:
            raise BoxError(f"There is no box on frame {frame}.", "Draw one, then track from it.")
        info = self.video.info
        require_usable(key.box, info.width, info.height)
        spec = registry.find(tracker)
        checked = parameters.to_dict(parameters.from_dict(spec.params, params or {}, where=tracker))
        if stop is None:
            stop = info.frame_count if step > 0 else -1
        template = self._template(document, track_id, policy)
        if template is None and track_id not in self._ran:
            policy = CorrectionPolicy.NEW_TEMPLATE
        return RunPlan(
            Run(
                id=document.next_run_id,
                track_id=track_id,
                tracker=tracker,
                params=MappingProxyType(checked),
                start=frame,
                end=stop - step,
                policy=policy,
                created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            ),
            Start(frame, key.box, policy),
            stop,
            step,
            template,
        )

    def execute(
        self,
        plan: RunPlan,
        control: Control,
        sinks: Sequence[Sink] = (),
        *,
        services: Services | None = None,
        buffer: RunBuffer | None = None,
        want_maps: frozenset[str] = frozenset(),
    ) -> tuple[RunEnd, RunBuffer]:
        """Run the plan on the calling thread; see :func:`core.engine.runner.run`."""
        services = services or Services(devices.choose())
        buffer = buffer or RunBuffer(plan.run.id)
        tracker = self._prepare(plan, services)
        tracker.want_maps = want_maps
        checkpoints = Checkpoints()

        def checkpoint(item: FrameResult) -> None:
            checkpoints.offer(item.frame.index, tracker)

        frames = self.video.frames(plan.start.frame, plan.stop, plan.step)
        end = run(
            plan.run.id, frames, tracker, plan.start, control, (into(buffer), checkpoint, *sinks)
        )
        self._ran[plan.run.track_id] = _Ran(
            plan.run.tracker, plan.run.params, plan.step, tracker, checkpoints
        )
        return end, buffer

    def with_result(
        self, document: Document, plan: RunPlan, buffer: RunBuffer, *, seconds: float = 0.0
    ) -> Document:
        """`document` with the run's boxes; a person's boxes stay as they are.

        `document` may have been edited since the plan was made; a track that was
        deleted meanwhile leaves it unchanged.
        """
        columns = buffer.columns()
        if not len(columns) or not document.has_track(plan.run.track_id):
            return document
        last = int(columns.frames[-1] if plan.step > 0 else columns.frames[0])
        return document.with_run(replace(plan.run, end=last, seconds=seconds), columns)

    def track(
        self,
        track_id: int,
        frame: int,
        tracker: str,
        *,
        control: Control | None = None,
        sinks: Sequence[Sink] = (),
        want_maps: frozenset[str] = frozenset(),
        services: Services | None = None,
        **plan: Any,
    ) -> RunEnd:
        """Plan, execute and store in one call, for programs without a window."""
        planned = self.plan(track_id, frame, tracker, **plan)
        began = time.perf_counter()
        end, buffer = self.execute(
            planned, control or Control(), sinks, services=services, want_maps=want_maps
        )
        document = self.with_result(
            self.store.current, planned, buffer, seconds=time.perf_counter() - began
        )
        self.store.replace(document, Change(f"Track {end.frames} frames", track_id))
        return end

    def _template(
        self, document: Document, track_id: int, policy: CorrectionPolicy
    ) -> Start | None:
        if policy is CorrectionPolicy.NEW_TEMPLATE:
            return None
        track = document.track(track_id)
        for earlier in reversed(document.runs):
            seed = track.at(earlier.start) if earlier.track_id == track_id else None
            if seed is not None and not seed.is_absent:
                return Start(earlier.start, seed.box)
        return None

    def _prepare(self, plan: RunPlan, services: Services) -> Tracker:
        spec = registry.find(plan.run.tracker)
        if plan.start.policy is not CorrectionPolicy.NEW_TEMPLATE:
            ran = self._ran.get(plan.run.track_id)
            if ran and ran.key == spec.key and dict(ran.params) == dict(plan.run.params):
                checkpoint = ran.checkpoints.before(plan.start.frame, ran.step)
                if checkpoint is not None:
                    ran.tracker.restore(checkpoint.state)
                    return ran.tracker
        tracker = spec.create(plan.run.params, services)
        if plan.start.policy is not CorrectionPolicy.NEW_TEMPLATE:
            if plan.template is None:
                raise TrackerError(
                    "The appearance from before the correction is not known any more.",
                    "Choose “new template”.",
                )
            tracker.init(self.video.read(plan.template.frame).image, plan.template.box)
        return tracker


def video_ref(video: VideoSource) -> VideoRef:
    """How a document refers to this opened clip."""
    info = video.info
    return VideoRef(
        info.path.as_posix(),
        info.fingerprint,
        info.width,
        info.height,
        info.frame_count,
        info.fps,
    )
