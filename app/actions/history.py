"""Panels that explain: the list of steps, the legend of the timeline."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

HISTORY: tuple[ActionSpec, ...] = (
    action("history", "&History", "View", "Ctrl+H",
           "Show all steps of work as a list; a click goes to any of them.",
           section=3),
    action("legend", "Legend of the &timeline", "View", "Alt+L",
           "Show what the shapes and colours of the timeline mean.", icon="help",
           needs="always", section=3),
)  # fmt: skip
