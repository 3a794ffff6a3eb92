"""Where in the clip the user is: stepping, scrubbing, playing, jumping.

`go` moves the playhead at once; the pixels follow when the loader has them, newest
request first. Boxes are always drawn for the frame whose pixels are shown, so a
lagging decoder can never put a box on the wrong picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.jobs.frames import FrameLoader, Loaded
from app.views.view_types import DisplayFrame
from core.document.track import Columns

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
_FALLBACK_FPS = 25.0
_PREROLL = 0.004  # seconds a timer may fire early without being sent back to sleep


@dataclass(frozen=True, slots=True)
class Loop:
    """Frames ``first..last`` that are played over and over; `home` is where one was before."""

    first: int
    last: int
    home: int


class Playback(QObject):
    """Moves the playhead and brings the frames for it.

    `frame_shown` announces the frame to paint (None when it cannot be read);
    `DisplayFrame` objects stay in the GUI thread.
    """

    frame_shown = Signal(object, float)  # DisplayFrame or None, time in seconds
    moved = Signal(int)
    speed_changed = Signal(float)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.speed = 1.0
        self._loader = FrameLoader(self)
        self._loader.loaded.connect(self._on_loaded)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._advance)
        self._began = 0.0  # clock and frame when real-time playback began
        self._from = 0
        self._due = 0.0
        self._loop: Loop | None = None
        desk.clip_changed.connect(self._on_clip)

    @property
    def is_settled(self) -> bool:
        """Whether the canvas shows the frame at the playhead."""
        return not self._loader.is_busy

    def finish(self) -> None:
        """Stop playing and end the loader's thread."""
        self._timer.stop()
        self._loader.finish()

    def go(self, frame: int) -> None:
        """Move the playhead to `frame` (kept within the clip) and load its picture."""
        session, count = self._desk.session, self._desk.state.frame_count
        if session is None or count <= 0:
            return
        frame = min(max(frame, 0), count - 1)
        self._desk.update(frame=frame)
        self.moved.emit(frame)
        self._loader.request(session.video, frame)

    def user_go(self, frame: int) -> None:
        """Like :meth:`go`, by the user's hand: playback stops there."""
        self.pause()
        self.go(frame)

    def step(self, count: int) -> None:
        """Move by `count` frames."""
        self.user_go(self._desk.state.frame + count)

    def show_tracked(self, frame: DisplayFrame, seconds: float) -> None:
        """Show a picture that a run delivered; the playhead follows it."""
        self._loader.forget()
        self._desk.shown = frame.index
        self._desk.update(frame=frame.index)
        self.moved.emit(frame.index)
        self.frame_shown.emit(frame, seconds)

    def toggle(self) -> None:
        """Play from the playhead (from the start when it is at the end), or pause."""
        if self._desk.state.playing:
            self.pause()
            return
        state = self._desk.state
        if state.frame >= state.frame_count - 1:
            self.go(0)
        self._desk.update(playing=True)
        self._restart_clock()
        self._timer.start(0)

    def pause(self) -> None:
        """Stop playing; a loop goes back to where it was begun."""
        self._timer.stop()
        if self._desk.state.playing:
            self._desk.update(playing=False)
        loop, self._loop = self._loop, None
        if loop is not None:
            self.go(loop.home)

    def toggle_loop(self, first: int, last: int) -> None:
        """Play `first` to `last` over and over, or end that."""
        state, looping = self._desk.state, self._loop is not None
        self.pause()
        if looping or state.frame_count <= 0:
            return
        last = min(last, state.frame_count - 1)
        self._loop = Loop(max(first, 0), last, state.frame)
        self.go(self._loop.first)
        self._desk.update(playing=True)
        self._restart_clock()
        self._timer.start(0)

    def set_speed(self, speed: float) -> None:
        """Play `speed` times as fast as recorded."""
        if speed != self.speed:
            self.speed = max(speed, 0.01)
            self._restart_clock()
            self.speed_changed.emit(self.speed)

    def next_manual(self, step: int) -> None:
        """Jump to the next (step 1) or previous (−1) box that a person made."""
        self._jump(step, lambda c: c.protected(), self.tr("There is no further manual box."))

    def _jump(self, step: int, rule: Callable[[Columns], NDArray[np.bool_]], nothing: str) -> None:
        desk = self._desk
        if desk.session is None or desk.state.track is None:
            return
        columns = desk.track_now(desk.document.track(desk.state.track)).columns
        frames = columns.frames[rule(columns)]
        ahead = frames[frames > desk.state.frame] if step > 0 else frames[frames < desk.state.frame]
        if len(ahead):
            self.user_go(int(ahead[0] if step > 0 else ahead[-1]))
        else:
            desk.say(nothing)

    def _fps(self) -> float:
        session = self._desk.session
        fps = session.video.info.fps if session else 0.0
        return (fps or _FALLBACK_FPS) * self.speed

    def _restart_clock(self) -> None:
        self._began = self._due = time.perf_counter()
        self._from = self._desk.state.frame

    @Slot()
    def _advance(self) -> None:
        state = self._desk.state
        if not state.playing or self._loader.is_busy:
            return  # the next frame is asked for when this one has arrived
        last = self._loop.last if self._loop is not None else state.frame_count - 1
        if state.frame >= last and self._loop is None:
            self.pause()
            return
        now = time.perf_counter()
        wait = self._due - now
        if wait > _PREROLL:
            self._timer.start(int(wait * 1000))
            return
        if state.frame >= last and self._loop is not None:
            self.go(self._loop.first)
            self._restart_clock()
            self._due += 1 / self._fps()
            return
        self.go(min(self._next_frame(now), last))

    def _next_frame(self, now: float) -> int:
        frame = self._desk.state.frame
        if self._desk.preferences.playback == "real_time":
            behind = self._from + int((now - self._began) * self._fps())
            target = max(behind, frame + 1)
            self._due = self._began + (target + 1 - self._from) / self._fps()
            return target
        # Every frame: keep the beat while decoding can, slow down when it cannot.
        self._due = max(self._due + 1 / self._fps(), now)
        return frame + 1

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        self._desk.shown = loaded.index
        self.frame_shown.emit(loaded.frame, loaded.time)
        if loaded.error is not None:
            self._desk.say_error(loaded.error)
        if self._desk.state.playing:
            self._timer.start(0)

    @Slot()
    def _on_clip(self) -> None:
        self._timer.stop()
        self._loop = None
        self._loader.forget()
        if self._desk.session is None:
            self.frame_shown.emit(None, 0.0)
