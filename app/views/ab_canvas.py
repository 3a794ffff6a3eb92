"""Two pictures of one frame: side by side, one over the other with a line, or in turns.

Both canvases look through one camera: whoever is zoomed or panned takes the other along,
so the same place of the frame is at the same place of both. The line of a swipe is a
mask, so both canvases paint exactly what they paint side by side.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.views.camera import Camera
from app.views.picture_view import PictureView

SIDE_BY_SIDE, SWIPE, FLICKER = "side", "swipe", "flicker"
COLORS = ("#0072b2", "#d55e00")
"""Of side A and side B: told apart by every kind of eye."""

_FLICKER_MS = 500
_HANDLE = 9  # points that the line of a swipe can be grabbed by
_GAP = 2


class LinkedView(PictureView):
    """A picture that tells where it looks, and can be made to look there."""

    looked = Signal(object)
    """The camera (:class:`Camera`), after it was moved here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._following = False
        super().__init__(parent)

    def follow(self, camera: Camera, *, fitting: bool) -> None:
        """Look at the same place with the same zoom; not announced."""
        self._following = True
        self._fitting = fitting
        own = self._camera
        self._look(
            own.fitted() if fitting else replace(own, zoom=camera.zoom, center=camera.center)
        )
        self._following = False

    @property
    def is_fitting(self) -> bool:
        """Whether the whole frame is kept in view."""
        return self._fitting

    def _look(self, camera: Camera) -> None:
        super()._look(camera)
        if not self._following:
            self.looked.emit(camera)


class AbCanvas(QWidget):
    """The two canvases with their names."""

    files_dropped = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views = (LinkedView(self), LinkedView(self))
        self._names = (self._name(0), self._name(1))
        self._line = _Line(self)
        self._line.moved.connect(self._swipe_to)
        self._mode, self._place, self._second = SIDE_BY_SIDE, 0.5, False
        self._timer = QTimer(self)
        self._timer.setInterval(_FLICKER_MS)
        self._timer.timeout.connect(self._turn)
        for number, view in enumerate(self.views):
            view.setAccessibleName(self.tr("Picture A") if number == 0 else self.tr("Picture B"))
            view.files_dropped.connect(self.files_dropped)
            view.looked.connect(self._on_looked)
        self.setMinimumSize(200, 104)

    @property
    def mode(self) -> str:
        """How the two are arranged."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """``"side"``, ``"swipe"`` or ``"flicker"``."""
        self._mode, self._second = mode, False
        self._arrange()
        if mode == FLICKER and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def set_names(self, first: str, second: str) -> None:
        """What the two sides show."""
        for label, name in zip(self._names, (f"A  {first}", f"B  {second}"), strict=True):
            label.setText(name)
            label.adjustSize()
        self._arrange()

    def fit(self) -> None:
        """Show the whole frame on both sides."""
        self.views[0].fit()

    def showEvent(self, event: QEvent) -> None:
        self._arrange()
        if self._mode == FLICKER:
            self._timer.start()

    def hideEvent(self, event: QEvent) -> None:
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _name(self, side: int) -> QLabel:
        label = QLabel(self)
        label.setStyleSheet(
            f"background: {COLORS[side]}; color: white; padding: 2px 6px; font-weight: bold;"
        )
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        return label

    def _arrange(self) -> None:
        whole = self.rect()
        half = (whole.width() - _GAP) // 2
        first, second = self.views
        if self._mode == SIDE_BY_SIDE:
            first.setGeometry(0, 0, half, whole.height())
            second.setGeometry(half + _GAP, 0, half, whole.height())
        else:
            first.setGeometry(whole)
            second.setGeometry(whole)
        second.clearMask()
        at = round(self._place * whole.width())
        if self._mode == SWIPE:
            second.setMask(QRegion(QRect(at, 0, whole.width() - at, whole.height())))
        second.setVisible(self._mode != FLICKER or self._second)
        second.raise_()
        self._line.setVisible(self._mode == SWIPE)
        self._line.setGeometry(at - _HANDLE // 2, 0, _HANDLE, whole.height())
        self._line.raise_()
        self._place_names(half)

    def _place_names(self, half: int) -> None:
        room = half if self._mode == SIDE_BY_SIDE else self.width() // 2
        for label in self._names:
            label.setMaximumWidth(max(room - 16, 20))
            label.adjustSize()
            label.raise_()
        first, second = self._names
        first.move(8, 8)
        if self._mode == SIDE_BY_SIDE:
            second.move(half + _GAP + 8, 8)
        else:
            second.move(self.width() - second.width() - 8, 8)
        flicker = self._mode == FLICKER
        first.setVisible(not flicker or not self._second)
        second.setVisible(not flicker or self._second)

    def _turn(self) -> None:
        self._second = not self._second
        self._arrange()

    def _swipe_to(self, x: int) -> None:
        self._place = min(max(x / max(self.width(), 1), 0.02), 0.98)
        self._arrange()

    def _on_looked(self, camera: Camera) -> None:
        mover: QObject | None = self.sender()
        first, second = self.views
        if isinstance(mover, LinkedView):
            other = second if mover is first else first
            other.follow(camera, fitting=mover.is_fitting)


class _Line(QWidget):
    """The line of a swipe, to be dragged."""

    moved = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setToolTip(self.tr("Drag: A on the left, B on the right"))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.moved.emit(self.mapToParent(event.position().toPoint()).x())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.width() // 2 - 1, 0, 3, self.height(), QColor(0, 0, 0, 150))
        painter.fillRect(self.width() // 2, 0, 1, self.height(), QColor(255, 255, 255))
        painter.end()
