"""The list of doubtful places: where, why, how strongly, and what is left.

Shows what it is given and announces what a person wants; which places there are is
worked out elsewhere. Under the list stand the thresholds that verdicts have moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.empty_note import EmptyNote

LISTED = 500
"""Places that a list needs to hold at most; nobody reads further."""

_TOLD = 2
"""Moved thresholds that are told; the others are in the tooltip."""
_ROW = 40
_DATA = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One place as the list shows it.

    `color` is the track's, ``#rrggbb``; `doubt` in [0, 1]; `lost` draws it as lost.
    """

    first: int
    last: int
    title: str
    color: str
    reason: str
    doubt: float
    lost: bool = False


class ReviewPanel(QWidget):
    """Progress, list of places, verdict buttons, and what was learnt."""

    place_chosen = Signal(int)
    """Row that a person wants to see."""
    sort_changed = Signal(bool)
    """Whether the most doubtful come first."""
    reset_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._rows: tuple[ReviewRow, ...] = ()
        self._left = QLabel(self)
        self._left.setWordWrap(True)
        self._sort = QComboBox(self)
        self._sort.addItems([self.tr("By time"), self.tr("By doubt")])
        self._sort.setAccessibleName(self.tr("Order of the doubtful places"))
        self._sort.currentIndexChanged.connect(lambda n: self.sort_changed.emit(n == 1))
        self.list = QListWidget(self)
        self.list.setItemDelegate(_PlaceDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMinimumHeight(_ROW + 4)  # one place, where the window is low
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.list.setAccessibleName(self.tr("Doubtful places"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda item: self.place_chosen.emit(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: self.place_chosen.emit(self.list.row(item)))
        EmptyNote(self.list, self.tr("Doubtful places come here."))
        self._learnt = QLabel(self)
        self._learnt.setProperty("role", "muted")
        self._learnt.setWordWrap(True)
        self._reset = QPushButton(self.tr("As calibrated"), self)
        self._reset.setToolTip(self.tr("Forget what your verdicts taught about these alarms"))
        self._reset.clicked.connect(self.reset_wanted)
        self._buttons = QGridLayout()
        self._lay_out()
        self.set_places((), 0)
        self.set_learnt("", [])

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """Buttons under the list: two of icons, the others with words, one below the other."""
        for action in actions:
            number = self._buttons.count()
            worded = number >= 2
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonTextBesideIcon
                if worded
                else Qt.ToolButtonStyle.ToolButtonIconOnly
            )
            button.setIconSize(QSize(16, 16))
            button.setProperty("role", "boxed")
            row, column = (number - 2, 2) if worded else (0, number)
            if worded:  # as wide as there is room; the whole name is in the tooltip
                button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                button.setMinimumWidth(84)
            self._buttons.addWidget(button, row, column)
        self._buttons.setColumnStretch(2, 1)

    def set_places(
        self, rows: Sequence[ReviewRow], frames_left: int, places: int | None = None
    ) -> None:
        """Show these places, and how many frames are left in all `places` there are."""
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self.list.clear()
            for row in rows:
                item = QListWidgetItem(self.list)
                item.setData(_DATA, row)
                item.setText(f"{_frames(row)}, {row.title}: {row.reason}")
                item.setToolTip(row.reason)
        count = len(rows) if places is None else places
        listed = self.tr("The first %d places are listed.") % len(rows)
        self._left.setText(self._progress(count, frames_left))
        self._left.setToolTip(listed if count > len(rows) else "")
        self._sort.setVisible(len(rows) > 1)

    def set_current(self, number: int | None) -> None:
        """Mark the place under the playhead; not announced."""
        if number is None:
            self.list.clearSelection()
            self.list.setCurrentRow(-1)
        elif number != self.list.currentRow():
            self.list.setCurrentRow(number)

    def set_learnt(self, tracker: str, moved: Sequence[tuple[str, float, float]]) -> None:
        """Thresholds that verdicts moved: name, as calibrated, and now."""
        shown = [one for one in moved if f"{one[1]:.2f}" != f"{one[2]:.2f}"]
        shown.sort(key=lambda one: -abs(one[2] - one[1]) / max(abs(one[1]), 1e-9))
        parts = [f"{name} {before:.2f} → {now:.2f}" for name, before, now in shown]
        text = self.tr("Learnt for %s: ") % tracker + ", ".join(parts[:_TOLD]) if parts else ""
        if len(parts) > _TOLD:
            text = self.tr("%s and %d more") % (text, len(parts) - _TOLD)
        self._learnt.setText(text)
        self._learnt.setToolTip("\n".join(parts))
        self._learnt.setVisible(bool(parts))
        self._reset.setVisible(bool(moved))

    def progress(self) -> str:
        """The line above the list."""
        return self._left.text()

    def learnt(self) -> str:
        """The line under the list."""
        return self._learnt.text()

    def _progress(self, places: int, frames: int) -> str:
        if not places:
            return self.tr("Nothing doubtful is left")
        if frames == 1:
            return self.tr("One frame left")
        if places == 1:
            return self.tr("%d frames left, in one place") % frames
        return self.tr("%d frames left, in %d places") % (frames, places)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._left, 1)
        head.addWidget(self._sort)
        foot = QVBoxLayout()
        foot.setSpacing(theme.GRID // 2)
        foot.addWidget(self._learnt)
        foot.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignLeft)
        self._buttons.setSpacing(theme.GRID // 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addLayout(self._buttons)
        column.addLayout(foot)


class _PlaceDelegate(QStyledItemDelegate):
    """Two lines per place: where and whose, then why; a bar says how strongly."""

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        del option, index
        return QSize(0, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        row: ReviewRow = index.data(_DATA)  # pyright: ignore[reportAttributeAccessIssue]
        tokens, area = theme.colors(), option.rect  # pyright: ignore[reportAttributeAccessIssue]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.fillRect(area, QColor(tokens.selection if chosen else tokens.field))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, QColor(tokens.border))
        painter.fillRect(area.left() + 4, area.top() + 5, 4, area.height() - 10, QColor(row.color))
        left, width = area.left() + 16, area.width() - 24
        metrics = painter.fontMetrics()
        upper = area.adjusted(16, 4, -72, 0)
        painter.setPen(QColor(tokens.text))
        where = metrics.elidedText(
            f"{_frames(row)}  ·  {row.title}", Qt.TextElideMode.ElideRight, upper.width()
        )
        painter.drawText(upper, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft), where)
        painter.setPen(QColor(tokens.muted))
        why = metrics.elidedText(row.reason, Qt.TextElideMode.ElideRight, width)
        painter.drawText(left, area.bottom() - 7, why)
        _paint_doubt(painter, tokens, row, QRectF(area.right() - 64, area.top() + 8, 56, 6))
        painter.restore()


def _paint_doubt(painter: QPainter, tokens: theme.Colors, row: ReviewRow, track: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(tokens.border))
    painter.drawRoundedRect(track, 3, 3)
    filled = QRectF(track)
    filled.setWidth(max(track.width() * min(max(row.doubt, 0.0), 1.0), 6))
    painter.setBrush(QColor(tokens.lost if row.lost else tokens.uncertain))
    painter.drawRoundedRect(filled, 3, 3)


def _frames(row: ReviewRow) -> str:
    return f"{row.first:,}" if row.first == row.last else f"{row.first:,} – {row.last:,}"
