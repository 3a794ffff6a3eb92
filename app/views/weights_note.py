"""What a tracker lacks before it can run, and how to get it; nothing when all is there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import theme
from app.views.elided_label import ElidedLabel
from core.weights import Entry, Standing

_MEGA = 1_000_000


class WeightsNote(QFrame):
    """A few lines under the tracker's summary; hidden when there is nothing to say.

    `wanted` asks for an entry's published file, `file_wanted` for one of the user's.
    """

    wanted = Signal(str)
    file_wanted = Signal(str)
    lacking = Signal(bool)
    """Whether something is missing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "note")
        self._entry: Entry | None = None
        self._badge = QLabel(self)
        self._badge.setProperty("role", "warning")
        self._badge.setWordWrap(True)
        self._how = QLabel(self)
        self._how.setProperty("role", "muted")
        self._how.setWordWrap(True)
        self._how.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._doubt = ElidedLabel(role="warning", parent=self)
        self._get = self._button(lambda key: self.wanted.emit(key))
        self._choose = self._button(lambda key: self.file_wanted.emit(key))
        self._choose.setText(self.tr("Choose a file…"))
        self._choose.setToolTip(self.tr("Use a weights file that you have"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        for label in (self._badge, self._how, self._doubt):
            column.addWidget(label)
        self._buttons = QWidget(self)
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID // 2)
        row.addWidget(self._get)
        row.addWidget(self._choose)
        row.addStretch(1)
        column.addWidget(self._buttons)
        self.show_standing(Standing())

    def show_standing(self, standing: Standing) -> None:
        """Say what is missing (the first of several with its buttons), or not verified."""
        self._entry = standing.missing[0] if standing.missing else None
        known = self._entry
        if known is not None:
            names = ", ".join(entry.title for entry in standing.missing)
            self._badge.setText(self.tr("Needs weights: %s.") % names)
            self._how.setText(self._explained(known))
            size = f" ({known.bytes / _MEGA:.0f} MB)" if known.bytes else ""
            self._get.setText(self.tr("Get them") + size)
            self._get.setToolTip(self.tr("From %s") % known.address)
        doubtful = [] if known else [path.name for path in standing.unverified]
        self._doubt.show_text(
            self.tr("Unverified weights: %s") % ", ".join(doubtful) if doubtful else "",
            self.tr("No checksum is known, so nobody can tell whether they are as published.\n%s")
            % "\n".join(str(path) for path in standing.unverified),
        )
        for part in (self._badge, self._how, self._buttons):
            part.setVisible(known is not None)
        self._get.setVisible(known is not None and bool(known.address))
        self._doubt.setVisible(bool(doubtful))
        self.setVisible(known is not None or bool(doubtful))
        self.lacking.emit(known is not None)

    def show_progress(self, text: str) -> None:
        """Say how far getting them is; empty when nothing is under way."""
        self._buttons.setEnabled(not text)
        if self._entry is not None:
            self._how.setText(text or self._explained(self._entry))

    def text(self) -> str:
        """What is said, for tests and assistive technology."""
        labels = (self._badge.text(), self._how.text()) if self._entry else ()
        return " ".join((*labels, self._doubt.full_text())).strip()

    def _explained(self, known: Entry) -> str:
        if known.address:
            return self.tr("Without a network here, fetch %s elsewhere and choose it.") % known.name
        if known.package or known.sha256:
            return self.tr("They come with Boxtrail: install it again, or choose the file.")
        return self.tr("They are not published yet; choose a file that you have trained or got.")

    def _button(self, then: Callable[[str], None]) -> QPushButton:
        button = QPushButton(self)
        button.clicked.connect(lambda: then(self._entry.key) if self._entry else None)
        return button
