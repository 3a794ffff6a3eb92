"""Opening, saving, importing, exporting, leaving."""

from __future__ import annotations

from app.actions.spec import ActionSpec, action

FILE: tuple[ActionSpec, ...] = (
    action("open", "&Open…", "File", "Ctrl+O",
           "Open a video, an image sequence or a project.",
           icon="open", needs="always", toolbar=True),
    action("open_folder", "Open image &folder…", "File", "Ctrl+Shift+O",
           "Open a folder of numbered pictures as a clip.", icon="folder", needs="always"),
    action("open_demo", "Open &demo clip", "File", "Ctrl+D",
           "Open the clip that comes with the program, with a box on its target.",
           needs="always"),
    action("save", "&Save project", "File", "Ctrl+S",
           "Save the annotations as a project file.", icon="save", section=1, toolbar=True),
    action("save_as", "Save project &as…", "File", "Ctrl+Shift+S",
           "Save the project under another name.", icon="save", section=1),
    action("older_copies", "O&lder recovery copies…", "File", "",
           "Look at unsaved work of this clip that was put by when newer work was restored.",
           section=1),
    action("import", "&Import annotations…", "File", "Ctrl+I",
           "Add the boxes of an annotation file as new objects; nothing is overwritten.",
           icon="import", section=2),
    action("export", "&Export annotations…", "File", "Ctrl+E",
           "Write the boxes in a format that other tools read.",
           icon="export", needs="boxes", section=2, toolbar=True),
    action("proxy", "&Make a copy that steps fast…", "File", "",
           "Write a copy of the video in which every frame is reached quickly, with the same "
           "frame numbers; while it is being made: stop.", section=3),
    action("use_proxy", "&Go on in the copy that steps fast", "File", "",
           "Show the copy instead of the video; boxes, frame and project stay.", section=3),
    action("preferences", "&Preferences…", "File", "Ctrl+,",
           "Theme, playback, saving and tracking preferences.",
           icon="settings", needs="always", section=4),
    action("close_clip", "&Close clip", "File", "Ctrl+W",
           "Close the clip; unsaved changes are asked about.", section=5),
    action("quit", "&Quit", "File", "Ctrl+Q", "Close the window.", needs="always", section=5),
)  # fmt: skip
