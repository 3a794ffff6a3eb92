"""Table model of the tracks, replaced as a whole and diffed by id.

:class:`TrackRow` is a plain value; :meth:`TrackModel.set_rows` changes only what
differs, so that selection and an open editor survive an update in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from core.wording import counted

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One track as the list shows it; `color` is ``#rrggbb``."""

    track_id: int
    title: str
    label: str
    color: str
    n_boxes: int
    n_manual: int
    visible: bool = True
    locked: bool = False
    selected: bool = False


class Column(IntEnum):
    """Columns of :class:`TrackModel`, left to right."""

    VISIBLE = 0
    LOCKED = 1
    TITLE = 2
    LABEL = 3
    BOXES = 4


class TrackModel(QAbstractTableModel):
    """Rows of tracks. Edits are announced; the model changes when new rows arrive."""

    renamed = Signal(int, str)
    label_changed = Signal(int, str)
    visibility_changed = Signal(int, bool)
    lock_changed = Signal(int, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[TrackRow] = []

    def set_rows(self, rows: Sequence[TrackRow]) -> None:
        """Show `rows`; same ids in the same order change in place."""
        fresh = list(rows)
        if [r.track_id for r in fresh] != [r.track_id for r in self._rows]:
            self.beginResetModel()
            self._rows = fresh
            self.endResetModel()
            return
        for number, (old, new) in enumerate(zip(self._rows, fresh, strict=True)):
            if old != new:
                self._rows[number] = new
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(Column) - 1))

    def row_at(self, index: Index) -> TrackRow | None:
        """The track of an index, None when invalid."""
        return self._rows[index.row()] if index.isValid() else None

    def number_of(self, track_id: int) -> int | None:
        """Row number of a track."""
        ids = [row.track_id for row in self._rows]
        return ids.index(track_id) if track_id in ids else None

    def rows(self) -> tuple[TrackRow, ...]:
        """What is shown."""
        return tuple(self._rows)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        names = ("", "", self.tr("Object"), self.tr("Label"), self.tr("Boxes"))
        spoken = (self.tr("Visible"), self.tr("Locked"), *names[2:])
        if role == Qt.ItemDataRole.DisplayRole:
            return names[section]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == Column.BOXES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        base = super().flags(index)
        row = self.row_at(index)
        if row is None:
            return base
        if index.column() in (Column.VISIBLE, Column.LOCKED):
            return base | Qt.ItemFlag.ItemIsUserCheckable
        if index.column() in (Column.TITLE, Column.LABEL) and not row.locked:
            return base | Qt.ItemFlag.ItemIsEditable
        return base

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index)
        if row is None:
            return None
        column = Column(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._text(row, column)
        if role == Qt.ItemDataRole.CheckStateRole:
            return self._check_state(row, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._spoken(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column is Column.BOXES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.row_at(index)
        if row is None:
            return False
        column = Column(index.column())
        if role == Qt.ItemDataRole.CheckStateRole:
            checked = Qt.CheckState(value) == Qt.CheckState.Checked
            announce = {
                Column.VISIBLE: self.visibility_changed,
                Column.LOCKED: self.lock_changed,
            }.get(column)
            if announce is None:
                return False
            announce.emit(row.track_id, checked)
            return True
        if role != Qt.ItemDataRole.EditRole:
            return False
        text = str(value).strip()
        if column is Column.TITLE and text and text != row.title:
            self.renamed.emit(row.track_id, text)
            return True
        if column is Column.LABEL and text != row.label:
            self.label_changed.emit(row.track_id, text)
            return True
        return False

    def _text(self, row: TrackRow, column: Column) -> str | None:
        if column is Column.TITLE:
            return row.title
        if column is Column.LABEL:
            return row.label
        if column is Column.BOXES:
            count = f"{row.n_boxes:,}"
            return f"{row.n_manual:,} ◆ {count}" if row.n_manual else count
        return None

    def _check_state(self, row: TrackRow, column: Column) -> Qt.CheckState | None:
        states = {Column.VISIBLE: row.visible, Column.LOCKED: row.locked}
        if column not in states:
            return None
        return Qt.CheckState.Checked if states[column] else Qt.CheckState.Unchecked

    def _spoken(self, row: TrackRow, column: Column) -> str:
        if column is Column.VISIBLE:
            return (
                self.tr("Shown; click to hide") if row.visible else self.tr("Hidden; click to show")
            )
        if column is Column.LOCKED:
            return (
                self.tr("Locked; click to allow edits")
                if row.locked
                else self.tr("Can be edited; click to lock")
            )
        if column is Column.LABEL:
            return row.label or self.tr("No label; double-click to set one")
        counts = self.tr("{boxes}, {manual} of them by hand").format(
            boxes=counted(row.n_boxes, "box", "boxes"), manual=row.n_manual
        )
        if column is Column.BOXES:
            return counts
        return "\n".join(part for part in (row.title, row.label, counts) if part)
