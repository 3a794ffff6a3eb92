"""The `QApplication` of this program: names, icon, and settings that all windows share."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from app import theme
from app.settings import load_preferences
from core.paths import resource


def make_application(argv: Sequence[str]) -> QApplication:
    """The application object, dressed in the preferred theme; made once per process."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    QCoreApplication.setApplicationName("Boxtrail")
    QCoreApplication.setOrganizationName("Boxtrail")
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(list(argv))
    QGuiApplication.setDesktopFileName("boxtrail")
    icon = resource("app.svg")
    if icon.is_file():
        app.setWindowIcon(QIcon(str(icon)))
    preferences, _ = load_preferences()
    theme.apply(app, preferences.theme)  # pyright: ignore[reportArgumentType]
    return app
