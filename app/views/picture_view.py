"""What the canvas shows: frame, response map, trail and boxes, one item each.

Scene coordinates are frame pixels (edges), so what is painted is the model seen
through one transform. Everything is replaced by ``show_*`` and ``set_*``; without a
frame there is only a hint, and files can be dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from app.views.box_chip import ChipLayer
from app.views.box_geometry import MOVE, Handle, grabbed_handle
from app.views.box_item import BoxItem
from app.views.canvas_view import CanvasView
from app.views.frame_item import FrameItem
from app.views.hud_item import HudItem
from app.views.layer_types import ShownLayer
from app.views.loupe_item import LoupeItem
from app.views.patch_item import Candidate, Outline, PatchItem
from app.views.probe_item import Line, ProbeItem
from app.views.proposal_item import ProposalItem
from app.views.response_item import ResponseItem
from app.views.trail_item import TrailItem
from app.views.view_types import BoxView, DisplayFrame, OverlaySettings, ProposalView
from core.geometry import Box
from core.render.peaks import Peak
from core.trackers.base import ResponseMap

_LINE_REACH = 3.0  # view points beside a box at which it can still be clicked


class PictureView(CanvasView):
    """A zoomable picture with boxes, without editing.

    Attributes
    ----------
    cursor_at, cursor_left
        The pointer in frame pixels while it is over the frame.
    files_dropped
        Local paths of dropped files.
    """

    cursor_at = Signal(float, float)
    cursor_left = Signal()
    files_dropped = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame_item = FrameItem()
        self._layer_items = [ResponseItem()]
        self._shown_layers: tuple[ShownLayer, ...] = ()
        self._trail_item = TrailItem()
        self._chips = ChipLayer()
        self._hud = HudItem()
        self._loupe = LoupeItem(self._frame_item)
        self._pointer = QPointF(-1.0, -1.0)
        self._over_frame = False
        self._proposal_item = ProposalItem()
        self._patch_item = PatchItem()
        self._probe_item = ProbeItem()
        self._box_items: dict[int, BoxItem] = {}
        layers = (self._frame_item, self._layer_items[0], self._trail_item)
        for z, item in enumerate(layers):
            item.setZValue(z)
            self.scene().addItem(item)
        for z, item in (
            (1.9, self._patch_item),
            (2.5, self._proposal_item),
            (5, self._chips),
            (5.5, self._probe_item),
            (6, self._hud),
            (6.5, self._loupe),
        ):
            item.setZValue(z)
            self.scene().addItem(item)
        self.setAcceptDrops(True)

    @property
    def has_picture(self) -> bool:
        return self._frame_item.frame is not None

    def show_frame(self, frame: DisplayFrame | None) -> None:
        """Show another frame; zoom and place stay unless the frame size changes.

        None takes everything away: the next frame begins a new clip and is fitted.
        """
        before = self._frame_item.frame
        if frame is None:
            self.show_boxes(())
            self.show_proposals(())
            self.show_map(None)
            self.show_windows((), ())
            self.show_peaks(())
            self.show_trail(np.empty((0, 2)), "#000000")
        self._frame_item.set_frame(frame)
        if frame is not None and (before is None or before.size != frame.size):
            self._set_frame_size(*frame.size)
        self.viewport().update()

    def show_boxes(self, boxes: Sequence[BoxView]) -> None:
        """Replace all boxes; at most one per track."""
        wanted = {view.track_id: view for view in boxes}
        for track_id in self._box_items.keys() - wanted.keys():
            self.scene().removeItem(self._box_items.pop(track_id))
        for track_id, view in wanted.items():
            item = self._box_items.get(track_id)
            if item is None:
                item = self._box_items[track_id] = BoxItem(view)
                self.scene().addItem(item)
            item.show_view(view)
            item.show_live(None)
            item.setZValue(4 if view.selected else 3)
        self._chips.set_items(self._box_items.values())

    def show_proposals(self, views: Sequence[ProposalView]) -> None:
        """Replace all proposed boxes."""
        self._proposal_item.set_views(views)

    def show_trail(self, points: NDArray[np.float64], color: str) -> None:
        """Show the recent path: ``(N, 2)`` frame pixels, oldest first; empty hides it."""
        self._trail_item.set_trail(points, color)

    def show_map(self, response: ResponseMap | None, age: int = 0) -> None:
        """Lay a response map over the frame until the next call.

        `age` is how many frames ago it was made; the view says so when it is not 0.
        """
        self._shown_layers = ()
        for item in self._layer_items[1:]:
            item.set_map(None, 0)
        self._layer_items[0].set_map(response, age)

    def show_layers(self, layers: Sequence[ShownLayer]) -> None:
        """Lay several maps over the frame, bottom first, until the next call."""
        self._shown_layers = tuple(layers)
        while len(self._layer_items) < len(layers):
            item = ResponseItem()
            item.setZValue(1 + len(self._layer_items) / 100)
            self._layer_items.append(item)
            self.scene().addItem(item)
        slot = 0
        for item, layer in zip(self._layer_items, layers, strict=False):
            item.set_settings(layer.settings)
            item.set_map(layer.response, layer.age, layer.frame, slot)
            slot += item.isVisible() and layer.age > 0
        for item in self._layer_items[len(layers) :]:
            item.set_map(None, 0)

    def show_windows(self, outlines: Sequence[Outline], boxes: Sequence[Candidate]) -> None:
        """Draw where a tracker searched, and the boxes it weighed, best first."""
        self._patch_item.set_shown(outlines, boxes)

    def show_peaks(self, peaks: Sequence[Peak]) -> None:
        """Mark the peaks of a map, the main one first."""
        self._probe_item.set_peaks(peaks)

    def show_probe(self, lines: Sequence[Line], x: float, y: float) -> None:
        """Tell what the maps say at a frame point; no lines: nothing."""
        self._probe_item.set_readout(lines, QPointF(x, y))

    def set_overlay(self, settings: OverlaySettings) -> None:
        """How the response map is painted.

        Raises
        ------
        KeyError
            If there is no colour map of that name.
        """
        self._layer_items[0].set_settings(settings)

    def value_at(self, x: float, y: float) -> float | None:
        """Value of the topmost shown map that lies there; None beside all or when hidden."""
        values = (item.value_at(x, y) for item in reversed(self._layer_items))
        return next((value for value in values if value is not None), None)

    def set_message(self, text: str) -> None:
        """Hint in the middle of the view, for when there is no clip; empty hides it."""
        self._hud.show_message(text)

    def _selected_item(self) -> BoxItem | None:
        return next((item for item in self._box_items.values() if item.view.selected), None)

    def _items_at(self, position: QPointF) -> list[BoxItem]:
        """Boxes under the pointer, smallest first."""
        x, y = self.map_to_frame(position)
        reach = _LINE_REACH / self._camera.scale

        def is_under(box: Box) -> bool:
            return (
                box.x - reach <= x <= box.right + reach and box.y - reach <= y <= box.bottom + reach
            )

        found = (item for item in self._box_items.values() if is_under(item.box))
        return sorted(found, key=lambda item: item.box.area)

    def _target_at(self, position: QPointF) -> tuple[BoxItem | None, Handle]:
        """The box that a press there would take, and by which handle."""
        selected = self._selected_item()
        if selected is not None and selected.editable:
            corner = self.frame_to_view(selected.box.x, selected.box.y)
            scale = self._camera.scale
            rect = (corner.x(), corner.y(), selected.box.w * scale, selected.box.h * scale)
            handle = grabbed_handle(rect, position.x(), position.y())
            if handle is not None:
                return selected, handle
        pile = self._items_at(position)
        if selected in pile:
            return selected, MOVE
        return (pile[0] if pile else None), MOVE

    def _tell_cursor(self, position: QPointF) -> None:
        """Announce where the pointer is, in frame pixels."""
        self._pointer = position
        x, y = self.map_to_frame(position)
        width, height = self._camera.frame_w, self._camera.frame_h
        if self.has_picture and 0 <= x < width and 0 <= y < height:
            self._over_frame = True
            self.cursor_at.emit(x, y)
        elif self._over_frame:
            self._over_frame = False
            self.cursor_left.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hud.show_crosshair(None)
        self._loupe.show_look(None)
        if self._over_frame:
            self._over_frame = False
            self.cursor_left.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(any(url.isLocalFile() for url in event.mimeData().urls()))
        self._hud.show_dropping(dropping=event.isAccepted())
        if event.isAccepted():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hud.show_dropping(dropping=False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._hud.show_dropping(dropping=False)
        urls = event.mimeData().urls()
        paths = [str(Path(url.toLocalFile())) for url in urls if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)
