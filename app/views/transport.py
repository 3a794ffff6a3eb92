"""Playback buttons, speed, and the box to go to a frame or a time."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app import theme
from app.views.elided_label import ElidedLabel
from app.views.timeline_scale import clock

ORDER = ("first", "back10", "back1", "play", "fwd1", "fwd10", "last")
SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_TIME = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d*)?)")
_SECONDS = re.compile(r"(\d+(?:[.,]\d*)?)\s*s|(\d+[.,]\d*)")


def parse_position(text: str, fps: float) -> int | None:
    """Frame named by ``1,234``, ``m:ss.mmm``, ``h:mm:ss`` or ``12.5s``; None if none is.

    Times give the frame on display then; they need a frame rate.
    """
    text = text.strip()
    bare = re.sub(r"[\s,_']", "", text)
    if bare.isdigit() and not re.fullmatch(r"\d+,\d{1,2}", text):
        return int(bare)
    seconds = _seconds(text)
    # The nudge keeps a time that was printed for a frame from naming the one before.
    return None if seconds is None or fps <= 0 else int(seconds * fps + 0.5e-3 * fps + 1e-6)


def _seconds(text: str) -> float | None:
    time = _TIME.fullmatch(text)
    if time:
        hours, minutes, seconds = time.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
    plain = _SECONDS.fullmatch(text)
    return float((plain.group(1) or plain.group(2)).replace(",", ".")) if plain else None


class SeekBox(QLineEdit):
    """Line edit that gives up its text on Escape and when it is left."""

    cancelled = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.cancelled.emit()


_NARROWEST, _ROOM_FOR_ENDS, _ROOM_FOR_TIME = 440, 506, 580


class Transport(QWidget):
    """One row under the picture."""

    seek = Signal(int)
    speed_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._count, self._fps = 0, 0.0
        self._frame, self._time = 0, 0.0
        self._playing = False
        self._buttons: dict[str, QToolButton] = {}
        self._status = ElidedLabel(role="muted", parent=self)
        self._row = QHBoxLayout()
        self._row.setSpacing(2)
        self._build_position()
        self._build_speed()
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        row.setSpacing(theme.GRID)
        row.addWidget(self._status, 1)
        row.addLayout(self._row)
        right = QHBoxLayout()
        right.setSpacing(theme.GRID)
        for part in (self._box, self._total, self._clock):
            right.addWidget(part)
        right.addStretch(1)
        right.addWidget(self._speed)
        row.addLayout(right, 1)
        self._show()

    def set_clip(self, frame_count: int, fps: float) -> None:
        """Length and rate of the clip; 0 frames: none is open."""
        self._count, self._fps = frame_count, fps
        self._frame, self._time = 0, 0.0
        self._show()

    def set_playhead(self, frame: int, time: float | None = None) -> None:
        """Show the position; `time` in seconds, by default ``frame / fps``."""
        self._frame = frame
        self._time = time if time is not None else frame / self._fps if self._fps > 0 else 0.0
        self._show_position()

    def set_playing(self, *, playing: bool) -> None:
        """Show the play button as pressed."""
        self._playing = playing
        button = self._buttons.get("play")
        if button is not None:
            button.setIcon(theme.icon("pause" if playing else "play"))
            button.setProperty("role", "primary" if playing else "boxed")
            button.style().unpolish(button)
            button.style().polish(button)

    def set_speed(self, speed: float) -> None:
        """Show a speed without announcing it; the nearest one offered."""
        nearest = min(range(len(SPEEDS)), key=lambda n: abs(SPEEDS[n] - speed))
        blocked = self._speed.blockSignals(True)
        self._speed.setCurrentIndex(nearest)
        self._speed.blockSignals(blocked)

    def set_status(self, text: str, tooltip: str = "", severity: str = "info") -> None:
        """Text at the left, e.g. “tracking, 123 fps, 0:12 left”."""
        self._status.show_text(text, tooltip)
        role = severity if severity in ("ok", "warning", "error") else "muted"
        if role != self._status.property("role"):
            self._status.setProperty("role", role)
            self._status.style().unpolish(self._status)
            self._status.style().polish(self._status)

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Buttons for those of :data:`ORDER` that are given, in that order."""
        for button in self._buttons.values():
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = {}
        for name in ORDER:
            if name not in actions:
                continue
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            large = name == "play"
            button.setIconSize(QSize(20, 20) if large else QSize(18, 18))
            if large:
                button.setProperty("role", "boxed")
                button.setMinimumWidth(40)
            button.setAccessibleName(actions[name].text().replace("&", ""))
            self._buttons[name] = button
            self._row.addWidget(button)
        self.set_playing(playing=self._playing)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Where it is narrow, leave out what can be done or read elsewhere, the time first."""
        self._clock.setVisible(self.width() >= _ROOM_FOR_TIME)
        for name in ("first", "last"):
            if name in self._buttons:
                self._buttons[name].setVisible(self.width() >= _ROOM_FOR_ENDS)

    def focus_seek(self) -> None:
        """Put the cursor into the seek box."""
        self._box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._box.selectAll()

    # construction ---------------------------------------------------------------------

    def _build_position(self) -> None:
        self._box = SeekBox(self)
        self._box.setFixedWidth(92)
        self._box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._box.setAccessibleName(self.tr("Go to frame or time"))
        self._box.setToolTip(self.tr("Frame number or time (m:ss.mmm); Enter goes there"))
        self._box.returnPressed.connect(self._go)
        self._box.cancelled.connect(self._restore)
        self._total = QLabel(self)
        self._total.setProperty("role", "muted")
        self._clock = QLabel(self)
        self._clock.setToolTip(self.tr("Time of this frame"))

    def _build_speed(self) -> None:
        self._speed = QComboBox(self)
        self._speed.setAccessibleName(self.tr("Playback speed"))
        self._speed.setToolTip(self.tr("Playback speed; every frame is shown if it can be"))
        for speed in SPEEDS:
            self._speed.addItem(f"{speed:g}×", speed)
        self.set_speed(1.0)
        self._speed.currentIndexChanged.connect(self._speed_chosen)

    # reactions ------------------------------------------------------------------------

    def _show(self) -> None:
        some = self._count > 0
        self._box.setEnabled(some)
        self._speed.setEnabled(some)
        self._total.setText(f"/ {self._count - 1:,}" if some else "")
        self._total.setToolTip(self.tr("Last frame; numbering starts at 0"))
        # A fixed size: else each new time would lay out the whole window again.
        metrics = self._clock.fontMetrics()
        room = metrics.horizontalAdvance("00:00.000 " if some else "")
        self._clock.setFixedSize(room, metrics.height() + 4)
        self._show_position()

    def _show_position(self) -> None:
        if not self._box.hasFocus():
            self._restore()
        self._clock.setText(clock(self._time) if self._count and self._fps > 0 else "")

    def _restore(self) -> None:
        self._mark(invalid=False)
        self._box.setText(str(self._frame) if self._count else "")

    def _go(self) -> None:
        frame = parse_position(self._box.text(), self._fps)
        if frame is None:
            self._mark(invalid=True)
            self._box.selectAll()
            return
        frame = min(frame, self._count - 1)
        self._box.setText(str(frame))
        self._box.clearFocus()
        self.seek.emit(frame)

    def _mark(self, *, invalid: bool) -> None:
        if bool(self._box.property("invalid")) != invalid:
            self._box.setProperty("invalid", invalid)
            self._box.style().unpolish(self._box)
            self._box.style().polish(self._box)

    def _speed_chosen(self, index: int) -> None:
        self.speed_changed.emit(self._speed.itemData(index))
