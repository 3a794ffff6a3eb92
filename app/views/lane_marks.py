"""What lies over a lane of the timeline: proposals, disagreement, modes, changed attributes.

Everything here is said by shape: a dashed frame is a proposal, a line from key to key is
how the boxes between them are made, a notch at the upper edge is a changed attribute. At
most a few marks per ten pixels are painted, however long the clip is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from app import theme
from app.views.timeline_data import TrackLane
from app.views.timeline_scale import TimeScale
from core.document.track import Interval
from core.states import IntervalMode

_SHOWN_FROM = 0.1  # disagreement (1 - IoU) that is worth a mark
_STRIP = 3.0  # height of the marks of disagreement
_NARROWEST = 5.0  # px of an interval whose mode can be drawn
_APART = 7.0  # px between notches at least
_SIGN, _EVERY = 24.0, 120.0  # px: width of a mode's sign, and from sign to sign
_CLEAR = 6.0  # px beside a key that its diamond needs


@dataclass(frozen=True, slots=True)
class Area:
    """Where a lane's pixels begin, how high it is and how wide."""

    left: int
    top: int
    height: int
    width: float = 1e9


def paint_marks(painter: QPainter, lane: TrackLane, scale: TimeScale, area: Area) -> None:
    """Paint all marks of a lane."""
    _paint_proposed(painter, lane, scale, area)
    _paint_modes(painter, lane, scale, area)
    _paint_disagreement(painter, lane, scale, area)
    _paint_changes(painter, lane, scale, area)


def _paint_proposed(painter: QPainter, lane: TrackLane, scale: TimeScale, area: Area) -> None:
    if not lane.proposed:
        return
    pen = QPen(QColor(lane.color), 1.5, Qt.PenStyle.DashLine)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    for first, last in lane.proposed:
        x0 = max((first - scale.first) * scale.px, -4.0)
        x1 = min((last + 1 - scale.first) * scale.px, scale.width + 4.0)
        if x1 > x0:
            painter.drawRect(
                QRectF(area.left + x0, area.top + 2, max(x1 - x0, 2.0), area.height - 5)
            )


def _paint_disagreement(painter: QPainter, lane: TrackLane, scale: TimeScale, area: Area) -> None:
    frames, values = lane.disagreement
    low, high = np.searchsorted(
        frames, [np.int32(scale.first) - 1, np.int32(scale.first + scale.shown) + 2]
    )
    frames, values = frames[low:high], values[low:high]
    worth = values >= _SHOWN_FROM
    if not worth.any():
        return
    places = ((frames[worth] - scale.first) * scale.px).astype(np.int32)
    starts = np.flatnonzero(np.diff(places, prepend=places[0] - 1))
    worst = np.maximum.reduceat(values[worth], starts)
    color, wide = QColor(theme.colors().uncertain), max(scale.px, 1.0)
    top = area.top + area.height - _STRIP
    for x, value in zip(places[starts].tolist(), worst.tolist(), strict=True):
        color.setAlphaF(min(0.35 + value, 1.0))
        painter.fillRect(QRectF(area.left + x, top, wide, _STRIP), color)


def _paint_changes(painter: QPainter, lane: TrackLane, scale: TimeScale, area: Area) -> None:
    low, high = np.searchsorted(
        lane.changes, [np.int32(scale.first) - 1, np.int32(scale.first + scale.shown) + 2]
    )
    before = -_APART
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.colors().text))
    for x in ((lane.changes[low:high] - scale.first) * scale.px).tolist():
        if x - before >= _APART:
            before = x
            at = area.left + x
            notch = (QPointF(at, area.top), QPointF(at + 6, area.top), QPointF(at, area.top + 6))
            painter.drawPolygon(QPolygonF(notch))
    painter.setBrush(Qt.BrushStyle.NoBrush)


# ---- modes of intervals -------------------------------------------------------------


def shown_intervals(lane: TrackLane, scale: TimeScale) -> Iterator[tuple[Interval, float, float]]:
    """The intervals in view that are wide enough, with their ends in pixels of the view."""
    low = _first_ending_after(lane.intervals, scale.first)
    for interval in lane.intervals[low:]:
        x0 = (interval.first + 0.5 - scale.first) * scale.px
        if x0 > scale.width:
            return
        x1 = (interval.last + 0.5 - scale.first) * scale.px
        if x1 - x0 >= _NARROWEST:
            yield interval, x0, x1


def _first_ending_after(intervals: tuple[Interval, ...], frame: float) -> int:
    low, high = 0, len(intervals)
    while low < high:
        middle = (low + high) // 2
        if intervals[middle].last < frame:
            low = middle + 1
        else:
            high = middle
    return low


def _paint_modes(painter: QPainter, lane: TrackLane, scale: TimeScale, area: Area) -> None:
    if not lane.intervals:
        return
    pen = QPen(QColor(theme.colors().text), 1.4)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for interval, x0, x1 in shown_intervals(lane, scale):
        paint_mode(painter, interval.mode, area.left + x0, area.left + x1, area)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_mode(
    painter: QPainter, mode: IntervalMode, left: float, right: float, area: Area
) -> None:
    """Signs of the mode between the keys at `left` and `right`.

    A straight rise, an S, or brackets around nothing; wide intervals carry the sign again
    and again, so that it can be told wherever one looks.
    """
    low, high = area.top + area.height - 5.0, area.top + 4.0
    if mode is IntervalMode.GAP:
        arm = min(4.0, (right - left) / 3)
        for x, inward in ((left + 1, arm), (right - 1, -arm)):
            painter.drawLine(QLineF(x, high, x, low))
            painter.drawLine(QLineF(x, high, x + inward, high))
            painter.drawLine(QLineF(x, low, x + inward, low))
        return
    room = right - left - 2 * _CLEAR if right - left > _SIGN + 2 * _CLEAR else right - left
    wide = min(room, _SIGN)
    for middle in sign_places(left, right, area.left, area.left + area.width):
        x0, x1 = middle - wide / 2, middle + wide / 2
        if mode is IntervalMode.LINEAR:
            painter.drawLine(QLineF(x0, low, x1, high))
        elif mode is IntervalMode.SMOOTH:
            path = QPainterPath(QPointF(x0, low))
            path.cubicTo(QPointF(middle, low), QPointF(middle, high), QPointF(x1, high))
            painter.drawPath(path)


def sign_places(left: float, right: float, first: float, last: float) -> Iterator[float]:
    """Centres of an interval's signs that can be seen between `first` and `last`."""
    count = max(round((right - left) / _EVERY), 1)
    apart = (right - left) / count
    begin = max(int((first - _SIGN - left) / apart), 0)
    end = min(int((last + _SIGN - left) / apart) + 1, count)
    for number in range(begin, end):
        yield left + apart * (number + 0.5)
