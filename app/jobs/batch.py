"""A batch in the background: processes do the work, a thread listens, signals tell.

The clips are tracked in processes of their own, so that the window stays usable. Every
signal carries the serial of its job, so that the late word of an old one can be told
from the current one's.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs.thread import WorkerThread
from core.batch.log import BatchLog
from core.batch.run import Listener, run_batch
from core.batch.tasks import Options, Outcome, Task

_serials = itertools.count(1)


class _Worker(QObject):
    started = Signal(int, int)  # serial, number of the clip
    progress = Signal(int, int, int, int)  # serial, number, frames done, frames planned
    outcome = Signal(int, int, object)  # serial, number, Outcome
    ended = Signal(int, object)  # serial, error or None

    def __init__(self, job: BatchJob) -> None:
        super().__init__()
        self._job = job

    @Slot()
    def work(self) -> None:
        """Track everything; what goes wrong becomes a value."""
        job = self._job
        serial = job.serial
        listener = Listener(
            lambda number: self.started.emit(serial, number),
            lambda number, done, planned: self.progress.emit(serial, number, done, planned),
            lambda number, outcome: self.outcome.emit(serial, number, outcome),
        )
        error: Exception | None = None
        try:
            run_batch(
                job.tasks,
                job.options,
                job.log,
                jobs=job.jobs,
                listener=listener,
                stop=job.stop.is_set,
            )
        except Exception as problem:  # noqa: BLE001  (a defect must not end the window)
            error = problem
        self.ended.emit(serial, error)


class BatchJob(QObject):
    """One batch. After `ended`, call :meth:`finish` before letting go.

    Parameters
    ----------
    jobs
        Processes; 0 works on the job's own thread (tests).
    """

    started = Signal(int, int)
    progress = Signal(int, int, int, int)
    outcome = Signal(int, int, object)
    ended = Signal(int, object)
    _go = Signal()

    def __init__(
        self,
        tasks: Sequence[Task],
        options: Options,
        log: BatchLog,
        *,
        jobs: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.serial = next(_serials)
        self.tasks, self.options, self.log, self.jobs = tasks, options, log, jobs
        self.stop = threading.Event()
        self.outcomes: dict[int, Outcome] = {}
        self._worker = _Worker(self)
        queued = Qt.ConnectionType.QueuedConnection
        self._worker.started.connect(self.started, queued)
        self._worker.progress.connect(self.progress, queued)
        self._worker.outcome.connect(self.outcome, queued)
        self._worker.ended.connect(self.ended, queued)
        self._thread: WorkerThread | None = None

    def start(self) -> None:
        """Begin on a new thread."""
        self._thread = WorkerThread(self._worker, f"batch {self.serial}")
        self._go.connect(self._worker.work, Qt.ConnectionType.QueuedConnection)
        self._go.emit()

    def finish(self) -> bool:
        """Stop if need be and wait; what was tracked is kept."""
        self.stop.set()
        thread, self._thread = self._thread, None
        return thread.finish() if thread is not None else True
