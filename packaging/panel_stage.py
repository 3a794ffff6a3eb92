"""The stage for pictures of panels: the window, ways to work with it, and where pictures go.

A scene (see :mod:`panel_pictures`) brings the window into a state and asks the stage for
pictures of it: the whole window, a sheet of docks, or a dialog that waits for an answer.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from app.main_window import MainWindow
from core.session import Session

SHEET = 1500
NAME = "Fußgängerüberwegsbeschilderung hinter der Straßenbahnhaltestelle"  # 64 characters
LABEL = "Geschwindigkeitsbegrenzungsschild"


class Stage:
    """The window, ways to wait, and where pictures go."""

    def __init__(
        self, window: MainWindow, out: Path, wait: Callable[..., None], *, names: bool
    ) -> None:
        self.window = window
        self.controller = window.controller
        self.desk = window.controller.desk
        self.out = out
        self.wait = wait
        self.names = names
        self.folder = Path(tempfile.mkdtemp(prefix="boxtrail-panels-"))

    def breathe(self, seconds: float = 0.4) -> None:
        """Let the window work for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def act(self, name: str) -> None:
        """Do what the menu's action does."""
        self.window.actions_by_id[name].trigger()

    def feature(self, name: str) -> Any:
        """The feature whose class is called `name`."""
        return next(f for f in self.window.features if type(f).__name__ == name)

    def selected(self) -> int:
        """Id of the selected object."""
        track = self.desk.state.track
        assert track is not None
        return track

    def session(self) -> Session:
        """The open clip."""
        session = self.desk.session
        assert session is not None
        return session

    def idle(self) -> None:
        """Until no run is under way."""
        self.wait(lambda: not self.desk.state.is_running)
        self.wait(lambda: self.controller.playback.is_settled)

    def go(self, frame: int) -> None:
        """To a frame, as a person would."""
        self.controller.seek(frame)
        self.wait(lambda: self.controller.playback.is_settled)
        self.breathe(0.1)

    def shoot(self, name: str) -> None:
        """A picture of the whole window."""
        self.breathe()
        self.window.grab().save(str(self.out / f"{name}.png"))

    def docks(self, name: str, wanted: Iterable[str] = ()) -> None:
        """A sheet of docks, each shown where it belongs; hidden ones are hidden again."""
        made = self.window.panels.docks
        parts: list[tuple[str, QPixmap]] = []
        for key in wanted or made:
            dock = made[key]
            hidden = not dock.toggleViewAction().isChecked()
            dock.show()
            dock.raise_()
            self.breathe(0.25)
            parts.append((key, dock.grab()))
            if hidden:
                dock.hide()
        self.sheet(name, parts)
        for key in ("objects", "tracker", "timeline"):
            made[key].raise_()

    def sheet(self, name: str, parts: list[tuple[str, QPixmap]]) -> None:
        """Several pictures on one, each with its name, as many as fit beside each other."""
        ratio = max((pixmap.devicePixelRatio() for _, pixmap in parts), default=1.0)
        x = y = high = 0
        places: list[tuple[QPoint, str, QPixmap]] = []
        for title, pixmap in sorted(parts, key=lambda part: -part[1].height()):
            size = pixmap.deviceIndependentSize().toSize()
            if x and x + size.width() > SHEET:
                x, y, high = 0, y + high + 12, 0
            places.append((QPoint(x, y), title, pixmap))
            x, high = x + size.width() + 12, max(high, size.height() + 18)
        sheet = QPixmap(int(SHEET * ratio), int((y + high) * ratio))
        sheet.setDevicePixelRatio(ratio)
        sheet.fill(QColor("#8a5a9a"))  # no colour of the program
        painter = QPainter(sheet)
        painter.setPen(Qt.GlobalColor.white)
        for at, title, pixmap in places:
            painter.drawText(QRect(at, pixmap.size()).adjusted(2, 1, 200, 0), title)
            painter.drawPixmap(at + QPoint(0, 18), pixmap)
        painter.end()
        sheet.save(str(self.out / f"{name}.png"))

    def answer(self, start: Callable[[], object]) -> None:
        """Say yes to the dialog that `start` opens and waits for."""

        def accept() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QDialog):
                dialog.accept()

        QTimer.singleShot(600, self.window, accept)
        start()

    def modal(self, start: Callable[[], object]) -> QPixmap:
        """A picture of the dialog that `start` opens and waits for; it is then closed."""
        taken: list[QPixmap] = []

        def take() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                return
            taken.append(dialog.grab())
            dialog.close()

        timer = QTimer(self.window)
        timer.timeout.connect(take)
        timer.start(600)
        QTimer.singleShot(9000, self.window, timer.stop)
        start()
        self.breathe(0.8)
        timer.stop()
        return taken[0] if taken else QPixmap(10, 10)
