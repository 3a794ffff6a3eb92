"""Unsaved work that a program left when it died: offered with what it holds, and restored.

What is restored becomes steps of the history, so it can be taken back; the copy is removed
only when the work is safe in a journal of this program's own.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from app.autosave import Autosaver, folder
from app.controller.desk import Desk
from app.controller.history import restore_steps
from app.controller.prompts import Prompts
from core.document import autosave
from core.document.autosave import Recovery
from core.session import Session


class Recovering(QObject):
    """Asks about recovery copies and does what the answer says."""

    def __init__(
        self, desk: Desk, prompts: Prompts, autosaver: Autosaver, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._prompts, self._autosaver = desk, prompts, autosaver

    def offer(self) -> Recovery | None:
        """Ask about the copies of any clip, newest first; the one that is to be restored."""
        for found in autosave.candidates(folder()):
            answer = self._prompts.recover(found, "")
            if answer == "discard":
                autosave.discard(found)
            elif answer == "restore":
                return found
        return None

    def offer_for(self, session: Session) -> None:
        """Ask about copies of the clip that was just opened, and restore the one chosen."""
        document = session.store.current
        found = autosave.candidates(
            folder(), project=session.project_path, video=document.video.path
        )
        for recovery in found:
            difference = autosave.describe_difference(document, recovery.document)
            if not difference:
                autosave.discard(recovery)
                continue
            answer = self._prompts.recover(recovery, difference)
            if answer == "discard":
                autosave.discard(recovery)
            elif answer == "restore":
                self.restore(session, recovery)
                return

    def restore(self, session: Session, recovery: Recovery) -> None:
        """Put the work of a copy on the desk."""
        video = session.store.current.video
        restore_steps(self._desk, [(at, replace(d, video=video)) for at, d in recovery.states])
        restored = replace(recovery.document, video=video)
        if restored != self._desk.document:
            self._desk.edit(self.tr("Restore unsaved work"), restored)
        if restored.tracks:
            last = restored.tracks[-1]
            self._desk.update(track=last.id)
        # Only when the work is safe in a journal of our own may the old one go.
        if self._autosaver.save_and_wait():
            autosave.discard(recovery)
