"""Recovery copies while one works: often, off the GUI thread, and only when needed.

A timer looks whether the document (or the run under way) has changed and appends the
difference to the recovery journal on the background pool. Writing never overlaps
itself. A failure is told once, then again only after a success in between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.jobs.background import Background
from core import paths
from core.document.autosave import Autosave
from core.document.document import Document, Run
from core.document.track import Columns
from core.errors import BoxtrailError

Running = tuple[Run, Columns]


def folder() -> Path:
    """Where the recovery journals lie."""
    return paths.state_dir() / "autosave"


class Autosaver(QObject):
    """Writes recovery copies of the open document.

    Parameters
    ----------
    document
        Gives the current document; None when nothing is open.
    running
        Gives the run under way and its boxes so far.
    """

    failed = Signal(object)  # BoxtrailError

    def __init__(
        self,
        background: Background,
        document: Callable[[], Document | None],
        running: Callable[[], Running | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._document = document
        self._running = running
        self._journal: Autosave | None = None
        self._lock = threading.Lock()  # the journal is used by one thread at a time
        self._busy = False
        self._saved: tuple[Document | None, int] = (None, 0)
        self._complained = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.save_now)

    def set_interval(self, seconds: int) -> None:
        """Longest time between two copies while something changes."""
        self._timer.setInterval(seconds * 1000)

    def begin(self, project: Path | None) -> None:
        """A document was opened or saved: from now on, differences to it count."""
        self.end()
        self._journal = Autosave(folder(), project)
        self._saved = (self._document(), 0)
        self._timer.start()

    def end(self) -> None:
        """The document is safe or given up: its journal is removed."""
        self._timer.stop()
        journal, self._journal = self._journal, None
        if journal is not None:
            with self._lock:
                journal.close()

    @Slot()
    def save_now(self) -> None:
        """Write a copy in the background if anything changed."""
        state = self._changed()
        if state is None or self._busy:
            return
        journal, document, running = state
        self._busy = True
        mark = _mark(document, running)

        def done(_: object) -> None:
            self._busy = False
            self._complained = False
            if self._journal is journal:
                self._saved = mark

        self._background.run(lambda: self._write(journal, document, running), done, self._on_failed)

    def save_and_wait(self) -> bool:
        """Write a copy now, on this thread; False when that failed."""
        state = self._changed()
        if state is None:
            return True
        journal, document, running = state
        try:
            self._write(journal, document, running)
        except BoxtrailError as error:
            self._on_failed(error)
            return False
        self._saved = _mark(document, running)
        return True

    def _changed(self) -> tuple[Autosave, Document, Running | None] | None:
        document, running = self._document(), self._running()
        if self._journal is None or document is None:
            return None
        seen, rows = self._saved
        if document is seen and _rows(running) == rows:
            return None
        return self._journal, document, running

    def _write(self, journal: Autosave, document: Document, running: Running | None) -> None:
        with self._lock:
            if journal is self._journal:  # else it was ended while this job waited
                journal.write(document, running)

    def _on_failed(self, error: Exception) -> None:
        self._busy = False
        if not self._complained and isinstance(error, BoxtrailError):
            self._complained = True
            self.failed.emit(error)


def _rows(running: Running | None) -> int:
    return len(running[1]) if running else 0


def _mark(document: Document, running: Running | None) -> tuple[Document | None, int]:
    return document, _rows(running)
