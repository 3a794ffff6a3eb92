"""Keys, cancelling, reports."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

HELP: tuple[ActionSpec, ...] = (
    action("keys", "&Keyboard", "Help", "F1 ?", "Show all keys.", icon="keyboard", needs="always"),
    action("cancel", "&Cancel what is under way", "Help", "Esc",
           "Leave drawing; without drawing, stop the run (its results are kept).",
           section=1),
    action("report", "Copy a &report", "Help", "Ctrl+Alt+C",
           "Copy versions, device, clip and tracker to the clipboard, for a bug report.",
           needs="always", section=2),
    action("about", "&About Boxtrail", "Help", "Ctrl+F1", "Version and licences.",
           icon="info", needs="always", section=2),
)  # fmt: skip
