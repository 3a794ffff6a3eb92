"""A tracking run on a thread of its own, with two lanes to the window.

Results go into the :class:`~core.engine.run_buffer.RunBuffer`, all of them. Pixels
and maps go through a one-slot :class:`Viewfinder`: the window orders a picture, the
worker makes one from the next frame, and between orders nothing is converted.
Signals carry only numbers and small frozen values; every one carries the serial of
its job, so that the late word of an old run can be told from the current one's.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs.thread import WorkerThread
from app.views.view_types import DisplayFrame, to_display
from core import device
from core.alarms.stop import Stopper, StopRule
from core.engine.control import Control
from core.engine.map_source import MapHistory
from core.engine.runner import EndReason, FrameResult, RunEnd, Watch
from core.errors import BoxtrailError
from core.recording.run_recorder import RunRecorder
from core.session import RunPlan, Session
from core.states import TargetState
from core.trackers.base import ResponseMap, Services

_serials = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Picture:
    """One tracked frame, ready to paint, with the maps made on it."""

    frame: DisplayFrame
    time: float
    maps: Mapping[str, ResponseMap]


class Viewfinder:
    """A slot that is filled only on order.

    The worker offers every frame; without an order an offer costs nothing, so frames
    that nobody will see are never converted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered = True
        self._picture: Picture | None = None

    def take(self) -> Picture | None:
        """The picture made since the last call, if any; orders the next one."""
        with self._lock:
            picture, self._picture = self._picture, None
            self._ordered = True
            return picture

    def offer(self, item: FrameResult) -> None:
        """Called with every frame; converts it if a picture is on order."""
        with self._lock:
            if not self._ordered:
                return
            self._ordered = False
        shown = to_display(item.frame.index, item.frame.image)
        picture = Picture(shown, item.frame.time, item.result.maps)
        with self._lock:
            self._picture = picture


@dataclass(frozen=True, slots=True)
class HoldRule:
    """When a run pauses by itself: `after` frames in a row at least as bad as `state`."""

    state: TargetState | None
    after: int = 1


@dataclass(frozen=True, slots=True)
class RunEnded:
    """How a run ended; `defect` is an exception that nobody expected."""

    serial: int
    end: RunEnd | None
    defect: Exception | None = None


class _Worker(QObject):
    held = Signal(int)  # serial
    ended = Signal(object)  # RunEnded

    def __init__(self, job: TrackingJob) -> None:
        super().__init__()
        self._job = job
        self._bad = 0
        self._stopper = Stopper(StopRule())

    @Slot()
    def work(self) -> None:
        """Execute the plan; everything that goes wrong becomes a value."""
        job = self._job
        try:
            device.set_threads()
            recording = () if job.recorder is None else (job.recorder.take,)
            if job.recorder is not None:
                job.recorder.begin(job.plan, job.services, job.track)
            end, _ = job.session.execute(
                job.plan,
                job.control,
                (job.viewfinder.offer, job.maps.keep, *recording, self._watch),
                services=job.services,
                buffer=job.buffer,
                want_maps=job.want_maps,
                watch=job.watch,
            )
            answer = RunEnded(job.serial, end)
        except BoxtrailError as error:
            end = RunEnd(job.plan.run.id, EndReason.FAILED, 0, 0.0, error)
            answer = RunEnded(job.serial, end)
        except Exception as error:  # noqa: BLE001  (a defect in a tracker must not end the app)
            answer = RunEnded(job.serial, None, error)
        if job.recorder is not None and answer.end is not None:
            job.recorder.ended(answer.end)
        self.ended.emit(answer)

    def hold(self) -> None:
        """Tell the window that the run stands still (called on the run's thread)."""
        self.held.emit(self._job.serial)

    def _watch(self, item: FrameResult) -> None:
        rule = self._job.rule
        self._stopper.should_stop(item.frame.index, item.result.state)
        if rule.state is None:
            return
        self._bad = self._bad + 1 if item.result.state >= rule.state else 0
        if self._bad == rule.after:
            self._job.held_by_rule = True
            self._job.doubtful_from = self._stopper.first_doubtful
            self._job.control.pause()


class TrackingJob(QObject):
    """One run: its thread, its switchboard and its two lanes.

    `held` and `ended` are announced in the GUI thread. After `ended`, call
    :meth:`finish` before letting go.
    """

    held = Signal(int)
    ended = Signal(object)
    _go = Signal()

    def __init__(
        self,
        session: Session,
        plan: RunPlan,
        services: Services,
        *,
        want_maps: frozenset[str] = frozenset(),
        map_bytes: int = 64 << 20,
        rule: HoldRule | None = None,
        watch: Watch | None = None,
        recorder: RunRecorder | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.serial = next(_serials)
        self.session = session
        self.plan = plan
        self.services = services
        self.want_maps = want_maps
        self.rule = rule or HoldRule(None)
        self.watch = watch
        self.held_by_rule = False
        self.doubtful_from: int | None = None  # where the doubt began for which it holds
        self.viewfinder = Viewfinder()
        self.recorder = recorder
        self.track = session.store.current.track(plan.run.track_id)
        self.tunings: list[tuple[int, Mapping[str, Any]]] = []  # rows before, new values
        self.maps = MapHistory(map_bytes, recorder.as_recorded if recorder else None)
        self.buffer = plan.new_buffer()
        self._worker = _Worker(self)
        self.control = Control(on_hold=self._worker.hold, on_tuned=self._on_tuned)
        self._worker.held.connect(self.held, Qt.ConnectionType.QueuedConnection)
        self._worker.ended.connect(self.ended, Qt.ConnectionType.QueuedConnection)
        self._thread: WorkerThread | None = None

    def start(self) -> None:
        """Begin on a new thread."""
        self._thread = WorkerThread(self._worker, f"tracking {self.plan.run.id}")
        self._go.connect(self._worker.work, Qt.ConnectionType.QueuedConnection)
        self._go.emit()

    def _on_tuned(self, values: Mapping[str, Any]) -> None:
        # On the run's thread, just before the first frame that is tracked with them.
        self.tunings.append((len(self.buffer), values))
        if self.recorder is not None:
            self.recorder.tuned(values)

    def finish(self) -> bool:
        """Cancel if need be and wait for the thread; False if it does not come back."""
        self.control.cancel()
        thread, self._thread = self._thread, None
        return thread.finish() if thread is not None else True
