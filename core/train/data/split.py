"""What is held out for validation: a fixed function of an item's group.

The decision needs nothing but the group's name, so it is the same on every machine, for
every order of reading, and stays the same when material is added. All items of a group
(the same footage, scene or individual) fall on the same side.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.train.data.items import Item
from core.train.data.seeds import hashed_share

SHARE = 0.08
# Chosen so that the small pack of docs/training-data.md holds out two of its busier videos.
_SALT = "boxtrail-split-133"


def held_out(group: str, share: float = SHARE) -> bool:
    """Whether a group is kept from training."""
    return hashed_share(group, _SALT) < share


def divide(items: Iterable[Item], share: float = SHARE) -> tuple[list[Item], list[Item]]:
    """Items to train on, and items held out."""
    training: list[Item] = []
    kept: list[Item] = []
    for item in items:
        (kept if held_out(item.group, share) else training).append(item)
    return training, kept
