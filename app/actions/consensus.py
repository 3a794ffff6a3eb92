"""Several trackers from the same box, and the preview of how a correction is taken."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

_MENU = "Track/Several trackers"
_MARKED = ("&Tracker", "T&racker", "Tr&acker", "Tra&cker", "Trac&ker")

CONSENSUS: tuple[ActionSpec, ...] = (
    action("together", "Track with se&veral trackers", "Track", "Ctrl+Shift+E",
           "Track from the box on this frame with the trackers that are ticked in the tracker "
           "panel, and propose what each of them says and the fused boxes.",
           needs="can_track", section=3),
    action("preview", "Previe&w corrections", "Track", "Alt+R",
           "Try the ways to take the corrected box over the next frames, side by side, and "
           "choose one by 1, 2 or 3; nothing changes before you do.",
           icon="retrack", needs="can_track", section=1),
    action("take_best", "Take the &best for this stretch", _MENU, "Ctrl+B",
           "Take the tracker that the others support most for the stretch around this frame, and "
           "go on to the next disagreement.", needs="together"),
    action("take_fused", "Take the &fused boxes for all", _MENU, "Ctrl+Shift+B",
           "Take the fused boxes on all frames that are left; boxes that you made or accepted "
           "stay.", needs="together"),
    action("next_apart", "&Next disagreement", _MENU, ".",
           "Go on to the next stretch on which the trackers disagree.",
           needs="together", section=1),
    action("prev_apart", "&Previous disagreement", _MENU, "Shift+.",
           "Go back to the last stretch on which the trackers disagree.",
           needs="together", section=1),
    action("take_here0", "The f&used box here", _MENU, "Alt+0",
           "Take the fused box on this frame; it then counts as looked at.",
           needs="together", section=2),
    *(
        action(f"take_here{n}", f"Tracker &{n} here", _MENU, f"Alt+{n}",
               "Take this tracker's box on this frame; it then counts as looked at.",
               needs="together", section=2)
        for n in range(1, 6)
    ),
    *(
        action(f"take_stretch{n}", f"{_MARKED[n - 1]} {n} for this stretch", _MENU, f"Ctrl+{n}",
               "Take this tracker for the stretch around this frame.",
               needs="together", section=3)
        for n in range(1, 6)
    ),
)  # fmt: skip
