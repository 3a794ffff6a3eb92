"""The weights of the chosen tracker: whether they are there, and getting them.

Getting runs on a background thread; the window goes on. What came is checked as
:mod:`core.weights.download` does it, so a file that is not the published one never
gets into the user's folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.controller.desk import Desk
from app.controller.prompts import Prompts
from app.jobs.background import Background, Progress
from core import weights
from core.errors import BoxtrailError
from core.weights import Entry, Standing, download

_EVERY_MS = 200


class _Cancelled(BoxtrailError):
    """The user left while weights were coming."""


class Weights(QObject):
    """Looks, gets, and keeps `UiState.lacks` true.

    `changed` brings the standing of the chosen tracker's weights, `progress` a sentence
    while something is coming, empty at the end; `defect` what nobody expected.
    """

    changed = Signal(object)  # Standing
    progress = Signal(str)
    defect = Signal(object)  # Exception

    def __init__(
        self, desk: Desk, background: Background, prompts: Prompts, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._background = background
        self._prompts = prompts
        self._looked: tuple[str, tuple[str, ...]] = ("", ())  # title and keys
        self._coming: tuple[Entry, Progress] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._tell)

    def look(self, title: str, keys: Sequence[str]) -> None:
        """The tracker `title` is chosen, which needs the weights `keys`."""
        self._looked = (title, tuple(keys))
        try:
            standing = weights.standing(keys)
        except BoxtrailError as error:
            self._desk.say_error(error)
            standing = Standing()
        lacks = self.tr("%s needs weights first: see the Tracker panel.") % title
        self._desk.update(lacks=lacks if standing.missing else "")
        self.changed.emit(standing)

    def get(self, key: str) -> None:
        """Get the published file of an entry."""
        self._start(key, None)

    def choose(self, key: str) -> None:
        """Let the user choose a file for an entry."""
        path = self._prompts.weights_file(weights.entry(key).title)
        if path is not None:
            self._start(key, path)

    def finish(self) -> None:
        """Stop what is coming; the background waits for it."""
        if self._coming is not None:
            self._coming[1].cancel()

    def _start(self, key: str, path: Path | None) -> None:
        if self._coming is not None:
            return
        known, progress = weights.entry(key), Progress()

        def told(done: int, total: int) -> None:
            progress.fraction = done / total if total else 0.0
            if progress.cancelled:
                raise _Cancelled("Cancelled.")

        self._coming = (known, progress)
        self._timer.start()
        self._tell()
        self._background.run(
            lambda: download.get(known, file=path, progress=told), self._came, self._failed
        )

    def _tell(self) -> None:
        if self._coming is not None:
            known, progress = self._coming
            share = f" {progress.fraction:.0%}" if progress.fraction else ""
            self.progress.emit(self.tr("Getting %s…") % known.title + share)

    def _came(self, path: Path) -> None:
        known = self._end()
        sure = weights.trust(path, known) is not weights.Trust.UNVERIFIED
        self._desk.say(
            self.tr("%s: the weights are here.") % known.title,
            "" if sure else self.tr("No checksum of them is known: they count as unverified."),
            "success" if sure else "warning",
        )
        self.look(*self._looked)

    def _failed(self, error: Exception) -> None:
        self._end()
        if isinstance(error, BoxtrailError):
            self._desk.say_error(error)
        else:
            self.defect.emit(error)
        self.look(*self._looked)

    def _end(self) -> Entry:
        assert self._coming is not None
        known, self._coming = self._coming[0], None
        self._timer.stop()
        self.progress.emit("")
        return known
