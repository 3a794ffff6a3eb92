"""What is said of objects besides where they are."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

ATTRIBUTES: tuple[ActionSpec, ...] = (
    action("attribute_panel", "&Set values", "Edit/Attributes", "Alt+A",
           "Show the attributes of the selected object and go to the first one.", needs="track"),
    action("attribute_prev", "&Last change", "Edit/Attributes", "Alt+Left",
           "Go back to the last frame on which an attribute of the object changes.",
           needs="track"),
    action("attribute_next", "&Next change", "Edit/Attributes", "Alt+Right",
           "Go on to the next frame on which an attribute of the object changes.",
           needs="track"),
    action("attribute_schema", "&Define…", "Edit/Attributes", "Ctrl+Alt+A",
           "Say which attributes the objects of a label have.", section=1),
)  # fmt: skip
