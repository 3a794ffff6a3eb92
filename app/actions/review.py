"""Checking what was tracked, and carrying corrections over."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

REVIEW: tuple[ActionSpec, ...] = (
    action("check", "&Check with other trackers", "Track", "Alt+Q",
           "Let other trackers go over the tracked boxes that are new since the last check; where "
           "they disagree becomes doubtful. Once more ends it.",
           icon="next-flag", needs="boxes", section=4),
    action("carry", "C&arry the correction over", "Track", "Shift+R",
           "Move the tracked boxes around your corrected one along with it, less and less up to "
           "your next boxes; nothing is tracked again.",
           icon="two-way", needs="box", section=1),
)  # fmt: skip
