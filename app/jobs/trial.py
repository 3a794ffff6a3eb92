"""A trial of other parameters on a thread of its own: see :mod:`core.engine.what_if`.

Its rows and maps are collected beside the run it repeats; nothing else is touched. The
window reads `fraction` at its own pace and hears once when it is over.
"""

from __future__ import annotations

import itertools

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs.thread import WorkerThread
from app.jobs.tracking import RunEnded
from core import device
from core.engine.control import Control
from core.engine.map_source import MapHistory
from core.engine.run_buffer import RunBuffer
from core.engine.runner import EndReason, RunEnd, Watch, into
from core.engine.what_if import Trial, execute
from core.errors import BoxtrailError
from core.trackers.base import Services
from core.video.source import VideoSource

_serials = itertools.count(1)


class _Worker(QObject):
    ended = Signal(object)  # RunEnded

    def __init__(self, job: TrialJob) -> None:
        super().__init__()
        self._job = job

    @Slot()
    def work(self) -> None:
        """Run the trial; everything that goes wrong becomes a value."""
        job = self._job
        try:
            device.set_threads()
            end = execute(
                job.trial, job.video, job.services, job.control,
                (into(job.buffer), job.maps.keep), want_maps=job.want_maps, watch=job.watch,
            )  # fmt: skip
            answer = RunEnded(job.serial, end)
        except BoxtrailError as error:
            answer = RunEnded(job.serial, RunEnd(0, EndReason.FAILED, 0, 0.0, error))
        except Exception as error:  # noqa: BLE001  (a defect in a tracker must not end the app)
            answer = RunEnded(job.serial, None, error)
        self.ended.emit(answer)


class TrialJob(QObject):
    """One trial: its thread and what it has found so far."""

    ended = Signal(object)
    _go = Signal()

    def __init__(
        self,
        trial: Trial,
        video: VideoSource,
        services: Services,
        *,
        want_maps: frozenset[str],
        watch: Watch,
        map_bytes: int,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.serial = next(_serials)
        self.trial, self.video, self.services = trial, video, services
        self.want_maps, self.watch = want_maps, watch
        self.buffer, self.maps, self.control = RunBuffer(0), MapHistory(map_bytes), Control()
        self._worker = _Worker(self)
        self._worker.ended.connect(self.ended, Qt.ConnectionType.QueuedConnection)
        self._thread: WorkerThread | None = None

    @property
    def fraction(self) -> float:
        """How much of it is done, in [0, 1]."""
        return min(max(len(self.buffer) - 1, 0) / max(self.trial.total, 1), 1.0)

    def start(self) -> None:
        """Begin on a new thread."""
        self._thread = WorkerThread(self._worker, "trial")
        self._go.connect(self._worker.work, Qt.ConnectionType.QueuedConnection)
        self._go.emit()

    def finish(self) -> bool:
        """Cancel if need be and wait for the thread; False if it does not come back."""
        self.control.cancel()
        thread, self._thread = self._thread, None
        return thread.finish() if thread is not None else True
