"""One-off jobs on a small pool: saving, exporting, opening.

A job is a function of values (frozen documents, paths) that returns a value; the
answer comes back in the GUI thread. Expected errors arrive as such, defects go to
the error hub as well.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from core.errors import BoxtrailError


class Progress:
    """What a running job says about itself, and how it is told to stop.

    Written by the job, read by the GUI at its own pace: no signal per step.
    """

    def __init__(self) -> None:
        self.fraction = 0.0
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to stop."""
        return self._stop.is_set()


class _Answer(QObject):
    done = Signal(int, object, object)  # job number, result, error


class _Runnable(QRunnable):
    def __init__(self, number: int, function: Callable[[], Any], answer: _Answer) -> None:
        super().__init__()
        self._number = number
        self._function = function
        self._answer = answer

    def run(self) -> None:
        result: Any = None
        failure: Exception | None = None
        try:
            result = self._function()
        except BoxtrailError as error:
            failure = error
        except Exception as error:  # noqa: BLE001  (the one place where a job's defect is caught)
            failure = error
            sys.excepthook(type(error), error, error.__traceback__)
        try:
            self._answer.done.emit(self._number, result, failure)
        except RuntimeError:
            return  # the program is closing and the receiver is gone


class Background(QObject):
    """Runs functions on at most two threads and calls back in the GUI thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)
        self._next = 0
        self._waiting: dict[int, tuple[Callable[[Any], None], Callable[[Exception], None]]] = {}
        self._answer = _Answer()
        self._answer.done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a job has not answered yet."""
        return bool(self._waiting)

    def run(
        self,
        function: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run `function` on the pool, then `then(result)` or `failed(error)` here."""
        self._next += 1
        self._waiting[self._next] = (then, failed)
        self._pool.start(_Runnable(self._next, function, self._answer))

    def finish(self) -> None:
        """Wait for the jobs under way; their answers are not delivered any more."""
        self._waiting.clear()
        self._pool.waitForDone()

    @Slot(int, object, object)
    def _on_done(self, number: int, result: Any, error: Exception | None) -> None:
        then, failed = self._waiting.pop(number, (None, None))
        if error is not None and failed is not None:
            failed(error)
        elif then is not None and error is None:
            then(result)
