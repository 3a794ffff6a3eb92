"""Deciding on what runs propose: accept whole, up to here or here, or discard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.controller.desk import Desk
from core.document import proposals
from core.document.document import Document, Proposal
from core.errors import BoxtrailError

Decision = Callable[[Document, int, int, int], Document]


class Proposals(QObject):
    """Carries out decisions on the newest proposal for the selected object."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk

    def toggle(self) -> None:
        """Let runs propose from now on, or write into the object directly."""
        self._desk.update(propose=not self._desk.state.propose)

    def accept_all(self) -> None:
        """Take over all its boxes; those of a person stay."""
        self._decide(proposals.accepted, self.tr("Accept proposal"), whole=True)

    def accept_to_here(self) -> None:
        """Take over its boxes from where it begins up to this frame."""
        proposal = self._current()
        if proposal is None:
            return
        start, here = proposal.run.start, self._desk.shown
        first, last = min(start, here), max(start, here)
        self._decide(
            proposals.accepted, self.tr("Accept proposal up to here"), frames=(first, last)
        )

    def accept_here(self) -> None:
        """Take over its box on this frame."""
        self._decide(proposals.accepted, self.tr("Accept proposed box"))

    def discard_all(self) -> None:
        """Drop it; the object stays as it is."""
        self._decide(proposals.discarded, self.tr("Discard proposal"), whole=True)

    def discard_here(self) -> None:
        """Drop its box on this frame."""
        self._decide(proposals.discarded, self.tr("Discard proposed box"))

    def _current(self) -> Proposal | None:
        if self._desk.session is None:
            return None
        return proposals.of_track(self._desk.document, self._desk.state.track)

    def _decide(
        self,
        decision: Decision,
        text: str,
        *,
        whole: bool = False,
        frames: tuple[int, int] | None = None,
    ) -> None:
        proposal = self._current()
        if proposal is None:
            return
        here = self._desk.shown
        if whole:
            known = proposal.columns.frames
            frames = int(known[0]), int(known[-1])
        first, last = frames or (here, here)
        try:
            after = decision(self._desk.document, proposal.run.id, first, last)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        self._desk.edit(text, after, focus=(proposal.run.track_id, here), frames=(first, last))
