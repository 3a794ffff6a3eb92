"""What one sees before a clip is open: what to do, in three buttons and a drop target."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import actions as table

_RECENT_SHOWN = 5


class Welcome(QWidget):
    """Shown in place of the canvas while nothing is open.

    Parameters
    ----------
    actions
        Open a file, open a folder, open the demo clip.
    track
        What is done with a box; the hint tells its key.
    """

    open_recent = Signal(str)
    files_dropped = Signal(list)

    def __init__(
        self, actions: Sequence[QAction], track: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setObjectName("welcome")
        title = QLabel(self.tr("Open a clip to begin"))
        title.setObjectName("welcomeTitle")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        title.setFont(font)
        self._track = track
        self._hint = hint = QLabel()
        self._tell_key()
        track.changed.connect(self._tell_key)
        hint.setTextFormat(Qt.TextFormat.RichText)
        self._status = QLabel()
        texts = (self.tr("&Open video…"), self.tr("Open &folder…"), self.tr("Open &demo"))
        self._buttons = [
            _button_for(action, text) for action, text in zip(actions, texts, strict=True)
        ]
        row = QHBoxLayout()
        row.addStretch()
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch()
        self._recent = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        layout.addStretch(3)
        for label in (title, hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addLayout(row)
        layout.addLayout(self._recent)
        self._status.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._status)
        layout.addStretch(4)

    def hint(self) -> str:
        """What there is to do."""
        return self._hint.text()

    @Slot()
    def _tell_key(self) -> None:
        """The key may be changed while the program runs."""
        key = html.escape(table.shown_key(self._track.shortcut().toString()))
        how = self.tr("press <b>%s</b>") % key if key else self.tr("choose <b>Track forward</b>")
        self._hint.setText(
            self.tr(
                "Draw a box around the target, %s, and watch it being tracked.<br>"
                "You can also drop a video, a folder of pictures or a project here."
            )
            % how
        )

    def set_status(self, text: str) -> None:
        """What is going on, e.g. that a clip is being opened."""
        self._status.setText(text)

    def set_recent(self, paths: Sequence[Path]) -> None:
        """Offer the files opened last."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for path in paths[:_RECENT_SHOWN]:
            link = QLabel(f'<a href="{path.as_posix()}">{path.name}</a>')
            link.setToolTip(str(path))
            link.setAlignment(Qt.AlignmentFlag.AlignCenter)
            link.setTextInteractionFlags(
                Qt.TextInteractionFlag.LinksAccessibleByMouse
                | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
            )
            link.linkActivated.connect(self.open_recent)
            self._recent.addWidget(link)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


def _button_for(action: QAction, text: str) -> QPushButton:
    button = QPushButton(action.icon(), text)
    button.setToolTip(action.toolTip())
    button.setMinimumHeight(40)
    button.clicked.connect(action.trigger)
    return button
