"""The table of actions: the one place that says what can be done, and by which key.

Menus, toolbar, tooltips, the cheat sheet and docs/keyboard.md are made from
:data:`ACTIONS`. Whether an action is available is a named predicate of the
:class:`~app.ui_state.UiState`. What it does is connected by the window under its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from app.ui_state import RunStatus, UiState

Predicate = Callable[[UiState], bool]

PREDICATES: Mapping[str, Predicate] = MappingProxyType(
    {
        "always": lambda s: True,
        "clip": lambda s: s.has_clip,
        "boxes": lambda s: s.any_boxes,
        "track": lambda s: s.track is not None,
        "box": lambda s: s.box_here,
        "many": lambda s: s.any_tracks,
        "can_track": lambda s: s.can_track,
        "running": lambda s: s.is_running and s.run is not RunStatus.STOPPING,
        "undo": lambda s: s.can_undo,
        "redo": lambda s: s.can_redo,
        "map": lambda s: s.has_clip and s.overlay.visible,
        "two_way": lambda s: s.may_run and s.track is not None,
        "proposed": lambda s: s.proposed,
    }
)


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    Attributes
    ----------
    menu
        Path of its menu, parts separated by ``/``.
    keys
        The first one is shown; the others work as well.
    tip
        What it does, one sentence; the key is added to the tooltip.
    needs
        Name in :data:`PREDICATES`.
    section
        Actions of one menu with different sections get a line between them.
    toolbar
        Whether it has a button in the toolbar.
    """

    id: str
    text: str
    menu: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: str = "clip"
    section: int = 0
    checkable: bool = False
    toolbar: bool = False


def _spec(id_: str, text: str, menu: str, keys: str, tip: str, **fields: object) -> ActionSpec:
    # Keys as words: "Ctrl+Z Ctrl+Y" are two.
    return ActionSpec(id_, text, menu, tip, tuple(keys.split()), **fields)  # pyright: ignore[reportArgumentType]


_FILE = (
    _spec("open", "&Open…", "File", "Ctrl+O",
          "Open a video, an image sequence or a project.",
          icon="open", needs="always", toolbar=True),
    _spec("open_folder", "Open image &folder…", "File", "Ctrl+Shift+O",
          "Open a folder of numbered pictures as a clip.", icon="folder", needs="always"),
    _spec("open_demo", "Open &demo clip", "File", "Ctrl+D",
          "Open the clip that comes with the program, with a box on its target.",
          needs="always"),
    _spec("save", "&Save project", "File", "Ctrl+S",
          "Save the annotations as a project file.", icon="save", section=1, toolbar=True),
    _spec("save_as", "Save project &as…", "File", "Ctrl+Shift+S",
          "Save the project under another name.", icon="save", section=1),
    _spec("import", "&Import annotations…", "File", "Ctrl+I",
          "Add the boxes of an annotation file as new objects; nothing is overwritten.",
          icon="import", section=2),
    _spec("export", "&Export annotations…", "File", "Ctrl+E",
          "Write the boxes in a format that other tools read.",
          icon="export", needs="boxes", section=2, toolbar=True),
    _spec("preferences", "&Preferences…", "File", "Ctrl+,",
          "Theme, playback, saving and tracking preferences.",
          icon="settings", needs="always", section=3),
    _spec("close_clip", "&Close clip", "File", "Ctrl+W",
          "Close the clip; unsaved changes are asked about.", section=4),
    _spec("quit", "&Quit", "File", "Ctrl+Q", "Close the window.", needs="always", section=4),
)  # fmt: skip

