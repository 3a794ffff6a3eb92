"""Where the user was in each clip of a list, to come back to: the frame and the object."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from app.controller.desk import Desk
from app.controller.playback import Playback


class Places(QObject):
    """Remembers the playhead of every project that was open, as long as the list is."""

    def __init__(self, desk: Desk, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._playback = desk, playback
        self._known: dict[Path, tuple[int, int | None]] = {}
        self._open: Path | None = None
        desk.clip_changed.connect(self._on_clip)
        playback.moved.connect(self._on_moved)

    def forget(self) -> None:
        """Another list was opened."""
        self._known.clear()

    def come_back(self) -> None:
        """Go where the user was in the clip that was just opened, once it is shown."""
        path = self._open
        if path is None:
            return
        frame, track = self._known.get(path, (0, None))
        QTimer.singleShot(0, self, lambda: self._go(path, frame, track))

    def _go(self, path: Path, frame: int, track: int | None) -> None:
        session = self._desk.session
        if session is None or self._open != path or not frame:
            return
        self._playback.go(min(frame, session.video.info.frame_count - 1))
        if track is not None and self._desk.document.has_track(track):
            self._desk.update(track=track)

    def _path(self) -> Path | None:
        session = self._desk.session
        return session.project_path if session is not None else None

    @Slot()
    def _on_clip(self) -> None:
        self._open = self._path()

    @Slot(int)
    def _on_moved(self, frame: int) -> None:
        if self._open is not None and self._open == self._path():
            self._known[self._open] = (frame, self._desk.state.track)
