"""The one place where "the current document" changes.

Observers are told what changed, so that views repaint only that. Used from one
thread; other threads get documents by reference, which is safe because documents
never change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.document.document import Document


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit touched: for repainting and for moving the view to it.

    `track_id` None means "anything"; frames ``first..last`` inclusive, None for all.
    """

    text: str
    track_id: int | None = None
    first: int | None = None
    last: int | None = None


Observer = Callable[[Document, Change], None]


class DocumentStore:
    """Holds the current document and tells observers of each replacement."""

    def __init__(self, document: Document) -> None:
        self._current = document
        self._observers: list[Observer] = []
        self._is_quiet = False

    @property
    def current(self) -> Document:
        """The document as it is now."""
        return self._current

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` after each replacement; the returned function ends that."""
        self._observers.append(observer)

        def forget() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return forget

    def replace(self, document: Document, change: Change) -> None:
        """Make `document` the current one; no-op when it already is."""
        if document is self._current:
            return
        self._current = document
        if not self._is_quiet:
            self._tell(change)

    @contextlib.contextmanager
    def quiet(self, change: Change) -> Iterator[None]:
        """Tell observers once, at the end, of all replacements within: `change`."""
        before, self._is_quiet = self._current, True
        try:
            yield
        finally:
            self._is_quiet = False
            if self._current is not before:
                self._tell(change)

    def _tell(self, change: Change) -> None:
        for observer in list(self._observers):
            observer(self._current, change)
