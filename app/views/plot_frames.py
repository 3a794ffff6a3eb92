"""The frames that lie at a point of a curve, as stretches; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app import theme

LISTED = 2000  # stretches; nobody reads more


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames ``first..last`` of a sequence (empty: the open clip) with a number in words."""

    key: str
    first: int
    last: int
    value: str


class FrameList(QWidget):
    """A title, the choice between “at this point” and “failing here”, and the list.

    Attributes
    ----------
    frame_chosen
        ``(sequence, frame)``; the sequence is empty for the open clip.
    rule_changed
        ``"near"`` or ``"missed"``.
    """

    frame_chosen = Signal(str, int)
    rule_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stretches: tuple[Stretch, ...] = ()
        self._title = QLabel(self)
        self._title.setWordWrap(True)
        self._near = QRadioButton(self.tr("At this point"), self)
        self._near.setToolTip(self.tr("Frames that lie between this threshold and the next"))
        self._missed = QRadioButton(self.tr("Failing here"), self)
        self._missed.setToolTip(self.tr("Frames that the curve does not count at this threshold"))
        self._near.setChecked(True)
        group = QButtonGroup(self)
        for button in (self._near, self._missed):
            group.addButton(button)
        group.buttonClicked.connect(lambda _: self.rule_changed.emit(self.rule()))
        self._list = QListWidget(self)
        self._list.setUniformItemSizes(True)
        self._list.setAccessibleName(self.tr("Frames"))
        self._list.itemClicked.connect(self._go)
        self._list.itemActivated.connect(self._go)
        self._hint = QLabel(self.tr("Click a curve to list the frames that lie there."), self)
        self._hint.setWordWrap(True)
        self._hint.setProperty("role", "muted")
        row = QHBoxLayout()
        row.addWidget(self._near)
        row.addWidget(self._missed)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self._title)
        column.addLayout(row)
        column.addWidget(self._hint)
        column.addWidget(self._list, 1)
        self.show_stretches("", ())

    def rule(self) -> str:
        """Which frames are wanted."""
        return "near" if self._near.isChecked() else "missed"

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """What is listed."""
        return self._stretches

    def show_stretches(self, title: str, stretches: Sequence[Stretch]) -> None:
        """List these; without a title nothing was clicked yet."""
        self._stretches = tuple(stretches[:LISTED])
        self._title.setText(title)
        for widget in (self._title, self._near, self._missed, self._list):
            widget.setVisible(bool(title))
        self._hint.setVisible(not title)
        self._list.clear()
        for stretch in self._stretches:
            item = QListWidgetItem(_text(stretch))
            item.setData(Qt.ItemDataRole.UserRole, (stretch.key, stretch.first))
            item.setToolTip(_text(stretch))
            self._list.addItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        key, frame = item.data(Qt.ItemDataRole.UserRole)
        self.frame_chosen.emit(key, frame)


def _text(stretch: Stretch) -> str:
    frames = str(stretch.first)
    if stretch.last > stretch.first:
        frames += f"–{stretch.last}"
    parts = [part for part in (stretch.key, frames, stretch.value) if part]
    return "   ".join(parts)
