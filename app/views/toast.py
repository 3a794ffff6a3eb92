"""Messages that do not interrupt: a stack in the lower right corner of the window.

Information leaves by itself, errors stay until closed; the same text shown again
replaces the earlier one, so that a repeating failure does not fill the window.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.long_words import breakable

G = theme.GRID
_WIDTH = 380
_MOST = 4
_LOOKS = {
    "info": ("info", "info", 5.0),
    "ok": ("ok", "ok", 4.0),
    "warning": ("warning", "uncertain", 9.0),
    "error": ("error", "lost", 0.0),
}


class Toast(QWidget):
    """Stack of messages over `parent`; invisible and unclickable while empty."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._cards: list[ToastCard] = []
        self.hide()
        parent.installEventFilter(self)

    def show_message(
        self,
        text: str,
        hint: str = "",
        severity: str = "info",
        *,
        action_text: str = "",
        action: Callable[[], None] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Show one message.

        Parameters
        ----------
        severity
            "info", "ok", "warning" or "error"; errors stay until closed.
        action_text, action
            A button, e.g. "Undo"; the message closes after it.
        seconds
            How long it stays; 0 until closed; None for what suits the severity.
        """
        for card in [c for c in self._cards if c.text == text]:
            self._drop(card)
        card = ToastCard(text, hint, severity, self)
        if action is not None:
            card.add_action(action_text, action)
        card.closed.connect(self._closed)
        card.show()
        self._cards.append(card)
        while len(self._cards) > _MOST:
            self._drop(self._cards[0])
        card.start(_LOOKS[severity][2] if seconds is None else seconds)
        self._place()

    def cards(self) -> list[ToastCard]:
        """The messages shown, oldest first."""
        return list(self._cards)

    def clear(self) -> None:
        """Close all messages."""
        for card in self.cards():
            self._drop(card)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _closed(self) -> None:
        card = self.sender()
        if isinstance(card, ToastCard):
            self._drop(card)

    def _drop(self, card: ToastCard) -> None:
        if card in self._cards:
            self._retire(card)
            self._place()

    def _retire(self, card: ToastCard) -> None:
        self._cards.remove(card)
        card.stop()
        card.hide()
        card.deleteLater()

    def _place(self) -> None:
        """Sit in the corner, as large as the cards need."""
        around = self.parentWidget()
        if not self._cards or around is None:
            self.hide()
            return
        room = around.height() - 5 * G
        width = max(min(_WIDTH, around.width() - 4 * G), 1)
        top = 0
        for card in self._cards:
            card.fit(width)
            card.move(0, top)
            top += card.height() + G
        height = top - G
        while height > room and len(self._cards) > 1:  # the newest ones stay
            height -= self._cards[0].height() + G
            self._retire(self._cards[0])
        offset = self._cards[0].y()
        for card in self._cards:
            card.move(0, card.y() - offset)
        height = max(min(height, room), 1)
        left, bottom = around.width() - width - 2 * G, around.height() - 4 * G
        self.setGeometry(left, max(bottom - height, 0), width, height)
        self.show()
        self.raise_()


class ToastCard(QFrame):
    """One message with icon, hint, optional action and close button."""

    closed = Signal()

    def __init__(self, text: str, hint: str, severity: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.text = text
        self.setProperty("role", "toast")
        icon, token, _ = _LOOKS[severity]
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.closed)
        picture = QLabel(self)
        picture.setPixmap(
            theme.tinted(icon, getattr(theme.colors(), token), 20, self.devicePixelRatioF())
        )
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._texts = QVBoxLayout()
        self._texts.setSpacing(2)
        for line, role in ((text, "plain"), (hint, "muted")):
            if line:
                self._texts.addWidget(_wrapped(line, role, self))
        close = QToolButton(self)
        close.setProperty("role", "small")
        close.setIcon(theme.icon("close", "muted"))
        close.setIconSize(QSize(14, 14))
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.setToolTip(self.tr("Close this message"))
        close.setAccessibleName(self.tr("Close"))
        close.clicked.connect(self.closed)
        row = QHBoxLayout(self)
        row.setContentsMargins(G + 4, G + 2, G, G + 2)
        row.setSpacing(G + 2)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._texts, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{severity}: {text}")
        self.setAccessibleDescription(hint)
        self._action: Callable[[], None] | None = None
        self._seconds = 0.0

    def add_action(self, text: str, action: Callable[[], None]) -> None:
        """Offer one thing to do."""
        self._action = action
        button = QPushButton(text, self)
        button.setProperty("role", "link")
        button.setProperty("inline", "true")  # in line with the text above it
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(self._act)
        self._texts.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def start(self, seconds: float) -> None:
        """Leave after `seconds`; 0 stays."""
        self._seconds = seconds
        if seconds > 0:
            self._timer.start(round(seconds * 1000))

    def stop(self) -> None:
        """Do not leave by itself any more."""
        self._timer.stop()

    def fit(self, width: int) -> None:
        """Take this width and the height that the wrapped text needs."""
        self.ensurePolished()
        layout = self.layout()
        height = layout.heightForWidth(width) if layout is not None else 0
        self.setFixedSize(width, max(height, self.minimumSizeHint().height(), 40))

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()  # do not vanish while being read

    def leaveEvent(self, event: QEvent) -> None:
        self.start(self._seconds)

    def _act(self) -> None:
        if self._action is not None:
            self._action()
        self.closed.emit()


def _wrapped(text: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(breakable(text), parent)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
