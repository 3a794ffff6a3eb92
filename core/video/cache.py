"""Decoded pictures kept in memory, bounded in bytes, least recently used first out.

Pictures that were only passed over on the way to another one are kept as the decoder
made them (half the size of RGB, no conversion); they become RGB when asked for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class ByteCache(Generic[Item]):
    """Least-recently-used map from frame number to item, at most `limit` bytes. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = max(int(limit), 0)
        self._items: OrderedDict[int, tuple[Item, int]] = OrderedDict()
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes held now."""
        return self._used

    def get(self, index: int) -> Item | None:
        """The item, marked as just used, or None."""
        with self._lock:
            entry = self._items.get(index)
            if entry is None:
                return None
            self._items.move_to_end(index)
            return entry[0]

    def put(self, index: int, item: Item, size: int) -> None:
        """Keep `item` of `size` bytes; the oldest go. Larger than the limit: not kept."""
        with self._lock:
            self._remove(index)
            if size > self.limit:
                return
            self._items[index] = (item, size)
            self._used += size
            while self._used > self.limit:
                self._remove(next(iter(self._items)))

    def discard(self, index: int) -> None:
        """Forget one item."""
        with self._lock:
            self._remove(index)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._items.clear()
            self._used = 0

    def __contains__(self, index: int) -> bool:
        return index in self._items

    def indices(self) -> list[int]:
        """Frame numbers held, ascending."""
        with self._lock:
            return sorted(self._items)

    def _remove(self, index: int) -> None:
        entry = self._items.pop(index, None)
        if entry is not None:
            self._used -= entry[1]


def as_ranges(indices: Iterable[int]) -> list[tuple[int, int]]:
    """Runs ``(start, stop)`` of ascending frame numbers, duplicates allowed."""
    ranges: list[tuple[int, int]] = []
    for index in indices:
        if ranges and index <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], index + 1))
        else:
            ranges.append((index, index + 1))
    return ranges
