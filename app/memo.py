"""Values worked out of parts of immutable documents, kept as long as those are the same objects.

A document shares with the next one all that an edit did not change, so "has it changed"
is a question of identity, and what a view shows of a track of 100,000 boxes is worked out
once per edit of that track, not once per edit of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """The last value per name, with the parts that it was made of.

    `made` counts how often values had to be worked out, by the first part of the name.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[Any, ...], Any]] = {}
        self.made: dict[str, int] = {}

    def get(self, name: str, key: Hashable, parts: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The value `name` of `key`, from `make` unless all `parts` are the same objects.

        The parts are held on to, so that none can be replaced by another one at its address.
        """
        known = self._known.get((name, key))
        if known is not None and all(a is b for a, b in zip(known[0], parts, strict=True)):
            return known[1]
        value = make()
        self.made[name] = self.made.get(name, 0) + 1
        self._known[name, key] = parts, value
        return value

    def clear(self) -> None:
        """Forget everything: another document is open."""
        self._known.clear()
