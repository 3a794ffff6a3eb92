"""Pixmaps of lanes and of the score strip, kept until something they show changes.

A lane is made anew only when its `Columns` object is another one (by identity) or
when scale, size, pixel ratio or look change; hundreds of updates per second to one
live lane cost nothing for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap, QPolygonF

from app.views.timeline_data import TrackLane
from app.views.timeline_raster import (
    LANE_HEIGHT,
    MANUAL,
    STATE_CONFIRMED,
    Facts,
    codes_of,
    lane_pixels,
    machine_scores,
    score_envelope,
    score_pixels,
    union,
)
from app.views.timeline_scale import TimeScale
from core.document.track import Columns
from core.states import Flag, Source

_CELLS_FROM = 6.0  # px per frame from which single frames are drawn as cells
_TICKS_FROM = 14.0  # px per frame from which confirmed frames carry a tick
_MARK_SPACING = 9  # px between diamonds at least


@dataclass(frozen=True, slots=True)
class _Key:
    scale: TimeScale
    ratio: float
    color: str


@dataclass(slots=True)
class _Cached:
    columns: Columns
    codes: Facts
    manual: NDArray[np.int32]
    key: _Key | None = None
    pixmap: QPixmap | None = None


class LanePixmaps:
    """Cache of one pixmap per track; `scale.width` is the drawn width."""

    def __init__(self) -> None:
        self._cached: dict[int, _Cached] = {}
        self._stamps: dict[float, QPixmap] = {}

    def keep(self, lanes: Sequence[TrackLane]) -> list[int]:
        """Take new lanes, forget gone ones; returns the ids whose columns are other ones."""
        fresh: dict[int, _Cached] = {}
        changed: list[int] = []
        for lane in lanes:
            known = self._cached.get(lane.track_id)
            if known is None or known.columns is not lane.columns:
                columns = lane.columns
                drawn = columns.frames[
                    (columns.sources == Source.MANUAL)
                    & ((columns.flags & np.uint8(Flag.ABSENT)) == 0)
                ]
                known = _Cached(columns, codes_of(columns), drawn)
                changed.append(lane.track_id)
            fresh[lane.track_id] = known
        self._cached = fresh
        return changed

    def pixmap(self, lane: TrackLane, scale: TimeScale, ratio: float) -> QPixmap:
        """The lane's picture for this view."""
        cached = self._cached[lane.track_id]
        key = _Key(scale, ratio, lane.color)
        if cached.pixmap is None or cached.key != key:
            cached.pixmap = self._drawn(cached, key)
            cached.key = key
        return cached.pixmap

    def _drawn(self, cached: _Cached, key: _Key) -> QPixmap:
        scale, ratio = key.scale, key.ratio
        facts = union(cached.columns.frames, cached.codes, scale, round(scale.width * ratio))
        cells = scale.px >= _CELLS_FROM
        pixmap = to_pixmap(lane_pixels(facts, key.color, ratio, cells=cells), ratio)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if cells:
            _part_cells(painter, scale)
        if (facts & MANUAL).any():
            _draw_diamonds(painter, self._stamp(ratio), cached.manual, scale)
        if scale.px >= _TICKS_FROM:
            _draw_ticks(painter, cached.columns, scale)
        painter.end()
        return pixmap

    def _stamp(self, ratio: float) -> QPixmap:
        if ratio not in self._stamps:
            self._stamps[ratio] = _diamond(ratio)
        return self._stamps[ratio]


