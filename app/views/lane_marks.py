"""What lies over a lane of the timeline: proposed stretches, and where two directions disagreed."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app import theme
from app.views.timeline_data import TrackLane
from app.views.timeline_scale import TimeScale

_SHOWN_FROM = 0.1  # disagreement (1 - IoU) that is worth a mark
_STRIP = 3.0  # height of the marks of disagreement


def paint_marks(
    painter: QPainter, lane: TrackLane, scale: TimeScale, left: int, top: int, height: int
) -> None:
    """Paint both for a lane whose pixels begin at (`left`, `top`)."""
    _paint_proposed(painter, lane, scale, left, top, height)
    _paint_disagreement(painter, lane, scale, left, top + height - _STRIP)


def _paint_proposed(
    painter: QPainter, lane: TrackLane, scale: TimeScale, left: int, top: int, height: int
) -> None:
    if not lane.proposed:
        return
    pen = QPen(QColor(lane.color), 1.5, Qt.PenStyle.DashLine)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    for first, last in lane.proposed:
        x0 = max((first - scale.first) * scale.px, -4.0)
        x1 = min((last + 1 - scale.first) * scale.px, scale.width + 4.0)
        if x1 > x0:
            painter.drawRect(QRectF(left + x0, top + 2, max(x1 - x0, 2.0), height - 5))


def _paint_disagreement(
    painter: QPainter, lane: TrackLane, scale: TimeScale, left: int, top: float
) -> None:
    if not lane.disagreement:
        return
    tokens = theme.colors()
    wide = max(scale.px, 1.0)
    worst: dict[int, float] = {}
    for frame, value in lane.disagreement:
        x = int((frame - scale.first) * scale.px)
        if value >= _SHOWN_FROM and -wide <= x <= scale.width:
            worst[x] = max(worst.get(x, 0.0), value)
    for x, value in worst.items():
        color = QColor(tokens.uncertain)
        color.setAlphaF(min(0.35 + value, 1.0))
        painter.fillRect(QRectF(left + x, top, wide, _STRIP), color)
