"""What maps say, and what to do about it."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

LAYERS: tuple[ActionSpec, ...] = (
    action("peaks", "Mark pea&ks", "View", "Alt+M",
           "Mark the peaks of the map that is edited: the main one, and what competes with it.",
           needs="map", checkable=True),
    action("probe", "Values under th&e pointer", "View", "Ctrl+M",
           "Tell value and cell of every shown map beside the pointer.",
           needs="map", checkable=True),
    action("go_to_rival", "&Go to the other peak", "Track", "Alt+G",
           "Put the box on the second peak of the shown map, at its present size, and track on "
           "from it with the tracker's template.", icon="retrack", needs="map", section=1),
)  # fmt: skip
