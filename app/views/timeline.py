"""Tracks over frames: ruler, score strip, lanes and playhead, and how to move in them.

The timeline announces where a person wants to go and shows where the application
is; it never moves the playhead by itself. Wheel scrolls, Ctrl+wheel zooms about the
cursor, double-click shows the whole clip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from app.views.focus_ring import FocusRing
from app.views.timeline_canvas import RULER, STRIP, TimelineCanvas
from app.views.timeline_data import TrackLane
from app.views.timeline_ruler import RunSpan
from app.views.timeline_scale import TimeScale, clock
from core.states import Flag, IntervalMode, Source, TargetState

__all__ = ["Timeline", "TrackLane"]

_GRAB = 5  # px around the threshold line
_ZOOM_STEP = 1.25


class Timeline(TimelineCanvas):
    """Navigation through the clip."""

    seek = Signal(int)
    """Frame under the cursor, while pressing or dragging."""
    seek_finished = Signal(int)
    """Frame where a drag or click ended."""
    track_selected = Signal(int)
    threshold_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dragging = ""  # "", "seek", "threshold" or "pan"
        self._pan_from = 0.0
        self._sought = -1
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        FocusRing(self)
        self.setAccessibleName(self.tr("Timeline"))
        self._describe()

    # data -------------------------------------------------------------------------

    def set_clip(
        self, frame_count: int, fps: float = 0.0, times: NDArray[np.float64] | None = None
    ) -> None:
        """Begin with a clip of `frame_count` frames (0: none).

        `times` are seconds per frame, ``(frame_count,)``, for clips of variable rate.
        """
        self._fps, self._times = fps, times
        self._cached, self._damaged, self._run = [], np.empty(0, np.int32), None
        self._flags = []
        self._playhead, self._hover = 0, None
        self._scale = TimeScale.fitted(frame_count, self.viewport().width() - self.gutter())
        self._sync_bars()
        self._describe()
        self._renew()

    def set_tracks(self, lanes: Sequence[TrackLane]) -> None:
        """Show these lanes; cheap when most `columns` are the same objects as before."""
        old, self._lanes = self._lanes, list(lanes)
        changed = set(self._lane_pixmaps.keep(self._lanes))
        if [lane.track_id for lane in old] != [lane.track_id for lane in self._lanes]:
            self._sync_bars()
            self._renew()
            return
        for number, (before, now) in enumerate(zip(old, self._lanes, strict=True)):
            looks_same = (before.title, before.color, before.visible, before.selected) == (
                now.title, now.color, now.visible, now.selected
            ) and _same_marks(before, now)  # fmt: skip
            if now.track_id in changed or not looks_same:
                self._update_lane(number)
                if now.selected or before.selected:
                    self._update_strip()

    def set_playhead(self, frame: int) -> None:
        """Show where the application is; turns the page when the playhead leaves the view."""
        frame = min(max(frame, 0), max(self._scale.count - 1, 0))
        if frame == self._playhead:
            return
        old, self._playhead = self._playhead, frame
        followed = self._scale.showing(old) is self._scale or abs(frame - old) > 1
        turned = self._scale.showing(frame) if followed and not self._dragging else self._scale
        if turned != self._scale:
            self.set_scale(turned)
        else:
            self._update_playhead(old)
            self._update_playhead(frame)
        self._describe()

    def set_cached(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Frames in memory as rising ``(start, stop)`` pairs, `stop` exclusive."""
        if list(ranges) != self._cached:
            self._cached = list(ranges)
            self._update_ruler()

    def set_damaged(self, frames: Iterable[int]) -> None:
        """Frames that cannot be read."""
        self._damaged = np.array(sorted(set(frames)), np.int32)
        self._update_ruler()

    def set_flags(self, places: Sequence[tuple[int, int, bool]]) -> None:
        """Doubtful places as (first, last, lost), frames inclusive."""
        if list(places) != self._flags:
            self._flags = list(places)
            self._update_ruler()

    def set_threshold(self, value: float) -> None:
        """Score under which a frame counts as doubtful; not announced."""
        if value != self._threshold:
            self._threshold = min(max(value, 0.0), 1.0)
            self._update_strip()

    def threshold(self) -> float:
        """The threshold shown."""
        return self._threshold

    def set_run(self, start: int, current: int, stop: int, step: int) -> None:
        """A run from `start` towards `stop` (exclusive) has reached `current`."""
        span = RunSpan(start, current, stop, 1 if step >= 0 else -1)
        if span != self._run:
            self._run = span
            self._update_ruler()

    def clear_run(self) -> None:
        """No run is in progress."""
        self._run = None
        self._update_ruler()

    # zoom ---------------------------------------------------------------------------

    def zoom_fit(self) -> None:
        """Show the whole clip."""
        self.set_scale(TimeScale.fitted(self._scale.count, self._scale.width))

    def zoom_in(self) -> None:
        """Enlarge about the playhead."""
        self._zoom(_ZOOM_STEP**2, self._zoom_center())

    def zoom_out(self) -> None:
        """Reduce about the playhead."""
        self._zoom(_ZOOM_STEP**-2, self._zoom_center())

    def _zoom_center(self) -> float:
        x = self._scale.x(self._playhead + 0.5)
        return x if 0 <= x <= self._scale.width else self._scale.width / 2

    def _zoom(self, factor: float, x: float) -> None:
        if self._scale.count:
            self.set_scale(self._scale.zoomed(factor, x))

    # input --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._scale.count:
            return
        x, y = event.position().x(), event.position().y()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._dragging, self._pan_from = "pan", x
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
        elif x < self.gutter():
            lane = self.lane_at(y)
            if lane is not None:
                self.track_selected.emit(lane.track_id)
        elif self._on_threshold(y):
            self._dragging = "threshold"
        else:
            self._dragging, self._sought = "seek", -1
            self._seek_to(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        if self._dragging == "seek":
            self._seek_to(x)
        elif self._dragging == "threshold":
            self._drag_threshold(y)
        elif self._dragging == "pan":
            self.set_scale(self._scale.scrolled_by(self._pan_from - x))
            self._pan_from = x
        else:
            near = self._on_threshold(y) and x >= self.gutter()
            shape = Qt.CursorShape.SizeVerCursor if near else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
        self._set_hover(self.frame_at(x) if x >= self.gutter() and self._scale.count else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging == "seek":
            self.seek_finished.emit(self._sought)
        if self._dragging == "pan":
            self.viewport().unsetCursor()
        self._dragging = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and event.position().x() >= self.gutter():
            self.zoom_fit()

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta, pixels = event.angleDelta(), event.pixelDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            x = event.position().x() - self.gutter()
            self._zoom(_ZOOM_STEP ** (delta.y() / 120), min(max(x, 0.0), self._scale.width))
        elif self._rolls_lanes(event):
            bar = self.verticalScrollBar()
            step = pixels.y() or round(delta.y() / 120 * 2 * bar.singleStep())
            bar.setValue(bar.value() - step)
        elif self._scale.count:
            turn = delta.x() or delta.y()  # Shift or a tilt makes it horizontal on some systems
            moved = (pixels.x() or pixels.y()) or turn / 120 * self._scale.width / 10
            self.set_scale(self._scale.scrolled_by(-moved))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # moving by keys is a matter of the window's actions

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text_at(event.pos()), self.viewport())
            return True
        return super().viewportEvent(event)

    def _rolls_lanes(self, event: QWheelEvent) -> bool:
        upright = event.angleDelta().y() and not event.angleDelta().x()
        shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        over = event.position().y() >= RULER + STRIP
        return bool(upright and over and not shifted and self.verticalScrollBar().maximum())

    def _on_threshold(self, y: float) -> bool:
        return abs(y - self.threshold_y()) <= _GRAB and RULER <= y < RULER + STRIP

    def _seek_to(self, x: float) -> None:
        frame = self.frame_at(x)
        if frame != self._sought:
            self._sought = frame
            self.seek.emit(frame)

    def _drag_threshold(self, y: float) -> None:
        value = self.threshold_at(y)
        if value != self._threshold:
            self.set_threshold(value)
            self.threshold_changed.emit(value)

    def _set_hover(self, frame: int | None) -> None:
        if frame != self._hover:
            old, self._hover = self._hover, frame
            for changed in (old, frame):
                if changed is not None:
                    self._update_playhead(changed)

    # words ----------------------------------------------------------------------------

    def _describe(self) -> None:
        """Say the position to assistive technology."""
        count = self._scale.count
        text = (
            self.tr("Frame {frame} of {count}").format(frame=self._playhead, count=count)
            if count
            else self.tr("No clip is open")
        )
        self.setAccessibleDescription(text)

    def text_at(self, pos: QPoint) -> str:
        """What lies under a viewport position, in words; empty when nothing does."""
        lane = self.lane_at(pos.y())
        if not self._scale.count or pos.x() < self.gutter():
            return lane.title if lane else ""
        frame = self.frame_at(pos.x())
        where = self.tr("frame {frame:,}").format(frame=frame)
        if self._times is not None or self._fps > 0:
            seconds = float(self._times[frame]) if self._times is not None else frame / self._fps
            where += f" · {clock(seconds)}"
        if frame in self._damaged:
            where += " · " + self.tr("cannot be read")
        lane = self.selected_lane() if lane is None and pos.y() >= RULER else lane
        if lane is None:
            return where
        parts = [lane.title, where, self._box_text(lane, frame), self._mode_text(lane, frame)]
        if frame in lane.changes:
            parts.append(self.tr("attributes change"))
        return " · ".join(part for part in parts if part)

    def _box_text(self, lane: TrackLane, frame: int) -> str:
        row = int(np.searchsorted(lane.columns.frames, frame))
        if row >= len(lane.columns) or lane.columns.frames[row] != frame:
            return self.tr("no box")
        key = lane.columns.key(row)
        if key.is_absent:
            gone = Flag.OUT_OF_VIEW in key.flags
            return self.tr("out of the picture") if gone else self.tr("not in the picture")
        sources = {
            Source.MANUAL: self.tr("drawn by hand"),
            Source.TRACKED: self.tr("tracked"),
            Source.INTERPOLATED: self.tr("interpolated"),
            Source.IMPORTED: self.tr("imported"),
        }
        states = {TargetState.UNCERTAIN: self.tr("uncertain"), TargetState.LOST: self.tr("lost")}
        words = [sources[key.source]]
        if key.source == Source.TRACKED and key.state in states:
            words.append(states[key.state])
        if key.source != Source.MANUAL:
            words.append(self.tr("score {score:.2f}").format(score=key.score))
        for flag, word in (
            (Flag.CONFIRMED, self.tr("confirmed")),
            (Flag.OCCLUDED, self.tr("partly hidden")),
            (Flag.TRUNCATED, self.tr("cut by the border")),
        ):
            if flag in key.flags:
                words.append(word)
        return ", ".join(words)

    def _mode_text(self, lane: TrackLane, frame: int) -> str:
        modes = {
            IntervalMode.LINEAR: self.tr("on a straight line between yours"),
            IntervalMode.SMOOTH: self.tr("on a smooth curve between yours"),
            IntervalMode.GAP: self.tr("no boxes between yours"),
        }
        found = next((i for i in lane.intervals if i.first < frame < i.last), None)
        return modes.get(found.mode, "") if found is not None else ""


def _same_marks(a: TrackLane, b: TrackLane) -> bool:
    return (
        a.proposed is b.proposed
        and a.disagreement is b.disagreement
        and a.intervals is b.intervals
        and a.changes is b.changes
    )
