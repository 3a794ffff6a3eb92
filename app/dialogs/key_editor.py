"""The editor of keys: choose an action, press a key; what it meant before is said first.

Edits a copy: :attr:`KeyEditor.keys` is the result after `accept`. OK waits until no key
means two things.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import actions as table
from app import keymap, theme
from app.keymap import Keys
from core.errors import BoxtrailError

_Standard = QDialogButtonBox.StandardButton
_Role = QDialogButtonBox.ButtonRole
_ROW = 22
_ID = Qt.ItemDataRole.UserRole


class KeyEditor(QDialog):
    """Edits the keys of all actions.

    Parameters
    ----------
    keys
        The keys in force, by id of action.
    """

    def __init__(self, keys: Mapping[str, Keys], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Your keys"))
        self.resize(820, 620)
        self.keys = {name: tuple(map(keymap.normal, of)) for name, of in keys.items()}
        self._usual = {spec.id: tuple(map(keymap.normal, spec.keys)) for spec in table.ACTIONS}
        self._names = {
            spec.id: row[2] for spec, row in zip(table.ACTIONS, table.rows(), strict=True)
        }
        self.items: dict[str, QTreeWidgetItem] = {}
        self._search = QLineEdit(self)
        self._search.setPlaceholderText(self.tr("Search a key or an action"))
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName(self.tr("Search"))
        self._search.textChanged.connect(self._filter)
        self.tree = QTreeWidget(self)
        self.recorder = QKeySequenceEdit(self)
        self.recorder.setMaximumSequenceLength(1)
        self.recorder.setClearButtonEnabled(True)
        self.recorder.setAccessibleName(self.tr("New key"))
        self._meaning, self._message = QLabel(self), QLabel(self)
        self._buttons: dict[str, QPushButton] = {}
        self.box = QDialogButtonBox(_Standard.Ok | _Standard.Cancel)
        self._make_tree()
        self._lay_out()
        self.recorder.keySequenceChanged.connect(self._show_choice)
        self.tree.currentItemChanged.connect(self._show_choice)
        self._refresh()

    # ---- what can be done ----------------------------------------------------------------

    def choose(self, name: str) -> None:
        """Choose the action with this id."""
        self.tree.setCurrentItem(self.items[name])

    def chosen(self) -> str:
        """Id of the chosen action, empty for none."""
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def pressed(self) -> str:
        """The key that was recorded."""
        return keymap.normal(self.recorder.keySequence().toString())

    def owners(self, key: str) -> list[str]:
        """Ids of the other actions that have this key."""
        chosen = self.chosen()
        return [name for name, of in self.keys.items() if key in of and name != chosen]

    @Slot()
    def replace_key(self) -> None:
        """Give the chosen action this key instead of its keys."""
        self._give(only=True)

    @Slot()
    def add_key(self) -> None:
        """Give the chosen action this key as well."""
        self._give(only=False)

    @Slot()
    def clear(self) -> None:
        """Leave the chosen action without a key."""
        self._set(self.chosen(), ())

    @Slot()
    def default(self) -> None:
        """Give the chosen action its usual keys again."""
        self._set(self.chosen(), self._usual.get(self.chosen(), ()))

    @Slot()
    def restore_all(self) -> None:
        """Give all actions their usual keys again."""
        self.keys = dict(self._usual)
        self._refresh()

    @Slot()
    def import_file(self) -> None:
        """Take the keys of a file."""
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Import keys"), "", self._filter_text())
        if name:
            self.take(Path(name))

    @Slot()
    def export_file(self) -> None:
        """Write the keys that differ to a file."""
        suggested = "boxtrail-keys.toml"
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export keys"), suggested, self._filter_text()
        )
        if name:
            self.write(Path(name))

    def take(self, source: Path) -> None:
        """Take the keys of this file; all others are the usual ones."""
        try:
            own, complaint = keymap.load(source, self._usual)
        except BoxtrailError as error:
            self._say(str(error), "error")
            return
        self.keys = keymap.merged(self._usual, own)
        self._refresh()
        if complaint:
            self._say(complaint, "warning")

    def write(self, to: Path) -> None:
        """Write the keys that differ to this file."""
        try:
            keymap.save(keymap.differences(self._usual, self.keys), to)
        except BoxtrailError as error:
            self._say(str(error), "error")
        else:
            self._say(self.tr("Saved as %s.") % to.name, "ok")

    def message(self) -> str:
        """What the dialog says about the keys as they are."""
        return self._message.text()

    # ---- inside ---------------------------------------------------------------------------

    def _give(self, *, only: bool) -> None:
        name, key = self.chosen(), self.pressed()
        if not name or not key:
            return
        for other in self.owners(key):
            self.keys[other] = tuple(k for k in self.keys[other] if k != key)
        mine = () if only else tuple(k for k in self.keys[name] if k != key)
        self._set(name, (*mine, key))
        self.recorder.clear()

    def _set(self, name: str, keys: Keys) -> None:
        if name:
            self.keys[name] = keys
            self._refresh()

    def _make_tree(self) -> None:
        tree = self.tree
        tree.setHeaderLabels([self.tr("Action"), self.tr("Keys"), self.tr("Usually")])
        tree.setAlternatingRowColors(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setAccessibleName(self.tr("Actions and keys"))
        groups: dict[str, QTreeWidgetItem] = {}
        for spec in table.ACTIONS:
            if spec.menu not in groups:
                group = groups[spec.menu] = QTreeWidgetItem([spec.menu.replace("/", " → ")])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
                tree.addTopLevelItem(group)
                group.setFirstColumnSpanned(True)
            item = QTreeWidgetItem([self._names[spec.id], "", _shown(self._usual[spec.id])])
            item.setData(0, _ID, spec.id)
            item.setToolTip(0, spec.tip)
            item.setSizeHint(0, QSize(0, _ROW))
            groups[spec.menu].addChild(item)
            self.items[spec.id] = item
        tree.expandAll()
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            tree.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def _lay_out(self) -> None:
        press = QHBoxLayout()
        caption = QLabel(self.tr("&Press the new key:"), self)
        caption.setBuddy(self.recorder)
        press.addWidget(caption)
        press.addWidget(self.recorder)
        for name, text, work in (
            ("replace", self.tr("&Use this key"), self.replace_key),
            ("add", self.tr("&Add this key"), self.add_key),
            ("clear", self.tr("&No key"), self.clear),
            ("default", self.tr("&Default"), self.default),
        ):
            button = self._buttons[name] = QPushButton(text, self)
            button.setAutoDefault(False)
            button.clicked.connect(work)
            press.addWidget(button)
        for label in (self._meaning, self._message):
            label.setWordWrap(True)
        self._message.setMinimumHeight(34)
        more: tuple[tuple[str, Callable[[], None]], ...] = (
            (self.tr("&Restore defaults"), self.restore_all),
            (self.tr("&Import…"), self.import_file),
            (self.tr("&Export…"), self.export_file),
        )
        for text, work in more:
            button = self.box.addButton(text, _Role.ActionRole)
            button.setAutoDefault(False)
            button.clicked.connect(work)
        self.box.accepted.connect(self.accept)
        self.box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self._search)
        column.addWidget(self.tree, 1)
        column.addLayout(press)
        column.addWidget(self._meaning)
        column.addWidget(self._message)
        column.addWidget(self.box)

    def _refresh(self) -> None:
        found = keymap.conflicts(self.keys)
        wrong = {name for conflict in found for name in conflict.actions}
        lost, changed = QColor(theme.colors().lost), QColor(theme.colors().accent_text)
        for name, item in self.items.items():
            item.setText(1, _shown(self.keys.get(name, ())))
            own = self.keys.get(name, ()) != self._usual[name]
            font = item.font(1)
            font.setBold(own)
            item.setFont(1, font)
            plain = self.tree.palette().text().color()
            item.setForeground(1, lost if name in wrong else changed if own else plain)
        if found:
            self._say(" ".join(self._told(conflict) for conflict in found[:3]), "error")
        else:
            count = len(keymap.differences(self._usual, self.keys))
            text = self.tr("%d actions have other keys than usual.") % count if count else ""
            self._say(text, "muted")
        self.box.button(_Standard.Ok).setEnabled(not found)
        self._show_choice()

    def _told(self, conflict: keymap.Conflict) -> str:
        key = table.shown_key(conflict.key)
        names = [f"“{self._names[name]}”" for name in conflict.actions]
        if len(names) == 1:
            text = self.tr("{key} is needed in the picture and in fields; {name} cannot have it.")
            return text.format(key=key, name=names[0])
        text = self.tr("{key} would mean {names}.")
        return text.format(key=key, names=self.tr(" and ").join(names))

    @Slot()
    def _show_choice(self, *_: object) -> None:
        name, key = self.chosen(), self.pressed()
        for button in ("clear", "default"):
            self._buttons[button].setEnabled(bool(name))
        for button in ("replace", "add"):
            self._buttons[button].setEnabled(bool(name and key))
        text = ""
        if not name:
            text = self.tr("Choose an action in the list.")
        elif key:
            others = self.tr(" and ").join(f"“{self._names[n]}”" for n in self.owners(key))
            text = self.tr("%s is free.") % table.shown_key(key)
            if others:
                text = self.tr("{key} belongs to {names} and would be taken from there.").format(
                    key=table.shown_key(key), names=others
                )
        self._meaning.setText(text)

    def meaning(self) -> str:
        """What the dialog says about the recorded key."""
        return self._meaning.text()

    def _say(self, text: str, role: str) -> None:
        self._message.setProperty("role", role)
        self._message.style().polish(self._message)
        self._message.setText(text)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for item in self.items.values():
            row = " ".join(item.text(column) for column in range(3)).casefold()
            item.setHidden(not all(word in row for word in words))
        for at in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(at)
            if group is not None:
                children = [group.child(i) for i in range(group.childCount())]
                group.setHidden(all(child is None or child.isHidden() for child in children))

    def _filter_text(self) -> str:
        return self.tr("Keys (%s)") % "*.toml"


def _shown(keys: Keys) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return "  ".join(QKeySequence(key).toString(native) for key in keys)
