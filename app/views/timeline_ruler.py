"""The timeline's ruler: frame numbers, times, cached and damaged frames, a run.

Pure painting; all positions come from the :class:`TimeScale`. Called with the
painter's origin at the left edge of the time axis and the top of the ruler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from app.theme import Colors
from app.views.timeline_lanes import spaced
from app.views.timeline_raster import STATE_LOST
from app.views.timeline_scale import TimeScale, clock

RULER_HEIGHT = 30
_BAR_TOP = 25.0
_BAR_HEIGHT = 4.0
_FLAG_TOP = 16.0
_FLAG_SPACING = 10  # px between flags at least


@dataclass(frozen=True, slots=True)
class RunSpan:
    """A run in progress; `stop` is past the end in the direction of `step`."""

    start: int
    current: int
    stop: int
    step: int

    @property
    def done(self) -> tuple[int, int]:
        """First and past-the-end frame already tracked, rising."""
        return self._rising(self.start, self.current + self.step)

    @property
    def planned(self) -> tuple[int, int]:
        """First and past-the-end frame of the whole run, rising."""
        return self._rising(self.start, self.stop)

    def _rising(self, begin: int, end: int) -> tuple[int, int]:
        return (begin, max(end, begin)) if self.step > 0 else (min(end, begin) + 1, begin + 1)


def ruler_pixmap(
    scale: TimeScale, tokens: Colors, ratio: float, fps: float, times: NDArray[np.float64] | None
) -> QPixmap:
    """Scale marks and labels; what changes while playing is painted over it."""
    pixmap = QPixmap(max(round(scale.width * ratio), 1), round(RULER_HEIGHT * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(tokens.panel))
    painter = QPainter(pixmap)
    font = painter.font()
    font.setPointSizeF(font.pointSizeF() * 0.88)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    timed = fps > 0 or times is not None
    widest = metrics.horizontalAdvance(f"{scale.count:,}".replace("0", "8"))
    spacing = widest * (2.2 if timed else 1.0) + (44 if timed else 28)
    labels: list[int] = []
    minor, major = [], []
    for frame, labelled in scale.ticks(spacing):
        x = round(scale.x(frame)) + 0.5
        (major if labelled else minor).append(QLineF(x, 17 if labelled else 20, x, _BAR_TOP - 1))
        if labelled:
            labels.append(frame)
    painter.setPen(QColor(tokens.border_strong))
    painter.drawLines(minor)
    painter.setPen(QColor(tokens.muted))
    painter.drawLines(major)
    for frame in labels:
        _label(painter, metrics, scale, tokens, frame, _time_of(frame, fps, times))
    painter.setPen(QColor(tokens.border))
    painter.drawLine(QLineF(0, RULER_HEIGHT - 0.5, scale.width, RULER_HEIGHT - 0.5))
    painter.end()
    return pixmap


def _time_of(frame: int, fps: float, times: NDArray[np.float64] | None) -> str:
    if times is not None and frame < len(times):
        return clock(float(times[frame]), decimals=2)
    return clock(frame / fps, decimals=2) if fps > 0 else ""


def _label(
    painter: QPainter,
    metrics: QFontMetricsF,
    scale: TimeScale,
    tokens: Colors,
    frame: int,
    time: str,
) -> None:
    text = f"{frame:,}"
    x = scale.x(frame) + 3
    painter.setPen(QColor(tokens.text))
    painter.drawText(QPointF(x, 13), text)
    if time:
        painter.setPen(QColor(tokens.muted))
        painter.drawText(QPointF(x + metrics.horizontalAdvance(text) + 7, 13), time)


def paint_cached(
    painter: QPainter, scale: TimeScale, tokens: Colors, ranges: Sequence[tuple[int, int]]
) -> None:
    """Frames that are in memory: a bar at the foot of the ruler."""
    color = QColor(tokens.accent)
    color.setAlphaF(0.65)
    end = -1.0
    for start, stop in ranges:
        left, right = max(scale.x(start), end), min(scale.x(stop), scale.width)
        if right > max(left, 0):
            painter.fillRect(QRectF(left, _BAR_TOP, max(right - left, 1), _BAR_HEIGHT), color)
            end = right


def paint_damaged(painter: QPainter, scale: TimeScale, frames: NDArray[np.int32]) -> None:
    """Frames that cannot be read: small triangles above the bar."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(STATE_LOST))
    for x in spaced(frames, scale, 5).tolist():
        tip = [
            QPointF(x - 3.5, _BAR_TOP - 6),
            QPointF(x + 3.5, _BAR_TOP - 6),
            QPointF(x, _BAR_TOP),
        ]
        painter.drawPolygon(QPolygonF(tip))


def paint_flags(
    painter: QPainter, scale: TimeScale, tokens: Colors, places: Sequence[tuple[int, int, bool]]
) -> None:
    """Doubtful places: a flag where each begins, and a line as far as it goes."""
    painter.setPen(Qt.PenStyle.NoPen)
    drawn = -1e9
    for first, last, lost in sorted(places):
        left, right = scale.x(first), scale.x(last + 1)
        if right < 0 or left > scale.width:
            continue
        color = QColor(tokens.lost if lost else tokens.uncertain)
        painter.setBrush(color)
        painter.drawRect(QRectF(left, _FLAG_TOP + 7, max(right - left, 1.5), 2))
        if left - drawn < _FLAG_SPACING:
            continue  # flags that would cover one another
        drawn = left
        painter.drawRect(QRectF(left, _FLAG_TOP, 1.5, 9))
        cloth = [(left, 0.0), (left + 8, 3.0), (left, 6.0)]
        painter.drawPolygon(QPolygonF([QPointF(x, _FLAG_TOP + y) for x, y in cloth]))


def paint_run(painter: QPainter, scale: TimeScale, tokens: Colors, run: RunSpan) -> None:
    """What a run has done (filled) and will do (outlined), with its direction."""
    todo, done = QColor(tokens.accent), QColor(tokens.accent)
    todo.setAlphaF(0.14)
    done.setAlphaF(0.38)
    for (start, stop), color in ((run.planned, todo), (run.done, done)):
        left, right = max(scale.x(start), -1.0), min(scale.x(stop), scale.width + 1)
        if right > left:
            painter.fillRect(QRectF(left, 0, right - left, _BAR_TOP), color)
    front = scale.x(run.current + (1 if run.step > 0 else 0))
    tip = 7.0 * run.step
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.accent_text), 1.6))
    painter.setBrush(QColor(tokens.accent))
    arrow = [QPointF(front, 15.5), QPointF(front + tip, 19.5), QPointF(front, 23.5)]
    painter.drawPolygon(QPolygonF(arrow))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
