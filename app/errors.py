"""The last net: nothing that goes wrong is silent, and nothing takes the window down.

Expected errors (:class:`core.errors.BoxtrailError`) are shown where they happen.
Everything else ends here: Python's hooks, Qt's message handler and faulthandler
all write to one rotating log, and an :class:`ErrorReport` goes to the window as a
copyable text. The hooks guard themselves: an error while reporting an error is
logged and dropped.
"""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from core import paths

_log = logging.getLogger("boxtrail")
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_LIBRARIES = ("boxtrail", "torch", "PySide6-Essentials", "opencv-python-headless", "av", "numpy")


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What is needed to find a defect: the trace and the circumstances."""

    summary: str
    trace: str
    facts: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """The report as plain text, to copy into a bug report."""
        rows = [f"{name}: {value}" for name, value in (*self.facts, *versions())]
        return "\n".join([f"Boxtrail error report\n{self.summary}\n", *rows, "", self.trace])


def versions() -> list[tuple[str, str]]:
    """Names and versions of what the program runs on."""
    found = [("Python", platform.python_version()), ("System", platform.platform())]
    for name in _LIBRARIES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "not installed as a package"))
    return found


class ErrorHub(QObject):
    """Catches what nobody caught and tells the window, from any thread.

    `describe` is asked for the circumstances (video, tracker, frame) at the time of
    the error; it is set by the window once there is something to describe.
    """

    unexpected = Signal(object)  # ErrorReport

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.describe: Callable[[], list[tuple[str, str]]] = list
        self._reporting = threading.local()

    def install(self) -> None:
        """Set the hooks of this process."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        qInstallMessageHandler(_on_qt_message)

    def uninstall(self) -> None:
        """Put Python's and Qt's own hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        qInstallMessageHandler(None)

    def report(self, error: BaseException) -> None:
        """Log an unexpected error and announce it."""
        if getattr(self._reporting, "busy", False):
            return
        self._reporting.busy = True
        try:
            trace = "".join(traceback.format_exception(error))
            _log.error("unexpected error\n%s", trace)
            summary = f"{type(error).__name__}: {error}"
            self.unexpected.emit(ErrorReport(summary, trace, tuple(self._facts())))
        except Exception:  # noqa: BLE001
            # The report itself failed; the log is all that is left.
            _log.exception("while reporting an error")
        finally:
            self._reporting.busy = False

    def _facts(self) -> list[tuple[str, str]]:
        try:
            return self.describe()
        except Exception as error:  # noqa: BLE001  (a report without facts is better than none)
            return [("facts", f"not available: {error}")]

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.report(error)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            self.report(args.exc_value)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    level = _LEVELS.get(kind, logging.WARNING)
    logging.getLogger("qt").log(level, "%s", message)


def start_logging() -> Path | None:
    """Log to a rotating file in the user's log folder; None when that is not possible.

    Also gives a program without a console (a windowed build) streams to write to:
    a library that prints must not take the program down.
    """
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        folder = paths.log_dir()
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "boxtrail.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8"
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    _enable_crash_traces(folder / "crash.log")
    return folder / "boxtrail.log"


def _enable_crash_traces(path: Path) -> None:
    # The stream must stay open for as long as the process lives.
    global _crash_stream
    try:
        _crash_stream = path.open("a", encoding="utf-8")
        faulthandler.enable(_crash_stream)
    except OSError as error:
        _log.warning("no crash traces: %s", error)


_crash_stream: IO[str] | None = None
