"""The agreement of several trackers over their frames, and which of them is best where.

Above a curve of the agreement with the line below which they disagree; below a band in
the colour of the best tracker. A click or drag goes to a frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from app import theme

_BAND = 10.0
_HEIGHT = 76


class ConsensusStrip(QWidget):
    """See the module docstring."""

    seek = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(_HEIGHT)
        self.setMaximumHeight(2 * _HEIGHT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Agreement of the trackers"))
        self._frames = np.zeros(0, np.int32)
        self._values = np.zeros(0)
        self._best = np.zeros(0, np.int64)
        self._colors: tuple[str, ...] = ()
        self._threshold = 0.5
        self._frame = -1
        self._marked: tuple[int, int] | None = None

    def sizeHint(self) -> QSize:
        return QSize(220, _HEIGHT)

    def show_agreement(
        self,
        frames: NDArray[np.int32],
        values: NDArray[np.float64],
        best: NDArray[np.int64],
        colors: tuple[str, ...],
        threshold: float,
    ) -> None:
        """Show `values` in [0, 1] and the number of the best tracker per frame, all ``(N,)``."""
        self._frames, self._values, self._best = frames, values, best
        self._colors, self._threshold = colors, threshold
        self.update()

    def set_place(self, frame: int, marked: tuple[int, int] | None) -> None:
        """Where the playhead is, and the stretch around it (first and last frame)."""
        if (frame, marked) != (self._frame, self._marked):
            self._frame, self._marked = frame, marked
            self.update()

    # ---- geometry --------------------------------------------------------------------------

    def _x(self, frame: float) -> float:
        first, last = float(self._frames[0]), float(self._frames[-1]) + 1
        return 1 + (frame - first) / max(last - first, 1) * (self.width() - 2)

    def _frame_at(self, x: float) -> int:
        first, last = float(self._frames[0]), float(self._frames[-1]) + 1
        frame = first + (x - 1) / max(self.width() - 2, 1) * (last - first)
        return int(min(max(frame, first), last - 1))

    def _y(self, value: float) -> float:
        high = self.height() - _BAND - 5
        return 2 + (1 - value) * (high - 2)

    # ---- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.colors()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.field))
        if not len(self._frames):
            return
        if self._marked is not None:
            left, right = self._x(self._marked[0]), self._x(self._marked[1] + 1)
            painter.fillRect(
                QRectF(left, 0, max(right - left, 1), self.height()), QColor(tokens.selection)
            )
        self._paint_band(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(tokens.border_strong), 1, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        y = self._y(self._threshold)
        painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
        self._paint_curve(painter, QColor(tokens.accent), QColor(tokens.lost))
        if self._frames[0] <= self._frame <= self._frames[-1]:
            x = self._x(self._frame + 0.5)
            painter.setPen(QPen(QColor(tokens.text), 1.5))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))

    def _paint_curve(self, painter: QPainter, calm: QColor, apart: QColor) -> None:
        """The lowest agreement per pixel column, so that a short dip is never lost."""
        frames, lows = _lowest(self._frames, self._values, max(self.width(), 1))
        points = [QPointF(self._x(f + 0.5), self._y(v)) for f, v in zip(frames, lows, strict=True)]
        painter.setPen(QPen(calm, 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(QPen(apart, 2.5))
        for point, value in zip(points, lows, strict=True):
            if value < self._threshold:
                painter.drawPoint(point)

    def _paint_band(self, painter: QPainter) -> None:
        top = self.height() - _BAND - 1
        changes = np.flatnonzero((np.diff(self._best) != 0) | (np.diff(self._frames) != 1)) + 1
        for part in np.split(np.arange(len(self._best)), changes):
            color = self._colors[int(self._best[part[0]]) % max(len(self._colors), 1)]
            left = self._x(float(self._frames[part[0]]))
            right = self._x(float(self._frames[part[-1]]) + 1)
            painter.fillRect(QRectF(left, top, max(right - left, 1), _BAND), QColor(color))

    # ---- the mouse -------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and len(self._frames):
            self.seek.emit(self._frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and len(self._frames):
            self.seek.emit(self._frame_at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and len(self._frames):
            frame = self._frame_at(event.pos().x())
            row = min(int(np.searchsorted(self._frames, frame)), len(self._frames) - 1)
            text = self.tr("Frame %d: agreement %.2f") % (frame, self._values[row])
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)


def _lowest(
    frames: NDArray[np.int32], values: NDArray[np.float64], columns: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """At most `columns` points: the lowest value of as many neighbouring frames."""
    size = -(-len(frames) // columns)
    if size <= 1:
        return frames, values
    starts = np.arange(0, len(frames), size)
    return frames[starts], np.minimum.reduceat(values, starts)
