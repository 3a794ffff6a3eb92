"""A one-slot mailbox: the newest item, never a queue.

Producers never wait and consumers never see stale pixels; what was not taken in
time is dropped and counted. Results that must not be lost go through
:class:`core.engine.run_buffer.RunBuffer` instead.
"""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Thread-safe holder of at most one item."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many items were replaced before anyone took them."""
        return self._dropped

    def put(self, item: T) -> None:
        """Replace whatever is in the slot."""
        with self._lock:
            if self._item is not None:
                self._dropped += 1
            self._item = item

    def take(self) -> T | None:
        """Empty the slot and return its item; None when nothing new came."""
        with self._lock:
            item, self._item = self._item, None
            return item
