"""Replaying a recording: its maps behind the playhead, its tracker in the panel.

Everything else of a replay is an ordinary open clip. A run that is started on it shows
its own maps; going back to the recorded ones is opening the recording again.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.controller.desk import Desk
from app.controller.overlay import Overlay
from app.controller.project import Project
from app.controller.prompts import Prompts
from app.controller.runs import Runs
from core.recording.recording import Recording
from core.replay import ReplaySession


class Replay(QObject):
    """Follows which clip is open.

    Attributes
    ----------
    shown
        A recording is open (:class:`ReplaySession`), or none (None) any more.
    """

    shown = Signal(object)

    def __init__(
        self,
        desk: Desk,
        runs: Runs,
        overlay: Overlay,
        project: Project,
        prompts: Prompts,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk, self._overlay = desk, overlay
        self._project, self._prompts = project, prompts
        self._was: ReplaySession | None = None
        desk.clip_changed.connect(self._on_clip)
        project.opened.connect(self._on_opened)
        runs.run_started.connect(self._on_run)

    @property
    def session(self) -> ReplaySession | None:
        """The open recording, None when something else (or nothing) is open."""
        session = self._desk.session
        return session if isinstance(session, ReplaySession) else None

    @property
    def recording(self) -> Recording | None:
        """The open recording's file."""
        return self.session.recording if self.session is not None else None

    def open(self, path: Path) -> None:
        """Open a recording."""
        self._project.open(path)

    def locate_video(self) -> None:
        """Let the person show where the recorded video is now."""
        session = self.session
        if session is None:
            return
        clip = session.recording.clip
        message = session.missing or self.tr("Replay this recording over another video.")
        found = self._prompts.moved_video(message, clip.path)
        if found is not None:
            self._project.open(session.recording.path, video=found)

    @Slot()
    def _on_clip(self) -> None:
        # Before anything is painted: the maps of the clip that was open are not this one's.
        session, before = self.session, self._was
        self._was = session
        if session is not None:
            self._overlay.use_source(session.recording, session.step)
        elif before is not None:
            self._overlay.use_source(None)
        if session is None and before is not None:
            self.shown.emit(None)

    @Slot()
    def _on_opened(self) -> None:
        session = self.session
        if session is None:
            return
        recording = session.recording
        maps = recording.maps
        if maps:
            primary = next((info.key for info in maps if info.primary), maps[0].key)
            tracker = recording.runs[-1].tracker if recording.runs else ""
            self._overlay.set_maps(maps, primary, tracker)
        self.shown.emit(session)
        self._tell(session)

    def _tell(self, session: ReplaySession) -> None:
        recording = session.recording
        if not recording.complete:
            self._desk.say(
                self.tr("The program ended while this was recorded."),
                self.tr("It has frames up to %d; at most the last 16 are missing.")
                % int(recording.frames.max() if len(recording) else 0),
                "warning",
            )
        if session.missing:
            self._desk.say(
                session.missing,
                self.tr("The recording is replayed without pictures."),
                "warning",
                "locate_video",
                self.tr("Locate the video"),
            )

    @Slot(object)
    def _on_run(self, plan: object) -> None:
        if self.session is not None:
            self._overlay.use_source(None)
