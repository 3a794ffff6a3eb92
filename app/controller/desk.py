"""What lies on the desk: the open session, its undo stack, and where the user is.

The parts of the controller share one :class:`Desk`. It is the only place where the
document is replaced (through the undo stack) and where the :class:`UiState` changes,
so there is one answer to "what changed", told by three signals.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.memo import Memo
from app.settings import Preferences
from app.ui_state import UiState
from app.undo import EditCommand, Focus
from core.alarms.learning import Tolerances
from core.document.document import Document, Run
from core.document.proposals import of_track
from core.document.store import Change
from core.document.track import Columns, Keyframe, Track
from core.errors import BoxtrailError
from core.geometry import Box
from core.session import Session

_UNDO_BYTES = 1 << 30  # what the versions of a long track may take, at worst
_ROW_BYTES = 64
_UNDO_LIMITS = 200, 2_000


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the user; `action` is the id of an action offered with it.

    `action_text` is what its button says, when the action's own name would not tell.
    """

    text: str
    hint: str = ""
    severity: str = "info"  # "info" | "success" | "warning" | "error"
    action: str = ""
    action_text: str = ""


class Growing(Protocol):
    """The boxes of a run that is not in the document yet."""

    track_id: int

    def __len__(self) -> int:
        """How many boxes it has."""
        ...

    def key_at(self, frame: int) -> Keyframe | None:
        """The run's box on `frame`."""
        ...

    def beside_at(self, frame: int) -> Sequence[tuple[Run, Box]]:
        """What the trackers of a consensus say of a frame; nothing for other runs."""
        ...

    def columns(self) -> Columns:
        """All its boxes so far."""
        ...

    def between(self, first: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Frames and boxes of a range of frames."""
        ...


class Desk(QObject):
    """See the module docstring. Lives in the GUI thread."""

    clip_changed = Signal()
    document_changed = Signal(object)  # Change
    state_changed = Signal(object)  # UiState
    preferences_changed = Signal(object)  # Preferences
    noticed = Signal(object)  # Notice
    reveal = Signal(object, object)  # track id or None, frame or None

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.preferences = preferences
        self.session: Session | None = None
        self.growing: Growing | None = None
        self.growing_beside = False  # its boxes are proposed: the track stays as it is
        self.shown = 0  # the frame whose pixels are on the canvas
        self.threshold: float | None = None  # scores below it are doubtful; None: as tracked
        self.tolerances = Tolerances()  # what was learnt about alarms
        self.state = UiState()
        self.key_note: Callable[[str], str] = lambda name: ""  # its key now, as " (Space)"
        self.memo = Memo()  # what views show of the document's parts
        self._skipped: list[Focus] | None = None  # what is passed on the way to a step
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(_UNDO_LIMITS[0])
        self.stack.cleanChanged.connect(self._on_stack)
        self.stack.indexChanged.connect(self._on_stack)

    @property
    def document(self) -> Document:
        """The current document.

        Raises
        ------
        RuntimeError
            If nothing is open; callers are reached only through enabled actions.
        """
        if self.session is None:
            raise RuntimeError("no clip is open")
        return self.session.store.current

    def put(self, session: Session | None) -> Session | None:
        """Put another session on the desk; returns the one that was there."""
        old, self.session = self.session, session
        self.growing = None
        self.shown = 0
        self.memo.clear()
        self.stack.clear()
        self.stack.setUndoLimit(_undo_limit(session))
        self.stack.setClean()
        count = session.video.info.frame_count if session else 0
        track = session.store.current.tracks[0].id if session and self._has_tracks() else None
        if session is not None:
            session.store.observe(self._on_document)
        self.state = replace(
            UiState(
                layers=self.state.layers,
                trackers_ready=self.state.trackers_ready,
                lacks=self.state.lacks,
            ),
            has_clip=session is not None,
            frame_count=count,
            track=track,
        )
        self._derive()
        self.clip_changed.emit()
        self.state_changed.emit(self.state)
        return old

    def update(self, **changes: Any) -> None:
        """Change fields of the state; tells if anything but the playhead really changed.

        The playhead moves with every tracked frame; who follows it listens to
        `Playback.moved`.
        """
        before = self.state
        self.state = replace(self.state, **changes)
        self._derive()
        if replace(self.state, frame=before.frame) != before:
            self.state_changed.emit(self.state)

    def edit(
        self,
        text: str,
        after: Document,
        *,
        merge_key: Hashable = None,
        focus: Focus = (None, None),
        frames: tuple[int, int] | None = None,
        at: float | None = None,
    ) -> None:
        """Make `after` the current document, as one step that can be undone.

        `at` is when the edit was made, seconds since the epoch, if not now.
        """
        session = self.session
        if session is None or after is session.store.current:
            return
        first, last = frames or (None, None)
        change = Change(text, focus[0], first, last)
        self.stack.push(
            EditCommand(
                session.store,
                after,
                change,
                merge_key=merge_key,
                focus=focus,
                reveal=self._reveal,
                at=at,
            )
        )

    def go_to_step(self, index: int) -> None:
        """Undo or redo up to the state after `index` steps; the view follows once."""
        if self.session is None or index == self.stack.index():
            return
        self._skipped = []
        try:
            with self.session.store.quiet(Change(self.stack.text(max(index - 1, 0)))):
                self.stack.setIndex(index)
        finally:
            skipped, self._skipped = self._skipped, None
        if skipped:
            self._reveal(skipped[-1])

    def key_at(self, track_id: int | None, frame: int) -> Keyframe | None:
        """The box of a track on a frame, including those of a run under way."""
        if self.session is None or not self.document.has_track(track_id):
            return None
        return self.key_of(self.document.track(track_id or 0), frame)

    def key_of(self, track: Track, frame: int) -> Keyframe | None:
        """The box of one of the document's tracks on a frame, as :meth:`key_at`."""
        key = track.at(frame)
        growing = self.growing
        if growing is None or growing.track_id != track.id or self.growing_beside:
            return key
        if key is not None and key.is_protected:
            return key
        return growing.key_at(frame) or key

    def track_now(self, track: Track) -> Track:
        """The track as the user sees it: with the boxes of a run under way."""
        growing = self.growing
        if growing is None or growing.track_id != track.id or self.growing_beside:
            return track
        return track.with_columns(growing.columns())

    def say(
        self,
        text: str,
        hint: str = "",
        severity: str = "info",
        action: str = "",
        action_text: str = "",
    ) -> None:
        """Tell the user something without stopping them."""
        self.noticed.emit(Notice(text, hint, severity, action, action_text))

    def say_error(self, error: BoxtrailError) -> None:
        """Tell the user about an expected error."""
        self.noticed.emit(Notice(error.message, error.hint, "error"))

    def set_preferences(self, preferences: Preferences) -> None:
        """Use other preferences from now on."""
        self.preferences = preferences
        self.preferences_changed.emit(preferences)

    def refresh(self) -> None:
        """Bring what follows from the document up to date (a run grew)."""
        self.update()

    def _has_tracks(self) -> bool:
        return self.session is not None and bool(self.session.store.current.tracks)

    def _derive(self) -> None:
        document = self.session.store.current if self.session else None
        track = self.state.track
        if document is None or not document.has_track(track):
            track = None
        solo = self.state.solo
        proposal = of_track(document, track) if document is not None and track else None
        self.state = replace(
            self.state,
            track=track,
            solo=solo if document is not None and document.has_track(solo) else None,
            proposed=proposal is not None,
            together=proposal is not None and bool(proposal.run.group),
            box_here=self.key_at(track, self.state.frame) is not None,
            any_tracks=document is not None and bool(document.tracks),
            any_boxes=document is not None and any(len(t) for t in document.tracks),
            can_undo=self.stack.canUndo(),
            can_redo=self.stack.canRedo(),
            dirty=not self.stack.isClean(),
        )

    def _reveal(self, focus: Focus) -> None:
        if self._skipped is not None:
            self._skipped.append(focus)
            return
        self.reveal.emit(focus[0], focus[1])

    def _on_document(self, document: Document, change: Change) -> None:
        self.update()  # first: the selected track may be gone
        self.document_changed.emit(change)

    def _on_stack(self) -> None:
        self.update()


def _undo_limit(session: Session | None) -> int:
    """Steps that can be taken back: many, but not more than memory can hold."""
    low, high = _UNDO_LIMITS
    frames = session.video.info.frame_count if session is not None else 1
    return min(max(_UNDO_BYTES // (max(frames, 1) * _ROW_BYTES), low), high)
