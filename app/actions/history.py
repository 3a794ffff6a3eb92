"""The list of steps."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

HISTORY: tuple[ActionSpec, ...] = (
    action("history", "&History", "View", "Ctrl+H",
           "Show all steps of work as a list; a click goes to any of them."),
)  # fmt: skip
