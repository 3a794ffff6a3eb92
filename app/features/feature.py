"""What a feature is: a part of the program that attaches itself to the window.

A feature makes its docks and its part of the controller, connects its signals and says
what its actions do (their rows are in a table of :mod:`app.actions`). The window knows
none of them by name; :data:`app.features.FEATURES` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from app.controller.controller import Controller
from app.panels import Panels
from app.presenter import Presenter
from app.status_bar import StatusBar
from app.ui_state import UiState


@dataclass(frozen=True, slots=True)
class Parts:
    """What a feature may attach itself to."""

    window: QMainWindow
    actions: Mapping[str, QAction]
    panels: Panels
    controller: Controller
    presenter: Presenter
    status: StatusBar


class Feature(QObject):
    """Base of all features; everything is optional but the constructor's argument."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self.parts = parts

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """What each of its actions does, by the action's id."""
        return {}

    def state_changed(self, state: UiState) -> None:
        """The state of the window changed: tick actions, follow the selection."""

    def extend_menu(self, menu: QMenu, where: QPoint) -> None:
        """A menu on the picture is about to open at the global position `where`."""

    def finish(self) -> None:
        """The window closes: end threads and jobs. Runs have ended, the clip is still open."""
