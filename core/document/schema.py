"""Typed attributes of a label: what may be said of an object besides where it is.

An :class:`Attribute` declares a name, a kind, a default and limits; :meth:`Attribute.checked`
is the only way a value enters a document, so that a stored value always fits its
declaration. A value equal to the default need not be stored.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from core.errors import EditError

AttributeValue = str | float | bool


class AttributeKind(enum.StrEnum):
    """What the values of an attribute are."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    FLAG = "flag"


_EMPTY = {AttributeKind.TEXT: "", AttributeKind.NUMBER: 0.0, AttributeKind.FLAG: False}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One declared attribute.

    Parameters
    ----------
    name
        Not empty, unique within its label.
    default
        What holds where nothing was said; None for the kind's own (empty text, zero or
        the nearest number that is allowed, the first choice, off).
    choices
        Of a choice: at least one, no two the same. Empty for the other kinds.
    low, high
        Of a number: its limits, inclusive.
    per_frame
        Whether it may change from frame to frame; else it is said once of the object.

    Raises
    ------
    EditError
        If the declaration contradicts itself.
    """

    name: str
    kind: AttributeKind
    default: AttributeValue | None = None
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    per_frame: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise EditError("An attribute has no name.", "Give it one.")
        if self.kind is AttributeKind.CHOICE:
            if not self.choices or len(set(self.choices)) != len(self.choices):
                raise EditError(
                    f"The choices of “{self.name}” are not distinct, or there are none.",
                    "Name each choice once.",
                )
        elif self.choices:
            raise EditError(f"“{self.name}” is no choice but has choices.", "Make it a choice.")
        if not self.low <= self.high:  # also when one is not a number
            raise EditError(f"The limits of “{self.name}” exclude every number.", "Swap them.")
        if self.default is not None:
            self.checked(self.default)

    @property
    def initial(self) -> AttributeValue:
        """The value where nothing was said."""
        if self.default is not None:
            return self.default
        if self.kind is AttributeKind.CHOICE:
            return self.choices[0]
        if self.kind is AttributeKind.NUMBER:
            return min(max(0.0, self.low), self.high)
        return _EMPTY[self.kind]

    def checked(self, value: object) -> AttributeValue:
        """`value` as it is stored (numbers as float).

        Raises
        ------
        EditError
            If it is of another kind, not among the choices, or out of limits.
        """
        if self.kind is AttributeKind.FLAG and isinstance(value, bool):
            return value
        if self.kind is AttributeKind.TEXT and isinstance(value, str):
            return value
        if self.kind is AttributeKind.CHOICE and value in self.choices:
            return str(value)
        if self.kind is AttributeKind.NUMBER and _is_number(value):
            number = float(value)  # pyright: ignore[reportArgumentType]
            if self.low <= number <= self.high:
                return number
        raise EditError(f"“{value}” is not a value of “{self.name}”.", f"Give {self.wanted()}.")

    def wanted(self) -> str:
        """What values there are, in words: ``a number from 0 to 5``."""
        if self.kind is AttributeKind.CHOICE:
            return "one of " + ", ".join(f"“{choice}”" for choice in self.choices)
        if self.kind is AttributeKind.FLAG:
            return "yes or no"
        if self.kind is AttributeKind.TEXT:
            return "a text"
        low = f" from {self.low:g}" if math.isfinite(self.low) else ""
        high = f" up to {self.high:g}" if math.isfinite(self.high) else ""
        return f"a number{low}{high}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def require_distinct(attributes: tuple[Attribute, ...]) -> None:
    """Refuse a schema with two attributes of one name.

    Raises
    ------
    EditError
        If there are two.
    """
    names = [attribute.name for attribute in attributes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EditError(f"There are two attributes “{twice}”.", "Give them different names.")
