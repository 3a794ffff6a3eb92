"""What the timeline draws: ruler, score strip, lanes, and the overlays that move.

Everything that stands still is one picture (:class:`app.views.backdrop.Backdrop`), of
which only what changed is painted anew; threshold, hover line and playhead are painted
over it. A new playhead repaints two narrow columns and draws no lane, whatever the length
of the clip, the number of tracks and what is marked on them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from app import theme
from app.views import timeline_ruler as ruler
from app.views.backdrop import Backdrop
from app.views.lane_marks import Area, paint_marks
from app.views.timeline_data import TrackLane
from app.views.timeline_lanes import LanePixmaps, ScorePixmap
from app.views.timeline_raster import LANE_HEIGHT
from app.views.timeline_scale import TimeScale

RULER = ruler.RULER_HEIGHT
STRIP = 44
_ROW = LANE_HEIGHT + 2
_STRIP_PAD = 4
_LOOKS = (
    QEvent.Type.PaletteChange,
    QEvent.Type.FontChange,
    QEvent.Type.StyleChange,
    QEvent.Type.LanguageChange,
)


class TimelineCanvas(QAbstractScrollArea):
    """State and painting of the timeline; input is in :class:`app.views.timeline.Timeline`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._backdrop = Backdrop()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setMinimumHeight(RULER + STRIP + 2 * _ROW)
        self._scale = TimeScale()
        self._fps = 0.0
        self._times: NDArray[np.float64] | None = None
        self._lanes: list[TrackLane] = []
        self._playhead = 0
        self._hover: int | None = None
        self._cached: list[tuple[int, int]] = []
        self._damaged = np.empty(0, np.int32)
        self._run: ruler.RunSpan | None = None
        self._threshold = 0.5
        self._flags: list[tuple[int, int, bool]] = []
        self._lane_pixmaps = LanePixmaps()
        self._score_pixmap = ScorePixmap()
        self._ruler_pixmap: QPixmap | None = None
        self._ruler_key: tuple[object, ...] = ()

    # geometry ---------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(800, RULER + STRIP + 4 * _ROW + 14)

    def gutter(self) -> int:
        """Width of the column of names at the left."""
        width = self.viewport().width()
        return 148 if width >= 720 else 96 if width >= 360 else 0

    def x_of(self, frame: float) -> float:
        """Left edge of `frame` in viewport pixels."""
        return self.gutter() + self._scale.x(frame)

    def frame_at(self, x: float) -> int:
        """Frame under a viewport position, held within the clip."""
        return self._scale.frame_at(x - self.gutter())

    def lanes_rect(self) -> QRect:
        """Where lanes are shown, names included."""
        top = RULER + STRIP
        return QRect(0, top, self.viewport().width(), max(self.viewport().height() - top, 0))

    def lane_top(self, number: int) -> int:
        """Top of a lane in viewport pixels; may lie outside :meth:`lanes_rect`."""
        return RULER + STRIP + number * _ROW - self.verticalScrollBar().value()

    def lane_at(self, y: float) -> TrackLane | None:
        """The lane under a viewport position."""
        if y < RULER + STRIP:
            return None
        number = int((y - RULER - STRIP + self.verticalScrollBar().value()) // _ROW)
        return self._lanes[number] if 0 <= number < len(self._lanes) else None

    def threshold_y(self) -> float:
        """Where the threshold line lies."""
        return RULER + _STRIP_PAD + (1 - self._threshold) * (STRIP - 2 * _STRIP_PAD)

    def threshold_at(self, y: float) -> float:
        """Threshold for a position, in 0..1 in steps of a hundredth."""
        value = 1 - (y - RULER - _STRIP_PAD) / (STRIP - 2 * _STRIP_PAD)
        return round(min(max(value, 0.0), 1.0), 2)

    def selected_lane(self) -> TrackLane | None:
        """The lane whose score the strip shows."""
        return next((lane for lane in self._lanes if lane.selected), None)

    # scale and scroll bars ----------------------------------------------------

    def set_scale(self, scale: TimeScale) -> None:
        """Show another stretch of the clip."""
        if scale != self._scale:
            self._scale = scale
            self._sync_bars()
            self._update_axis()

    def _fit_width(self) -> None:
        width = self.viewport().width() - self.gutter()
        self._scale = self._scale.resized(self._scale.count, width)
        self._sync_bars()

    def _sync_bars(self) -> None:
        scale, bar = self._scale, self.horizontalScrollBar()
        hidden = max(scale.count - scale.shown, 0.0) * scale.px
        blocked = bar.blockSignals(True)
        bar.setRange(0, round(hidden))
        bar.setEnabled(bar.maximum() > 0)  # always there, so that nothing jumps; empty when idle
        bar.setPageStep(max(round(scale.width), 1))
        bar.setSingleStep(max(round(scale.width / 20), 1))
        bar.setValue(round(scale.first * scale.px))
        bar.blockSignals(blocked)
        rows = self.verticalScrollBar()
        visible = max(self.viewport().height() - RULER - STRIP, 0)
        rows.setRange(0, max(len(self._lanes) * _ROW - visible, 0))
        rows.setPageStep(max(visible, 1))
        rows.setSingleStep(_ROW)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        bar = self.horizontalScrollBar()
        if dx and bar.value() != round(self._scale.first * self._scale.px):
            self._scale = self._scale.scrolled_to(bar.value() / self._scale.px)
            self._update_axis()
        if dy:
            self._renew(self.lanes_rect())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_width()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in _LOOKS:
            self._ruler_key = ()
            self._renew()
        super().changeEvent(event)

    # repainting as little as possible -------------------------------------------

    def _update_playhead(self, frame: int) -> None:
        flag = self._flag_rect(frame).toAlignedRect().adjusted(-2, 0, 2, 2)
        left, right = self.x_of(frame), self.x_of(frame + 1)
        line = QRectF(left - 2, 0, max(right - left, 1) + 4, self.viewport().height())
        self.viewport().update(line.toAlignedRect())
        self.viewport().update(flag)

    def _update_axis(self) -> None:
        """Everything but the names."""
        gutter = self.gutter()
        view = self.viewport()
        self._renew(QRect(gutter, 0, view.width() - gutter, view.height()))

    def _update_ruler(self) -> None:
        self._renew(QRect(0, 0, self.viewport().width(), RULER))

    def _update_strip(self) -> None:
        self._renew(QRect(0, RULER, self.viewport().width(), STRIP))

    def _update_lane(self, number: int) -> None:
        row = QRect(0, self.lane_top(number), self.viewport().width(), _ROW)
        self._renew(row.intersected(self.lanes_rect()))

    def _renew(self, rect: QRect | None = None) -> None:
        """Paint what stands still in `rect` (everywhere if None) anew."""
        self._backdrop.spoil(rect)
        self.viewport().update(self.viewport().rect() if rect is None else rect)

    # painting -------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        view, tokens = self.viewport(), theme.colors()
        still = self._backdrop.picture(
            view.size(), view.devicePixelRatioF(), view.font(), tokens, self._paint_still
        )
        painter = QPainter(view)
        painter.drawPixmap(0, 0, still)
        if self._scale.count:
            painter.setClipRect(QRect(self.gutter(), 0, view.width(), 1 << 16))
            self._paint_threshold(painter, tokens)
            self._paint_moving(painter, tokens)
        painter.end()

    def _paint_still(self, painter: QPainter, dirty: QRect) -> None:
        """Everything that a new playhead leaves as it is, within `dirty`."""
        tokens = theme.colors()
        painter.fillRect(dirty, QColor(tokens.window))
        if self._scale.count == 0:
            self._paint_hint(painter, self.viewport().rect(), self.tr("No clip is open"))
            return
        self._paint_lanes(painter, tokens, dirty)
        self._paint_strip(painter, tokens, dirty)
        if dirty.top() < RULER:
            self._paint_ruler(painter, tokens, dirty)

    def _paint_lanes(self, painter: QPainter, tokens: theme.Colors, dirty: QRect) -> None:
        area = self.lanes_rect()
        if not self._lanes:
            text = self.tr("Draw a box to begin an object")
            self._paint_hint(painter, area.adjusted(self.gutter(), 0, 0, 0), text)
            return
        painter.setClipRect(area.intersected(dirty))
        for number, lane in enumerate(self._lanes):
            top = self.lane_top(number)
            if top + _ROW <= max(area.top(), dirty.top()) or top > min(
                area.bottom(), dirty.bottom()
            ):
                continue
            self._paint_lane(painter, tokens, dirty, lane, top)
        painter.setClipRect(dirty)

    def _paint_lane(
        self, painter: QPainter, tokens: theme.Colors, dirty: QRect, lane: TrackLane, top: int
    ) -> None:
        gutter, width = self.gutter(), self.viewport().width()
        row = QRect(0, top, width, _ROW)
        if lane.selected:
            painter.fillRect(row, theme.mix(tokens.window, tokens.selection, 0.55))
        painter.fillRect(QRect(0, row.bottom(), width, 1), QColor(tokens.border))
        painter.setOpacity(1.0 if lane.visible else 0.35)
        if dirty.right() >= gutter:
            pixmap = self._lane_pixmaps.pixmap(lane, self._scale, self.devicePixelRatioF())
            painter.drawPixmap(gutter, top + 1, pixmap)
            paint_marks(painter, lane, self._scale, Area(gutter, top + 1, _ROW - 2, width))
        painter.setOpacity(1.0)
        if dirty.left() < gutter:
            self._paint_name(painter, tokens, lane, QRect(0, top, gutter, _ROW - 1))

    def _paint_name(
        self, painter: QPainter, tokens: theme.Colors, lane: TrackLane, cell: QRect
    ) -> None:
        painter.fillRect(cell, QColor(tokens.selection if lane.selected else tokens.panel))
        painter.setOpacity(1.0 if lane.visible else 0.4)
        painter.fillRect(QRect(8, cell.top() + 5, 4, cell.height() - 9), QColor(lane.color))
        painter.setOpacity(1.0)
        painter.setPen(QColor(tokens.text if lane.visible else tokens.muted))
        self._paint_text(painter, cell.adjusted(18, 0, -6, 0), lane.title)

    def _paint_strip(self, painter: QPainter, tokens: theme.Colors, dirty: QRect) -> None:
        gutter, width = self.gutter(), self.viewport().width()
        area = QRect(0, RULER, width, STRIP)
        if not area.intersects(dirty):
            return
        painter.fillRect(area, QColor(tokens.field))
        for share in (0.0, 0.5, 1.0):
            y = RULER + _STRIP_PAD + share * (STRIP - 2 * _STRIP_PAD)
            painter.setPen(QPen(QColor(tokens.border), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QLineF(gutter, y, width, y))
        lane = self.selected_lane()
        if lane is not None and dirty.right() >= gutter:
            pixmap = self._score_pixmap.pixmap(
                lane, self._scale, STRIP - 2 * _STRIP_PAD, self.devicePixelRatioF(), self._threshold
            )
            painter.drawPixmap(gutter, RULER + _STRIP_PAD, pixmap)
        painter.fillRect(QRect(0, area.bottom(), width, 1), QColor(tokens.border))
        if dirty.left() < gutter:
            cell = QRect(0, RULER, gutter, STRIP - 1)
            painter.fillRect(cell, QColor(tokens.panel))
            painter.setPen(QColor(tokens.text if lane else tokens.muted))
            upper, lower = cell.adjusted(8, 4, -6, -20), cell.adjusted(8, 20, -6, -4)
            self._paint_text(painter, upper, self.tr("Score"))
            painter.setPen(QColor(tokens.muted))
            text = f"< {self._threshold:.2f}"
            if gutter > 100:
                text = self.tr("doubtful < {value:.2f}").format(value=self._threshold)
            self._paint_text(painter, lower, text)

    def _paint_ruler(self, painter: QPainter, tokens: theme.Colors, dirty: QRect) -> None:
        gutter, ratio = self.gutter(), self.devicePixelRatioF()
        key = (self._scale, ratio, self._fps, id(self._times), tokens.panel)
        if self._ruler_pixmap is None or key != self._ruler_key:
            self._ruler_pixmap = ruler.ruler_pixmap(
                self._scale, tokens, ratio, self._fps, self._times
            )
            self._ruler_key = key
        painter.drawPixmap(gutter, 0, self._ruler_pixmap)
        painter.save()
        painter.setClipRect(QRect(gutter, 0, self.viewport().width(), RULER).intersected(dirty))
        painter.translate(gutter, 0)
        if self._run is not None:
            ruler.paint_run(painter, self._scale, tokens, self._run)
        ruler.paint_cached(painter, self._scale, tokens, self._cached)
        ruler.paint_damaged(painter, self._scale, self._damaged)
        ruler.paint_flags(painter, self._scale, tokens, self._flags)
        painter.restore()
        if dirty.left() >= gutter:
            return
        cell = QRect(0, 0, gutter, RULER)
        painter.fillRect(cell, QColor(tokens.panel))
        painter.fillRect(QRect(0, RULER - 1, gutter, 1), QColor(tokens.border))
        painter.setPen(QColor(tokens.muted))
        count = self._scale.count
        text = self.tr("1 frame") if count == 1 else self.tr("{count:,} frames").format(count=count)
        self._paint_text(painter, cell.adjusted(8, 0, -6, 0), text)

    def _paint_threshold(self, painter: QPainter, tokens: theme.Colors) -> None:
        y, width = self.threshold_y(), self.viewport().width()
        painter.setPen(QPen(QColor(tokens.uncertain), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(self.gutter(), y, width, y))
        painter.fillRect(QRectF(width - 12, y - 3, 9, 6), QColor(tokens.uncertain))

    def _paint_moving(self, painter: QPainter, tokens: theme.Colors) -> None:
        """Hover line and playhead with its flag."""
        bottom = self.viewport().height()
        if self._hover is not None and self._hover != self._playhead:
            x = self.x_of(self._hover + 0.5)
            painter.setPen(QPen(QColor(tokens.muted), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QLineF(x, RULER, x, bottom))
        left, right = self.x_of(self._playhead), self.x_of(self._playhead + 1)
        x = (left + right) / 2
        if right - left > 3:
            shade = QColor(tokens.text)
            shade.setAlphaF(0.13)
            painter.fillRect(QRectF(left, RULER, right - left, bottom - RULER), shade)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.text), 1.5))
        painter.drawLine(QLineF(x, RULER - 4, x, bottom))
        flag = self._flag_rect(self._playhead)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.text))
        painter.drawRoundedRect(flag, 4, 4)
        foot = QPolygonF(
            [
                QPointF(x - 4, flag.bottom() - 0.5),
                QPointF(x + 4, flag.bottom() - 0.5),
                QPointF(x, flag.bottom() + 5),
            ]
        )
        if flag.left() - 4 <= x <= flag.right() + 4:
            painter.drawPolygon(foot)
        painter.setPen(QColor(tokens.window))
        painter.drawText(flag, Qt.AlignmentFlag.AlignCenter, f"{self._playhead:,}")

    def _flag_rect(self, frame: int) -> QRectF:
        width = QFontMetrics(self.font()).horizontalAdvance(f"{frame:,}") + 12
        left = self.x_of(frame + 0.5) - width / 2
        low, high = self.gutter(), self.viewport().width() - width
        if -width < left < self.viewport().width() + width:
            left = min(max(left, low), max(high, low))
        return QRectF(left, 2, width, 18)

    def _paint_text(self, painter: QPainter, cell: QRect, text: str) -> None:
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, cell.width())
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(cell, align, elided)

    def _paint_hint(self, painter: QPainter, area: QRect, text: str) -> None:
        painter.setPen(QColor(theme.colors().muted))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
