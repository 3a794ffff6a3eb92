"""“Go there instead”: a box on another peak of the map, and tracking on from it.

The box keeps the size it has and becomes a person's; the run that goes on from it keeps
the tracker's template. Both are one step for undo.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.controller.desk import Desk
from app.controller.edits import Edits
from app.controller.playback import Playback
from app.controller.runs import Runs
from core.geometry import Box


class Redirect(QObject):
    """Carries it out on the selected track."""

    def __init__(
        self,
        desk: Desk,
        edits: Edits,
        runs: Runs,
        playback: Playback,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._edits, self._runs, self._playback = desk, edits, runs, playback
        self._count = 0

    def go(self, x: float, y: float, frame: int) -> None:
        """Put the box of `frame` about ``(x, y)`` and track on from it.

        A run under way ends first, and what it found is kept up to there.
        """
        track = self._desk.state.track
        if track is None:
            return
        direction = self._runs.direction
        self._runs.conclude()
        key = self._desk.key_at(track, frame)
        if key is None:
            self._desk.say(self.tr("There is no box on frame %d to move.") % frame)
            return
        self._count += 1
        step = ("redirect", self._count)
        box = Box.from_center(x, y, key.box.w, key.box.h)
        self._playback.go(frame)
        if self._edits.put(track, frame, box, self.tr("Go there instead"), step):
            self._runs.go_on_from(track, frame, direction, step)
