"""Keys go where the user expects: single letters to the actions, typing to the fields.

Three rules. Tab goes where one reads (:mod:`app.tab_order`). After Enter or Esc in a
field, the canvas has the keyboard again, so that D and F step frames and are not typed.
And a control that was reached with Tab keeps Space for itself, although Space plays the
clip everywhere else. Only the widget that has the focus is watched, also in dialogs: a
filter on the whole application would see every paint.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)

from app.tab_order import put_in_reading_order

_TAB = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_ENDS_TYPING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class KeyboardFocus(QObject):
    """Applies the rules to one window."""

    def __init__(self, canvas: QWidget, window: QWidget) -> None:
        super().__init__(window)
        self._canvas = canvas
        self._window = window
        self._tabbing = False
        self._reached_by_keys = False
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)

    def finish(self) -> None:
        """Stop watching."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.disconnect(self._on_focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Apply the rules; nothing is swallowed."""
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.KeyPress:
            self._tabbing = event.key() in _TAB
            if self._tabbing and isinstance(watched, QWidget):
                put_in_reading_order(watched.window())
        elif event.type() == QEvent.Type.ShortcutOverride and self._keeps_space(watched, event):
            event.accept()
        elif event.type() == QEvent.Type.KeyRelease:
            self._end_typing(watched, event)
        return False

    def _keeps_space(self, watched: QObject, event: QKeyEvent) -> bool:
        activated_by_space = isinstance(watched, QAbstractButton | QAbstractItemView | QComboBox)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        by_keys = self._reached_by_keys
        return activated_by_space and by_keys and plain and event.key() == Qt.Key.Key_Space

    def _end_typing(self, watched: QObject, event: QKeyEvent) -> None:
        is_field = isinstance(watched, QAbstractSpinBox | QLineEdit)
        if not is_field or event.key() not in _ENDS_TYPING or not isinstance(watched, QWidget):
            return
        if watched.window() is self._window and self._canvas.isVisible():
            self._canvas.setFocus()

    @Slot(QWidget, QWidget)
    def _on_focus(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        self._reached_by_keys, self._tabbing = self._tabbing, False
        if now is not None and self._is_ours(now.window()):
            now.installEventFilter(self)

    def _is_ours(self, window: QWidget) -> bool:
        """The window, one of its dialogs, or a panel that was taken out of it."""
        above: QWidget | None = window
        while above is not None and above is not self._window:
            above = above.parentWidget()
        return above is not None
