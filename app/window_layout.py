"""Geometry and dock layout between sessions.

Stored with a version: a layout made by another arrangement of panels is not
applied. A window that would lie on a screen that is gone is put on an existing one.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from app.settings import LAYOUT_VERSION, window_settings


def restore(window: QMainWindow) -> bool:
    """Put the window where it was; False when nothing (usable) is stored."""
    settings = window_settings()
    geometry, state = settings.value("geometry"), settings.value("state")
    if not isinstance(geometry, QByteArray) or not isinstance(state, QByteArray):
        return False
    if not window.restoreGeometry(geometry) or not window.restoreState(state, LAYOUT_VERSION):
        return False
    on_screen = any(
        screen.availableGeometry().intersects(window.frameGeometry())
        for screen in QGuiApplication.screens()
    )
    if not on_screen:
        window.move(QGuiApplication.primaryScreen().availableGeometry().topLeft())
    return True


def save(window: QMainWindow) -> None:
    """Remember where the window is."""
    settings = window_settings()
    settings.setValue("geometry", window.saveGeometry())
    settings.setValue("state", window.saveState(LAYOUT_VERSION))
    settings.sync()


def first_size(window: QMainWindow) -> None:
    """A size that fits the screen, at most 1280 × 800."""
    screen = QGuiApplication.primaryScreen().availableGeometry()
    window.resize(min(1280, screen.width()), min(800, screen.height() - 40))
