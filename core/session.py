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

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import device as devices
from core import exchange
from core.document import media, project_file
from core.document.document import Document, Run, VideoRef
from core.document.store import Change, DocumentStore
from core.engine.checkpoints import Checkpoints
from core.engine.control import Control
from core.engine.executing import Execution
from core.engine.memory import TrackerMemory
from core.engine.plan import RunPlan
from core.engine.planner import Planner
from core.engine.preview import Glimpse, Trial, preview
from core.engine.run_buffer import RunBuffer
from core.engine.runner import RunEnd, Sink, Watch
from core.engine.storing import with_result
from core.formats.context import ExportReport
from core.trackers.base import Services
from core.video.open import DEFAULT_CACHE_BYTES, open_source
from core.video.source import Access, VideoSource


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
    plan, plan_two_way, plan_consensus, new_run
        Make plans of runs: see :class:`core.engine.planner.Planner`.
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
        planner = Planner(video, lambda: self.store.current, self._memory)
        self.plan = planner.one_way
        self.plan_two_way = planner.two_way
        self.plan_consensus = planner.consensus
        self.new_run = planner.new_run

    @classmethod
    def of_video(cls, path: Path, *, cache_bytes: int = DEFAULT_CACHE_BYTES) -> Session:
        """Open a video file or image sequence with an empty document.

        The document refers to it absolutely: a project may be saved anywhere.

        Raises
        ------
        VideoError
            If it cannot be opened.
        """
        video = open_source(media.absolute(path), cache_bytes=cache_bytes)
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
        video = open_source(media.absolute(found), cache_bytes=cache_bytes)
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
        execution = Execution(
            self.video, self._memory, services, control, buffer, sinks, want_maps, watch
        )
        return execution.of(plan), buffer

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
