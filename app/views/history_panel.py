"""The steps of work as a list: click one to go there and back, the saved one is marked.

Shows the rows it is given and announces where a person wants to go. What was undone stands
dimmed below the current step; a new edit would replace it.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from core.wording import counted

_ROW = 24
_DATA = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One state: its words, when it came to be (None: unknown), and how it stands."""

    index: int
    text: str
    at: float | None
    done: bool
    current: bool
    saved: bool


class HistoryModel(QAbstractListModel):
    """The rows; only those in view are ever asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[HistoryRow] = ()

    def show_rows(self, rows: Sequence[HistoryRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  (as Qt has it)
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.text}\n{clock(row.at, with_date=True)}".strip()
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (row.text, clock(row.at), self._words(row)) if part)
        return row if role == _DATA else None

    def _words(self, row: HistoryRow) -> str:
        words = [
            self.tr("current") if row.current else "" if row.done else self.tr("undone"),
            self.tr("saved") if row.saved else "",
        ]
        return ", ".join(word for word in words if word)


class HistoryPanel(QWidget):
    """The list with a line about it."""

    step_chosen = Signal(int)
    """Number of steps after which the wanted state is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = HistoryModel(self)
        self.list = QListView(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_RowDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Steps of work"))
        self.list.clicked.connect(self._take)
        self.list.activated.connect(self._take)
        self._note = QLabel(self)
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.addWidget(self.list, 1)
        column.addWidget(self._note)
        self.show_rows(())

    def show_rows(self, rows: Sequence[HistoryRow]) -> None:
        """Show these states, oldest first, with the current one in view."""
        self.model.show_rows(rows)
        here = next((row for row in rows if row.current), None)
        if here is not None:
            index = self.model.index(here.index)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)
        undone = sum(not row.done for row in rows)
        text = self.tr("Click a step to go back to it.") if len(rows) > 1 else ""
        if len(rows) < 2:
            text = self.tr("Every step of work will be listed here, to go back to.")
        if undone:
            text = self.tr("Undone: %s; the next edit replaces it.") % counted(undone, "step")
        elif rows and not any(row.saved for row in rows):
            text = self.tr("The saved state is further back than this list.")
        self._note.setText(text)

    def note(self) -> str:
        """What stands under the list."""
        return self._note.text()

    def _take(self, index: QModelIndex) -> None:
        row = index.data(_DATA)
        if isinstance(row, HistoryRow) and not row.current:
            self.step_chosen.emit(row.index)


class _RowDelegate(QStyledItemDelegate):
    """A mark for current and saved, the words, the time at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(80, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: HistoryRow = index.data(_DATA)
        tokens, rect = theme.colors(), QRect(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        if row.current:
            painter.fillRect(rect, QColor(tokens.selection))
            painter.fillRect(
                QRect(rect.left(), rect.top(), 3, rect.height()), QColor(tokens.accent)
            )
        elif option.state & QStyle.StateFlag.State_MouseOver:  # pyright: ignore[reportAttributeAccessIssue]
            painter.fillRect(rect, QColor(tokens.hover))
        ratio = painter.device().devicePixelRatioF()
        if row.saved:
            icon = theme.tinted("save", tokens.muted, 14, ratio)
            painter.drawPixmap(rect.left() + 7, rect.center().y() - 7, icon)
        if not row.done:
            icon = theme.tinted("redo", tokens.disabled, 12, ratio)
            painter.drawPixmap(rect.left() + 8, rect.center().y() - 6, icon)
        middle = Qt.AlignmentFlag.AlignVCenter
        rect = rect.adjusted(28, 0, -6, 0)
        when = clock(row.at)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignRight, when)
        rect.setRight(rect.right() - painter.fontMetrics().horizontalAdvance(when) - 8)
        font = painter.font()
        font.setItalic(not row.done)
        font.setBold(row.current)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if row.done else tokens.muted))
        words = painter.fontMetrics().elidedText(
            row.text, Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()


def clock(at: float | None, *, with_date: bool = False) -> str:
    """Local time of day (with the date for other days); empty when unknown."""
    if at is None:
        return ""
    when, now = datetime.datetime.fromtimestamp(at), datetime.datetime.now()
    other_day = with_date or when.date() != now.date()
    return when.strftime("%Y-%m-%d %H:%M:%S" if other_day else "%H:%M:%S")
