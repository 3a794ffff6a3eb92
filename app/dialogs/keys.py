"""The cheat sheet: every key in force, found by typing a word."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import actions as table
from app import keymap

_Native = QKeySequence.SequenceFormat.NativeText


class KeysDialog(QDialog):
    """Lists all actions with their keys, by menu; those that the user changed are marked.

    `wants_change` tells after the dialog that the user asked to change keys.
    """

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard"))
        self.resize(900, 640)
        self.wants_change = False
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search a key or an action"))
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName(self.tr("Search"))
        self._search.textChanged.connect(self._filter)
        self._tree = QTreeWidget()
        self._tree.setHeaderLabels([self.tr("Action"), self.tr("Key"), self.tr("What it does")])
        self._tree.setAlternatingRowColors(True)
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._tree.setAccessibleName(self.tr("Actions and keys"))
        self._fill(actions)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        change = buttons.addButton(self.tr("&Change keys…"), QDialogButtonBox.ButtonRole.ActionRole)
        change.clicked.connect(self._change)
        layout = QVBoxLayout(self)
        layout.addWidget(self._search)
        layout.addWidget(self._tree)
        layout.addWidget(buttons)
        self._search.setFocus()

    def search(self, text: str) -> None:
        """Show only what has these words."""
        self._search.setText(text)

    def visible_actions(self) -> list[str]:
        """Names of the actions that the search leaves, for tests and screen readers."""
        return [item.text(0) for item in self._items() if not item.isHidden()]

    def shown_keys(self) -> dict[str, str]:
        """What stands in the column of keys, by name of action."""
        return {item.text(0): item.text(1) for item in self._items()}

    def _change(self) -> None:
        self.wants_change = True
        self.accept()

    def _fill(self, actions: Mapping[str, QAction]) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for spec, (menu, _, name, tip) in zip(table.ACTIONS, table.rows(), strict=True):
            group = groups.get(menu)
            if group is None:
                group = groups[menu] = QTreeWidgetItem([menu.replace("/", " → ")])
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
                self._tree.addTopLevelItem(group)
                group.setFirstColumnSpanned(True)
            action = actions[spec.id]
            shown = "  ".join(key.toString(_Native) for key in action.shortcuts())
            usual = tuple(map(keymap.normal, spec.keys))
            if table.keys_of(action) != usual:
                was = "  ".join(map(table.shown_key, spec.keys)) or self.tr("none")
                shown = self.tr("{keys}  (usually {usual})").format(keys=shown or "–", usual=was)
            item = QTreeWidgetItem([name, shown, tip])
            item.setToolTip(2, tip)
            group.addChild(item)
        self._tree.expandAll()
        header = self._tree.header()
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for item in self._items():
            row = " ".join(item.text(column) for column in range(3)).casefold()
            item.setHidden(not all(word in row for word in words))
        for at in range(self._tree.topLevelItemCount()):
            group = self._tree.topLevelItem(at)
            if group is not None:
                group.setHidden(all(child.isHidden() for child in _children(group)))

    def _items(self) -> list[QTreeWidgetItem]:
        tops = [self._tree.topLevelItem(at) for at in range(self._tree.topLevelItemCount())]
        return [item for group in tops if group is not None for item in _children(group)]


def _children(group: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = [group.child(i) for i in range(group.childCount())]
    return [item for item in found if item is not None]
