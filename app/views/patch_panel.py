"""What the tracker worked on in this frame: pictures, candidate boxes, and numbers.

Three tabs. Patches are drawn at one height and open large with a click; candidates are
listed by score, and the chosen row is marked on the frame; numbers are all diagnostics of
the frame, found by name. What a tracker reports is what there is.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QSpinBox,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.patch_item import Candidate, Outline, candidates
from app.views.patch_view import PatchView, to_image
from core.engine.map_source import Attached
from core.trackers.base import Patch, Proposals

G = theme.GRID
_SIDE = 112
_NAME = Qt.ItemDataRole.UserRole


class PatchPanel(QWidget):
    """Shows an :class:`~core.engine.map_source.Attached`.

    Attributes
    ----------
    on_frame_changed
        ``(outlines, candidates)`` to draw on the frame: tuples of :class:`Outline` and
        :class:`Candidate`.
    """

    on_frame_changed = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._attached = Attached()
        self._views: dict[str, PatchView] = {}
        self._note = QLabel(self)
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self._tiles = self._make_tiles()
        self._window = QCheckBox(self.tr("Search window on the frame"), self)
        self._window.setChecked(True)
        self._lists = QComboBox(self)
        self._boxes = QCheckBox(self.tr("On the frame"), self)
        self._count = QSpinBox(self)
        self._table = _table(self, (self.tr("score"), "x", "y", self.tr("w"), self.tr("h")))
        self._find = QLineEdit(self)
        self._numbers = _table(self, (self.tr("value"),))
        self._place()
        self._window.toggled.connect(self._tell_frame)
        self._boxes.toggled.connect(self._tell_frame)
        self._lists.currentIndexChanged.connect(self._list_boxes)
        self._count.valueChanged.connect(self._list_boxes)
        self._table.currentItemChanged.connect(self._tell_frame)
        self._find.textChanged.connect(self._filter_numbers)
        self._tiles.itemClicked.connect(self._open)
        self.show_attached(None, 0, 0)

    def show_attached(self, attached: Attached | None, frame: int, age: int) -> None:
        """Show what belongs to a frame; `age` frames old; None when there is nothing."""
        self._attached = attached or Attached()
        note = ""
        if attached is None:
            note = self.tr("Patches appear while a tracker runs with this panel open.")
        elif age:
            note = self.tr("of frame %d") % frame
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._show_tiles(self._attached.patches)
        self._show_lists()
        self._show_numbers(self._attached.scalars)
        for name, view in list(self._views.items()):
            view.set_patch(self._attached.patches.get(name))
        self._tell_frame()

    # ---- making ------------------------------------------------------------------------

    def _make_tiles(self) -> QListWidget:
        made = QListWidget(self)
        made.setViewMode(QListView.ViewMode.IconMode)
        made.setResizeMode(QListView.ResizeMode.Adjust)
        made.setMovement(QListView.Movement.Static)
        made.setIconSize(QSize(_SIDE, _SIDE))
        made.setSpacing(G // 2)
        made.setWordWrap(True)
        made.setAccessibleName(self.tr("Patches"))
        return made

    def _place(self) -> None:
        self._lists.setAccessibleName(self.tr("Candidates"))
        self._lists.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lists.setMinimumWidth(64)
        self._count.setFixedWidth(64)
        theme.pad_spin_box(self._count)
        self._count.setRange(1, 200)
        self._count.setValue(12)
        self._count.setAccessibleName(self.tr("How many"))
        self._boxes.setChecked(True)
        self._find.setPlaceholderText(self.tr("Find a number"))
        self._find.setAccessibleName(self.tr("Find a number"))
        self._find.setClearButtonEnabled(True)
        chooser = QWidget(self)
        bar = QHBoxLayout(chooser)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(self._lists, 1)
        bar.addWidget(self._count)
        bar.addWidget(self._boxes)
        self._tabs = QTabWidget(self)
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self._tabs.addTab(_column(self._window, self._tiles), self.tr("Patches"))
        self._tabs.addTab(_column(chooser, self._table), self.tr("Candidates"))
        self._tabs.addTab(_column(self._find, self._numbers), self.tr("Numbers"))
        column = QVBoxLayout(self)
        column.setContentsMargins(G, G // 2, G, G)
        column.addWidget(self._note)
        column.addWidget(self._tabs)

    # ---- showing -----------------------------------------------------------------------

    def _show_tiles(self, patches: Mapping[str, Patch]) -> None:
        names = [self._tiles.item(k).data(_NAME) for k in range(self._tiles.count())]
        if names != list(patches):
            self._tiles.clear()
            for name in patches:
                item = QListWidgetItem(name)
                item.setData(_NAME, name)
                self._tiles.addItem(item)
        for row, (name, patch) in enumerate(patches.items()):
            item = self._tiles.item(row)
            rows, cols = patch.image.shape[:2]
            image = to_image(patch.image)
            smooth = Qt.TransformationMode.SmoothTransformation
            fast = Qt.TransformationMode.FastTransformation
            keep = Qt.AspectRatioMode.KeepAspectRatio
            how = smooth if max(rows, cols) > _SIDE else fast
            item.setIcon(QIcon(QPixmap.fromImage(image.scaled(_SIDE, _SIDE, keep, how))))
            item.setText(f"{name}\n{cols} × {rows}")
            item.setToolTip(self.tr("Click to see “%s” large, with its values") % name)

    def _show_lists(self) -> None:
        names = list(self._attached.proposals)
        known = [self._lists.itemData(k) for k in range(self._lists.count())]
        if names != known:
            chosen = self._lists.currentData()
            with QSignalBlocker(self._lists):
                self._lists.clear()
                for name in names:
                    self._lists.addItem(name, name)
                self._lists.setCurrentIndex(max(self._lists.findData(chosen), 0))
        self._tabs.setTabEnabled(1, bool(names))
        self._list_boxes()

    def _list_boxes(self) -> None:
        found = self._attached.proposals.get(self._lists.currentData() or "")
        count = min(len(found), self._count.value()) if found is not None else 0
        with QSignalBlocker(self._table):
            chosen = self._table.currentIndex().row()
            self._table.clear()
            for row in range(count):
                self._table.addTopLevelItem(QTreeWidgetItem(_texts(found, row)))
            if 0 <= chosen < count:
                self._table.setCurrentItem(_row(self._table, chosen))
        self._tell_frame()

    def _show_numbers(self, scalars: Mapping[str, float]) -> None:
        known = [_row(self._numbers, k).text(0) for k in range(self._numbers.topLevelItemCount())]
        if known != sorted(scalars):
            self._numbers.clear()
            for name in sorted(scalars):
                item = QTreeWidgetItem([name, ""])
                item.setToolTip(0, name)
                self._numbers.addTopLevelItem(item)
            self._filter_numbers(self._find.text())
        for row, name in enumerate(sorted(scalars)):
            _row(self._numbers, row).setText(1, f"{scalars[name]:.5g}")

    def _filter_numbers(self, text: str) -> None:
        for row in range(self._numbers.topLevelItemCount()):
            item = _row(self._numbers, row)
            item.setHidden(text.lower() not in item.text(0).lower())

    # ---- acting ------------------------------------------------------------------------

    def _tell_frame(self, *_: object) -> None:
        outlines: tuple[Outline, ...] = ()
        if self._window.isChecked():
            patches = self._attached.patches.items()
            shown = [(n, p) for n, p in patches if p.role == "search"]
            outlines = tuple(Outline.of(patch, name) for name, patch in shown[:1])
        boxes: tuple[Candidate, ...] = ()
        found = self._attached.proposals.get(self._lists.currentData() or "")
        if found is not None and self._boxes.isChecked():
            chosen = self._table.currentIndex().row()
            marked = chosen if chosen >= 0 else None
            boxes = candidates(found.boxes, found.scores, self._count.value(), marked)
        self.on_frame_changed.emit(outlines, boxes)

    def _open(self, item: QListWidgetItem) -> None:
        name = item.data(_NAME)
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = PatchView(name, self.tr("Patch: %s") % name, self.window())
            view.destroyed.connect(lambda _=None, name=name: self._views.pop(name, None))
        view.set_patch(self._attached.patches.get(name))
        view.show()
        view.raise_()


def _table(parent: QWidget, columns: tuple[str, ...]) -> QTreeWidget:
    made = QTreeWidget(parent)
    made.setHeaderLabels(["", *columns])
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setAlternatingRowColors(True)
    header = made.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in range(1, len(columns) + 1):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
    return made


def _texts(found: Proposals | None, row: int) -> list[str]:
    if found is None:
        return []
    return [str(row + 1), f"{found.scores[row]:.4g}", *(f"{v:.1f}" for v in found.boxes[row])]


def _row(table: QTreeWidget, row: int) -> QTreeWidgetItem:
    item = table.topLevelItem(row)
    if item is None:
        raise IndexError(row)
    return item


def _column(*widgets: QWidget) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, G // 2, 0, 0)
    column.setSpacing(G // 2)
    for widget in widgets:
        column.addWidget(widget)
    return made
