"""Actions as large buttons that give up their texts, not their places, when it gets narrow."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from app import theme


class ActionGrid(QWidget):
    """The first, main button over the full width; the others two a row.

    Where two texts do not fit side by side, the others become one row of icons.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[QToolButton] = []
        self._compact: bool | None = None  # None: not arranged yet
        self._low = False
        self._widest = 0
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
        self._measure()

    def buttons(self) -> list[QToolButton]:
        """The buttons in order."""
        return list(self._buttons)

    def is_compact(self) -> bool:
        """Whether all but the first button show icons only."""
        return bool(self._compact)

    def save_height(self, *, wanted: bool) -> None:
        """Show icons only, in one row, also where the texts would fit."""
        if wanted != self._low:
            self._low = wanted
            self._arrange()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in (QEvent.Type.Show, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._measure()
        return done

    def _measure(self) -> None:
        """How wide a text needs to be: as dressed, which is known once it is shown."""
        self._widest = 0
        for button in self._buttons[1:]:
            button.ensurePolished()
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self._widest = max(self._widest, button.sizeHint().width())
        self._compact = None
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if not self._buttons:
            return
        compact = self._low or self.width() < 2 * self._widest + self._grid.spacing()
        if compact == self._compact:
            return
        self._compact = compact
        others = self._buttons[1:]
        columns = max(len(others), 1) if compact else 2
        for button in self._buttons:
            self._grid.removeWidget(button)
        self._grid.addWidget(self._buttons[0], 0, 0, 1, columns)
        for number, button in enumerate(others):
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonIconOnly
                if compact
                else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            )
            self._grid.addWidget(button, 1 + number // columns, number % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
