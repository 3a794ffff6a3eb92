"""The clips of a project: what each is, how far it is, and what is left in all.

Shows what it is given and announces what a person wants. Rows can be dragged into
another order, searched by name and narrowed to a status; thumbnails are asked for only
for rows that are on the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QImage, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.clip_delegate import ClipDelegate, ClipRow

__all__ = ["ClipPanel", "ClipRow"]

_ID = Qt.ItemDataRole.UserRole + 1
_LOOK_MS = 80  # after scrolling, which rows are seen is worked out


@dataclass(frozen=True, slots=True)
class StatusChoice:
    """A status that clips can have: its key, and its name in words."""

    key: str
    text: str


class ClipPanel(QWidget):
    """Search and filter, the list, buttons, and the sums."""

    open_wanted = Signal(int)
    remove_wanted = Signal(list)
    order_changed = Signal(list)
    move_wanted = Signal(list, int)
    status_wanted = Signal(list, str)
    thumbnails_wanted = Signal(list)
    """Ids of clips on the screen whose thumbnails are not known."""

    def __init__(self, statuses: Sequence[StatusChoice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._statuses = tuple(statuses)
        self._rows: dict[int, ClipRow] = {}
        self._images: dict[int, QImage] = {}
        self._menu_actions: list[QAction | None] = []
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search clips by name"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.filter = QComboBox(self)
        self.filter.setAccessibleName(self.tr("Show clips with this status"))
        self.filter.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.filter.setMinimumContentsLength(5)
        self.filter.addItem(self.tr("All"), "")
        for status in statuses:
            self.filter.addItem(status.text, status.key)
        self.filter.currentIndexChanged.connect(self._narrow)
        self.list = _ClipList(self)
        self.list.setItemDelegate(ClipDelegate(self._images, self.list))
        self.list.itemDoubleClicked.connect(self._open)
        self.list.dropped.connect(self._on_dropped)
        self.list.deleted.connect(lambda: self.remove_wanted.emit(self.selected()))
        self.list.entered.connect(self._open_current)
        self.list.shifted.connect(lambda by: self.move_wanted.emit(self.selected(), by))
        self.list.customContextMenuRequested.connect(self._menu)
        self._looker = QTimer(self)
        self._looker.setSingleShot(True)
        self._looker.setInterval(_LOOK_MS)
        self._looker.timeout.connect(self._look)
        self.list.verticalScrollBar().valueChanged.connect(lambda _: self._looker.start())
        self.empty = QLabel(self)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("role", "muted")
        self._sums = QLabel(self)
        self._sums.setWordWrap(True)
        self._sums.setProperty("role", "muted")
        self._busy = QLabel(self)
        self._busy.setWordWrap(True)
        self._buttons = QHBoxLayout()
        self._lay_out()
        self.set_rows(())

    def set_actions(self, buttons: Sequence[QAction], menu: Sequence[QAction | None]) -> None:
        """Buttons under the list, and more entries of its menu (None: a line)."""
        for action in buttons:
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonTextOnly
                if action.icon().isNull()
                else Qt.ToolButtonStyle.ToolButtonIconOnly
            )
            button.setIconSize(QSize(16, 16))
            self._buttons.addWidget(button)
        self._buttons.addStretch()
        self._menu_actions = list(menu)

    def set_rows(self, rows: Sequence[ClipRow], *, is_list: bool = False) -> None:
        """Show these clips; the selection and the place of the view stay."""
        chosen = set(self.selected())
        new = {row.clip_id: row for row in rows}
        if list(new) != list(self._rows):
            place = self.list.verticalScrollBar().value()
            self.list.clear()
            for row in rows:
                item = QListWidgetItem(self.list)
                item.setData(_ID, row.clip_id)
                self._fill(item, row)
                item.setSelected(row.clip_id in chosen)
            self.list.verticalScrollBar().setValue(place)
            for gone in self._images.keys() - new.keys():
                del self._images[gone]
        else:
            for number, row in enumerate(rows):
                if self._rows[row.clip_id] != row:
                    self._fill(self.list.item(number), row)
        self._rows = new
        self._show_empty(is_list=is_list)
        self._narrow()

    def set_sums(self, text: str) -> None:
        """The line under the list: all clips in numbers."""
        self._sums.setText(text)
        self._sums.setVisible(bool(text) and not self._busy.text())

    def set_busy(self, text: str) -> None:
        """What goes on in the background; empty for nothing."""
        self._busy.setText(text)
        self._busy.setVisible(bool(text))
        # In a small window there is no room for both.
        self._sums.setVisible(not text and bool(self._sums.text()))

    def set_thumbnail(self, clip_id: int, image: QImage) -> None:
        """The first picture of a clip; a null image when there is none to be had."""
        if clip_id in self._rows:
            self._images[clip_id] = image
            self.list.viewport().update()

    def forget_thumbnail(self, clip_id: int) -> None:
        """Ask for it again: the clip is elsewhere now."""
        self._images.pop(clip_id, None)
        self._looker.start()

    def selected(self) -> list[int]:
        """Ids of the selected clips, in order."""
        items = [self.list.item(k) for k in range(self.list.count())]
        return [item.data(_ID) for item in items if item.isSelected()]

    def select(self, clip_id: int) -> None:
        """Make a clip the selected one and bring it into view."""
        for number in range(self.list.count()):
            item = self.list.item(number)
            if item.data(_ID) == clip_id:
                self.list.setCurrentItem(item)
                self.list.scrollToItem(item)

    def sums(self) -> str:
        """The line under the list."""
        return self._sums.text()

    def busy(self) -> str:
        """The line about the background."""
        return self._busy.text()

    def shown(self) -> list[int]:
        """Ids that search and filter leave, in order."""
        items = [self.list.item(k) for k in range(self.list.count())]
        return [item.data(_ID) for item in items if not item.isHidden()]

    # ---- inside ----

    def _fill(self, item: QListWidgetItem, row: ClipRow) -> None:
        item.setData(Qt.ItemDataRole.UserRole, row)
        item.setText(f"{row.title}: {row.status_text}, {row.numbers}")  # for screen readers
        item.setToolTip(row.tip)

    def _show_empty(self, *, is_list: bool) -> None:
        texts = (
            self.tr("Work on several clips: make a list of them, or drop videos here."),
            self.tr("No clips yet: add files or a folder, or drop them here."),
        )
        self.empty.setText(texts[is_list])
        self.empty.setVisible(not self._rows)
        self.list.setVisible(bool(self._rows))
        for widget in (self.search, self.filter):
            widget.setVisible(len(self._rows) > 1)

    @Slot()
    def _narrow(self) -> None:
        words, status = self.search.text().casefold().split(), self.filter.currentData()
        for number in range(self.list.count()):
            item = self.list.item(number)
            row: ClipRow = item.data(Qt.ItemDataRole.UserRole)
            found = all(word in row.title.casefold() for word in words)
            item.setHidden(not found or bool(status and row.status != status))
        whole = not words and not status
        self.list.setDragEnabled(whole)  # an order of a part would be an order of nothing
        self._looker.start()

    @Slot()
    def _look(self) -> None:
        area = self.list.viewport().rect()
        wanted = []
        for number in range(self.list.count()):
            item = self.list.item(number)
            clip_id = item.data(_ID)
            if clip_id in self._images or item.isHidden():
                continue
            if self.list.visualItemRect(item).intersects(area):
                wanted.append(clip_id)
        if wanted:
            self.thumbnails_wanted.emit(wanted)

    def _open(self, item: QListWidgetItem) -> None:
        self.open_wanted.emit(item.data(_ID))

    @Slot()
    def _open_current(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._open(item)

    @Slot()
    def _on_dropped(self) -> None:
        self.order_changed.emit([self.list.item(k).data(_ID) for k in range(self.list.count())])

    @Slot(QPoint)
    def _menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ids = self.selected()
        if ids:
            opening = menu.addAction(self.tr("&Open"), self._open_current)
            opening.setEnabled(len(ids) == 1)
            status = menu.addMenu(self.tr("&Status"))
            for choice in (*self._statuses, None):
                text = choice.text if choice else self.tr("By the numbers")
                key = choice.key if choice else ""
                status.addAction(text, lambda key=key: self.status_wanted.emit(ids, key))
            menu.addSeparator()
        for action in self._menu_actions:
            menu.addAction(action) if action is not None else menu.addSeparator()
        menu.popup(self.list.viewport().mapToGlobal(where))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.search, 1)
        head.addWidget(self.filter)
        self._buttons.setSpacing(theme.GRID // 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID // 2)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addWidget(self.empty, 1)
        column.addLayout(self._buttons)
        column.addWidget(self._busy)
        column.addWidget(self._sums)

    def changeEvent(self, event: QEvent) -> None:
        """Colours follow the scheme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.list.viewport().update()


class _ClipList(QListWidget):
    """The list: drag to reorder, Enter opens, Delete takes off, Alt+arrows move."""

    dropped = Signal()
    deleted = Signal()
    entered = Signal()
    shifted = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setAccessibleName(self.tr("Clips"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        key, alt = event.key(), event.modifiers() == Qt.KeyboardModifier.AltModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        elif key == Qt.Key.Key_Delete:
            self.deleted.emit()
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shifted.emit(-1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def dropEvent(self, event: object) -> None:
        """Rows were dragged into another order."""
        super().dropEvent(event)  # pyright: ignore[reportArgumentType]
        self.dropped.emit()
