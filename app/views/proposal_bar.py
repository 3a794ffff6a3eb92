"""The bar under the picture that says what is proposed, with what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.views.elided_label import ElidedLabel


class ProposalBar(QWidget):
    """A sentence and buttons; hidden while there is nothing to decide."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Proposal"))
        self._text = ElidedLabel("", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self._text)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID // 2)
        column.addLayout(row)
        for action in actions:
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setProperty("role", "chip")
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(56)  # cut words rather than a wider window; tips have all
            row.addWidget(button)
        row.addStretch(1)
        self.hide()

    def show_text(self, text: str) -> None:
        """Say what is proposed; empty hides the bar."""
        self._text.show_text(text)
        self.setVisible(bool(text))

    def text(self) -> str:
        """What is said."""
        return self._text.full_text()
