"""The command palette: type a part of an action's name, press Enter.

Lists every action with its menu and keys; what cannot be done now stands dimmed below, with
the reason. What was done last comes first while nothing is typed. A number goes to a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.dialogs.palette_match import match

_ROW = 30
_ENTRY = Qt.ItemDataRole.UserRole
_PLACES = Qt.ItemDataRole.UserRole + 1
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_IN_MENU = 0.6  # what a match in the menu's name is worth beside one in the name


@dataclass(frozen=True, slots=True)
class Entry:
    """One action as the palette lists it; `why` says why it cannot be done, empty when it can."""

    id: str
    name: str
    menu: str
    keys: str
    tip: str
    why: str = ""


def found(
    entries: Sequence[Entry], query: str, last: Sequence[str]
) -> list[tuple[Entry, tuple[int, ...]]]:
    """The entries that fit, best first, each with the places of the letters in its name.

    What can be done comes before what cannot; without a query, `last` (ids of what was
    done, newest first) comes first.
    """
    ranked: list[tuple[tuple[bool, float, int], Entry, tuple[int, ...]]] = []
    for number, entry in enumerate(entries):
        by_name, by_all = match(query, entry.name), match(query, f"{entry.menu} {entry.name}")
        if by_name is None and by_all is None:
            continue
        score = by_name[0] if by_name is not None else 0.0
        if by_all is not None:
            score = max(score, _IN_MENU * by_all[0])
        if entry.id in last:
            score += 100 if not query.strip() else 2
            score -= last.index(entry.id) * (1 if not query.strip() else 0.1)
        places = by_name[1] if by_name is not None else ()
        ranked.append(((bool(entry.why), -score, number), entry, places))
    return [(entry, places) for _, entry, places in sorted(ranked, key=lambda item: item[0])]


class Palette(QDialog):
    """A field and a list over the window."""

    chosen = Signal(str)
    """Id of the action to carry out; the palette is closed already."""
    frame_chosen = Signal(int)

    def __init__(
        self, entries: Sequence[Entry], last: Sequence[str], frames: int, parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAccessibleName(self.tr("Find an action"))
        self.setProperty("role", "palette")
        self._entries, self._last, self._frames = list(entries), list(last), frames
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("Find an action, or type a frame number"))
        self.field.setAccessibleName(self.tr("Part of an action's name"))
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setItemDelegate(_EntryDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Actions"))
        self.list.itemClicked.connect(lambda _: self._take())
        self.list.currentItemChanged.connect(lambda *_: self._explain())
        self._tip = QLabel(self)
        self._tip.setProperty("role", "muted")
        self._tip.setWordWrap(True)
        self._tip.setMinimumHeight(34)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self._tip)
        self._place(parent)
        self._fill()
        self.field.setFocus()

    def listed(self) -> list[str]:
        """Ids of what is listed, best first."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return [item.data(_ENTRY).id for item in items if item is not None]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while the field has the keyboard."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _MOVES:
                self.list.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
        return super().eventFilter(watched, event)

    def _place(self, window: QWidget) -> None:
        width = min(600, window.width() - 40)
        height = min(420, window.height() - 80)
        corner = window.mapToGlobal(window.rect().topLeft())
        self.setGeometry(corner.x() + (window.width() - width) // 2, corner.y() + 50, width, height)

    def _fill(self, _: str = "") -> None:
        query = self.field.text().strip()
        self.list.clear()
        if query.isdecimal() and len(query) < 9 and self._frames:
            frame = min(int(query), self._frames - 1)
            text = self.tr("Go to frame %d") % frame
            self._add(Entry(f":{frame}", text, "Go", "", text + "."), ())
        for entry, places in found(self._entries, query, self._last):
            self._add(entry, places)
        self.list.setCurrentRow(0)
        if not self.list.count():
            self._tip.setText(self.tr("No action is called like that."))

    def _add(self, entry: Entry, places: tuple[int, ...]) -> None:
        item = QListWidgetItem(entry.name)
        item.setData(_ENTRY, entry)
        item.setData(_PLACES, places)
        said = f"{entry.name}, {entry.keys}" if entry.keys else entry.name
        item.setData(
            Qt.ItemDataRole.AccessibleTextRole, f"{said}. {entry.why}" if entry.why else said
        )
        self.list.addItem(item)

    def _explain(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            entry: Entry = item.data(_ENTRY)
            self._tip.setText(f"{entry.why} {entry.tip}".strip())

    def _take(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        entry: Entry = item.data(_ENTRY)
        if entry.why:
            return
        self.accept()
        if entry.id.startswith(":"):
            self.frame_chosen.emit(int(entry.id[1:]))
        else:
            self.chosen.emit(entry.id)


class _EntryDelegate(QStyledItemDelegate):
    """Name with the found letters in bold, menu, keys at the right."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(100, _ROW)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        entry: Entry = index.data(_ENTRY)
        tokens, rect = theme.colors(), QRect(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:  # pyright: ignore[reportAttributeAccessIssue]
            painter.fillRect(rect, QColor(tokens.selection))
        middle = Qt.AlignmentFlag.AlignVCenter
        rect = rect.adjusted(8, 0, -8, 0)
        painter.setPen(QColor(tokens.muted))
        keys = painter.fontMetrics().horizontalAdvance(entry.keys)
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignRight, entry.keys)
        left = rect.adjusted(0, 0, -keys - 12, 0)
        end = self._paint_name(painter, left, entry, index.data(_PLACES) or ())
        painter.setPen(QColor(tokens.disabled if entry.why else tokens.muted))
        rest = QRect(end + 12, left.top(), max(left.right() - end - 12, 0), left.height())
        place = entry.menu.replace("/", " › ")
        shown = painter.fontMetrics().elidedText(place, Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, middle | Qt.AlignmentFlag.AlignLeft, shown)
        painter.restore()

    @staticmethod
    def _paint_name(painter: QPainter, rect: QRect, entry: Entry, places: Sequence[int]) -> int:
        """Paint the name from the left of `rect`; returns where it ends."""
        tokens = theme.colors()
        plain = painter.font()
        bold = painter.font()
        bold.setBold(True)
        x = rect.left()
        for number, letter in enumerate(entry.name):
            marked = number in places
            painter.setFont(bold if marked else plain)
            color = tokens.disabled if entry.why else tokens.accent_text if marked else tokens.text
            painter.setPen(QColor(color))
            width = painter.fontMetrics().horizontalAdvance(letter)
            if x + width > rect.right():
                break
            cell = QRect(x, rect.top(), width, rect.height())
            painter.drawText(cell, Qt.AlignmentFlag.AlignVCenter, letter)
            x += width
        painter.setFont(plain)
        return x
