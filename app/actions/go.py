"""Moving through the clip and from flag to flag."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

GO: tuple[ActionSpec, ...] = (
    action("play", "Play or pa&use", "Go", "Space",
           "Play the clip; while a tracker runs, hold it or let it go on.",
           icon="play", checkable=True),
    action("play_around", "Pla&y around this place", "Go", "Shift+L",
           "Play the doubtful place under the playhead with half a second to each side, over and "
           "over; once more, or Space, ends it where it began."),
    action("back1", "&Previous frame", "Go", "D", "One frame back.", icon="step-back", section=1),
    action("fwd1", "&Next frame", "Go", "F", "One frame on.", icon="step-forward", section=1),
    action("back10", "10 frames &back", "Go", "S", "Ten frames back.", icon="back10", section=1),
    action("fwd10", "10 frames &on", "Go", "G", "Ten frames on.", icon="forward10", section=1),
    action("first", "&First frame", "Go", "Home Ctrl+Home", "Go to the start of the clip.",
           icon="first", section=1),
    action("last", "&Last frame", "Go", "End Ctrl+End", "Go to the end of the clip.",
           icon="last", section=1),
    action("prev_manual", "Previous &manual box", "Go", "Shift+D",
           "Go back to the last box that a person made or accepted.", needs="track", section=2),
    action("next_manual", "Next manual bo&x", "Go", "Shift+F",
           "Go on to the next box that a person made or accepted.", needs="track", section=2),
    action("next_doubtful", "Next &doubtful place", "Go", "Q",
           "Go on to the next place of the review: where a box is in doubt.", icon="next-flag",
           needs="boxes", section=2),
    action("prev_doubtful", "Previous doub&tful place", "Go", "Shift+Q",
           "Go back to the previous place of the review.", icon="previous-flag",
           needs="boxes", section=2),
    action("goto", "&Go to frame or time…", "Go", "Ctrl+G",
           "Type a frame number or a time (m:ss.mmm).", section=3),
    action("slower", "&Slower", "Go", "Ctrl+Down", "Play at a lower speed.", section=4),
    action("faster", "F&aster", "Go", "Ctrl+Up", "Play at a higher speed.", section=4),
)  # fmt: skip
