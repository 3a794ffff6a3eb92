"""Which maps lie over the frame: the shown layers in order, and everything there is.

Above, the layers as they lie, the top one first: eye, colours, name, and the frame of
which the map is where it is not this one. Below, all maps that the tracker reports, by
stage, scale and kind; a tick lays one over the frame.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.layer_tree import LayerTree, children_of
from app.views.layer_types import LayerStack, ShownLayer
from app.views.overlay_panel import preview_icon
from core.trackers.base import MapInfo

G = theme.GRID
_SWATCH = QSize(28, 10)
_LISTED = 5  # layers that are shown without scrolling
_POSITION = Qt.ItemDataRole.UserRole


class LayerPanel(QWidget):
    """List of the shown layers and tree of all maps.

    Attributes
    ----------
    stack_edited
        The layers as a person wants them (:class:`LayerStack`).
    map_toggled
        ``(key, wanted)``: lay a map over the frame, or take it away.
    """

    stack_edited = Signal(object)
    map_toggled = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stack = LayerStack()
        self._titles: dict[str, str] = {}
        self._list = self._make_list()
        self._buttons = {
            "up": self._button("arrow-up", self.tr("Lay it over the next one")),
            "down": self._button("arrow-down", self.tr("Lay it under the one before")),
            "copy": self._button("copy", self.tr("Show the same map once more, in another way")),
            "remove": self._button("delete", self.tr("Take the layer away")),
        }
        self._buttons["up"].clicked.connect(self._raise_layer)
        self._buttons["down"].clicked.connect(self._lower_layer)
        self._buttons["copy"].clicked.connect(self._copy_layer)
        self._buttons["remove"].clicked.connect(self._remove_layer)
        self._filter = QLineEdit(self)
        self._filter.setPlaceholderText(self.tr("Find a map"))
        self._filter.setClearButtonEnabled(True)
        self._filter.setAccessibleName(self.tr("Find a map"))
        self._tree = LayerTree(self)
        self._tree.toggled.connect(self.map_toggled)
        self._filter.textChanged.connect(self._tree.search)
        self._place()
        self._show()

    def set_maps(self, maps: Sequence[MapInfo]) -> None:
        """Another tracker: these are its maps."""
        self._titles = {info.key: info.title for info in maps}
        self._tree.set_maps(maps)
        self._filter.setVisible(len(maps) > 6)
        self._show()

    def set_stack(self, stack: LayerStack) -> None:
        """Show the layers without announcing anything."""
        if stack != self._stack or self._list.topLevelItemCount() == 0:
            self._stack = stack
            self._show()

    def show_layers(self, layers: Sequence[ShownLayer]) -> None:
        """What the layers show now: where a map is not of the frame in view, say so."""
        told = {layer.settings: layer for layer in layers}
        for item in children_of(self._list.invisibleRootItem()):
            settings = self._stack.layers[item.data(0, _POSITION)]
            layer = told.get(settings)
            text = ""
            if layer is not None and layer.response is None:
                text = self.tr("no map")
            elif layer is not None and layer.age:
                text = self.tr("of frame %d") % layer.frame
            if item.text(1) != text:
                item.setText(1, text)

    # ---- making ------------------------------------------------------------------------

    def _make_list(self) -> QTreeWidget:
        made = QTreeWidget(self)
        made.setColumnCount(2)
        made.setHeaderHidden(True)
        made.setRootIsDecorated(False)
        made.setUniformRowHeights(True)
        made.setIconSize(_SWATCH)
        made.setAccessibleName(self.tr("Shown layers"))
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.header().setStretchLastSection(False)
        made.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        made.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        made.itemChanged.connect(self._on_tick)
        made.currentItemChanged.connect(self._on_choice)
        return made

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(theme.icon(icon))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        return button

    def _place(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(2)
        for button in self._buttons.values():
            bar.addWidget(button)
        bar.addStretch(1)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._tree.setMinimumHeight(60)
        column = QVBoxLayout(self)
        column.setContentsMargins(G, G, G, G)
        column.setSpacing(G // 2)
        column.addWidget(self._list)
        column.addLayout(bar)
        column.addWidget(self._filter)
        column.addWidget(self._tree, 1)

    # ---- showing -----------------------------------------------------------------------

    def _show(self) -> None:
        blocker = QSignalBlocker(self._list)
        stack = self._stack
        # Rows are kept where possible: this may be called from a signal of one of them.
        while self._list.topLevelItemCount() > len(stack.layers):
            self._list.takeTopLevelItem(self._list.topLevelItemCount() - 1)
        while self._list.topLevelItemCount() < len(stack.layers):
            self._list.addTopLevelItem(QTreeWidgetItem(["", ""]))
        rows = children_of(self._list.invisibleRootItem())
        for position, item in enumerate(reversed(rows)):
            self._show_row(item, position)
        self._list.setCurrentItem(rows[len(rows) - 1 - stack.active])
        self._list.setEnabled(bool(self._titles))
        self._fit_list(len(rows))
        blocker.unblock()
        several = len(stack.layers) > 1
        self._buttons["up"].setEnabled(stack.active < len(stack.layers) - 1)
        self._buttons["down"].setEnabled(stack.active > 0)
        self._buttons["remove"].setEnabled(several)
        self._buttons["copy"].setEnabled(bool(self._titles))
        self._tree.set_ticked(set(stack.keys))

    def _fit_list(self, rows: int) -> None:
        """As high as its layers, so that the maps below get the rest."""
        row = max(self._list.sizeHintForRow(0), 18)
        self._list.setFixedHeight(min(max(rows, 2), _LISTED) * row + 2)

    def _show_row(self, item: QTreeWidgetItem, position: int) -> None:
        layer = self._stack.layers[position]
        if item.data(0, _POSITION) != position or item.text(0) != self._name(position):
            item.setText(1, "")
        item.setText(0, self._name(position))
        item.setIcon(0, QIcon(preview_icon(layer.colormap)))
        item.setData(0, _POSITION, position)
        item.setToolTip(0, self._name(position))
        item.setForeground(1, self.palette().placeholderText())
        state = Qt.CheckState.Checked if layer.visible else Qt.CheckState.Unchecked
        item.setCheckState(0, state)

    def _name(self, position: int) -> str:
        layer = self._stack.layers[position]
        title = self._titles.get(layer.map_key, layer.map_key)
        made = {
            "change": self.tr("change of %s"),
            "max": self.tr("largest %s"),
            "mean": self.tr("mean %s"),
        }
        if layer.derive == "minus":
            return f"{title} − {self._titles.get(layer.other, layer.other)}"
        return made[layer.derive] % title if layer.derive in made else title

    # ---- edits -------------------------------------------------------------------------

    def _on_tick(self, item: QTreeWidgetItem) -> None:
        position = item.data(0, _POSITION)
        if (item.checkState(0) is Qt.CheckState.Checked) != self._stack.layers[position].visible:
            self._edit(self._stack.toggled(position))

    def _on_choice(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            chosen = LayerStack(self._stack.layers, item.data(0, _POSITION), self._stack.shown)
            self._edit(chosen)

    def _raise_layer(self) -> None:
        self._edit(self._stack.moved(self._stack.active, self._stack.active + 1))

    def _lower_layer(self) -> None:
        self._edit(self._stack.moved(self._stack.active, self._stack.active - 1))

    def _copy_layer(self) -> None:
        stack = self._stack
        layers = (*stack.layers, stack.layers[stack.active])
        self._edit(LayerStack(layers, len(layers) - 1, stack.shown))

    def _remove_layer(self) -> None:
        self._edit(self._stack.without(self._stack.active))

    def _edit(self, stack: LayerStack) -> None:
        if stack != self._stack:
            self._stack = stack
            self._show()
            self.stack_edited.emit(stack)
