"""One opened clip with its document: the façade that window and command line share.

A :class:`Session` owns the video, the document store and the states of trackers
that ran, so that a correction can continue from before the error. It starts no
threads: :meth:`Session.execute` runs on whatever thread calls it and touches the
document only through the value it returns; :meth:`Session.with_result` makes the
new document, which the caller puts into the store (with undo, or not). Plans are
made and results stored on the thread that owns the store; `execute` may run beside
edits, and beside other runs.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core import device as devices
from core import exchange
from core.alarms.thresholds import calibration
from core.alarms.watcher import Watcher
from core.document import project_file
from core.document.document import Document, Run, VideoRef
from core.document.store import Change, DocumentStore
from core.engine import planning
from core.engine.checkpoints import Checkpoints
from core.engine.consensus import KEY as CONSENSUS
from core.engine.consensus import run_consensus
from core.engine.control import Control
from core.engine.extent import TO_END, Extent
from core.engine.memory import TrackerMemory
from core.engine.plan import RunPlan
from core.engine.preview import Glimpse, Trial, preview
from core.engine.run_buffer import RunBuffer
from core.engine.runner import FrameResult, RunEnd, Sink, Start, Watch, into, run
from core.engine.storing import with_result
from core.engine.two_way import run_two_way
from core.formats.context import ExportReport
from core.states import CorrectionPolicy, RunKind
from core.trackers import registry
from core.trackers.base import Services
from core.video.open import DEFAULT_CACHE_BYTES, open_source
from core.video.source import Access, VideoSource

_BEYOND_ANY_CLIP = 1 << 31


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

    Attributes
    ----------
    video_warning
        What tells this clip from the one that was annotated; empty when nothing does.
    samples
        Crops of frames by which a later opening sees that they are still the same.
    """

    def __init__(
        self, video: VideoSource, document: Document, project_path: Path | None = None
    ) -> None:
        self.video = video
        self.video_warning = project_file.video_differs(document, video_ref(video))
        self.store = DocumentStore(document)
        self.project_path = project_path
        self.samples = document.video.samples
        self._memory = TrackerMemory()
        self._last_run_id = 0

    @classmethod
    def of_video(cls, path: Path, *, cache_bytes: int = DEFAULT_CACHE_BYTES) -> Session:
        """Open a video file or image sequence with an empty document.

        Raises
        ------
        VideoError
            If it cannot be opened.
        """
        video = open_source(path, cache_bytes=cache_bytes)
        return cls(video, Document(video_ref(video)))

    @classmethod
    def of_project(
        cls,
        path: Path,
        *,
        video_path: Path | None = None,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> Session:
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
        video = open_source(found, cache_bytes=cache_bytes)
        session = cls(video, document, path)
        ref = replace(video_ref(video), samples=document.video.samples)
        session.store = DocumentStore(replace(document, video=ref))
        return session

    def wait_ready(self) -> None:
        """Wait until the clip's facts are final (a long video is checked after opening).

        Raises
        ------
        VideoError
            If the check finds that it cannot be read.
        """
        wait = getattr(self.video, "wait_ready", None)
        if wait is not None:
            wait()

    def states_of(self, run: Run) -> Checkpoints | None:
        """Tracker states along `run`, if it was the last one on its track and is known still."""
        return self._memory.states(run.track_id, run.tracker, run.params)

    def new_run(self, track_id: int, tracker: str, params: Mapping[str, Any]) -> Run:
        """A run with an id of its own, for boxes that come from elsewhere."""
        return self._new_run(track_id, tracker, params)

    def close(self) -> None:
        """Release the video and the trackers' memory."""
        self._memory.clear()
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
        # A long clip's facts become final only after opening: save what is known now.
        ref = replace(video_ref(self.video), samples=self.samples)
        project_file.save(replace(self.store.current, video=ref), target)
        self.project_path = target
        return target

    def export(
        self,
        key: str,
        path: Path,
        options: Mapping[str, Any] | None = None,
        *,
        progress: exchange.Progress = exchange.no_progress,
    ) -> ExportReport:
        """Write the current document as an annotation file; see `core.exchange`."""
        return exchange.export_document(
            self.store.current, key, path, options, video=self.video, progress=progress
        )

    def import_annotations(
        self,
        path: Path,
        key: str = "",
        options: Mapping[str, Any] | None = None,
        *,
        progress: exchange.Progress = exchange.no_progress,
    ) -> exchange.Imported:
        """Read an annotation file; the caller stores the document that is in the result."""
        return exchange.import_document(
            self.store.current, path, key, options, video=self.video, progress=progress
        )

    def plan(
        self,
        track_id: int,
        frame: int,
        tracker: str,
        *,
        stop: int | None = None,
        extent: Extent = TO_END,
        step: int = 1,
        params: Mapping[str, Any] | None = None,
        policy: CorrectionPolicy = CorrectionPolicy.NEW_TEMPLATE,
        resume: bool = False,
    ) -> RunPlan:
        """Check and describe a run of `tracker` from the box at `frame`.

        Parameters
        ----------
        stop
            First frame not to track (exclusive); None for what `extent` says
            in the direction of `step` (+1 or −1).
        resume
            With ``KEEP_TEMPLATE``: where the box is the tracker's own, go on as if it
            had never stopped, instead of correcting it.
        params
            Values that differ from the tracker's defaults.

        Raises
        ------
        BoxError
            If the track has no usable box on `frame`.
        ParamError, TrackerError
            For wrong parameters, an unknown tracker, a locked track, or when
            there is no frame to track.
        """
        document = self.store.current
        track = document.track(track_id)
        box = planning.seed_box(track, frame, self.video)
        checked = planning.checked(tracker, params)
        stop, to_end = self._stop(track_id, frame, stop, extent, step)
        planning.require_correction(tracker, policy)
        template = planning.template(document, track_id, policy)
        if template is None and not self._memory.knows(track_id, tracker, checked):
            policy = CorrectionPolicy.NEW_TEMPLATE
        run = self._new_run(track_id, tracker, checked)
        return RunPlan(
            replace(run, start=frame, end=stop - step, policy=policy),
            Start(frame, box, policy, resume and policy is CorrectionPolicy.KEEP_TEMPLATE),
            stop,
            step,
            template,
            to_end,
        )

    def plan_two_way(
        self,
        track_id: int,
        frame: int,
        tracker: str,
        *,
        params: Mapping[str, Any] | None = None,
    ) -> RunPlan:
        """Check and describe a run from both of a person's boxes around `frame`.

        Raises
        ------
        TrackerError, BoxError, ParamError
            As :meth:`plan`, and when `frame` does not lie between two boxes that a
            person entered or confirmed.
        """
        track = self.store.current.track(track_id)
        first, last = planning.ends_around(track, frame, self.video)
        checked = planning.checked(tracker, params)
        run = replace(
            self._new_run(track_id, tracker, checked),
            start=first.frame,
            end=last.frame,
            kind=RunKind.TWO_WAY,
        )
        return RunPlan(run, first, last.frame, 1, other=last)

    def plan_consensus(
        self,
        track_id: int,
        frame: int,
        trackers: Sequence[str],
        *,
        params: Mapping[str, Mapping[str, Any]] | None = None,
        stop: int | None = None,
        extent: Extent = TO_END,
        step: int = 1,
    ) -> RunPlan:
        """Check and describe a run of several trackers from the box at `frame`.

        Parameters
        ----------
        trackers
            Two to five keys; the maps of the first one are preferred.
        params
            Values that differ from a tracker's defaults, by tracker.

        Raises
        ------
        BoxError, ParamError, TrackerError
            As :meth:`plan`, and for trackers that are too few, too many or named twice.
        """
        stop, to_end = self._stop(track_id, frame, stop, extent, step)
        runs = [
            self._new_run(track_id, tracker, planning.checked(tracker, (params or {}).get(tracker)))
            for tracker in planning.members(trackers)
        ]
        whole = self._new_run(track_id, CONSENSUS, {"trackers": ",".join(trackers)})
        span = {"start": frame, "end": stop - step, "kind": RunKind.CONSENSUS, "group": whole.id}
        return RunPlan(
            replace(whole, **span),
            Start(frame, planning.seed_box(self.store.current.track(track_id), frame, self.video)),
            stop,
            step,
            to_end=to_end,
            members=tuple(replace(run, **span) for run in runs),
        )

    def _stop(
        self, track_id: int, frame: int, stop: int | None, extent: Extent, step: int
    ) -> tuple[int, bool]:
        """First frame not to track, and whether that is where the clip ends."""
        if stop is None:
            stop = extent.stop(self.store.current.track(track_id), frame, step)
        return planning.stop_within(self.video, frame, stop, step), stop is None

    def _new_run(self, track_id: int, tracker: str, params: Mapping[str, Any]) -> Run:
        # Two plans may be made before either's result is stored: ids must differ.
        self._last_run_id = max(self.store.current.next_run_id, self._last_run_id + 1)
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        params = MappingProxyType(dict(params))
        return Run(self._last_run_id, track_id, tracker, params, created=created)

    def execute(
        self,
        plan: RunPlan,
        control: Control,
        sinks: Sequence[Sink] = (),
        *,
        services: Services | None = None,
        buffer: RunBuffer | None = None,
        want_maps: frozenset[str] = frozenset(),
        watch: Watch | None = None,
    ) -> tuple[RunEnd, RunBuffer]:
        """Run the plan on the calling thread; see :func:`core.engine.runner.run`.

        Without a `watch` the frames are judged by the tracker's calibrated alarms, and
        the run does not stop by itself.

        Raises
        ------
        BoxtrailError
            If the run cannot start (weights missing, template frame unreadable).
            Expected errors on the way are in the returned `RunEnd` instead.
        """
        services = services or Services(devices.choose())
        # `or` would throw an empty buffer away: its length is 0, so it is false.
        buffer = plan.new_buffer() if buffer is None else buffer
        if plan.members:
            frames = self.video.frames(plan.start.frame, self._run_stop(plan), plan.step)
            lanes = (into(buffer), *sinks)
            rule = watch.rule if watch is not None else None
            return run_consensus(
                plan, frames, services, control, buffer, lanes, want_maps, rule
            ), buffer
        if plan.other is not None:
            spec, params = registry.find(plan.run.tracker), plan.run.params
            pair = spec.create(params, services), spec.create(params, services)
            known = calibration(plan.run.tracker)
            both = Watch(Watcher(known)), Watch(Watcher(known))
            end = run_two_way(plan, self.video, pair, control, buffer, sinks, want_maps, both)
            return end, buffer
        tracker, checkpoints, start = self._memory.tracker_for(plan, services, self.video)
        tracker.want_maps = want_maps

        def checkpoint(item: FrameResult) -> None:
            checkpoints.offer(item.frame.index, tracker, item.result.box)

        frames = self.video.frames(plan.start.frame, self._run_stop(plan), plan.step)
        watch = watch or Watch(Watcher(calibration(plan.run.tracker)))
        lanes = (into(buffer), checkpoint, *sinks)
        end = run(plan.run.id, frames, tracker, start, control, lanes, watch)
        rows = buffer.since(max(len(buffer) - 1, 0))
        if rows and end.error is None:
            checkpoints.take_last(rows[0].frame, tracker, rows[0].box)
        self._memory.keep(plan, tracker, checkpoints)
        return end, buffer

    def preview(
        self,
        plans: Sequence[RunPlan],
        count: int,
        control: Control,
        tell: Callable[[Glimpse], None],
        services: Services | None = None,
    ) -> None:
        """Try each of the plans over `count` frames; see :func:`core.engine.preview.preview`.

        Nothing that runs or corrections continue from is changed by it.
        """
        services = services or Services(devices.choose())
        trials = [Trial(plan, self._memory.trial_for(plan, services, self.video)) for plan in plans]
        preview(trials, self.video, count, control, tell)

    def with_result(
        self, document: Document, plan: RunPlan, buffer: RunBuffer, **facts: Any
    ) -> Document:
        """`document` with the run's boxes; see :func:`core.engine.storing.with_result`."""
        return with_result(document, plan, buffer, **facts)

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
        two_way: bool = False,
        **plan: Any,
    ) -> RunEnd:
        """Plan, execute and store in one call, for programs without a window."""
        make = self.plan_two_way if two_way else self.plan
        planned = make(track_id, frame, tracker, **plan)
        services = services or Services(devices.choose())
        began = time.perf_counter()
        end, buffer = self.execute(
            planned, control or Control(), sinks, services=services, want_maps=want_maps
        )
        document = self.with_result(
            self.store.current,
            planned,
            buffer,
            seconds=time.perf_counter() - began,
            device=devices.describe(services.device),
        )
        self.store.replace(document, Change(f"Track {end.frames} frames", track_id))
        return end

    def _run_stop(self, plan: RunPlan) -> int:
        # The count of a clip that is still being checked may be short: read to the true end.
        if plan.to_end and plan.step > 0 and self.video.access is Access.CHECKING:
            return _BEYOND_ANY_CLIP
        return plan.stop


def video_ref(video: VideoSource) -> VideoRef:
    """How a document refers to this opened clip; estimates of an unchecked one are left out."""
    info = video.info
    final = video.access is not Access.CHECKING
    return VideoRef(
        info.path.as_posix(),
        info.fingerprint,
        info.width,
        info.height,
        info.frame_count if final else 0,
        info.fps if final else 0.0,
    )


__all__ = ["RunPlan", "Session", "video_ref"]
