"""Unsaved work that a program left when it died: offered with what it holds, and restored.

What is restored becomes steps of the history, so it can be taken back; the copy is removed
only when the work is safe in a journal of this program's own. Of several copies of one clip
the newest is offered, an older one only where that is declined. Restoring one puts the older
ones by, to be asked for with *Older recovery copies*; those that it holds itself go with it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from app.autosave import Autosaver, folder
from app.controller.desk import Desk
from app.controller.history import restore_steps
from app.controller.prompts import Prompts
from core.document import autosave, leftovers
from core.document.autosave import Recovery
from core.document.document import Document
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
        for copies in leftovers.by_clip(autosave.candidates(folder())):
            found = self._chosen(copies, None)
            if found is not None:
                return found
        return None

    def offer_for(self, session: Session) -> None:
        """Ask about copies of the clip that was just opened, and restore the one chosen."""
        project, video = _where(session)
        found = autosave.candidates(folder(), project=project, video=video)
        for copies in leftovers.by_clip(found):
            chosen = self._chosen(copies, session.store.current)
            if chosen is not None:
                self.restore(session, chosen)
                return

    def offer_older(self) -> None:
        """Let the user choose among the copies of the open clip that were put by."""
        session = self._desk.session
        if session is None:
            return
        project, video = _where(session)
        found = autosave.older_copies(folder(), project=project, video=video)
        if not found:
            self._desk.say(self.tr("There are no older recovery copies of this clip."))
            return
        options = [(k, f"{copy.when}, {copy.summary}") for k, copy in enumerate(found, 1)]
        number = self._prompts.one_of(self.tr("Older recovery copies:"), options)
        if number is None:
            return
        chosen = found[number - 1]
        difference = autosave.describe_difference(session.store.current, chosen.document)
        answer = self._prompts.recover(chosen, difference)
        if answer == "discard":
            autosave.discard(chosen)
        elif answer == "restore":
            self.restore(session, chosen)

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
            self._put_by_older(recovery)

    def _chosen(self, copies: list[Recovery], document: Document | None) -> Recovery | None:
        """The copy of one clip that is to be restored; `copies` are newest first."""
        while copies:
            newest, *copies = copies
            difference = autosave.describe_difference(document, newest.document) if document else ""
            if document is not None and not difference:
                autosave.discard(newest)  # nothing that is not there already
                continue
            answer = self._prompts.recover(newest, difference)
            if answer != "discard":
                return newest if answer == "restore" else None
            autosave.discard(newest)
            copies = self._without_held(newest, copies)
        return None

    def _put_by_older(self, restored: Recovery) -> None:
        project = Path(restored.project) if restored.project else None
        found = autosave.candidates(folder(), project=project, video=restored.video)
        (same,) = leftovers.by_clip([restored, *found])[:1]
        older = self._without_held(restored, [copy for copy in same if copy is not restored])
        for recovery in older:
            autosave.put_by(recovery)
        if older:
            self._desk.say(
                self.tr("An older recovery copy of this clip differs and is kept."),
                self.tr("File → Older recovery copies shows it."),
                action="older_copies",
                action_text=self.tr("Show"),
            )

    @staticmethod
    def _without_held(newer: Recovery, copies: list[Recovery]) -> list[Recovery]:
        """Those that say anything else; the others go."""
        for recovery in copies:
            if leftovers.holds(newer, recovery):
                autosave.discard(recovery)
        return [recovery for recovery in copies if not leftovers.holds(newer, recovery)]


def _where(session: Session) -> tuple[Path | None, str]:
    return session.project_path, session.store.current.video.path
