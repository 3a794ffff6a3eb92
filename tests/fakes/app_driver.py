"""Drives the real window with real mouse and key events, and answers its questions."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.controller.batch_wish import BatchWish
from app.main_window import MainWindow
from core.document.autosave import Recovery
from core.geometry import Box

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


class Answers:
    """`Prompts` with prepared answers; `asked` lists the questions in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.on_save = "discard"
        self.open_path: Path | None = None
        self.save_path: Path | None = None
        self.video_path: Path | None = None
        self.copy_path: Path | None = None
        self.other_video = True
        self.on_recover = "restore"
        self.on_number: int | None = None
        self.on_choice: int | None = None
        self.offered: list[tuple[int, str]] = []
        self.recoveries: list[tuple[Recovery, str]] = []
        self.clip_paths: list[Path] = []
        self.on_batch: BatchWish | None = BatchWish()

    def save_changes(self, name: str) -> str:
        self.asked.append(f"save {name}")
        return self.on_save

    def path_to_open(self) -> Path | None:
        self.asked.append("open")
        return self.open_path

    def folder_to_open(self) -> Path | None:
        self.asked.append("folder")
        return self.open_path

    def path_to_save(self, suggested: Path) -> Path | None:
        self.asked.append(f"save as {suggested.name}")
        return self.save_path

    def copy_to_make(self, suggested: Path) -> Path | None:
        self.asked.append(f"copy {suggested.name}")
        return self.copy_path or suggested

    def path_to_import(self) -> Path | None:
        self.asked.append("import")
        return self.open_path

    def weights_file(self, title: str) -> Path | None:
        self.asked.append(f"weights {title}")
        return self.open_path

    def list_to_make(self, suggested: Path) -> Path | None:
        self.asked.append(f"new list {suggested.name}")
        return self.save_path

    def clips_to_add(self) -> list[Path]:
        self.asked.append("add clips")
        return self.clip_paths

    def batch_wish(self, clips: int, tracker: str, known: BatchWish) -> BatchWish | None:
        self.asked.append(f"batch {clips} {tracker}")
        return self.on_batch

    def number(self, question: str, value: int, low: int, high: int) -> int | None:
        self.asked.append(question)
        return self.on_number

    def one_of(self, question: str, options) -> int | None:
        self.asked.append(question)
        self.offered = list(options)
        return self.on_choice

    def moved_video(self, message: str, stored: str) -> Path | None:
        self.asked.append(f"moved {message}")
        return self.video_path

    def accept_other_video(self, difference: str) -> bool:
        self.asked.append(f"other video {difference}")
        return self.other_video

    def recover(self, recovery: Recovery, difference: str) -> str:
        self.asked.append("recover")
        self.recoveries.append((recovery, difference))
        return self.on_recover


class Driver:
    """Hands on the mouse and the keyboard."""

    def __init__(self, window: MainWindow, answers: Answers) -> None:
        self.window = window
        self.answers = answers
        self.desk = window.controller.desk
        self.canvas = window.panels.canvas
        self.notices: list[tuple[str, str, str]] = []
        self.desk.noticed.connect(self._remember)

    def _remember(self, notice) -> None:
        self.notices.append((notice.severity, notice.text, notice.hint))

    # ---- waiting ------------------------------------------------------------------

    def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Let the application work until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s; notices: {self.notices}")
            QApplication.processEvents()
            time.sleep(0.002)

    def settle(self) -> None:
        """Until the canvas shows the frame at the playhead and lists are up to date."""
        self.until(lambda: self.window.controller.playback.is_settled)
        for _ in range(5):
            QApplication.processEvents()

    def until_idle(self, seconds: float = 30.0) -> None:
        """Until no run is under way."""
        self.until(lambda: not self.desk.state.is_running, seconds)
        self.settle()

    def until_tracked(self, count: int) -> None:
        """Until the run under way has found `count` boxes."""
        self.until(lambda: self.desk.growing is not None and len(self.desk.growing) >= count)

    # ---- doing ----------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a file and wait until it is there."""
        before = self.desk.session
        self.window.open(path)
        self.until(lambda: self.desk.session is not None and self.desk.session is not before)
        self.until(lambda: self.desk.state.trackers_ready)
        self.settle()

    def choose_tracker(self, key: str, **values: object) -> None:
        """Set the tracker panel."""
        self.window.panels.tracker.set_key(key)
        self.window.panels.tracker.set_values(values)
        self.window.controller.overlay.set_maps(*_maps(key))
        QApplication.processEvents()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press a key with the canvas in focus."""
        self.canvas.setFocus()
        QTest.keyClick(self.canvas, key, modifiers)
        QApplication.processEvents()

    def view_point(self, x: float, y: float) -> QPointF:
        """Where a frame position is on the canvas."""
        return QPointF(self.canvas.frame_to_view(x, y))

    def drag(self, start: tuple[float, float], stop: tuple[float, float], steps: int = 6) -> None:
        """Drag with the left button between two frame positions."""
        a, b = self.view_point(*start), self.view_point(*stop)
        self._mouse(QEvent.Type.MouseMove, a, Qt.MouseButton.NoButton)
        self._mouse(QEvent.Type.MouseButtonPress, a, LEFT)
        for k in range(1, steps + 1):
            self._mouse(QEvent.Type.MouseMove, a + (b - a) * (k / steps), LEFT)
        self._mouse(QEvent.Type.MouseButtonRelease, b, LEFT)
        QApplication.processEvents()

    def click(self, x: float, y: float) -> None:
        """Click a frame position."""
        QTest.mouseClick(self.canvas.viewport(), LEFT, NONE, self._round(self.view_point(x, y)))
        QApplication.processEvents()

    def draw(self, box: Box) -> None:
        """Press B and drag a box."""
        self.key(Qt.Key.Key_B)
        self.drag((box.x, box.y), (box.right, box.bottom))

    def goto(self, frame: int) -> None:
        """Go to a frame as the timeline would."""
        self.window.panels.timeline.seek.emit(frame)
        self.settle()

    def close(self) -> None:
        """Close the window."""
        self.window.close()

    # ---- looking --------------------------------------------------------------------

    @property
    def track(self):
        """The selected track in the document."""
        return self.desk.document.track(self.desk.state.track)

    def notice_texts(self, severity: str = "") -> list[str]:
        """Sentences told so far."""
        return [text for kind, text, _ in self.notices if not severity or kind == severity]

    def _mouse(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
        port = self.canvas.viewport()
        pressed = (
            LEFT
            if kind != QEvent.Type.MouseButtonRelease and button == LEFT
            else (Qt.MouseButton.NoButton)
        )
        acting = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
        event = QMouseEvent(kind, at, port.mapToGlobal(at), acting, pressed, NONE)
        QApplication.sendEvent(port, event)

    @staticmethod
    def _round(point: QPointF) -> QPoint:
        return point.toPoint()


def _maps(key: str):
    from core.trackers import registry

    spec = registry.find(key)
    return spec.maps, spec.primary_map
