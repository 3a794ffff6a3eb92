"""Annotations of other programs: read in the background, added as new objects in one step.

Where runs propose, imported boxes wait as proposals, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from app.controller.desk import Desk
from app.controller.prompts import Prompts
from app.jobs.background import Background
from core import exchange
from core.document.document import Document
from core.exchange import Imported
from core.session import Session
from core.wording import counted


class Annotations(QObject):
    """Carries out Import. `report` is told errors, expected ones and defects."""

    def __init__(
        self,
        desk: Desk,
        background: Background,
        prompts: Prompts,
        report: Callable[[Exception], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._background, self._prompts = desk, background, prompts
        self._report = report

    def ask_and_import(self) -> None:
        """Let the user choose an annotation file and add its boxes as new objects."""
        session = self._desk.session
        path = self._prompts.path_to_import() if session is not None else None
        if session is None or path is None:
            return
        # Read beside an empty document: what is open may be edited meanwhile.
        empty = Document(session.store.current.video)
        video = session.video
        self._background.run(
            lambda: exchange.import_document(empty, path, video=video),
            lambda imported: self._add(session, path, imported),
            self._report,
        )

    def _add(self, session: Session, path: Path, imported: Imported) -> None:
        if self._desk.session is not session:
            return
        propose = self._desk.state.propose
        if propose:
            after = exchange.proposed(self._desk.document, imported.document, path.name)
        else:
            after = exchange.merged(self._desk.document, imported.document)
        count = len(imported.tracks)
        first = self._desk.document.next_track_id
        self._desk.edit(self.tr("Import %s") % path.name, after, focus=(first, None))
        self._desk.update(track=first if count else self._desk.state.track)
        notes = " ".join(part for part in (*imported.warnings, imported.skipped) if part)
        text = (
            self.tr("Boxes of %s from %s are proposed.")
            if propose
            else self.tr("%s imported from %s.")
        )
        text %= counted(count, "object"), path.name
        self._desk.say(text, notes, "warning" if notes else "success")
