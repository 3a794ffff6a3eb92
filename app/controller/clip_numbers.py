"""What is known of the clips of a list, read in the background as it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.jobs.background import Background
from core.collection.collection import Clip
from core.collection.summary import Standing, Summaries, Summary, cache_for, summary_of
from core.document.document import Document

_AT_ONCE = 8  # clips read before the panel is told


class ClipNumbers(QObject):
    """Numbers by clip; `changed` comes as they come, `failed` brings a defect."""

    changed = Signal()
    failed = Signal(object)  # Exception

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._summaries = Summaries()
        self._known: dict[int, Standing] = {}
        self._live: int | None = None  # the open clip: its document knows better than its file

    def begin(self, path: Path | None) -> None:
        """Another list (or none): forget everything."""
        self._summaries = Summaries(cache_for(path) if path is not None else None)
        self._known = {}
        self._live = None

    def set_live(self, clip_id: int | None) -> None:
        """The clip whose numbers are given by :meth:`look` from now on."""
        self._live = clip_id

    def of(self, clip: Clip) -> Standing:
        """What is known of a clip; zeros before it was read."""
        return replace(self._known.get(clip.id, Standing(clip)), clip=clip)

    def read(self, clips: Sequence[Clip]) -> None:
        """Read the clips' projects, a few at a time, where they changed."""
        summaries, some, rest = self._summaries, list(clips[:_AT_ONCE]), clips[_AT_ONCE:]
        if not some:
            self._background.run(summaries.keep, lambda _: None, self.failed.emit)
            return

        def take(found: list[Standing]) -> None:
            if summaries is not self._summaries:
                return  # another list was opened meanwhile
            for standing in found:
                if standing.clip.id != self._live:
                    self._known[standing.clip.id] = standing
            self.changed.emit()
            self.read(rest)

        self._background.run(lambda: summaries.standings(some), take, self.failed.emit)

    def look(self, clip: Clip, document: Document, frames: int) -> None:
        """Work out the open clip's numbers from its document."""
        summaries = self._summaries

        def take(summary: Summary) -> None:
            if summaries is self._summaries:
                self._known[clip.id] = Standing(clip, replace(summary, frames=frames))
                self.changed.emit()

        self._background.run(lambda: summary_of(document), take, self.failed.emit)
