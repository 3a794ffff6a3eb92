"""The cheat sheet: every key, found by typing a word, made from the table of actions."""

from __future__ import annotations

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

from app import actions


class KeysDialog(QDialog):
    """Lists all actions with their keys, by menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard"))
        self.resize(900, 640)
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
        self._fill()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._search)
        layout.addWidget(self._tree)
        layout.addWidget(buttons)
        self._search.setFocus()

    def visible_actions(self) -> list[str]:
        """Names of the actions that the search leaves, for tests and screen readers."""
        return [item.text(0) for item in self._items() if not item.isHidden()]

    def _fill(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for menu, keys, name, tip in actions.rows():
            group = groups.get(menu)
            if group is None:
                group = groups[menu] = QTreeWidgetItem([menu.replace("/", " → ")])
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
                self._tree.addTopLevelItem(group)
                group.setFirstColumnSpanned(True)
            shown = "  ".join(actions.shown_key(key) for key in keys.split(" or "))
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