_EDIT = (
    _spec("undo", "&Undo", "Edit", "Ctrl+Z", "Take back the last step.",
          icon="undo", needs="undo", toolbar=True),
    _spec("redo", "&Redo", "Edit", "Ctrl+Shift+Z Ctrl+Y", "Do the step again.",
          icon="redo", needs="redo", toolbar=True),
    _spec("select_mode", "&Select and move", "Edit", "V",
          "Select boxes, move them and pull their handles.",
          icon="select", section=1, checkable=True, toolbar=True),
    _spec("draw_mode", "&Draw box", "Edit", "B",
          "Drag a box around the target: for the selected object, or for a first one.",
          icon="draw", section=1, checkable=True, toolbar=True),
    _spec("new_object", "&New object", "Edit", "N",
          "Drag a box for one more object.", icon="add", section=1, toolbar=True),
    _spec("confirm", "&Accept box", "Edit", "A",
          "Accept the tracker's box on this frame, so that no tracker changes it (or take "
          "that back).", icon="ok", needs="box", section=2),
    _spec("review_accept", "Accept doubtful s&tretch", "Edit", "Shift+A",
          "Accept every doubtful box of the stretch under the playhead and go on to the next; "
          "no tracker changes them.", icon="ok", needs="boxes", section=2),
    _spec("review_dismiss", "Not an &error", "Edit", "Y",
          "Say that nothing is wrong on the doubtful stretch under the playhead and go on to the "
          "next; later runs ring a little later.", icon="check", needs="boxes", section=2),
    _spec("absent", "Target a&bsent", "Edit", "X",
          "State that the target is not in the picture on this frame (or take that back).",
          icon="absent", needs="track", section=2),
    _spec("occluded", "Target &occluded", "Edit", "C",
          "State that the target is partly hidden on this frame (or take that back).",
          icon="occluded", needs="box", section=2),
    _spec("fill_gap", "Fill the &gap here", "Edit", "K",
          "Fill the frames without a box around this one with boxes on a straight line.",
          needs="track", section=2),
    _spec("delete_box", "Delete box on this &frame", "Edit", "Delete Backspace",
          "Remove the selected object's box on this frame; no other frame changes.",
          icon="delete", needs="box", section=3),
    _spec("delete_after", "Delete tracked boxes from &here on", "Edit", "Shift+Delete",
          "Remove the trackers' boxes from this frame to the end; yours stay.",
          needs="track", section=3),
    _spec("delete_before", "Delete tracked boxes u&p to here", "Edit", "Ctrl+Shift+Delete",
          "Remove the trackers' boxes from the start to this frame; yours stay.",
          needs="track", section=3),
    _spec("delete_track", "Delete ob&ject with all its boxes", "Edit", "Ctrl+Delete",
          "Remove the selected object and all its boxes.", needs="track", section=3),
)  # fmt: skip

_TRACK = (
    _spec("track_forward", "Track &forward", "Track", "E",
          "Track from the box on this frame to the end of the clip.",
          icon="track-forward", needs="can_track", toolbar=True),
    _spec("track_backward", "Track &backward", "Track", "W",
          "Track from the box on this frame to the start of the clip.",
          icon="track-backward", needs="can_track", toolbar=True),
    _spec("track_one", "Track &one frame", "Track", "Shift+E",
          "Track to the next frame only.", icon="track-one", needs="can_track"),
    _spec("track_one_back", "Track one frame bac&k", "Track", "Shift+W",
          "Track to the previous frame only.", icon="track-one", needs="can_track"),
    _spec("track_n", "Track &N frames", "Track", "J",
          "Track as many frames as the tracker panel says.", icon="track-n", needs="can_track"),
    _spec("track_until", "Track &until unsure", "Track", "U",
          "Track from the box on this frame, in the direction of the last run, until the tracker "
          "is unsure; the doubtful frames are left out and offered.",
          icon="track-n", needs="can_track"),
    _spec("retrack", "&Re-track from here", "Track", "R",
          "Start again from the box on this frame, in the direction of the last run; the "
          "tracker panel says how the corrected box is taken.",
          icon="retrack", needs="can_track", section=1),
    _spec("keep_tail", "Keep the &doubtful frames", "Track", "Shift+U",
          "Take over the doubtful frames that the last run until unsure left out.",
          needs="track", section=1),
    _spec("stop", "&Stop tracking", "Track", "Shift+Space",
          "End the run; everything tracked so far is kept and can be undone in one step.",
          icon="stop", needs="running", section=2, toolbar=True),
)  # fmt: skip

