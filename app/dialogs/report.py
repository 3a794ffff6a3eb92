"""What is shown when something unexpected happened, and the "about" box."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.errors import ErrorReport, versions
from core import paths


class ErrorDialog(QDialog):
    """One unexpected error: what it means for the work, and a report to copy."""

    def __init__(self, report: ErrorReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Something went wrong"))
        self.resize(680, 460)
        self._report = report.text()
        text = QLabel(
            self.tr(
                "<b>An unexpected error occurred.</b><br>Your annotations are still here; save "
                "them to be safe. If it happens again, please report it with the text below."
            )
        )
        text.setWordWrap(True)
        details = QPlainTextEdit(self._report)
        details.setReadOnly(True)
        details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        details.setAccessibleName(self.tr("Error report"))
        log = QLabel(self.tr("Log: %s") % (paths.log_dir() / "boxtrail.log"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = QPushButton(self.tr("&Copy the report"))
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(self.copy)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (text, details, log, buttons):
            layout.addWidget(widget)

    def copy(self) -> None:
        """Put the report on the clipboard."""
        QGuiApplication.clipboard().setText(self._report)


class AboutDialog(QDialog):
    """Name, version, licence and what the program is built on."""

    def __init__(self, version: str, device: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Boxtrail"))
        rows = "".join(f"<tr><td>{n}&nbsp;&nbsp;</td><td>{v}</td></tr>" for n, v in versions())
        text = QLabel(
            self.tr(
                "<h2>Boxtrail %s</h2><p>Track one object through a video from a hand-drawn box, "
                "see what the tracker sees, export annotations.</p><p>Apache License 2.0</p>"
            )
            % version
            + f"<table>{rows}<tr><td>Device</td><td>{device}</td></tr></table>"
        )
        text.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)
