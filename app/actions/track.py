"""Runs and what they propose."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

TRACK: tuple[ActionSpec, ...] = (
    action("track_forward", "Track &forward", "Track", "E",
           "Track from the box on this frame to the end of the clip.",
           icon="track-forward", needs="can_track", toolbar=True),
    action("track_backward", "Track &backward", "Track", "W",
           "Track from the box on this frame to the start of the clip.",
           icon="track-backward", needs="can_track", toolbar=True),
    action("track_one", "Track &one frame", "Track", "Shift+E",
           "Track to the next frame only.", icon="track-one", needs="can_track"),
    action("track_one_back", "Track one frame bac&k", "Track", "Shift+W",
           "Track to the previous frame only.", icon="track-one", needs="can_track"),
    action("track_n", "Track &N frames", "Track", "J",
           "Track as many frames as the tracker panel says.", icon="track-n", needs="can_track"),
    action("track_until", "Track &until unsure", "Track", "U",
           "Track from the box on this frame, in the direction of the last run, until the tracker "
           "is unsure; the doubtful frames are left out and offered.",
           icon="track-n", needs="can_track"),
    action("retrack", "&Re-track from here", "Track", "R",
           "Start again from the box on this frame, in the direction of the last run; the "
           "tracker panel says how the corrected box is taken.",
           icon="retrack", needs="can_track", section=1),
    action("keep_tail", "Keep the &doubtful frames", "Track", "Shift+U",
           "Take over the doubtful frames that the last run until unsure left out.",
           needs="track", section=1),
    action("stop", "&Stop tracking", "Track", "Shift+Space",
           "End the run; everything tracked so far is kept and can be undone in one step.",
           icon="stop", needs="running", section=2, toolbar=True),
)  # fmt: skip

RUNS: tuple[ActionSpec, ...] = (
    action("track_to", "Track &to a frame…", "Track", "Shift+J",
           "Type a frame and track up to it, forwards or backwards.", needs="can_track"),
    action("track_to_key", "Track to &your next box", "Track", "Shift+T",
           "Track on up to the next box that you made or accepted.", needs="can_track"),
    action("track_to_key_back", "Track back to your &last box", "Track", "Ctrl+Shift+T",
           "Track back up to the last box that you made or accepted.", needs="can_track"),
    action("track_two_way", "Track from both s&ides", "Track", "T",
           "Track the stretch around this frame from both of your boxes at its ends, and fuse "
           "the two; where they disagree is marked.", needs="two_way"),
    action("propose", "Runs &propose", "Track", "O",
           "Let runs propose their boxes, dashed, instead of changing the object at once.",
           section=3, checkable=True),
    action("accept_here", "&Accept this box", "Track/Proposal", "P",
           "Take over the proposed box on this frame.", needs="proposed"),
    action("accept_to_here", "Accept &up to here", "Track/Proposal", "Shift+P",
           "Take over the proposed boxes from where the run began up to this frame.",
           needs="proposed"),
    action("accept_all", "Accept a&ll", "Track/Proposal", "Ctrl+P",
           "Take over the whole proposal; boxes that you made or accepted stay.",
           needs="proposed"),
    action("discard_here", "&Discard this box", "Track/Proposal", "Alt+P",
           "Drop the proposed box on this frame.", needs="proposed", section=1),
    action("discard_all", "Di&scard all", "Track/Proposal", "Ctrl+Shift+P",
           "Drop the whole proposal; the object stays as it is.", needs="proposed", section=1),
)  # fmt: skip
