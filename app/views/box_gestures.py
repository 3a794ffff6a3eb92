"""Drawing, dragging and nudging boxes: one gesture at a time, one commit each.

A gesture has an id. While it lasts :attr:`BoxGestures.changed` follows the box, so
that the document can be kept in step and all of it merged into one undo step; at
its end :attr:`BoxGestures.committed` repeats the last box exactly once, or
:attr:`BoxGestures.cancelled` follows a `changed` that restored the first one.
Positions are frame pixels; nothing here knows of zoom or painting.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from app.views.box_geometry import MOVE, Handle, dragged, nudged, settled
from core.geometry import Box

_BURST_MS = 700  # nudges closer together than this are one gesture


@dataclass(slots=True)
class _Gesture:
    id: int
    track_id: int
    first: Box
    last: Box
    handle: Handle | None = None  # None while nudging
    grabbed: tuple[float, float] = (0.0, 0.0)
    told: bool = False  # whether anyone heard of it yet


class BoxGestures(QObject):
    """The state machine behind :class:`~app.views.video_view.VideoView`.

    Attributes
    ----------
    changed, committed
        ``(track_id, box, gesture id)``.
    cancelled
        ``(track_id, gesture id)``.
    drawn
        A new box, inside the frame and at least 1 × 1 px.
    """

    changed = Signal(int, object, int)
    committed = Signal(int, object, int)
    cancelled = Signal(int, int)
    drawn = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids = itertools.count(1)
        self._frame = (1.0, 1.0)
        self._gesture: _Gesture | None = None
        self._draw_from: tuple[float, float] | None = None
        self._band = Box(0.0, 0.0, 0.0, 0.0)
        self._burst = QTimer(self)
        self._burst.setSingleShot(True)
        self._burst.setInterval(_BURST_MS)
        self._burst.timeout.connect(self.finish)

    @property
    def is_drawing(self) -> bool:
        return self._draw_from is not None

    @property
    def is_dragging(self) -> bool:
        return self._gesture is not None and self._gesture.handle is not None

    @property
    def live(self) -> tuple[int, Box] | None:
        """Track and box of the gesture in progress."""
        return (self._gesture.track_id, self._gesture.last) if self._gesture else None

    @property
    def rubber_band(self) -> Box | None:
        """The box being drawn, clipped to the frame."""
        return self._band.clipped(*self._frame) if self.is_drawing else None

    @property
    def moves_whole_box(self) -> bool:
        """Whether a box is being moved as it is: no edge is being placed."""
        return self._gesture is not None and self._gesture.handle == MOVE

    @property
    def measure(self) -> str:
        """Numbers that tell how the gesture goes: position when moving, else size."""
        if self.is_drawing:
            box = self._band.clipped(*self._frame)
        elif self._gesture is not None:
            box = self._gesture.last
        else:
            return ""
        if self._gesture is not None and self._gesture.handle == MOVE:
            return f"{box.x:.1f}, {box.y:.1f}"
        return f"{box.w:.1f} × {box.h:.1f}"

    def set_frame_size(self, width: float, height: float) -> None:
        """Size of the frames, in pixels."""
        self._frame = (width, height)

    def begin_draw(self, x: float, y: float) -> None:
        """Put down one corner."""
        self.finish()
        self._draw_from, self._band = (x, y), Box(x, y, 0.0, 0.0)

    def draw_to(
        self, x: float, y: float, *, keep_aspect: bool = False, from_center: bool = False
    ) -> None:
        """Drag the other corner; `keep_aspect` draws a square, `from_center` around the start."""
        if self._draw_from is None:
            return
        x0, y0 = self._draw_from
        if keep_aspect:
            side = max(abs(x - x0), abs(y - y0))
            x, y = x0 + (side if x >= x0 else -side), y0 + (side if y >= y0 else -side)
        if from_center:
            x0, y0 = 2 * x0 - x, 2 * y0 - y
        self._band = Box.from_corners(x0, y0, x, y)

    def end_draw(self) -> bool:
        """Announce the drawn box; False if it is too small to be meant."""
        band = self.rubber_band
        self._draw_from = None
        if band is None or band.w < 1 or band.h < 1:
            return False
        self.drawn.emit(band)
        return True

    def begin_drag(self, track_id: int, box: Box, handle: Handle, x: float, y: float) -> None:
        """Grab `box` of a track by `handle` at the frame point ``(x, y)``."""
        self.finish()
        self._gesture = _Gesture(next(self._ids), track_id, box, box, handle, (x, y))

    def drag_to(
        self, x: float, y: float, *, keep_aspect: bool = False, from_center: bool = False
    ) -> None:
        """Follow the pointer."""
        gesture = self._gesture
        if gesture is None or gesture.handle is None:
            return
        dx, dy = x - gesture.grabbed[0], y - gesture.grabbed[1]
        box = dragged(
            gesture.first,
            gesture.handle,
            dx,
            dy,
            keep_aspect=keep_aspect,
            from_center=from_center,
        )
        self._change(gesture, settled(box, *self._frame) if (dx or dy) else gesture.first)

    def nudge(self, track_id: int, box: Box, dx: float, dy: float, *, resize: bool) -> None:
        """Move (or resize) by keys; presses in quick succession are one gesture."""
        gesture = self._gesture
        if gesture is None or gesture.handle is not None or gesture.track_id != track_id:
            self.finish()
            gesture = self._gesture = _Gesture(next(self._ids), track_id, box, box)
        self._burst.start()
        moved = nudged(gesture.last, dx, dy, resize=resize)
        self._change(gesture, settled(moved, *self._frame))

    def finish(self) -> None:
        """End the gesture in progress and commit it, if it changed anything."""
        gesture = self._end()
        if gesture is None or not gesture.told:
            return
        if gesture.last != gesture.first:
            self.committed.emit(gesture.track_id, gesture.last, gesture.id)
        else:
            self.cancelled.emit(gesture.track_id, gesture.id)

    def finish_nudging(self) -> None:
        """End a burst of key presses, if that is what is in progress."""
        if not self.is_dragging:
            self.finish()

    def cancel(self) -> bool:
        """Undo the drag, nudge or drawing in progress; False if there was none."""
        was_drawing, self._draw_from = self.is_drawing, None
        gesture = self._end()
        if gesture is not None and gesture.told:
            self._change(gesture, gesture.first)
            self.cancelled.emit(gesture.track_id, gesture.id)
        return was_drawing or gesture is not None

    def forget(self) -> None:
        """Drop the gesture in progress without a word: its track is gone."""
        self._end()

    def _end(self) -> _Gesture | None:
        self._burst.stop()
        gesture, self._gesture = self._gesture, None
        return gesture

    def _change(self, gesture: _Gesture, box: Box) -> None:
        if box != gesture.last:
            gesture.last, gesture.told = box, True
            self.changed.emit(gesture.track_id, box, gesture.id)
