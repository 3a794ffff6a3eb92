"""One clip of a list, painted: thumbnail, name, status, numbers, and progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app import theme

THUMBNAIL = QSize(64, 40)
"""Size in which thumbnails are shown, device-independent pixels."""

_ROW = 56
_PAD = 8


@dataclass(frozen=True, slots=True)
class ClipRow:
    """One clip as the list shows it; all words are ready to be shown.

    `status` is a key, `status_text` its words, `tone` one of ``muted``, ``info``,
    ``uncertain``, ``ok``, ``lost``; `progress` in [0, 1] draws a bar, None none.
    """

    clip_id: int
    title: str
    status: str
    status_text: str
    numbers: str
    tone: str = "muted"
    is_open: bool = False
    progress: float | None = None
    tip: str = ""


class ClipDelegate(QStyledItemDelegate):
    """See the module docstring. `images` is filled by others while it is shown."""

    def __init__(self, images: Mapping[int, QImage], parent: QWidget) -> None:
        super().__init__(parent)
        self._images = images

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        del option, index
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        row: ClipRow = index.data(Qt.ItemDataRole.UserRole)  # pyright: ignore[reportAttributeAccessIssue]
        tokens, area = theme.colors(), QRect(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(area, QColor(tokens.selection if chosen else tokens.field))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, QColor(tokens.border))
        if row.is_open:
            painter.fillRect(area.left(), area.top(), 3, area.height() - 1, QColor(tokens.accent))
        picture = QRect(area.left() + _PAD, area.top() + 8, THUMBNAIL.width(), THUMBNAIL.height())
        self._paint_picture(painter, tokens, picture, self._images.get(row.clip_id))
        words = area.adjusted(2 * _PAD + THUMBNAIL.width(), 7, -_PAD, -8)
        self._paint_words(painter, tokens, words, row)
        if row.progress is not None:
            bar = QRectF(words.left(), area.bottom() - 6, words.width(), 3)
            _paint_progress(painter, tokens, bar, row.progress)
        painter.restore()

    @staticmethod
    def _paint_picture(
        painter: QPainter, tokens: theme.Colors, place: QRect, image: QImage | None
    ) -> None:
        painter.fillRect(place, QColor(tokens.raised))
        if image is None or image.isNull():
            theme.icon("video").paint(painter, place.adjusted(22, 10, -22, -10))
            return
        size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(place.topLeft(), size)
        target.moveCenter(place.center())
        painter.drawImage(target, image)

    @staticmethod
    def _paint_words(painter: QPainter, tokens: theme.Colors, area: QRect, row: ClipRow) -> None:
        font = QFont(painter.font())
        bold = QFont(font)
        bold.setBold(row.is_open)
        painter.setFont(bold)
        line = painter.fontMetrics().height()
        upper = QRect(area.left(), area.top(), area.width(), line)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(tokens.text))
        # Names of one shoot differ at their ends: the middle goes.
        title = painter.fontMetrics().elidedText(
            row.title, Qt.TextElideMode.ElideMiddle, area.width()
        )
        painter.drawText(upper, int(left), title)
        painter.setFont(font)
        lower = QRect(area.left(), upper.bottom() + 3, area.width(), line)
        metrics = painter.fontMetrics()
        status = metrics.elidedText(row.status_text, Qt.TextElideMode.ElideRight, area.width())
        painter.setPen(QColor(getattr(tokens, row.tone)))
        painter.drawText(lower, int(left), status)
        gap = metrics.horizontalAdvance(status + "   ")
        painter.setPen(QColor(tokens.muted))
        rest = metrics.elidedText(row.numbers, Qt.TextElideMode.ElideRight, area.width() - gap)
        if area.width() - gap > 2 * metrics.averageCharWidth():
            painter.drawText(lower.adjusted(gap, 0, 0, 0), int(left), rest)


def _paint_progress(painter: QPainter, tokens: theme.Colors, bar: QRectF, share: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.border))
    painter.drawRoundedRect(bar, 1.5, 1.5)
    filled = QRectF(bar)
    filled.setWidth(bar.width() * min(max(share, 0.0), 1.0))
    painter.setBrush(QColor(tokens.accent))
    painter.drawRoundedRect(filled, 1.5, 1.5)
