"""Numbers of runs or trackers, one a row; ticked ones are in the plots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.views.empty_note import EmptyNote

_NAME_WIDTH = 96
_ROW = 24


@dataclass(frozen=True, slots=True)
class NumbersRow:
    """A row: `values` are those of the columns, NaN where there is none."""

    name: str
    color: str
    values: tuple[float, ...]
    tip: str = ""


class NumbersTable(QTableWidget):
    """See the module docstring.

    Attributes
    ----------
    ticked_changed
        Other rows are ticked.
    row_chosen
        The name of the row that was clicked.
    """

    ticked_changed = Signal()
    row_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unticked: set[str] = set()
        self._columns: tuple[str, ...] = ()
        self._rows: tuple[NumbersRow, ...] = ()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)  # Tab leads on to the plot, arrows through the numbers
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(_ROW)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setShowGrid(False)
        self.setStyleSheet(
            "QTableView::item { padding: 2px 1px; } QHeaderView::section { padding: 4px 3px; }"
        )
        self.setAccessibleName(self.tr("Numbers"))
        EmptyNote(
            self, self.tr("Track with a ground truth loaded, and how well it went stands here.")
        )
        self.itemChanged.connect(self._on_item)
        self.itemSelectionChanged.connect(self._on_selection)

    @property
    def rows(self) -> tuple[NumbersRow, ...]:
        """What is shown."""
        return self._rows

    def ticked(self) -> list[str]:
        """Names of the rows that are in the plots."""
        return [row.name for row in self._rows if row.name not in self._unticked]

    def show_rows(
        self, columns: Sequence[tuple[str, str, int]], rows: Sequence[NumbersRow]
    ) -> None:
        """Show numbers; `columns` are ``(title, explanation, digits)``."""
        titles = tuple(title for title, *_ in columns)
        same = titles == self._columns and tuple(rows) == self._rows
        if same:
            return
        chosen = self._chosen()
        self._columns, self._rows = titles, tuple(rows)
        blocked = self.blockSignals(True)
        self.setColumnCount(len(columns) + 1)
        self.setHorizontalHeaderItem(0, QTableWidgetItem(self.tr("Name")))
        for k, (title, tip, _) in enumerate(columns, start=1):
            head = QTableWidgetItem(title)
            head.setToolTip(tip)
            self.setHorizontalHeaderItem(k, head)
        self.setRowCount(len(rows))
        never, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setHorizontalScrollBarPolicy(needed if rows else never)
        for k, row in enumerate(rows):
            self._fill(k, row, [digits for *_, digits in columns])
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(28)
        self._fit_names()
        for k, row in enumerate(rows):
            if row.name == chosen:
                self.selectRow(k)
        self.blockSignals(blocked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_names()

    def _fit_names(self) -> None:
        """The names get what the numbers leave."""
        numbers = sum(self.columnWidth(k) for k in range(1, self.columnCount()))
        self.setColumnWidth(0, max(_NAME_WIDTH, self.viewport().width() - numbers))

    def _fill(self, place: int, row: NumbersRow, digits: Sequence[int]) -> None:
        swatch = QPixmap(10, 10)
        swatch.fill(QColor(row.color))
        name = QTableWidgetItem(swatch, row.name)
        name.setFlags(
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsUserCheckable
        )
        unticked = row.name in self._unticked
        name.setCheckState(Qt.CheckState.Unchecked if unticked else Qt.CheckState.Checked)
        name.setToolTip(row.tip or row.name)
        self.setItem(place, 0, name)
        for k, (value, count) in enumerate(zip(row.values, digits, strict=True), start=1):
            text = "–" if math.isnan(value) else f"{value:.{count}f}"
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.setItem(place, k, item)

    def _chosen(self) -> str:
        row = self.currentRow()
        return self._rows[row].name if 0 <= row < len(self._rows) else ""

    def _on_item(self, item: QTableWidgetItem) -> None:
        if item.column() != 0 or not 0 <= item.row() < len(self._rows):
            return
        name = self._rows[item.row()].name
        before = name in self._unticked
        now = item.checkState() is Qt.CheckState.Unchecked
        if before != now:
            (self._unticked.add if now else self._unticked.discard)(name)
            self.ticked_changed.emit()

    def _on_selection(self) -> None:
        self.row_chosen.emit(self._chosen())