_RUNS = (
    _spec("track_to", "Track &to a frame…", "Track", "Shift+J",
          "Type a frame and track up to it, forwards or backwards.", needs="can_track"),
    _spec("track_to_key", "Track to &your next box", "Track", "Shift+T",
          "Track on up to the next box that you made or accepted.", needs="can_track"),
    _spec("track_to_key_back", "Track back to your &last box", "Track", "Ctrl+Shift+T",
          "Track back up to the last box that you made or accepted.", needs="can_track"),
    _spec("track_two_way", "Track from both s&ides", "Track", "T",
          "Track the stretch around this frame from both of your boxes at its ends, and fuse "
          "the two; where they disagree is marked.", needs="two_way", section=1),
    _spec("propose", "Runs &propose", "Track", "O",
          "Let runs propose their boxes, dashed, instead of changing the object at once.",
          section=3, checkable=True),
    _spec("accept_here", "&Accept this box", "Track/Proposal", "P",
          "Take over the proposed box on this frame.", needs="proposed"),
    _spec("accept_to_here", "Accept &up to here", "Track/Proposal", "Shift+P",
          "Take over the proposed boxes from where the run began up to this frame.",
          needs="proposed"),
    _spec("accept_all", "Accept a&ll", "Track/Proposal", "Ctrl+P",
          "Take over the whole proposal; boxes that you made or accepted stay.",
          needs="proposed"),
    _spec("discard_here", "&Discard this box", "Track/Proposal", "Alt+P",
          "Drop the proposed box on this frame.", needs="proposed", section=1),
    _spec("discard_all", "Di&scard all", "Track/Proposal", "Ctrl+Shift+P",
          "Drop the whole proposal; the object stays as it is.", needs="proposed", section=1),
)  # fmt: skip

_OBJECT = (
    _spec("split", "&Split before this frame", "Edit/Object", "Shift+V",
          "Cut the object in two; the first part keeps its number.", needs="track"),
    _spec("join", "&Join with another…", "Edit/Object", "Ctrl+J",
          "Make one object of two that were seen at different times.", needs="track"),
    _spec("merge", "&Merge with another…", "Edit/Object", "Ctrl+Shift+J",
          "Make one object of two; where both have a box, yours stay and the rest is told.",
          needs="track"),
    _spec("swap", "S&wap with another from here on…", "Edit/Object", "Shift+X",
          "Exchange the boxes of two objects from this frame to the end.", needs="track"),
    _spec("duplicate", "&Duplicate", "Edit/Object", "Ctrl+Shift+D",
          "A second object with the same boxes.", needs="track"),
    _spec("propagate", "&Copy box to the next N frames", "Edit/Object", "Shift+K",
          "Copy this frame's box to as many frames as the tracker panel says; boxes that you "
          "made or accepted stay.", needs="box", section=1),
    _spec("fill_gaps", "&Fill gaps…", "Edit/Object", "Alt+K",
          "Fill all gaps up to a length with boxes on straight lines.", needs="track",
          section=1),
    _spec("simplify", "Sim&plify…", "Edit/Object", "Alt+S",
          "Keep few boxes and straight lines between them, within an error bound; boxes that "
          "you made or accepted do not change.", needs="track", section=1),
    _spec("lock", "&Lock or unlock", "Edit/Object", "Ctrl+L",
          "Guard the object against all edits, or release it.", needs="track", section=2),
    _spec("hide", "&Hide or show", "Edit/Object", "H",
          "Hide the object in the picture, or show it.", needs="track", section=2),
    _spec("solo", "Sh&ow only this", "Edit/Object", "Shift+H",
          "Show only the selected object, or all again.", needs="track", section=2),
    _spec("mode_tracked", "&Tracked", "Edit/Between your boxes", "Ctrl+Shift+I",
          "The boxes between yours are what trackers gave; they stay as they are.",
          needs="track"),
    _spec("mode_linear", "&Straight line", "Edit/Between your boxes", "I",
          "The boxes between yours lie on a straight line and follow when you move yours.",
          needs="track"),
    _spec("mode_smooth", "S&mooth curve", "Edit/Between your boxes", "Shift+I",
          "The boxes between yours lie on a smooth curve and follow when you move yours.",
          needs="track"),
    _spec("mode_gap", "&None", "Edit/Between your boxes", "Alt+I",
          "There are no boxes between yours.", needs="track"),
    _spec("truncated", "Target trun&cated", "Edit", "Shift+C",
          "State that the target reaches beyond the picture here (or take that back).",
          needs="box", section=2),
    _spec("out_of_view", "Target out of &view", "Edit", "Ctrl+Shift+X",
          "State that the target has left the picture on this frame (or take that back).",
          needs="track", section=2),
)  # fmt: skip

