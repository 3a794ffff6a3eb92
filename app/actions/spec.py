"""What an action is, and when it is available.

Whether an action is available is a named predicate of the :class:`~app.ui_state.UiState`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.ui_state import RunStatus, UiState

Predicate = Callable[[UiState], bool]

PREDICATES: Mapping[str, Predicate] = MappingProxyType(
    {
        "always": lambda s: True,
        "clip": lambda s: s.has_clip,
        "boxes": lambda s: s.any_boxes,
        "track": lambda s: s.track is not None,
        "box": lambda s: s.box_here,
        "many": lambda s: s.any_tracks,
        "can_track": lambda s: s.can_track,
        "running": lambda s: s.is_running and s.run is not RunStatus.STOPPING,
        "undo": lambda s: s.can_undo,
        "redo": lambda s: s.can_redo,
        "map": lambda s: s.has_clip and s.overlay.visible,
        "two_way": lambda s: s.may_run and s.track is not None,
        "proposed": lambda s: s.proposed,
        "together": lambda s: s.together,
        "list": lambda s: s.has_list,
        "in_list": lambda s: s.in_list,
        "batch": lambda s: s.batch,
        "may_batch": lambda s: s.has_list and s.trackers_ready and not s.batch,
    }
)


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    Attributes
    ----------
    menu
        Path of its menu, parts separated by ``/``.
    keys
        The first one is shown; the others work as well.
    tip
        What it does, one sentence; the key is added to the tooltip.
    needs
        Name in :data:`PREDICATES`.
    section
        Actions of one menu with different sections get a line between them.
    toolbar
        Whether it has a button in the toolbar.
    """

    id: str
    text: str
    menu: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: str = "clip"
    section: int = 0
    checkable: bool = False
    toolbar: bool = False


def action(id_: str, text: str, menu: str, keys: str, tip: str, **fields: object) -> ActionSpec:
    """One row of a table. `keys` are words: ``"Ctrl+Z Ctrl+Y"`` are two, ``""`` is none."""
    return ActionSpec(id_, text, menu, tip, tuple(keys.split()), **fields)  # pyright: ignore[reportArgumentType]
