"""Finding actions and changing their keys."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

KEYBOARD: tuple[ActionSpec, ...] = (
    action("palette", "&Find an action…", "Help", "Ctrl+K",
           "Type a part of an action's name and carry it out.", icon="search", needs="always"),
    action("edit_keys", "Change &your keys…", "Help", "Ctrl+Alt+K",
           "Give actions other keys.", needs="always"),
)  # fmt: skip
