"""How cells of the track list look and react: icons to toggle, colour chips, labels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app import theme
from app.models.track_model import TrackModel

Index = QModelIndex | QPersistentModelIndex
_ICON = 16
CHIP = 12


class ToggleDelegate(QStyledItemDelegate):
    """A check state as one of two icons; a click or the space bar flips it."""

    def __init__(self, on: str, off: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names = {True: on, False: off}
        self._pixmaps: dict[tuple[str, str, float], QPixmap] = {}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        _paint_cell(painter, option)
        checked = _is_checked(index)
        tokens = theme.colors()
        color = tokens.text if checked else tokens.muted
        pixmap = self._pixmap(self._names[checked], color, painter.device().devicePixelRatioF())
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        spot = QRect(0, 0, _ICON, _ICON)
        spot.moveCenter(rect.center())
        painter.setOpacity(1.0 if checked else 0.55)
        painter.drawPixmap(spot, pixmap)
        painter.setOpacity(1.0)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_ICON + 12, _ICON + 10)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        clicked = (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
        )
        typed = (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Select)
        )
        if not clicked and not typed:
            return isinstance(event, QMouseEvent)
        flipped = Qt.CheckState.Unchecked if _is_checked(index) else Qt.CheckState.Checked
        return model.setData(index, flipped, Qt.ItemDataRole.CheckStateRole)

    def _pixmap(self, name: str, color: str, ratio: float) -> QPixmap:
        key = (name, color, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = theme.tinted(name, color, _ICON, ratio)
        return self._pixmaps[key]


class TitleDelegate(QStyledItemDelegate):
    """A colour chip and the track's title; a click on the chip asks for a colour."""

    chip_clicked = Signal(int)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        _paint_cell(painter, option)
        model = index.model()
        row = model.row_at(index) if isinstance(model, TrackModel) else None
        if row is None:
            return
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        tokens = theme.colors()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(tokens.border_strong))
        painter.setBrush(QColor(row.color))
        painter.drawRoundedRect(QRectF(chip_rect(rect)).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(QColor(tokens.text if row.visible else tokens.muted))
        place = rect.adjusted(CHIP + 14, 0, -4, 0)
        font = painter.font()
        font.setBold(row.selected)
        painter.setFont(font)
        text = painter.fontMetrics().elidedText(
            row.title, Qt.TextElideMode.ElideRight, place.width()
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        editor.setGeometry(rect.adjusted(CHIP + 8, 0, 0, 0))

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
            inside = chip_rect(rect).adjusted(-4, -4, 4, 4).contains(event.position().toPoint())
            row = model.row_at(index) if isinstance(model, TrackModel) else None
            if inside and row is not None:
                if event.type() == QEvent.Type.MouseButtonRelease:
                    self.chip_clicked.emit(row.track_id)
                return True
        return super().editorEvent(event, model, option, index)


class LabelDelegate(QStyledItemDelegate):
    """Label edited in a box that offers the known ones."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.labels: list[str] = []

    def set_labels(self, labels: Sequence[str]) -> None:
        """Labels to offer."""
        self.labels = list(labels)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QComboBox(parent)
        editor.setEditable(True)
        editor.addItems(self.labels)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QComboBox):
            editor.setCurrentText(str(index.data(Qt.ItemDataRole.EditRole) or ""))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText(), Qt.ItemDataRole.EditRole)


def chip_rect(cell: QRect) -> QRect:
    """Where the colour chip lies in a title cell."""
    chip = QRect(0, 0, CHIP, CHIP)
    chip.moveCenter(cell.center())
    chip.moveLeft(cell.left() + 6)
    return chip


def _is_checked(index: Index) -> bool:
    return Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked


def _paint_cell(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Background of a cell as the style draws it (selection, hover)."""
    widget = option.widget  # pyright: ignore[reportAttributeAccessIssue]
    style = widget.style() if widget is not None else QApplication.style()
    style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
