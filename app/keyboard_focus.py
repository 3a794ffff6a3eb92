"""Keys go where the user expects: single letters to the actions, typing to the fields.

Two rules. After Enter or Esc in a field, the canvas has the keyboard again, so that
D and F step frames and are not typed. And a control that was reached with Tab keeps
Space for itself, although Space plays the clip everywhere else.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QWidget,
)

_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
_ENDS_TYPING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class KeyboardFocus(QObject):
    """Event filter of the application for one window."""

    def __init__(self, canvas: QWidget, window: QWidget) -> None:
        super().__init__(window)
        self._canvas = canvas
        self._window = window
        self._reached_by_keys = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Apply the two rules; nothing is swallowed."""
        kind = event.type()
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._reached_by_keys = event.reason() in _BY_KEYS
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._keeps_space(watched, event):
                event.accept()
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            self._end_typing(watched, event)
        return False

    def _keeps_space(self, watched: QObject, event: QKeyEvent) -> bool:
        activated_by_space = isinstance(watched, QAbstractButton | QAbstractItemView | QComboBox)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        return (
            activated_by_space
            and self._reached_by_keys
            and plain
            and event.key() == Qt.Key.Key_Space
        )

    def _end_typing(self, watched: QObject, event: QKeyEvent) -> None:
        is_field = isinstance(watched, QAbstractSpinBox | QLineEdit)
        if not is_field or event.key() not in _ENDS_TYPING or not isinstance(watched, QWidget):
            return
        if watched.window() is self._window and self._canvas.isVisible():
            self._canvas.setFocus()
