"""The table of actions: the one place that says what can be done, and by which key.

Menus, toolbar, tooltips, the cheat sheet and docs/keyboard.md are made from
:data:`ACTIONS`, which joins one table per topic. What an action does is connected by the
window, or by the feature that brings it, under its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from app.actions.attributes import ATTRIBUTES
from app.actions.clips import CLIPS
from app.actions.consensus import CONSENSUS
from app.actions.edit import EDIT
from app.actions.file import FILE
from app.actions.go import GO
from app.actions.help import HELP
from app.actions.history import HISTORY
from app.actions.keyboard import KEYBOARD
from app.actions.layers import LAYERS
from app.actions.measure import MEASURE
from app.actions.objects import OBJECT, SELECT
from app.actions.recording import COMPARING, RECORDING
from app.actions.review import REVIEW
from app.actions.spec import PREDICATES, ActionSpec
from app.actions.track import RUNS, TRACK
from app.actions.view import VIEW
from app.ui_state import UiState

__all__ = ["ACTIONS", "MENUS", "PREDICATES", "ActionSpec"]

ACTIONS: tuple[ActionSpec, ...] = (
    *FILE,
    *CLIPS,
    *EDIT,
    *OBJECT,
    *ATTRIBUTES,
    *SELECT,
    *TRACK,
    *RUNS,
    *CONSENSUS,
    *REVIEW,
    *RECORDING,
    *GO,
    *VIEW,
    *COMPARING,
    *HISTORY,
    *LAYERS,
    *MEASURE,
    *KEYBOARD,
    *HELP,
)
MENUS = ("File", "Edit", "Track", "Go", "View", "Help")
_SUBMENUS = {
    "File/Clips": 2,
    "Edit/Object": 4,
    "Edit/Between your boxes": 4,
    "Edit/Attributes": 4,
    "Edit/Select object": 4,
    "Track/Proposal": 3,
    "Track/Several trackers": 3,
    "Track/Recording": 4,
    "View/Ground truth": 1,
}
"""In which section of its menu a menu within it stands."""


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
        action.setToolTip(_tooltip(spec, action))
        action.setStatusTip(translated(spec.tip))
        if spec.icon:
            action.setIcon(icon_of(spec.icon))  # pyright: ignore[reportArgumentType]
        made[spec.id] = action
    return made


def set_keys(actions: Mapping[str, QAction], keys: Mapping[str, Sequence[str]]) -> None:
    """Give actions other keys than the table's; their tooltips follow."""
    for spec in ACTIONS:
        action = actions[spec.id]
        action.setShortcuts([QKeySequence(key) for key in keys.get(spec.id, spec.keys)])
        action.setToolTip(_tooltip(spec, action))


def keys_of(action: QAction) -> tuple[str, ...]:
    """The keys that an action has now, in one spelling for all systems."""
    return tuple(
        key.toString(QKeySequence.SequenceFormat.PortableText) for key in action.shortcuts()
    )


def key_note(actions: Mapping[str, QAction], name: str) -> str:
    """The key that an action has now, to put behind what it does: `` (Space)``, or nothing."""
    shown = actions[name].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f" ({shown})" if shown else ""


def _tooltip(spec: ActionSpec, action: QAction) -> str:
    key = key_note({spec.id: action}, spec.id)
    return f"{plain(translated(spec.text)).rstrip('…')}{key}\n{translated(spec.tip)}"


def fill_menus(menus: Callable[[str], QMenu], actions: Mapping[str, QAction]) -> None:
    """Put every action into its menu; `menus` gives (and makes) the menu of a path.

    Within a menu, sections stand in the order of their numbers, whichever table an action is
    from; a menu within it stands at the end of its section.
    """
    entries: dict[str, list[tuple[int, bool, QAction | str]]] = {title: [] for title in MENUS}
    for spec in ACTIONS:
        if spec.menu not in entries:
            entries[spec.menu] = []
            parent = spec.menu.rpartition("/")[0]
            entries[parent].append((_SUBMENUS[spec.menu], True, spec.menu))
        entries[spec.menu].append((spec.section, False, actions[spec.id]))
    for path in sorted(entries, key=lambda path: path.count("/")):
        menu, last = menus(path), None
        for section, _, entry in sorted(entries[path], key=lambda entry: entry[:2]):
            if last is not None and section != last:
                menu.addSeparator()
            last = section
            if isinstance(entry, str):
                menus(entry)  # made where it stands
            else:
                menu.addAction(entry)


def enable(actions: Mapping[str, QAction], state: UiState) -> None:
    """Make exactly those actions available that the state allows.

    Where a tracker lacks something, the tooltips of what cannot be done say so.
    """
    for spec in ACTIONS:
        actions[spec.id].setEnabled(PREDICATES[spec.needs](state))
        if spec.needs == "can_track":
            why = f"\n{state.lacks}" if state.lacks else ""
            actions[spec.id].setToolTip(_tooltip(spec, actions[spec.id]) + why)


def rows(specs: Iterable[ActionSpec] = ACTIONS) -> list[tuple[str, str, str, str]]:
    """Menu, keys, name and explanation of every action, for the cheat sheet and docs."""
    return [(s.menu, " or ".join(s.keys), plain(s.text).rstrip("…"), s.tip) for s in specs]


def markdown() -> str:
    """docs/keyboard.md."""
    lines = [
        "# Keyboard",
        "",
        "The left hand navigates, the right hand is on the mouse. Made from `app/actions/`; do",
        "not edit by hand: `python -m app.actions > docs/keyboard.md`.",
        "",
        "`F1` shows the keys in the program, `Ctrl+K` finds any action by a part of its name.",
        "*Help › Change your keys…* gives actions other keys; see the end of this page.",
    ]
    for menu in dict.fromkeys(row[0] for row in rows()):
        lines += ["", f"## {menu.replace('/', ' → ')}", "", "| key | action | what it does |"]
        lines.append("|---|---|---|")
        for _, keys, name, tip in (row for row in rows() if row[0] == menu):
            shown = " or ".join(f"`{key}`" for key in keys.split(" or ") if key)
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
    "",
    "## Your own keys",
    "",
    "*Help › Change your keys…* (`Ctrl+Alt+K`): choose an action, press the new key. A key that",
    "belongs to another action is named before it is taken away from it. Keys that mean two",
    "things, and those that the picture needs itself (arrows, `Tab`, `Enter`), are not accepted.",
    "What differs from the tables above is kept in `keys.toml` beside the preferences; Export…",
    "and Import… carry it to another machine. Restore defaults gives all actions the keys of this",
    "page again.",
)


def translated(text: str) -> str:
    """`text` in the user's language."""
    return QCoreApplication.translate("actions", text)
