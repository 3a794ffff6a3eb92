"""The canvas: shows a frame with its boxes and lets a person draw and edit them.

The view changes no box by itself: it announces what the person wants and shows what
it is told. While a box is dragged or nudged, the edited box stays on display,
whatever arrives meanwhile. Keys that mean nothing here go on to the window.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QInputEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from app.views.box_geometry import MOVE
from app.views.box_gestures import BoxGestures
from app.views.box_item import BoxItem
from app.views.canvas_input import (
    drag_options,
    ends_nudging,
    handle_cursor,
    is_modifier,
    nudge_of,
)
from app.views.loupe_item import Look
from app.views.picture_view import PictureView
from app.views.view_types import BoxView, DisplayFrame
from core.geometry import Box

MODES = ("select", "draw")

_DRAG_THRESHOLD = 4  # view points; less is a click


class VideoView(PictureView):
    """Shows a frame and what is known about it; lets boxes be drawn and edited.

    Attributes
    ----------
    box_drawn
        A new :class:`Box`, inside the frame; the mode goes back to ``"select"``.
    box_changed, box_committed
        ``(track_id, box, gesture)``: while a gesture lasts, and once at its end (the
        last box again), always while the frame it belongs to is still on display.
    gesture_cancelled
        ``(track_id, gesture)``: after a `box_changed` that restored the first box.
    box_selected
        The clicked box's track, or −1 for a click beside all boxes.
    context_requested
        ``(global position, track_id or −1)``: a menu was asked for there.
    mode_changed
        ``"select"`` or ``"draw"``.
    """

    box_drawn = Signal(object)
    box_changed = Signal(int, object, int)
    box_committed = Signal(int, object, int)
    gesture_cancelled = Signal(int, int)
    box_selected = Signal(int)
    context_requested = Signal(QPoint, int)
    mode_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = "select"
        self._wants_loupe = True
        self._pressed: tuple[QPointF, BoxItem | None] | None = None
        self._gestures = BoxGestures(self)
        self._gestures.changed.connect(self._show_live)
        self._gestures.changed.connect(self.box_changed)
        self._gestures.committed.connect(self.box_committed)
        self._gestures.cancelled.connect(self.gesture_cancelled)
        self._gestures.drawn.connect(self.box_drawn)
        self.setAccessibleName(self.tr("Video"))
        self.setAccessibleDescription(
            self.tr("The current frame with its boxes. Arrow keys move the selected box.")
        )

    @property
    def mode(self) -> str:
        """``"select"`` or ``"draw"``."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Choose what a drag does; ends whatever gesture is in progress.

        Raises
        ------
        ValueError
            If there is no such mode.
        """
        if mode not in MODES:
            raise ValueError(f"no canvas mode {mode!r}")
        if mode == self._mode:
            return
        self._gestures.cancel()
        self._mode = mode
        self._clear_aids()
        self._show_cursor()
        self.mode_changed.emit(mode)

    def set_loupe(self, on: bool) -> None:
        """Whether drawing and pulling handles is helped by a loupe."""
        self._wants_loupe = on
        self._show_loupe(None)

    def show_frame(self, frame: DisplayFrame | None) -> None:
        """Show another frame; zoom and place stay unless the frame size changes.

        None takes everything away: the next frame begins a new clip and is fitted.
        A gesture on the frame that goes away ends there: what `box_changed` told of it
        stands, nothing more is announced.
        """
        before = self._frame_item.frame
        if frame is not None and before is not None and frame.index != before.index:
            # Whoever hears of a commit now would put the box on the new frame.
            self._gestures.forget()
            self._clear_aids()
        super().show_frame(frame)
        if frame is not None:
            self._gestures.set_frame_size(*frame.size)

    def show_boxes(self, boxes: Sequence[BoxView]) -> None:
        """Replace all boxes; at most one per track. A box being edited stays as it is."""
        super().show_boxes(boxes)
        if self._gestures.live is None:
            return
        track_id, box = self._gestures.live
        item = self._box_items.get(track_id)
        if item is not None and item.editable:
            item.show_live(box)
        else:
            self._gestures.forget()
            self._clear_aids()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if not self.has_picture or self._is_busy():
            return
        if self._take_pan_press(event) or event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = self.map_to_frame(event.position())
        if self._mode == "draw":
            self._gestures.begin_draw(x, y)
            return
        self._gestures.finish()
        item, handle = self._target_at(event.position())
        if item is not None and handle != MOVE:
            self._gestures.begin_drag(item.view.track_id, item.box, handle, x, y)
            return
        self._pressed = (event.position(), item)
        if item is not None and not item.view.selected:
            self.box_selected.emit(item.view.track_id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._tell_cursor(event.position())
        if self._mode == "draw" and self.has_picture:
            self._hud.show_crosshair(event.position())
            self._show_loupe(event.position())
        if self._take_pan_move(event):
            return
        self._begin_beyond_threshold(event)
        if self._is_busy():
            self._follow(event, event.position())
        elif event.buttons() == Qt.MouseButton.NoButton:
            self._show_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if self._pan_from is None and event.button() != Qt.MouseButton.LeftButton:
            return
        pressed, self._pressed = self._pressed, None
        if self._take_pan_release():
            return
        if self._gestures.is_drawing:
            self._follow(event, event.position())
            self._clear_aids()
            if self._gestures.end_draw():
                self.set_mode("select")
        elif self._gestures.is_dragging:
            self._follow(event, event.position())
            self._clear_aids()
            self._gestures.finish()
        elif pressed is not None:
            self._click(*pressed)
        self._show_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._space_held = False
        self._gestures.finish_nudging()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()
        if self._is_busy():
            return
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            item, at = self._selected_item(), self.viewport().rect().center()
            if item is not None:
                at = self.frame_to_view(item.box.cx, item.box.cy).toPoint()
        else:
            item, at = self._target_at(QPointF(event.pos()))[0], event.pos()
        track_id = item.view.track_id if item is not None else -1
        self.context_requested.emit(self.viewport().mapToGlobal(at), track_id)

    def event(self, event: QEvent) -> bool:
        override = QEvent.Type.ShortcutOverride
        if isinstance(event, QKeyEvent) and event.type() == override and ends_nudging(event):
            # The key may change the frame: the burst belongs to the frame before.
            self._gestures.finish_nudging()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item, nudge = self._selected_item(), nudge_of(event)
        if not self._wants_key(event):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape:
            if not self._gestures.cancel():
                self.set_mode("select")
            self._clear_aids()
        elif self._is_busy():
            if is_modifier(event):
                self._follow(event, self._pointer)
        elif item is not None and nudge is not None:
            dx, dy, resize = nudge
            self._gestures.nudge(item.view.track_id, item.box, dx, dy, resize=resize)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if self._is_busy() and is_modifier(event):
            self._follow(event, self._pointer)

    def _wants_key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self._gestures.live is not None or self._is_busy() or self._mode == "draw"
        if self._is_busy():
            return True  # no shortcut may change the frame under a drag
        if nudge_of(event) is not None:
            item = self._selected_item()
            return item is not None and item.editable
        return super()._wants_key(event)

    def _is_busy(self) -> bool:
        return self._gestures.is_dragging or self._gestures.is_drawing

    def _follow(self, event: QInputEvent, position: QPointF) -> None:
        """Let the gesture in progress follow the pointer and the modifiers held."""
        x, y = self.map_to_frame(position)
        if self._gestures.is_drawing:
            self._gestures.draw_to(x, y, **drag_options(event))
            self._hud.show_band(self._gestures.rubber_band)
        else:
            self._gestures.drag_to(x, y, **drag_options(event))
        self._show_loupe(position)
        self._hud.show_measure(self._gestures.measure, position)

    def _begin_beyond_threshold(self, event: QMouseEvent) -> None:
        """Turn a press into a drag of the box, or of the picture, once it is no click."""
        if self._pressed is None:
            return
        start, item = self._pressed
        if (event.position() - start).manhattanLength() < _DRAG_THRESHOLD:
            return
        self._pressed = None
        if item is not None and item.editable:
            x, y = self.map_to_frame(start)
            self._gestures.begin_drag(item.view.track_id, item.box, MOVE, x, y)
        else:
            self._begin_pan(start)
            self._take_pan_move(event)

    def _click(self, at: QPointF, item: BoxItem | None) -> None:
        if item is None:
            self.box_selected.emit(-1)
            return
        pile = self._items_at(at)
        if item.view.selected and item in pile and len(pile) > 1:
            # Another click on a pile of boxes goes on to the next one in it.
            following = pile[(pile.index(item) + 1) % len(pile)]
            self.box_selected.emit(following.view.track_id)

    def _show_live(self, track_id: int, box: Box, gesture: int) -> None:
        if track_id in self._box_items:
            self._box_items[track_id].show_live(box)

    def _show_loupe(self, position: QPointF | None) -> None:
        """Enlarge what is under the pointer, where an edge is being placed."""
        if position is None or not self._wants_loupe or self._gestures.moves_whole_box:
            self._loupe.show_look(None)
            return
        box = self._gestures.rubber_band
        if box is None and self._gestures.live is not None:
            box = self._gestures.live[1]
        self._loupe.show_look(Look(*self.map_to_frame(position), position, box))

    def _clear_aids(self) -> None:
        self._show_loupe(None)
        self._hud.show_band(None)
        self._hud.show_measure("", QPointF())
        if self._mode != "draw":
            self._hud.show_crosshair(None)

    def _show_cursor(self) -> None:
        super()._show_cursor()
        if self._space_held or not self.has_picture:
            return
        if self._mode == "draw":
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
            return
        item, handle = self._target_at(self._pointer)
        if item is None or not item.editable:
            return
        shape = Qt.CursorShape.PointingHandCursor
        if item.view.selected:
            shape = handle_cursor(handle)
        self.viewport().setCursor(shape)
