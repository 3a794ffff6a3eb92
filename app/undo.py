"""Undo: one command class that swaps whole documents.

Documents are immutable and share what did not change, so a command is two
references. A drag or a burst of nudges pushes many commands with one merge key
and ends up as one step; a tracker run is one step whatever its length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from PySide6.QtGui import QUndoCommand

from core.document.document import Document
from core.document.store import Change, DocumentStore

Focus = tuple[int | None, int | None]
"""Track id and frame that a step is about; None where it is about neither."""

_MERGEABLE = 1


class EditCommand(QUndoCommand):
    """Replaces `before` by `after`; undo puts `before` back.

    Parameters
    ----------
    merge_key
        Commands pushed in a row with the same key become one step.
    focus
        Where the edit happened; handed to `reveal` when the step is undone or
        redone, so that the user sees what changed.
    at
        When the edit was made, seconds since the epoch; now if not given.
    reveal
        Moves the view; not called for the first execution (the user is there).
    """

    def __init__(
        self,
        store: DocumentStore,
        after: Document,
        change: Change,
        *,
        merge_key: Hashable = None,
        focus: Focus = (None, None),
        reveal: Callable[[Focus], None] | None = None,
        at: float | None = None,
    ) -> None:
        super().__init__(change.text)
        self._store = store
        self.before = store.current
        self.after = after
        self._change = change
        self.merge_key = merge_key
        self.focus = focus
        self.at = time.time() if at is None else at
        self._reveal = reveal
        self._executed = False
        self._forgotten = False

    def forget(self) -> None:
        """Leave the history with the next undo: this step was a mistake of the hand."""
        self._forgotten = True

    def id(self) -> int:
        """Qt asks `mergeWith` only for commands with the same id; -1 means never."""
        return -1 if self.merge_key is None else _MERGEABLE

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take over the result of a later command of the same gesture."""
        if not isinstance(other, EditCommand) or other.merge_key != self.merge_key:
            return False
        self.after = other.after
        self._change = other._change
        self.focus, self.at = other.focus, other.at
        return True

    def redo(self) -> None:
        """Make `after` the current document."""
        self._store.replace(self.after, self._change)
        if self._executed and self._reveal is not None:
            self._reveal(self.focus)
        self._executed = True

    def undo(self) -> None:
        """Make `before` the current document again."""
        self._store.replace(self.before, self._change)
        # Only now: Qt does not undo a command that is obsolete before.
        self.setObsolete(self._forgotten)
        if self._reveal is not None:
            self._reveal(self.focus)