_GO = (
    _spec("play", "Play or pa&use", "Go", "Space",
          "Play the clip; while a tracker runs, hold it or let it go on.",
          icon="play", checkable=True),
    _spec("back1", "&Previous frame", "Go", "D", "One frame back.", icon="step-back", section=1),
    _spec("fwd1", "&Next frame", "Go", "F", "One frame on.", icon="step-forward", section=1),
    _spec("back10", "10 frames &back", "Go", "S", "Ten frames back.", icon="back10", section=1),
    _spec("fwd10", "10 frames &on", "Go", "G", "Ten frames on.", icon="forward10", section=1),
    _spec("first", "&First frame", "Go", "Home Ctrl+Home", "Go to the start of the clip.",
          icon="first", section=1),
    _spec("last", "&Last frame", "Go", "End Ctrl+End", "Go to the end of the clip.",
          icon="last", section=1),
    _spec("prev_manual", "Previous &manual box", "Go", "Shift+D",
          "Go back to the last box that a person made or accepted.", needs="track", section=2),
    _spec("next_manual", "Next manual bo&x", "Go", "Shift+F",
          "Go on to the next box that a person made or accepted.", needs="track", section=2),
    _spec("next_doubtful", "Next &doubtful place", "Go", "Q",
          "Go on to the next place of the review: where a box is in doubt.", icon="next-flag",
          needs="boxes", section=2),
    _spec("prev_doubtful", "Previous doub&tful place", "Go", "Shift+Q",
          "Go back to the previous place of the review.", icon="previous-flag",
          needs="boxes", section=2),
    _spec("goto", "&Go to frame or time…", "Go", "Ctrl+G",
          "Type a frame number or a time (m:ss.mmm).", section=3),
    _spec("slower", "&Slower", "Go", "Ctrl+Down", "Play at a lower speed.", section=4),
    _spec("faster", "F&aster", "Go", "Ctrl+Up", "Play at a higher speed.", section=4),
)  # fmt: skip

_VIEW = (
    _spec("map", "Response &map", "View", "M",
          "Show what the tracker sees: its response map over the frame.",
          icon="map", checkable=True, toolbar=True),
    _spec("next_map", "&Next map", "View", "Shift+M",
          "Show the tracker's next map.", needs="map"),
    _spec("map_fainter", "Map &fainter", "View", "[", "Make the map more transparent.",
          needs="map"),
    _spec("map_stronger", "Map &stronger", "View", "]", "Make the map more opaque.",
          needs="map"),
    _spec("trail", "&Path of the target", "View", "L",
          "Draw the way that the target came.", needs="always", checkable=True, section=1),
    _spec("fit", "Fit the &window", "View", "0", "Show the whole frame.", icon="fit", section=2,
          toolbar=True),
    _spec("zoom_target", "&Zoom to the target", "View", "Z",
          "Show the selected box large.", icon="zoom-target", needs="box", section=2, toolbar=True),
    _spec("actual_size", "&Actual size", "View", "Ctrl+0",
          "One frame pixel per screen pixel.", icon="actual-size", section=2),
    _spec("zoom_in", "Zoom &in", "View", "+ =", "Larger.", icon="zoom-in", section=2),
    _spec("zoom_out", "Zoom &out", "View", "-", "Smaller.", icon="zoom-out", section=2),
    _spec("theme", "Switch &light and dark", "View", "Ctrl+T",
          "Change between the light and the dark theme.", icon="theme", needs="always",
          section=3),
    _spec("full_screen", "F&ull screen", "View", "F11", "Use the whole screen.",
          needs="always", section=3, checkable=True),
    _spec("reset_layout", "&Reset the layout", "View", "Ctrl+Alt+R",
          "Put all panels back where they belong.", needs="always", section=3),
)  # fmt: skip

_HELP = (
    _spec("keys", "&Keyboard", "Help", "F1", "Show all keys.", icon="keyboard", needs="always"),
    _spec("cancel", "&Cancel what is under way", "Help", "Esc",
          "Leave drawing; without drawing, stop the run (its results are kept).",
          section=1),
    _spec("report", "Copy a &report", "Help", "Ctrl+Alt+C",
          "Copy versions, device, clip and tracker to the clipboard, for a bug report.",
          needs="always", section=2),
    _spec("about", "&About Boxtrail", "Help", "Ctrl+F1", "Version and licences.",
          icon="info", needs="always", section=2),
)  # fmt: skip

