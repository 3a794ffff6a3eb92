"""Which ground truth is compared with, where it is from, and whether it is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.views.elided_label import ElidedLabel


class TruthBar(QWidget):
    """One line to choose, one to say.

    Attributes
    ----------
    chosen
        Number of the truth in the list, −1 for the one that fits best.
    shown_changed
        Whether it is to be drawn on the picture.
    """

    chosen = Signal(int)
    shown_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._targets = QComboBox(self)
        self._targets.setAccessibleName(self.tr("Ground truth of"))
        self._targets.setToolTip(self.tr("The target whose true boxes are compared with"))
        self._targets.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._targets.activated.connect(self._activated)
        self._eye = QToolButton(self)
        self._eye.setCheckable(True)
        self._eye.setIcon(theme.icon("eye"))
        self._eye.setToolTip(self.tr("Draw the true box on the picture"))
        self._eye.setAccessibleName(self.tr("Show the ground truth"))
        self._eye.clicked.connect(self.shown_changed)
        self._more = QToolButton(self)
        self._more.setIcon(theme.icon("open"))
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setToolTip(self.tr("Load or forget ground truth"))
        self._more.setAccessibleName(self.tr("Load ground truth"))
        self._note = ElidedLabel("", self, role="muted")
        row = QHBoxLayout()
        row.setSpacing(theme.GRID // 2)
        row.addWidget(self._targets, 1)
        row.addWidget(self._eye)
        row.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addLayout(row)
        column.addWidget(self._note)
        self.show_truths([], -1, "", shown=True)

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """What the menu offers."""
        menu = QMenu(self)
        menu.addActions(actions)
        self._more.setMenu(menu)

    def show_truths(self, names: Sequence[str], at: int, note: str, *, shown: bool) -> None:
        """List the targets, `at` being the one in use, with a line about it."""
        wanted = list(names) or [self.tr("No ground truth")]
        if [self._targets.itemText(k) for k in range(self._targets.count())] != wanted:
            self._targets.clear()
            self._targets.addItems(wanted)
        self._targets.setCurrentIndex(max(at, 0))
        self._targets.setEnabled(bool(names))
        self._eye.setEnabled(bool(names))
        self._eye.setChecked(shown and bool(names))
        self._note.show_text(note or self.tr("Load a file or folder, or open a benchmark's clip."))

    def _activated(self, index: int) -> None:
        self.chosen.emit(index)
