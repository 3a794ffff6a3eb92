"""A worker object with a thread of its own, ended in order.

The one idea: quit, wait, only then let go. A QThread that is destroyed while it
runs aborts the process, so nobody else in this program creates one.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QThread

_log = logging.getLogger(__name__)
_PATIENCE_MS = 30_000


class WorkerThread:
    """Runs `worker`'s slots on a thread named `name` until :meth:`finish`."""

    def __init__(self, worker: QObject, name: str) -> None:
        self._worker = worker
        self._thread = QThread()
        self._thread.setObjectName(name)
        worker.moveToThread(self._thread)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.isRunning()

    def finish(self, patience_ms: int = _PATIENCE_MS) -> bool:
        """End the thread's event loop and wait; the worker must have been told to stop.

        Returns
        -------
        bool
            False when the worker did not come back in time; the thread is then kept
            alive for the rest of the process rather than destroyed under its feet.
        """
        self._thread.quit()
        if self._thread.wait(patience_ms):
            return True
        _log.error("thread %s did not end in %d ms", self._thread.objectName(), patience_ms)
        _undead.append(self._thread)
        return False


_undead: list[QThread] = []
