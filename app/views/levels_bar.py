"""Histogram of a map with two handles: which values the colour map spans.

Positions are fractions 0..1 of the shown range. Drag a handle, or the span between
them; with the keyboard Tab focuses the bar, arrows move the last touched handle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.views.colormaps import colormap_table

_EDGE = 7.0
_MIN_GAP = 0.01
_STEP = 0.01


class LevelsBar(QWidget):
    """Two handles over a histogram painted in the colours of the map."""

    levels_changed = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = 0.0, 1.0
        self._bars: NDArray[np.float64] = np.empty(0)
        self._table = colormap_table("viridis")
        self._gamma = 1.0
        self._grabbed = ""  # "", "low", "high" or "both"
        self._active = "low"
        self._grab_at = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setToolTip(self.tr("Drag the handles: values that the colour map spans"))
        self._describe()

    def levels(self) -> tuple[float, float]:
        """Fractions under the two handles."""
        return self._low, self._high

    def set_levels(self, low: float, high: float) -> None:
        """Place the handles without announcing it; they stay apart and within 0..1."""
        low = min(max(low, 0.0), 1.0 - _MIN_GAP)
        high = min(max(high, low + _MIN_GAP), 1.0)
        if (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            self._describe()
            self.update()

    def set_histogram(self, counts: NDArray[np.floating]) -> None:
        """Show ``(bins,)`` counts over the range; drawn on a square-root scale."""
        bars = np.sqrt(np.asarray(counts, float))
        peak = bars.max() if len(bars) else 0.0
        self._bars = bars / peak if peak > 0 else np.empty(0)
        self.update()

    def set_colors(self, name: str, gamma: float) -> None:
        """Colour map and gamma of the gradient."""
        self._table, self._gamma = colormap_table(name), gamma
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, 64)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 64)

    # input ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self._share(event.position().x())
        near = (
            abs(event.position().x() - self._x(self._low)),
            abs(event.position().x() - self._x(self._high)),
        )
        if min(near) <= 9 or not self._low < at < self._high:
            # Of two handles on one spot take the one that can move towards the cursor.
            self._grabbed = "low" if near[0] < near[1] or at < self._low else "high"
            self._active = self._grabbed
            self._drag(at)
        else:
            self._grabbed = "both"
        self._grab_at = at
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed:
            self._drag(self._share(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = ""
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._active = "high" if event.key() == Qt.Key.Key_Up else "low"
            self.update()
        elif steps is not None:
            factor = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            start = self._low if self._active == "low" else self._high
            self._move(self._active, start + steps * factor)
        else:
            super().keyPressEvent(event)

    def _drag(self, at: float) -> None:
        if self._grabbed == "both":
            shift = min(max(at - self._grab_at, -self._low), 1.0 - self._high)
            self._grab_at += shift
            self._announce(self._low + shift, self._high + shift)
        else:
            self._move(self._grabbed, at)

    def _move(self, handle: str, to: float) -> None:
        if handle == "low":
            self._announce(min(max(to, 0.0), self._high - _MIN_GAP), self._high)
        else:
            self._announce(self._low, max(min(to, 1.0), self._low + _MIN_GAP))

    def _announce(self, low: float, high: float) -> None:
        before = self.levels()
        self.set_levels(round(low, 4), round(high, 4))
        if self.levels() != before:
            self.levels_changed.emit(self._low, self._high)

    # painting -------------------------------------------------------------------------

    def _x(self, share: float) -> float:
        return _EDGE + share * (self.width() - 2 * _EDGE)

    def _share(self, x: float) -> float:
        return (x - _EDGE) / max(self.width() - 2 * _EDGE, 1.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = theme.colors()
        plot = QRectF(_EDGE, 2, self.width() - 2 * _EDGE, self.height() - 26)
        band = QRectF(_EDGE, self.height() - 22, plot.width(), 8)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        painter.fillRect(plot, QColor(tokens.field))
        self._paint_bars(painter, plot, tokens)
        painter.drawImage(band, self._gradient())
        for name, share in (("low", self._low), ("high", self._high)):
            focused = self.hasFocus() and self._active == name
            self._paint_handle(painter, self._x(share), plot, tokens, focused=focused)
        painter.end()

    def _paint_bars(self, painter: QPainter, plot: QRectF, tokens: theme.Colors) -> None:
        if not len(self._bars):
            return
        width = plot.width() / len(self._bars)
        outline = [QPointF(plot.left(), plot.bottom())]
        for number, share in enumerate(self._bars.tolist()):
            y = plot.bottom() - share * (plot.height() - 2)
            outline.append(QPointF(plot.left() + number * width, y))
            outline.append(QPointF(plot.left() + (number + 1) * width, y))
        outline.append(QPointF(plot.right(), plot.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.mix(tokens.field, tokens.muted, 0.55))
        painter.drawPolygon(QPolygonF(outline))

    def _paint_handle(
        self, painter: QPainter, x: float, plot: QRectF, tokens: theme.Colors, *, focused: bool
    ) -> None:
        color = QColor(tokens.accent if focused or self._grabbed else tokens.text)
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, self.height() - 14))
        painter.setPen(QPen(QColor(tokens.panel), 1))
        painter.setBrush(color)
        top = self.height() - 14.0
        shape = [(0, 0), (5.5, 6), (5.5, 12), (-5.5, 12), (-5.5, 6)]
        painter.drawPolygon(QPolygonF([QPointF(x + dx, top + dy) for dx, dy in shape]))

    def _gradient(self) -> QImage:
        """One row of the colours that values get, across the whole range."""
        share = (np.linspace(0, 1, 256) - self._low) / (self._high - self._low)
        place = np.clip(share, 0, 1) ** self._gamma * 255
        row = np.ascontiguousarray(self._table[place.round().astype(int)])
        return QImage(row.data, 256, 1, 256 * 3, QImage.Format.Format_RGB888).copy()

    def _describe(self) -> None:
        self.setAccessibleName(self.tr("Levels"))
        text = self.tr("{low:.0%} to {high:.0%}").format(low=self._low, high=self._high)
        self.setAccessibleDescription(text)
