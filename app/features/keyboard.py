"""The keyboard in the window: the user's own keys, their editor, cheat sheet and palette."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Slot

from app import actions as table
from app import keymap
from app.dialogs.key_editor import KeyEditor
from app.dialogs.keys import KeysDialog
from app.dialogs.palette import Entry, Palette
from app.features.feature import Feature, Parts
from core.errors import BoxtrailError

_REMEMBERED = 8


class KeyboardFeature(Feature):
    """See the module docstring."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._usual = {spec.id: spec.keys for spec in table.ACTIONS}
        self._last: list[str] = []  # what the palette carried out, newest first
        own, complaint = keymap.stored(self._usual)
        keys = keymap.merged(self._usual, own)
        if own and keymap.conflicts(keys):
            complaint = self.tr("In your keys, some mean two things; the usual keys are used.")
            keys = dict(self._usual)
        table.set_keys(parts.actions, keys)
        if complaint:
            # Only when the window is up is there anybody to tell.
            QTimer.singleShot(0, self, lambda: self._say(complaint))

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """The actions of app/actions/keyboard.py, and the cheat sheet."""
        return {"palette": self.find, "edit_keys": self.edit, "keys": self.show_keys}

    @Slot()
    def show_keys(self) -> None:
        """Show all keys."""
        dialog = KeysDialog(self.parts.actions, self.parts.window)
        dialog.exec()
        wanted = dialog.wants_change
        dialog.deleteLater()
        if wanted:
            self.edit()

    @Slot()
    def edit(self) -> None:
        """Let the user change keys."""
        keys = {name: table.keys_of(action) for name, action in self.parts.actions.items()}
        dialog = KeyEditor(keys, self.parts.window)
        if dialog.exec():
            self.use(dialog.keys)
        dialog.deleteLater()

    def use(self, keys: keymap.KeyMap) -> None:
        """Use these keys from now on, and keep what of them differs from the usual ones."""
        table.set_keys(self.parts.actions, keys)
        desk = self.parts.controller.desk
        desk.state_changed.emit(desk.state)  # texts that name keys are made anew
        try:
            keymap.save(keymap.differences(self._usual, keys), keymap.path())
        except BoxtrailError as error:
            self.parts.controller.desk.say_error(error)

    @Slot()
    def find(self) -> None:
        """Open the palette."""
        state = self.parts.controller.desk.state
        palette = Palette(self.entries(), self._last, state.frame_count, self.parts.window)
        palette.chosen.connect(self._carry_out)
        palette.frame_chosen.connect(self.parts.controller.seek)
        palette.finished.connect(palette.deleteLater)
        palette.open()

    def entries(self) -> list[Entry]:
        """Every action as the palette lists it."""
        listed: list[Entry] = []
        for spec in table.ACTIONS:
            action = self.parts.actions[spec.id]
            keys = "  ".join(table.shown_key(key) for key in table.keys_of(action))
            why = "" if action.isEnabled() else self._why(spec.needs)
            name = table.plain(action.text()).rstrip("…").strip()
            menu = table.translated(spec.menu)
            listed.append(Entry(spec.id, name, menu, keys, table.translated(spec.tip), why))
        return listed

    @Slot(str)
    def _carry_out(self, name: str) -> None:
        self._last = [name, *(n for n in self._last if n != name)][:_REMEMBERED]
        # When the palette is gone: the action may open a dialog, or ask who has the focus.
        QTimer.singleShot(0, self.parts.actions[name], self.parts.actions[name].trigger)

    def _why(self, needs: str) -> str:
        lacks = self.parts.controller.desk.state.lacks
        known = {
            "clip": self.tr("Open a clip first."),
            "boxes": self.tr("There are no boxes yet."),
            "track": self.tr("Select an object first."),
            "box": self.tr("The selected object has no box on this frame."),
            "many": self.tr("There are no objects yet."),
            "can_track": lacks or self.tr("Select an object that has a box on this frame first."),
            "two_way": lacks or self.tr("Select an object first."),
            "running": self.tr("Nothing is being tracked."),
            "undo": self.tr("There is nothing to undo."),
            "redo": self.tr("There is nothing to redo."),
            "map": self.tr("Show the response map first."),
            "proposed": self.tr("Nothing is proposed for the selected object."),
        }
        return known.get(needs, self.tr("Not possible just now."))

    def _say(self, text: str) -> None:
        self.parts.controller.desk.say(text, severity="warning")