class ScorePixmap:
    """The score strip of one track, cached the same way."""

    def __init__(self) -> None:
        self._columns: Columns | None = None
        self._scores = machine_scores(Columns.empty())
        self._key: tuple[object, ...] = ()
        self._pixmap = QPixmap()

    def pixmap(
        self, lane: TrackLane, scale: TimeScale, height: int, ratio: float, threshold: float
    ) -> QPixmap:
        """The strip for this view, `height` device-independent pixels high."""
        if self._columns is not lane.columns:
            self._columns, self._key = lane.columns, ()
            self._scores = machine_scores(lane.columns)
        key = (scale, height, ratio, threshold, lane.color)
        if key != self._key:
            low, high = score_envelope(*self._scores, scale, round(scale.width * ratio))
            rows, thickness = round(height * ratio), 1.5 * ratio
            pixels = score_pixels(low, high, rows, threshold, lane.color, thickness)
            self._pixmap, self._key = to_pixmap(pixels, ratio), key
        return self._pixmap


def to_pixmap(pixels: NDArray[np.uint32], ratio: float) -> QPixmap:
    """Pixmap of ``(H, W)`` packed premultiplied pixels, C-contiguous."""
    height, width = pixels.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    # The pixmap copies the buffer, which may go away with `pixels`.
    pixmap = QPixmap.fromImage(QImage(pixels.data, width, height, 4 * width, kind).copy())
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def spaced(frames: NDArray[np.int32], scale: TimeScale, spacing: float) -> NDArray[np.floating]:
    """Centres ``(K,)`` in pixels of the `frames` in view, at most one per `spacing` pixels."""
    margin = spacing / scale.px
    # Of the frames' own type: else numpy converts them all for each search.
    begin = np.searchsorted(frames, np.int32(scale.first - 1 - margin))
    end = np.searchsorted(frames, np.int32(scale.first + scale.shown + margin + 1))
    part = frames[begin:end]
    if not len(part):
        return np.empty(0)
    # Bins are anchored to the clip, so that marks do not flicker while scrolling.
    bins = np.floor((part + 0.5) * (scale.px / spacing))
    kept = part[np.flatnonzero(np.diff(bins, prepend=-1))]
    return (kept + 0.5 - scale.first) * scale.px


def _draw_diamonds(
    painter: QPainter, stamp: QPixmap, frames: NDArray[np.int32], scale: TimeScale
) -> None:
    centers = spaced(frames, scale, _MARK_SPACING)
    inside = (centers >= 0) & (centers <= scale.width)
    # Marks of the first and last frame are moved inwards rather than cut in half.
    lefts = np.where(inside, np.clip(centers - 6, 0, scale.width - 12), centers - 6)
    lefts = np.rint(lefts).astype(int)
    for left in lefts.tolist():  # whole positions are painted several times as fast
        painter.drawPixmap(left, LANE_HEIGHT // 2 - 6, stamp)


def _diamond(ratio: float) -> QPixmap:
    pixmap = QPixmap(round(12 * ratio), round(12 * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor("#14171b"), 1.2))
    painter.setBrush(QColor("#ffffff"))
    painter.drawPolygon(QPolygonF([QPointF(6, 1), QPointF(11, 6), QPointF(6, 11), QPointF(1, 6)]))
    painter.end()
    return pixmap


def _part_cells(painter: QPainter, scale: TimeScale) -> None:
    """Thin transparent gaps between frames."""
    painter.save()
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOut)
    painter.setPen(QPen(QColor(0, 0, 0, 110), 1))
    first = int(scale.first)
    for frame in range(first, int(scale.first + scale.shown) + 2):
        x = round(scale.x(frame)) + 0.5
        painter.drawLine(QPointF(x, 0), QPointF(x, 15.5))
    painter.restore()


def _draw_ticks(painter: QPainter, columns: Columns, scale: TimeScale) -> None:
    confirmed = columns.frames[(columns.flags & np.uint8(Flag.CONFIRMED)) != 0]
    for width, color in ((4.0, "#ffffff"), (2.0, STATE_CONFIRMED)):
        pen = QPen(QColor(color), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        for x in spaced(confirmed, scale, _MARK_SPACING).tolist():
            points = [QPointF(x - 3.5, 9.75), QPointF(x - 1, 12.25), QPointF(x + 3.5, 6.75)]
            painter.drawPolyline(QPolygonF(points))
