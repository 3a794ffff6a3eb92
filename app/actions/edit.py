"""Undo, drawing, states of a box, deleting."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

EDIT: tuple[ActionSpec, ...] = (
    action("undo", "&Undo", "Edit", "Ctrl+Z", "Take back the last step.",
           icon="undo", needs="undo", toolbar=True),
    action("redo", "&Redo", "Edit", "Ctrl+Shift+Z Ctrl+Y", "Do the step again.",
           icon="redo", needs="redo", toolbar=True),
    action("select_mode", "&Select and move", "Edit", "V",
           "Select boxes, move them and pull their handles.",
           icon="select", section=1, checkable=True, toolbar=True),
    action("draw_mode", "&Draw box", "Edit", "B",
           "Drag a box around the target: for the selected object, or for a first one.",
           icon="draw", section=1, checkable=True, toolbar=True),
    action("new_object", "&New object", "Edit", "N",
           "Drag a box for one more object.", icon="add", section=1, toolbar=True),
    action("confirm", "&Accept box", "Edit", "A",
           "Accept the tracker's box on this frame, so that no tracker changes it (or take "
           "that back).", icon="ok", needs="box", section=2),
    action("review_accept", "Accept doubtful s&tretch", "Edit", "Shift+A",
           "Accept every doubtful box of the stretch under the playhead and go on to the next; "
           "no tracker changes them.", icon="ok", needs="boxes", section=2),
    action("review_dismiss", "Not an &error", "Edit", "Y",
           "Say that nothing is wrong on the doubtful stretch under the playhead and go on to the "
           "next; later runs ring a little later.", icon="check", needs="boxes", section=2),
    action("review_absent", "Absent in doubtfu&l stretch", "Edit", "Shift+Y",
           "State that the target is not there on the doubtful stretch under the playhead and go "
           "on to the next.", icon="absent", needs="boxes", section=2),
    action("absent", "Target a&bsent", "Edit", "X",
           "State that the target is not in the picture on this frame (or take that back).",
           icon="absent", needs="track", section=2),
    action("occluded", "Target &occluded", "Edit", "C",
           "State that the target is partly hidden on this frame (or take that back).",
           icon="occluded", needs="box", section=2),
    action("fill_gap", "Fill the &gap here", "Edit", "K",
           "Fill the frames without a box around this one with boxes on a straight line.",
           needs="track", section=2),
    action("delete_box", "Delete box on this &frame", "Edit", "Delete Backspace",
           "Remove the selected object's box on this frame; no other frame changes.",
           icon="delete", needs="box", section=3),
    action("delete_after", "Delete tracked boxes from &here on", "Edit", "Shift+Delete",
           "Remove the trackers' boxes from this frame to the end; yours stay.",
           needs="track", section=3),
    action("delete_before", "Delete tracked boxes u&p to here", "Edit", "Ctrl+Shift+Delete",
           "Remove the trackers' boxes from the start to this frame; yours stay.",
           needs="track", section=3),
    action("delete_track", "Delete ob&ject with all its boxes", "Edit", "Ctrl+Delete",
           "Remove the selected object and all its boxes.", needs="track", section=3),
)  # fmt: skip
