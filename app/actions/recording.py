"""Recording, replay and comparing."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

RECORDING: tuple[ActionSpec, ...] = (
    action("record", "&Record runs", "Track/Recording", "Ctrl+R",
           "Record what the tracker reports while it runs: boxes, scores, curves and maps, to "
           "replay it without the tracker.",
           icon="record", section=4, checkable=True, toolbar=True),
    action("replay_last", "Replay the &last recording", "Track/Recording", "",
           "Open the recording that was finished last.", needs="always", section=4),
    action("locate_video", "Locate the &video…", "Track/Recording", "",
           "Show where the video of the open recording is now.", section=4),
    action("what_if", "W&hat if…", "Track", "Ctrl+Alt+W",
           "Try other parameters on the last frames of a run, beside it.", section=4),
)  # fmt: skip

COMPARING: tuple[ActionSpec, ...] = (
    action("compare", "&Compare A and B", "View", "Ctrl+Alt+B",
           "Show two runs in the place of the picture: side by side, with a line to drag, or in "
           "turns.", checkable=True, section=3),
)  # fmt: skip
