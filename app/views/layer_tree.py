"""All maps that a tracker reports, as a tree made from what it says of them.

Groups come from a map's stage, scale and kind, so that a new tracker needs no line here;
within a group, branch, feature and channel are told beside the title.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from core.trackers.base import MapInfo

_KEY = Qt.ItemDataRole.UserRole
_GROUPS = {
    "response": QT_TRANSLATE_NOOP("LayerTree", "Responses"),
    "probability": QT_TRANSLATE_NOOP("LayerTree", "Responses"),
    "filter": QT_TRANSLATE_NOOP("LayerTree", "Filters"),
    "mask": QT_TRANSLATE_NOOP("LayerTree", "Masks and labels"),
    "feature": QT_TRANSLATE_NOOP("LayerTree", "Features"),
}


def group_of(info: MapInfo) -> str:
    """The group in which a map stands, in the user's language."""
    tr = QCoreApplication.translate
    if info.stage is not None:
        return tr("LayerTree", "Stage %d") % info.stage
    if info.scale is not None:
        return tr("LayerTree", "Scale %d") % info.scale
    return tr("LayerTree", str(_GROUPS.get(info.kind, _GROUPS["response"])))


def told_of(info: MapInfo) -> str:
    """Branch, feature and channel of a map, as far as there are any."""
    channel = "" if info.channel is None else f"#{info.channel}"
    return " ".join(part for part in (info.branch, info.feature, channel) if part)


class LayerTree(QTreeWidget):
    """A tick lays a map over the frame; `toggled` is ``(key, wanted)``."""

    toggled = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setAccessibleName(self.tr("All maps of the tracker"))
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemChanged.connect(self._on_change)

    def set_maps(self, maps: Sequence[MapInfo]) -> None:
        """Show these maps, none ticked."""
        with QSignalBlocker(self):
            self.clear()
            groups: dict[str, QTreeWidgetItem] = {}
            for info in maps:
                name = group_of(info)
                if name not in groups:
                    groups[name] = QTreeWidgetItem([name])
                    groups[name].setFlags(Qt.ItemFlag.ItemIsEnabled)
                    self.addTopLevelItem(groups[name])
                groups[name].addChild(self._leaf(info))
            self.expandAll()

    def set_ticked(self, keys: Set[str]) -> None:
        """Tick exactly the maps that are layers."""
        with QSignalBlocker(self):
            for item in self._leaves():
                on = item.data(0, _KEY) in keys
                item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def search(self, text: str) -> None:
        """Show the maps that have all words of `text` in title, key or description."""
        words = text.lower().split()
        for item in self._leaves():
            said = f"{item.text(0)} {item.text(1)} {item.toolTip(0)}".lower()
            item.setHidden(not all(word in said for word in words))
        for group in children_of(self.invisibleRootItem()):
            group.setHidden(all(child.isHidden() for child in children_of(group)))

    def _leaf(self, info: MapInfo) -> QTreeWidgetItem:
        name = info.title.removeprefix(f"{group_of(info)}: ")
        name = name[:1].upper() + name[1:]
        item = QTreeWidgetItem([name, told_of(info)])
        item.setData(0, _KEY, info.key)
        item.setToolTip(0, f"{info.title}\n{info.doc}\n{info.key}")
        item.setForeground(1, self.palette().placeholderText())
        item.setCheckState(0, Qt.CheckState.Unchecked)
        return item

    def _leaves(self) -> list[QTreeWidgetItem]:
        groups = children_of(self.invisibleRootItem())
        return [leaf for group in groups for leaf in children_of(group)]

    def _on_change(self, item: QTreeWidgetItem) -> None:
        key = item.data(0, _KEY)
        if key:
            self.toggled.emit(key, item.checkState(0) is Qt.CheckState.Checked)


def children_of(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """The rows below `item`."""
    found = (item.child(k) for k in range(item.childCount()))
    return [child for child in found if child is not None]
