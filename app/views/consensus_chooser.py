"""Which trackers are asked together: one box to tick per tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QToolButton, QWidget

from app import theme


class ConsensusChooser(QWidget):
    """Ticks, a line that says what is wrong with them, and the button that starts."""

    changed = Signal(tuple)
    """Keys of the ticked trackers, in the order of the list."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes: dict[str, QCheckBox] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(theme.GRID + theme.GRID // 2, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GRID)
        self._grid.setVerticalSpacing(theme.GRID // 2)
        self._note = QLabel(self)
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self._button = QToolButton(self)
        self._button.setDefaultAction(action)
        self._button.setProperty("role", "boxed")
        self._button.setSizePolicy(
            self._button.sizePolicy().Policy.Expanding, self._button.sizePolicy().Policy.Fixed
        )
        self._lay_out()

    def set_trackers(self, titles: Sequence[tuple[str, str]], lacking: Mapping[str, str]) -> None:
        """Offer these trackers, key and title; those in `lacking` cannot run, and why."""
        ticked = set(self.chosen())
        for box in self._boxes.values():
            box.deleteLater()
        self._boxes = {}
        for key, title in titles:
            box = QCheckBox(key, self)
            box.setToolTip(lacking.get(key, title))
            box.setEnabled(key not in lacking)
            box.setChecked(key in ticked and key not in lacking)
            box.toggled.connect(lambda _: self.changed.emit(self.chosen()))
            self._boxes[key] = box
        self._lay_out()

    def chosen(self) -> tuple[str, ...]:
        """Keys of the ticked trackers."""
        return tuple(key for key, box in self._boxes.items() if box.isChecked())

    def set_chosen(self, keys: Sequence[str]) -> None:
        """Tick these without announcing it."""
        for key, box in self._boxes.items():
            blocked = box.blockSignals(True)
            box.setChecked(key in keys and box.isEnabled())
            box.blockSignals(blocked)

    def show_note(self, text: str) -> None:
        """Say what is wrong with the choice; empty when nothing is."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _lay_out(self) -> None:
        for number, box in enumerate(self._boxes.values()):
            self._grid.addWidget(box, number // 2, number % 2)
            box.show()
        rows = (len(self._boxes) + 1) // 2
        self._grid.addWidget(self._note, rows, 0, 1, 2)
        self._grid.addWidget(self._button, rows + 1, 0, 1, 2)
