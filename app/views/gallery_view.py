"""Cards of failures and alarms: picture, map, curve around it, and why; a click goes there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.elided_label import ElidedLabel

CARD = QSize(300, 132)
_SIDE = 84
_CARD = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class CardView:
    """What a card says.

    `shade` are the first and the last place of the stretch in the curve; `scores` is a second
    curve, the tracker's own.
    """

    title: str
    reason: str
    is_alarm: bool
    curve: tuple[float, ...]
    shade: tuple[float, float]
    scores: tuple[float, ...] = ()


class GalleryView(QWidget):
    """See the module docstring.

    Attributes
    ----------
    chosen
        Number of the card.
    report_wanted
        The list is to be saved as a report.
    """

    chosen = Signal(int)
    report_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._pictures: dict[int, tuple[QImage | None, QImage | None]] = {}
        self._count = ElidedLabel("", self, role="muted")
        self._save = QToolButton(self)
        self._save.setIcon(theme.icon("export"))
        self._save.setText(self.tr("Report…"))
        self._save.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._save.setToolTip(self.tr("Save numbers, plots and failures as HTML or PDF"))
        self._save.setProperty("role", "boxed")
        self._save.clicked.connect(self.report_wanted)
        self._list = QListWidget(self)
        self._list.setViewMode(QListWidget.ViewMode.IconMode)
        self._list.setFlow(QListWidget.Flow.LeftToRight)
        self._list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self._list.setMovement(QListWidget.Movement.Static)
        self._list.setUniformItemSizes(True)
        self._list.setSpacing(4)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setItemDelegate(_Delegate(self))
        self._list.setAccessibleName(self.tr("Failures and alarms"))
        self._list.itemClicked.connect(self._go)
        self._list.itemActivated.connect(self._go)
        self._nothing = QLabel(
            self.tr("Places where a box is wrong or doubtful come here, as cards to click."), self
        )
        self._nothing.setProperty("role", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._count, 1)
        row.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        column.setSpacing(theme.GRID // 2)
        column.addLayout(row)
        column.addWidget(self._list, 1)
        column.addWidget(self._nothing, 1)
        self.show_cards([], "")

    def show_cards(self, cards: Sequence[CardView], note: str) -> None:
        """Show these; pictures come later."""
        self._pictures = {}
        self._list.clear()
        for card in cards:
            item = QListWidgetItem()
            item.setData(_CARD, card)
            item.setSizeHint(CARD)
            item.setToolTip(f"{card.title}\n{card.reason}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{card.title}: {card.reason}")
            self._list.addItem(item)
        self._list.setVisible(bool(cards))
        self._nothing.setVisible(not cards)
        self._count.show_text(note if cards else self.tr("No failures, no alarms"))

    def show_pictures(
        self, number: int, frame: NDArray[np.uint8] | None, response: NDArray[np.uint8] | None
    ) -> None:
        """The pictures of a card, ``(H, W, 3)`` RGB."""
        self._pictures[number] = (_image(frame), _image(response))
        self._list.viewport().update()

    def pictures_of(self, number: int) -> tuple[QImage | None, QImage | None]:
        """Frame and map of a card, as far as they are there."""
        return self._pictures.get(number, (None, None))

    def _go(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self._list.row(item))


class _Delegate(QStyledItemDelegate):
    """Paints a card."""

    def __init__(self, view: GalleryView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return CARD

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        card: CardView = index.data(_CARD)
        tokens = theme.colors()
        rect = QRectF(option.rect).adjusted(1, 1, -1, -1)  # pyright: ignore[reportAttributeAccessIssue]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            QPen(QColor(tokens.accent if chosen else tokens.border), 1.5 if chosen else 1)
        )
        painter.setBrush(QColor(tokens.selection if chosen else tokens.raised))
        painter.drawRoundedRect(rect, 5, 5)
        self._texts(painter, card, rect)
        x = rect.left() + 8
        top = rect.top() + 24
        for image in self._view.pictures_of(index.row()):
            if image is not None:
                painter.drawImage(QRectF(x, top, _SIDE, _SIDE), image)
                x += _SIDE + 6
        if x == rect.left() + 8:
            painter.fillRect(QRectF(x, top, _SIDE, _SIDE), QColor(tokens.field))
            x += _SIDE + 6
        _curve(painter, card, QRectF(x, top, rect.right() - 8 - x, _SIDE))
        painter.restore()

    def _texts(self, painter: QPainter, card: CardView, rect: QRectF) -> None:
        tokens = theme.colors()
        font = QFont(painter.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(tokens.uncertain if card.is_alarm else tokens.lost))
        line = QRect(int(rect.left()) + 8, int(rect.top()) + 3, int(rect.width()) - 16, 18)
        metrics = painter.fontMetrics()
        elide = Qt.TextElideMode.ElideRight
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter,
                         metrics.elidedText(card.title, elide, line.width()))  # fmt: skip
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        line.moveTop(int(rect.top()) + 24 + _SIDE + 2)
        reason = painter.fontMetrics().elidedText(card.reason, elide, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, reason)


def _curve(painter: QPainter, card: CardView, area: QRectF) -> None:
    tokens = theme.colors()
    painter.fillRect(area, QColor(tokens.field))
    count = max(len(card.curve) - 1, 1)
    first, last = (min(max(v / count, 0.0), 1.0) for v in card.shade)
    shade = QColor(tokens.uncertain if card.is_alarm else tokens.lost)
    shade.setAlphaF(0.22)
    width = max((last - first) * area.width(), 2.0)
    painter.fillRect(
        QRectF(area.left() + first * area.width(), area.top(), width, area.height()), shade
    )
    for values, color, width in (
        (card.scores, tokens.uncertain, 1.0),
        (card.curve, tokens.accent, 1.4),
    ):
        painter.setPen(QPen(QColor(color), width))
        piece = QPolygonF()
        for k, value in enumerate((*values, math.nan)):
            if math.isfinite(value):
                x = area.left() + k / count * area.width()
                piece.append(
                    QPointF(x, area.bottom() - 2 - min(max(value, 0), 1) * (area.height() - 4))
                )
                continue
            painter.drawPolyline(piece)
            piece = QPolygonF()


def _image(pixels: NDArray[np.uint8] | None) -> QImage | None:
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
