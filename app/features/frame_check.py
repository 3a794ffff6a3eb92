"""Looks whether an opened clip still gives the frames that were annotated.

Crops of a few frames are taken when a person's work on a clip begins and are kept with
the project; the next time they are compared with what is read then. Both happen in the
background; only a difference is told.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import Slot

from app.features.feature import Feature, Parts
from core.session import Session
from core.video.samples import FrameCheck, check_samples, take_samples
from core.video.source import Access

_log = logging.getLogger(__name__)


class FrameCheckFeature(Feature):
    """See the module docstring."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller = parts.controller
        self._desk, self._background = controller.desk, controller.background
        self._seen: Session | None = None  # whose samples were compared or taken
        self._desk.clip_changed.connect(self._look)
        self._desk.document_changed.connect(self._look)
        controller.project.facts_changed.connect(self._look)

    @Slot()
    def _look(self) -> None:
        session = self._desk.session
        if session is None:
            self._seen = None
            return
        if session is self._seen or session.video.access is Access.CHECKING:
            return
        if session.samples:
            self._seen = session
            self._background.run(
                lambda: check_samples(session.video, session.samples),
                lambda found: self._tell(session, found),
                self._failed,
            )
        elif session.store.current.tracks:  # not while one only looks at a clip
            self._seen = session
            self._background.run(
                lambda: take_samples(session.video),
                lambda samples: setattr(session, "samples", samples),
                self._failed,
            )

    def _tell(self, session: Session, found: FrameCheck) -> None:
        if self._desk.session is session and found.message:
            hint = self.tr("Use the file that was annotated, or check some boxes before going on.")
            self._desk.say(found.message, hint, "warning")

    def _failed(self, error: Exception) -> None:
        _log.warning("frames could not be compared: %s", error)  # e.g. the clip was closed
