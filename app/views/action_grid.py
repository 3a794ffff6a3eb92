"""Actions as large buttons, in as many columns as their texts need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from app import theme


class ActionGrid(QWidget):
    """The first, main button over the full width; the others two a row where there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[QToolButton] = []
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.GRID // 2)

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """Append buttons that trigger the actions and show their state."""
        for action in actions:
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setMinimumHeight(30)
            button.setProperty("role", "boxed" if self._buttons else "primary")
            button.setAccessibleName(action.text().replace("&", ""))
            self._buttons.append(button)
        self._columns = 0
        self._arrange()

    def buttons(self) -> list[QToolButton]:
        """The buttons in order."""
        return list(self._buttons)

    def columns(self) -> int:
        """How many columns there are now."""
        return self._columns

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if not self._buttons:
            return
        widest = max(button.sizeHint().width() for button in self._buttons[1:] or self._buttons)
        columns = 2 if self.width() >= 2 * widest + self._grid.spacing() else 1
        if columns == self._columns:
            return
        self._columns = columns
        for button in self._buttons:
            self._grid.removeWidget(button)
        self._grid.addWidget(self._buttons[0], 0, 0, 1, columns)
        for number, button in enumerate(self._buttons[1:]):
            self._grid.addWidget(button, 1 + number // columns, number % columns)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)