_OBJECTS = tuple(
    _spec(f"object{n}", f"Object &{n}", "Edit/Select object", str(n),
          f"Select the object at place {n} of the list.", needs="many")
    for n in range(1, 10)
)  # fmt: skip

ACTIONS: tuple[ActionSpec, ...] = (
    *_FILE,
    *_EDIT,
    *_OBJECT,
    *_OBJECTS,
    *_TRACK,
    *_RUNS,
    *_GO,
    *_VIEW,
    *_HELP,
)
MENUS = ("File", "Edit", "Track", "Go", "View", "Help")


def plain(text: str) -> str:
    """A menu text without its mnemonic mark."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def shown_key(key: str) -> str:
    """A key as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def build(parent: QObject, icon_of: Callable[[str], object]) -> dict[str, QAction]:
    """One `QAction` per row of the table, by id, without menus yet."""
    made: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(translated(spec.text), parent)
        action.setObjectName(spec.id)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setAutoRepeat(spec.id in {"back1", "fwd1", "back10", "fwd10"})
        action.setCheckable(spec.checkable)
        action.setToolTip(_tooltip(spec))
        action.setStatusTip(translated(spec.tip))
        if spec.icon:
            action.setIcon(icon_of(spec.icon))  # pyright: ignore[reportArgumentType]
        made[spec.id] = action
    return made


def _tooltip(spec: ActionSpec) -> str:
    key = f" ({shown_key(spec.keys[0])})" if spec.keys else ""
    return f"{plain(translated(spec.text)).rstrip('…')}{key}\n{translated(spec.tip)}"


def fill_menus(menus: Callable[[str], QMenu], actions: Mapping[str, QAction]) -> None:
    """Put every action into its menu; `menus` gives (and makes) the menu of a path."""
    last: dict[str, int] = {}
    for spec in ACTIONS:
        menu = menus(spec.menu)
        if last.setdefault(spec.menu, spec.section) != spec.section:
            menu.addSeparator()
            last[spec.menu] = spec.section
        menu.addAction(actions[spec.id])


def enable(actions: Mapping[str, QAction], state: UiState) -> None:
    """Make exactly those actions available that the state allows.

    Where a tracker lacks something, the tooltips of what cannot be done say so.
    """
    for spec in ACTIONS:
        actions[spec.id].setEnabled(PREDICATES[spec.needs](state))
        if spec.needs == "can_track":
            why = f"\n{state.lacks}" if state.lacks else ""
            actions[spec.id].setToolTip(_tooltip(spec) + why)


def rows(specs: Iterable[ActionSpec] = ACTIONS) -> list[tuple[str, str, str, str]]:
    """Menu, keys, name and explanation of every action, for the cheat sheet and docs."""
    return [(s.menu, " or ".join(s.keys), plain(s.text).rstrip("…"), s.tip) for s in specs]


def markdown() -> str:
    """docs/keyboard.md."""
    lines = [
        "# Keyboard",
        "",
        "The left hand navigates, the right hand is on the mouse. Made from `app/actions.py`; do",
        "not edit by hand: `python -m app.actions > docs/keyboard.md`.",
    ]
    for menu in dict.fromkeys(row[0] for row in rows()):
        lines += ["", f"## {menu.replace('/', ' → ')}", "", "| key | action | what it does |"]
        lines.append("|---|---|---|")
        for _, keys, name, tip in (row for row in rows() if row[0] == menu):
            shown = " or ".join(f"`{key}`" for key in keys.split(" or "))
            lines.append(f"| {shown} | {name} | {tip} |")
    lines += ["", *_CANVAS, ""]
    return "\n".join(lines)


_CANVAS = (
    "## On the picture",
    "",
    "| input | what it does |",
    "|---|---|",
    "| drag (draw mode) | a new box; `Shift` keeps it square, `Alt` draws from the centre |",
    "| drag a box or a handle | move or resize it; `Esc` during the drag takes it back |",
    "| arrows | move the selected box by one pixel; with `Shift` by ten |",
    "| `Ctrl` + arrows | move its right and bottom edges |",
    "| wheel | zoom about the pointer |",
    "| middle drag | move the picture |",
)


def translated(text: str) -> str:
    """`text` in the user's language."""
    return QCoreApplication.translate("actions", text)


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
