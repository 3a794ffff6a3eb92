"""Whole objects: splitting, joining, intervals between boxes, selecting."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

OBJECT: tuple[ActionSpec, ...] = (
    action("split", "&Split before this frame", "Edit/Object", "Shift+V",
           "Cut the object in two; the first part keeps its number.", needs="track"),
    action("join", "&Join with another…", "Edit/Object", "Ctrl+J",
           "Make one object of two that were seen at different times.", needs="track"),
    action("merge", "&Merge with another…", "Edit/Object", "Ctrl+Shift+J",
           "Make one object of two; where both have a box, yours stay and the rest is told.",
           needs="track"),
    action("swap", "S&wap with another from here on…", "Edit/Object", "Shift+X",
           "Exchange the boxes of two objects from this frame to the end.", needs="track"),
    action("duplicate", "&Duplicate", "Edit/Object", "Ctrl+Shift+D",
           "A second object with the same boxes.", needs="track"),
    action("propagate", "&Copy box to the next N frames", "Edit/Object", "Shift+K",
           "Copy this frame's box to as many frames as the tracker panel says; boxes that you "
           "made or accepted stay.", needs="box", section=1),
    action("fill_gaps", "&Fill gaps…", "Edit/Object", "Alt+K",
           "Fill all gaps up to a length with boxes on straight lines.", needs="track",
           section=1),
    action("simplify", "Sim&plify…", "Edit/Object", "Alt+S",
           "Keep few boxes and straight lines between them, within an error bound; boxes that "
           "you made or accepted do not change.", needs="track", section=1),
    action("lock", "&Lock or unlock", "Edit/Object", "Ctrl+L",
           "Guard the object against all edits, or release it.", needs="track", section=2),
    action("hide", "&Hide or show", "Edit/Object", "H",
           "Hide the object in the picture, or show it.", needs="track", section=2),
    action("solo", "Sh&ow only this", "Edit/Object", "Shift+H",
           "Show only the selected object, or all again.", needs="track", section=2),
    action("mode_tracked", "&Tracked", "Edit/Between your boxes", "Ctrl+Shift+I",
           "The boxes between yours are what trackers gave; they stay as they are.",
           needs="track"),
    action("mode_linear", "&Straight line", "Edit/Between your boxes", "I",
           "The boxes between yours lie on a straight line and follow when you move yours.",
           needs="track"),
    action("mode_smooth", "S&mooth curve", "Edit/Between your boxes", "Shift+I",
           "The boxes between yours lie on a smooth curve and follow when you move yours.",
           needs="track"),
    action("mode_gap", "&None", "Edit/Between your boxes", "Alt+I",
           "There are no boxes between yours.", needs="track"),
    action("truncated", "Target trun&cated", "Edit", "Shift+C",
           "State that the target reaches beyond the picture here (or take that back).",
           needs="box", section=2),
    action("out_of_view", "Target out of &view", "Edit", "Ctrl+Shift+X",
           "State that the target has left the picture on this frame (or take that back).",
           needs="track", section=2),
    action("state_to_here", "State the sa&me up to here", "Edit", "Alt+X",
           "Let what is stated last before this frame (absent, out of view, occluded, truncated) "
           "hold up to here; where it goes on already, it ends here.",
           needs="track", section=2),
)  # fmt: skip

SELECT: tuple[ActionSpec, ...] = tuple(
    action(f"object{n}", f"Object &{n}", "Edit/Select object", str(n),
           f"Select the object at place {n} of the list.", needs="many")
    for n in range(1, 10)
)  # fmt: skip
