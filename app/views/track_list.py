"""All tracks: colour, title, label, counts, visibility, lock."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QColor, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QLabel,
    QMenu,
    QStackedLayout,
    QTableView,
    QWidget,
)

from app import theme
from app.models.track_model import Column, TrackModel, TrackRow
from app.views.track_delegates import LabelDelegate, TitleDelegate, ToggleDelegate


class TrackList(QWidget):
    """Table of tracks; announces edits, changes nothing by itself."""

    selected = Signal(int)
    visibility_changed = Signal(int, bool)
    lock_changed = Signal(int, bool)
    renamed = Signal(int, str)
    label_changed = Signal(int, str)
    color_changed = Signal(int, str)
    delete_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = TrackModel(self)
        self.model.visibility_changed.connect(self.visibility_changed)
        self.model.lock_changed.connect(self.lock_changed)
        self.model.renamed.connect(self.renamed)
        self.model.label_changed.connect(self.label_changed)
        self.table = QTableView(self)
        self._others: tuple[QAction | None, ...] = ()
        self._build_table()
        self._delete = self._action(self.tr("Delete object"), "delete", self._request_delete)
        self._delete.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self._rename = self._action(self.tr("Rename"), "draw", self._edit_title)
        self._relabel = self._action(self.tr("Change label"), "copy", self._edit_label)
        self._recolor = self._action(self.tr("Change colour"), "palette", self._ask_color)
        hint = QLabel(self.tr("No objects yet.\nDraw a box around the target."), self)
        hint.setProperty("role", "muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(hint)
        self._stack.addWidget(self.table)

    def set_tracks(self, rows: Sequence[TrackRow]) -> None:
        """Show `rows`; nothing is announced, an open editor stays open if it can."""
        selection = self.table.selectionModel()
        blocked = selection.blockSignals(True)
        self.model.set_rows(rows)
        chosen = next((n for n, row in enumerate(rows) if row.selected), None)
        if chosen is None:
            self.table.clearSelection()
        elif self._current_number() != chosen or not selection.hasSelection():
            column = max(self.table.currentIndex().column(), int(Column.TITLE))
            self.table.setCurrentIndex(self.model.index(chosen, column))
        selection.blockSignals(blocked)
        self.table.viewport().update()
        self._stack.setCurrentIndex(1 if rows else 0)

    def set_actions(self, actions: Sequence[QAction | None]) -> None:
        """Actions on the selected object for its menu; None stands for a line."""
        self._others = tuple(actions)

    def set_labels(self, labels: Sequence[str]) -> None:
        """Known labels, offered while editing."""
        self._labels.set_labels(labels)

    def current(self) -> TrackRow | None:
        """The selected track."""
        indexes = self.table.selectionModel().selectedRows()
        return self.model.row_at(indexes[0]) if indexes else None

    def choose_color(self, track_id: int, color: str) -> None:
        """Announce a colour chosen for a track."""
        self.color_changed.emit(track_id, color)

    def context_menu(self) -> QMenu:
        """The menu of the selected track."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = self.current()
        for action in (self._rename, self._relabel, self._recolor):
            action.setEnabled(row is not None and not row.locked)
            menu.addAction(action)
        menu.addSeparator()
        for other in self._others:
            if other is None:
                menu.addSeparator()
            else:
                menu.addAction(other)
        menu.addSeparator()
        self._delete.setEnabled(row is not None and not row.locked)
        menu.addAction(self._delete)
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow list the title stays; what is left out is in its tooltip."""
        super().resizeEvent(event)
        self.table.setColumnHidden(Column.BOXES, self.width() < 290)
        self.table.setColumnHidden(Column.LABEL, self.width() < 225)

    # construction ---------------------------------------------------------------------

    def _build_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setAccessibleName(self.tr("Objects"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setMouseTracking(True)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(28)
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = table.horizontalHeader()
        head.setHighlightSections(False)
        head.setMinimumSectionSize(24)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in Column:
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        head.setSectionResizeMode(Column.TITLE, QHeaderView.ResizeMode.Stretch)
        widths = {Column.VISIBLE: 28, Column.LOCKED: 28, Column.LABEL: 76, Column.BOXES: 84}
        for column, width in widths.items():
            table.setColumnWidth(column, width)
        self._titles, self._labels = TitleDelegate(self), LabelDelegate(self)
        table.setItemDelegateForColumn(Column.VISIBLE, ToggleDelegate("eye", "eye-off", self))
        table.setItemDelegateForColumn(Column.LOCKED, ToggleDelegate("lock", "unlock", self))
        table.setItemDelegateForColumn(Column.TITLE, self._titles)
        table.setItemDelegateForColumn(Column.LABEL, self._labels)
        self._titles.chip_clicked.connect(self._ask_color_of)
        table.selectionModel().selectionChanged.connect(self._announce)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)

    def _action(self, text: str, icon: str, run: object) -> QAction:
        action = QAction(theme.icon(icon), text, self)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(run)
        self.table.addAction(action)
        return action

    # reactions ------------------------------------------------------------------------

    def _current_number(self) -> int:
        return self.table.currentIndex().row()

    def _announce(self, chosen: QItemSelection, dropped: QItemSelection) -> None:
        row = self.current()
        if row is not None:
            self.selected.emit(row.track_id)

    def _open_menu(self, at: QPoint) -> None:
        if self.table.indexAt(at).isValid():
            self.context_menu().popup(self.table.viewport().mapToGlobal(at))

    def _edit_title(self) -> None:
        self.table.edit(self.model.index(self._current_number(), Column.TITLE))

    def _edit_label(self) -> None:
        self.table.edit(self.model.index(self._current_number(), Column.LABEL))

    def _request_delete(self) -> None:
        row = self.current()
        if row is not None and not row.locked:
            self.delete_requested.emit(row.track_id)

    def _ask_color(self) -> None:
        row = self.current()
        if row is not None:
            self._ask_color_of(row.track_id)

    def _ask_color_of(self, track_id: int) -> None:
        number = self.model.number_of(track_id)
        row = None if number is None else self.model.rows()[number]
        if row is None or row.locked:
            return
        for slot, color in enumerate(theme.track_colors()):
            QColorDialog.setCustomColor(slot, QColor(color))
        title = self.tr("Colour of {title}").format(title=row.title)
        color = QColorDialog.getColor(QColor(row.color), self, title)
        if color.isValid() and color.name() != row.color:
            self.choose_color(track_id, color.name())
