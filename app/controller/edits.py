"""Edits by a person: boxes, flags, tracks. Each is one undo step.

Everything entered here is :attr:`~core.states.Source.MANUAL` or carries a flag that
a person set; trackers never change it. Deleting touches the frame or range named in
the action, nothing else.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from app.controller.desk import Desk
from app.undo import EditCommand
from core.document import interpolate
from core.document.document import Document
from core.document.track import Keyframe, Track
from core.errors import BoxtrailError
from core.geometry import Box, require_usable
from core.states import Flag, Source, TargetState


class Edits(QObject):
    """Carries out edits on the frame that is on the canvas.

    `box_set` tells (track id, frame) of each box a person entered: a run on that track
    has to react.
    """

    box_set = Signal(int, int)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._draw_new = False
        desk.clip_changed.connect(self._on_clip)

    @Slot()
    def _on_clip(self) -> None:
        """In a clip without objects the first drag draws one: there is nothing else to do."""
        self._draw_new = False
        if self._desk.session is not None and not self._desk.document.tracks:
            self.draw_mode()

    def draw_mode(self, *, new_object: bool = False) -> None:
        """Let the next drag draw a box, for the selected track or for a new one."""
        self._draw_new = new_object
        self._desk.update(mode="draw")

    def select_mode(self) -> None:
        """Back to selecting and moving boxes."""
        self._draw_new = False
        self._desk.update(mode="select")

    def mode_changed(self, mode: str) -> None:
        """The canvas changed its mode by itself (a box was drawn)."""
        if mode != self._desk.state.mode:
            self._desk.update(mode=mode)

    def gesture_cancelled(self, track_id: int, gesture: int) -> None:
        """A drag was taken back: its step leaves the history as if it had never been."""
        stack = self._desk.stack
        last = stack.command(stack.index() - 1) if stack.index() else None
        if isinstance(last, EditCommand) and last.merge_key == ("gesture", gesture, track_id):
            last.forget()
            stack.undo()

    def select(self, track_id: int | None) -> None:
        """Select a track; None for no track."""
        if track_id is None or self._desk.document.has_track(track_id):
            self._desk.update(track=track_id)

    def select_nth(self, position: int) -> None:
        """Select the track at `position` of the list, from 0."""
        tracks = self._desk.document.tracks
        if position < len(tracks):
            self.select(tracks[position].id)

    def drawn(self, box: Box) -> None:
        """A box was drawn: it becomes a new object's or the selected track's."""
        document, frame = self._desk.document, self._desk.shown
        selected = self._desk.state.track
        if selected is None or self._draw_new:
            document, track = document.with_new_track()
            text = self.tr("Draw %s") % track.title
        else:
            track = document.track(selected)
            text = self.tr("Draw box")
        if self._put(document, track, frame, box, text):
            self.select(track.id)
        self.select_mode()

    def moved(self, track_id: int, box: Box, gesture: int) -> None:
        """A box is being dragged or nudged: steps of one gesture merge into one."""
        track = self._track(track_id)
        if track is not None:
            key = ("gesture", gesture, track_id)
            self._put(self._desk.document, track, self._desk.shown, box, self.tr("Move box"), key)

    def typed(self, box: Box) -> None:
        """Numbers were entered for the selected track's box."""
        track = self._track(self._desk.state.track)
        if track is not None:
            key = ("typed", track.id, self._desk.shown)
            self._put(self._desk.document, track, self._desk.shown, box, self.tr("Set box"), key)

    def put(self, track_id: int, frame: int, box: Box, text: str, merge_key: Hashable) -> bool:
        """Enter a person's box on any frame; steps with one `merge_key` are one for undo.

        False, and the person is told why, where that is not possible.
        """
        track = self._track(track_id)
        if track is None:
            return False
        return self._put(self._desk.document, track, frame, box, text, merge_key)

    def delete_box(self) -> None:
        """Remove the selected track's box on this frame; no other frame changes."""
        frame, before = (
            self._desk.shown,
            self._desk.key_at(self._desk.state.track, self._desk.shown),
        )
        self._remove(frame, frame + 1, self.tr("Delete box"), keep_protected=False)
        track = self._track(self._desk.state.track)
        if before is None or before.is_absent or track is None or track.row(frame) is not None:
            return
        self._desk.say(
            self.tr("The box on this frame is removed, no other one."),
            self.tr("If the target is not in the picture here, say so%s.")
            % self._desk.key_note("absent"),
        )

    def delete_after(self) -> None:
        """Remove the machine's boxes from this frame to the end; a person's stay."""
        text = self.tr("Delete tracked boxes from here")
        self._remove(self._desk.shown, self._desk.state.frame_count, text, keep_protected=True)

    def delete_before(self) -> None:
        """Remove the machine's boxes from the start to this frame; a person's stay."""
        text = self.tr("Delete tracked boxes up to here")
        self._remove(0, self._desk.shown + 1, text, keep_protected=True)

    def delete_track(self, track_id: int | None = None) -> None:
        """Remove a track with all its boxes (the selected one by default)."""
        track = self._track(self._desk.state.track if track_id is None else track_id)
        if track is not None:
            self._desk.edit(
                self.tr("Delete %s") % track.title,
                self._desk.document.without_track(track.id),
                focus=(track.id, None),
            )

    def toggle_absent(self) -> None:
        """State that the target is not in the picture on this frame, or take that back."""
        track, frame = self._track(self._desk.state.track), self._desk.shown
        if track is None:
            return
        key = self._desk.key_at(track.id, frame)
        if key is not None and key.is_absent:
            self._remove(frame, frame + 1, self.tr("Not absent"), keep_protected=False)
            return
        box = key.box if key else self._nearest_box(track, frame)
        marked = Keyframe(frame, box, Source.MANUAL, 1.0, TargetState.LOST, Flag.ABSENT)
        self._store(self._desk.document, track, marked, self.tr("Mark absent"))

    def toggle_flag(self, flag: Flag, text: str) -> None:
        """Set or clear a flag of the box on this frame."""
        track, frame = self._track(self._desk.state.track), self._desk.shown
        key = self._desk.key_at(track.id, frame) if track else None
        if track is not None and key is not None and not key.is_absent:
            changed = replace(key, flags=key.flags ^ flag)
            self._store(self._desk.document, track, changed, text)

    def confirm(self) -> None:
        """Accept the machine's box on this frame: trackers leave it alone from now on."""
        self.toggle_flag(Flag.CONFIRMED, self.tr("Confirm box"))

    def occluded(self) -> None:
        """State that the target is partly hidden on this frame, or take that back."""
        self.toggle_flag(Flag.OCCLUDED, self.tr("Mark occluded"))

    def fill_gap(self) -> None:
        """Fill the gap around this frame with boxes on a straight line."""
        track, frame = self._track(self._desk.state.track), self._desk.shown
        if track is None or self._refuse_locked(track):
            return
        frames = track.columns.frames
        right = int(np.searchsorted(frames, frame))
        if track.row(frame) is not None or right in (0, len(frames)):
            self._desk.say(
                self.tr("There is no gap here."),
                self.tr("Go to a frame without a box that has boxes before and after it."),
            )
            return
        first, last = int(frames[right - 1]) + 1, int(frames[right]) - 1
        filled = interpolate.filled_track(track, last - first + 1, first, last + 1)
        if filled is track:
            self._desk.say(self.tr("The target is marked absent here: nothing was filled."))
            return
        self._desk.edit(
            self.tr("Fill gap"),
            self._desk.document.with_track(filled),
            focus=(track.id, frame),
            frames=(first, last),
        )

    def rename(self, track_id: int, name: str) -> None:
        """Give a track a name."""
        self._set(track_id, self.tr("Rename"), name=name.strip())

    def set_label(self, track_id: int, label: str) -> None:
        """Give a track a class label."""
        self._set(track_id, self.tr("Set label"), label=label.strip())

    def set_color(self, track_id: int, color: str) -> None:
        """Give a track a colour, ``#rrggbb``."""
        self._set(track_id, self.tr("Set colour"), color=color)

    def set_visible(self, track_id: int, visible: bool) -> None:
        """Show or hide a track."""
        text = self.tr("Show object") if visible else self.tr("Hide object")
        self._set(track_id, text, visible=visible)

    def set_locked(self, track_id: int, locked: bool) -> None:
        """Guard a track against edits, or release it."""
        text = self.tr("Lock object") if locked else self.tr("Unlock object")
        self._set(track_id, text, locked=locked)

    def toggle_locked(self) -> None:
        """Lock the selected track, or release it."""
        track = self._track(self._desk.state.track)
        if track is not None:
            self.set_locked(track.id, not track.locked)

    def toggle_visible(self) -> None:
        """Hide the selected track, or show it."""
        track = self._track(self._desk.state.track)
        if track is not None:
            self.set_visible(track.id, not track.visible)

    def _put(
        self,
        document: Document,
        track: Track,
        frame: int,
        box: Box,
        text: str,
        merge_key: Hashable = None,
    ) -> bool:
        session = self._desk.session
        if session is None:
            return False
        try:
            require_usable(box, session.video.info.width, session.video.info.height)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return False
        old = self._desk.key_at(track.id, frame)
        kept = (old.flags & Flag.OCCLUDED) if old is not None else Flag.NONE
        return self._store(document, track, Keyframe(frame, box, flags=kept), text, merge_key)

    def _store(
        self,
        document: Document,
        track: Track,
        key: Keyframe,
        text: str,
        merge_key: Hashable = None,
    ) -> bool:
        if self._refuse_locked(track):
            return False
        after = document.with_track(track.with_keyframes([key]))
        self._desk.edit(
            text,
            after,
            merge_key=merge_key,
            focus=(track.id, key.frame),
            frames=(key.frame, key.frame),
        )
        self.box_set.emit(track.id, key.frame)
        return True

    def _remove(self, start: int, stop: int, text: str, *, keep_protected: bool) -> None:
        track = self._track(self._desk.state.track)
        if track is None or self._refuse_locked(track):
            return
        growing = self._desk.growing
        if growing is not None and growing.track_id == track.id:
            self._desk.say(
                self.tr("This object is being tracked."),
                self.tr("Stop the run first; its boxes can be deleted then."),
                "warning",
            )
            return
        shorter = track.without(start, stop, keep_protected=keep_protected)
        if shorter is not track:
            self._desk.edit(
                text,
                self._desk.document.with_track(shorter),
                focus=(track.id, self._desk.shown),
                frames=(start, stop - 1),
            )

    def _set(self, track_id: int, text: str, **fields: object) -> None:
        if not self._desk.document.has_track(track_id):
            return
        track = self._desk.document.track(track_id)
        changed = replace(track, **fields)  # pyright: ignore[reportArgumentType]
        if changed != track:
            self._desk.edit(text, self._desk.document.with_track(changed), focus=(track_id, None))

    def _track(self, track_id: int | None) -> Track | None:
        if self._desk.session is None or not self._desk.document.has_track(track_id):
            return None
        return self._desk.document.track(track_id or 0)

    def _refuse_locked(self, track: Track) -> bool:
        if track.locked:
            self._desk.say(
                self.tr("%s is locked.") % track.title,
                self.tr("Unlock it in the list of objects to change it."),
                "warning",
            )
        return track.locked

    def _nearest_box(self, track: Track, frame: int) -> Box:
        frames = track.columns.frames
        if len(frames):
            return track.columns.key(int(np.argmin(np.abs(frames - frame)))).box
        session = self._desk.session
        info = session.video.info if session else None
        return Box(0, 0, info.width, info.height) if info else Box(0, 0, 1, 1)
