"""One clip of a batch: from its boxes to its boxes, through the session that windows use.

The clip's tracks are cut into stretches at a person's boxes; each stretch is one run.
After each, its boxes are laid over the project as it is on disk at that moment, so that
work done in a window meanwhile stays, and what was tracked survives whatever comes next.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core import device as devices
from core import params as parameters
from core.alarms import review
from core.alarms.thresholds import calibration
from core.alarms.watcher import Watcher
from core.batch.exports import export_all
from core.batch.log import key_of
from core.batch.seeds import with_seeds
from core.batch.tasks import Options, Outcome, Result, Task
from core.collection.merge import update_project, with_new_runs
from core.document import media
from core.document.document import Document
from core.document.intervals import mode_at
from core.document.project_file import VideoMoved
from core.document.store import Change
from core.document.track import Track
from core.engine.control import Control
from core.engine.plan import RunPlan
from core.engine.run_buffer import RunBuffer
from core.engine.runner import EndReason, FrameResult, RunEnd, Watch
from core.errors import BoxtrailError, ProjectError
from core.frame_sample import FrameSample
from core.recording.run_recorder import RecordTo, RunRecorder
from core.recording.schema import SUFFIX as RECORDING
from core.session import Session
from core.states import IntervalMode, Source
from core.trackers import load_all, registry
from core.trackers.base import Services
from core.video.samples import check_samples, take_samples


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames to be tracked in one run: from the box on `start`, before `stop` (exclusive).

    `stop` None is the end of the clip in direction `step`.
    """

    track_id: int
    start: int
    stop: int | None
    step: int = 1
    two_way: bool = False


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a clip tells and asks while it is tracked.

    `progress` gets frames done and frames planned; `finished` a stretch's key and facts
    after its boxes are safe; `cancelled` says whether to stop.
    """

    progress: Callable[[int, int], None] = lambda done, planned: None
    finished: Callable[[str, dict[str, Any]], None] = lambda key, facts: None
    cancelled: Callable[[], bool] = lambda: False


def track_clip(
    task: Task, options: Options, done: Collection[str], hooks: Hooks | None = None
) -> Outcome:
    """Track everything in one clip that `done` does not name. Never raises `Exception`."""
    work: _Work | None = None
    try:
        load_all()
        work = _Work(task, options, hooks or Hooks())
        return work.carry_out(done)
    except BoxtrailError as error:
        known = work.outcome if work is not None else Outcome(Result.FAILED)
        return replace(known, result=Result.FAILED, message=error.message, hint=error.hint,
                       details=error.details)  # fmt: skip
    except Exception as error:  # noqa: BLE001  (one clip's defect must not end the others)
        known = work.outcome if work is not None else Outcome(Result.FAILED)
        return replace(
            known,
            result=Result.FAILED,
            message=f"{type(error).__name__}: {error}",
            hint="This is a defect of the program; please report it with the details.",
            details=traceback.format_exc(),
        )
    finally:
        if work is not None:
            work.close()


def stretches(document: Document, frame_count: int, options: Options) -> Iterator[Stretch]:
    """The runs that a document asks for, track by track, in order of frame.

    Locked tracks are finished; between two boxes whose interval has a mode (linear,
    smooth, gap) the person wants no tracker.
    """
    for track in document.tracks:
        if not track.locked:
            yield from _of_track(track, frame_count, options)


def _of_track(track: Track, frame_count: int, options: Options) -> Iterator[Stretch]:
    keys = [k for k in track.columns.frames[track.columns.protected()].tolist() if k < frame_count]
    seeds = {k for k in keys if not _is_absent(track, k)}
    if options.backward and keys and keys[0] in seeds and keys[0] > 0:
        yield Stretch(track.id, keys[0], None, -1)
    for key, after in zip(keys, [*keys[1:], None], strict=False):
        end = frame_count if after is None else after
        if key not in seeds or end - key < 2:
            continue
        if mode_at(track, key) is not IntervalMode.TRACKED:
            continue
        both = options.two_way and after in seeds
        yield Stretch(track.id, key, after, two_way=both)


def _is_absent(track: Track, frame: int) -> bool:
    key = track.at(frame)
    return key is None or key.is_absent


class _Work:
    """One clip while it is tracked."""

    def __init__(self, task: Task, options: Options, hooks: Hooks) -> None:
        self.outcome = Outcome(Result.TRACKED)
        self._task, self._options, self._hooks = task, options, hooks
        self._services = Services(devices.choose(options.device), weights=options.weights)
        self._recorders: dict[int, RunRecorder] = {}
        self._seen = self._planned = 0  # frames
        self._session = _opened(task)

    def carry_out(self, done: Collection[str]) -> Outcome:
        self._session.wait_ready()
        warning = check_samples(self._session.video, self._session.samples).message
        if warning:
            raise ProjectError(warning, "Use the file that was annotated.")
        spec = registry.find(self._options.tracker)
        params = parameters.to_dict(
            parameters.from_dict(spec.params, self._options.params, where=spec.key)
        )
        self._take_seeds()
        count = self._session.video.info.frame_count
        wanted = list(stretches(self._session.store.current, count, self._options))
        if not wanted:
            return replace(self.outcome, result=Result.NO_BOX)
        keyed = [(stretch, self._key(stretch, params)) for stretch in wanted]
        left = [(s, key) for s, key in keyed if self._options.again or not self._has(s, key, done)]
        self._planned = sum(_length(s, count) for s, _ in left)
        for stretch, key in left:
            if self._hooks.cancelled() or not self._track(stretch, key):
                self.outcome = replace(self.outcome, result=Result.STOPPED)
                break
        return self._concluded(tracked=bool(left))

    def close(self) -> None:
        for recorder in self._recorders.values():
            recorder.close()
        self._session.close()

    def _take_seeds(self) -> None:
        """The job's boxes into the project, so that ids are the same there from now on."""
        seeds, session = self._task.seeds, self._session
        if not seeds:
            return
        last = session.video.info.frame_count - 1
        beyond = [seed.frame for seed in seeds if seed.frame > last]
        if beyond:
            raise ProjectError(
                f"There is no frame {beyond[0]}: the clip has frames 0 to {last}.",
                "Correct the frame of the box in the job.",
            )
        start = session.store.current

        def newest(disk: Document | None) -> Document:
            return with_seeds(start if disk is None else disk, seeds)

        self._replace(update_project(self._task.project, newest))

    def _replace(self, document: Document) -> None:
        store = self._session.store
        store.replace(replace(document, video=store.current.video), Change("Batch"))

    # ---- one stretch ----

    def _track(self, stretch: Stretch, key: str) -> bool:
        """Track one stretch and make it safe; False when it was cancelled."""
        plan = self._plan(stretch)
        control, buffer = Control(), RunBuffer(plan.run.id)
        recorder = None if stretch.two_way else self._recorder(plan)

        def tell(item: FrameResult) -> None:
            if self._hooks.cancelled():
                control.cancel()
            self._seen += 1
            self._hooks.progress(min(self._seen, self._planned), self._planned)

        sinks = [tell, recorder.take] if recorder is not None else [tell]
        rule = None if stretch.two_way else self._options.until
        began = time.perf_counter()
        end: RunEnd | None = None
        try:
            end, _ = self._session.execute(
                plan,
                control,
                sinks,
                services=self._services,
                buffer=buffer,
                want_maps=recorder.wanted if recorder else frozenset(),
                watch=Watch(Watcher(calibration(plan.run.tracker)), rule),
            )
        finally:
            seconds = time.perf_counter() - began
            self._keep(plan, buffer, end, seconds)
        assert end is not None
        if recorder is not None:
            recorder.ended(end)
        return self._judge(stretch, key, end, seconds)

    def _judge(self, stretch: Stretch, key: str, end: RunEnd, seconds: float) -> bool:
        unsure = end.reason is EndReason.UNSURE
        self.outcome = replace(
            self.outcome,
            frames=self.outcome.frames + end.frames,
            seconds=self.outcome.seconds + seconds,
            stops=self.outcome.stops + unsure,
        )
        if end.error is not None:
            raise end.error
        if end.reason is EndReason.CANCELLED:
            return False
        facts = {
            "clip": self._task.name,
            "track": stretch.track_id,
            "start": stretch.start,
            "frames": end.frames,
            "seconds": round(seconds, 3),
            "end": str(end.reason),
        }
        self._hooks.finished(key, facts)
        return True

    def _plan(self, stretch: Stretch) -> RunPlan:
        options, session = self._options, self._session
        if stretch.two_way:
            return session.plan_two_way(
                stretch.track_id, stretch.start, options.tracker, params=options.params
            )
        return session.plan(
            stretch.track_id,
            stretch.start,
            options.tracker,
            stop=stretch.stop,
            step=stretch.step,
            params=options.params,
        )

    def _keep(self, plan: RunPlan, buffer: RunBuffer, end: RunEnd | None, seconds: float) -> None:
        """Lay the run over the project as it is on disk now."""
        unsure = end is not None and end.reason is EndReason.UNSURE
        rule = self._options.until
        tail = end.doubtful_from if end is not None and unsure and rule and rule.cut_tail else None
        session = self._session
        mine = session.with_result(
            session.store.current,
            plan,
            buffer,
            seconds=seconds,
            device=devices.describe(self._services.device),
            cut_from=tail,
        )

        samples = self._samples()

        def newest(disk: Document | None) -> Document:
            document = mine if disk is None else with_new_runs(disk, mine)
            if document.video.samples:
                return document
            return replace(document, video=replace(document.video, samples=samples))

        self._replace(update_project(self._task.project, newest))

    def _samples(self) -> tuple[FrameSample, ...]:
        if not self._session.samples:
            self._session.samples = take_samples(self._session.video)
        return self._session.samples

    def _recorder(self, plan: RunPlan) -> RunRecorder | None:
        choice = self._options.recording
        if choice is None:
            return None
        track = self._session.store.current.track(plan.run.track_id)
        if track.id not in self._recorders:
            choice.folder.mkdir(parents=True, exist_ok=True)
            path = choice.folder / f"{self._task.project.stem}-{track.id}{RECORDING}"
            target = RecordTo(path, choice.wanted, choice.precision)
            self._recorders[track.id] = RunRecorder(
                target, self._session.video, self._options.tracker
            )
        recorder = self._recorders[track.id]
        recorder.begin(plan, self._services, track)
        return recorder

    # ---- the clip ----

    def _key(self, stretch: Stretch, params: dict[str, Any]) -> str:
        options, document = self._options, self._session.store.current
        track = document.track(stretch.track_id)
        ends = [stretch.start] + ([stretch.stop] if stretch.two_way and stretch.stop else [])
        boxes = [key.box.as_tuple() for key in map(track.at, ends) if key is not None]
        rule = options.until
        return key_of(
            {
                "project": str(media.absolute(self._task.project)),
                "video": document.video.fingerprint,
                "stretch": [stretch.track_id, stretch.start, stretch.stop, stretch.step],
                "two_way": stretch.two_way,
                "boxes": boxes,
                "tracker": options.tracker,
                "params": params,
                "until": [rule.stop_after, rule.cut_tail] if rule else None,
            }
        )

    def _has(self, stretch: Stretch, key: str, done: Collection[str]) -> bool:
        """Whether a stretch is finished and its boxes were not taken away since."""
        if key not in done:
            return False
        columns = self._session.store.current.track(stretch.track_id).columns
        tracked = columns.frames[columns.sources == Source.TRACKED]
        low = stretch.start if stretch.step > 0 else -1
        high = stretch.start if stretch.step < 0 else stretch.stop
        inside = (tracked > low) & (tracked < (np.inf if high is None else high))
        return bool(inside.any())

    def _concluded(self, *, tracked: bool) -> Outcome:
        document = self._session.store.current
        left = review.frames_left(review.queue(document))
        files = export_all(self._session, self._task, self._options)
        recorded = [r.path for r in self._recorders.values()]
        result = self.outcome.result if tracked else Result.FINISHED
        faults = [r.error for r in self._recorders.values() if r.error is not None]
        if faults:
            raise faults[0]
        self.outcome = replace(
            self.outcome, result=result, doubtful=left, files=(*files, *recorded)
        )
        return self.outcome


def _length(stretch: Stretch, frame_count: int) -> int:
    if stretch.step < 0:
        return stretch.start
    frames = (frame_count if stretch.stop is None else stretch.stop) - stretch.start - 1
    return 2 * frames if stretch.two_way else frames


def _opened(task: Task) -> Session:
    if not media.exists(task.project):
        if task.video is None:
            raise ProjectError(f"“{task.project.name}” does not exist.", "Check the path.")
        return Session.of_video(task.video)
    try:
        session = Session.of_project(task.project)
    except VideoMoved:  # the list may know better
        if task.video is None or not media.exists(task.video):
            raise
        session = Session.of_project(task.project, video_path=task.video)
    if session.video_warning:
        warning = session.video_warning
        session.close()
        raise ProjectError(warning, "Locate the right video, or open the project once to accept.")
    return session
