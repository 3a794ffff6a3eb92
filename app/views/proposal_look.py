"""How the boxes of several proposals are told apart: a colour and a dash pattern each.

Colours are from a palette for the colour-blind; patterns tell them apart without colour.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """`color` is ``#rrggbb``; `pattern` are dash and gap lengths in points, empty for solid."""

    color: str
    pattern: tuple[float, ...]


SINGLE = (7.0, 4.0)
"""The pattern of a proposal by itself, in its object's colour."""

FUSED = Look("#ffffff", ())
_LOOKS = (
    Look("#56b4e9", (9.0, 3.0)),
    Look("#e69f00", (4.0, 3.0)),
    Look("#2fc997", (12.0, 3.0, 2.0, 3.0)),
    Look("#e48ac0", (2.0, 2.0)),
    Look("#f0e442", (12.0, 3.0, 2.0, 3.0, 2.0, 3.0)),
)


def look(number: int) -> Look:
    """The look of the proposal at place `number` among those side by side."""
    return _LOOKS[number % len(_LOOKS)]
