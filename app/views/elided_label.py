"""A one-line label that gives way: too long text ends in … and moves to the tooltip."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """Label whose width may shrink below its text.

    `role` selects a look of the style sheet ("muted", "title", …).
    """

    def __init__(self, text: str = "", parent: QWidget | None = None, *, role: str = "") -> None:
        super().__init__(parent)
        self._full = text
        self._explained = ""
        if role:
            self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._elide()

    def full_text(self) -> str:
        """The text before it was shortened."""
        return self._full

    def show_text(self, text: str, explained: str = "") -> None:
        """Show `text`; `explained` is the tooltip, without it the text when shortened."""
        if (text, explained) != (self._full, self._explained):
            self._full, self._explained = text, explained
            self.updateGeometry()
            self._elide()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._full) + 3, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 32), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._elide()

    def _elide(self) -> None:
        width = max(self.width(), 0)
        shown = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, width)
        if shown != self.text():
            self.setText(shown)
        tip = self._explained or (self._full if shown != self._full else "")
        if tip != self.toolTip():
            self.setToolTip(tip)
        self.setAccessibleName(self._full)
