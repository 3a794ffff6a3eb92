"""What a map says just here: values under the pointer, and its peaks.

The main peak has a ring with a cross, what competes with it a numbered ring with its
height as a share of the main one. Drawn in view points over everything but the hints.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.overlay_paint import (
    EVERYWHERE,
    INK,
    PLATE,
    QUIET_INK,
    draw_note,
    enter_view_space,
    kept_inside,
    overlay_font,
    stroke,
    visible_rect,
)
from core.render.peaks import Peak

_MAIN = QColor("#ffffff")
_OTHER = QColor("#ffb000")
_RING = 9.0
_LINE = 18.0
_BESIDE = QPointF(18, 20)

Line = tuple[str, str, str]
"""Title, value and cell of one layer."""


class ProbeItem(QGraphicsItem):
    """Paints peaks and the readout; each setter repaints."""

    def __init__(self) -> None:
        super().__init__()
        self._peaks: tuple[Peak, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._at = QPointF()
        self.setVisible(False)

    @property
    def peaks(self) -> tuple[Peak, ...]:
        """The marked peaks, the main one first."""
        return self._peaks

    @property
    def lines(self) -> tuple[Line, ...]:
        """The readout, one line per layer."""
        return self._lines

    def set_peaks(self, peaks: Sequence[Peak]) -> None:
        """Mark these, the main one first."""
        if tuple(peaks) != self._peaks:
            self._peaks = tuple(peaks)
            self._refresh()

    def set_readout(self, lines: Sequence[Line], at: QPointF) -> None:
        """Tell these lines beside the frame point `at`; none hides them."""
        if tuple(lines) != self._lines or at != self._at:
            self._lines, self._at = tuple(lines), at
            self._refresh()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        seen = visible_rect(painter, widget)
        to_view = enter_view_space(painter)
        for rank, peak in reversed(list(enumerate(self._peaks))):
            at = to_view.map(QPointF(peak.x, peak.y))
            if seen.adjusted(-20, -20, 20, 20).contains(at):
                self._paint_peak(painter, at, rank, peak, seen)
        if self._lines:
            self._paint_lines(painter, to_view.map(self._at) + _BESIDE, seen)

    def _refresh(self) -> None:
        self.setVisible(bool(self._peaks or self._lines))
        self.update()

    def _paint_peak(
        self, painter: QPainter, at: QPointF, rank: int, peak: Peak, seen: QRectF
    ) -> None:
        path = QPainterPath()
        path.addEllipse(at, _RING, _RING)
        if rank == 0:
            for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
                path.moveTo(at + QPointF(dx, dy) * (_RING + 5))
                path.lineTo(at + QPointF(dx, dy) * 3)
        stroke(painter, path, _OTHER if rank else _MAIN, 1.6)
        if rank:
            draw_note(painter, at + QPointF(_RING + 3, -10), f"{rank + 1}   {peak.share:.0%}", seen)

    def _paint_lines(self, painter: QPainter, at: QPointF, seen: QRectF) -> None:
        font = overlay_font()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        widths = [max(metrics.horizontalAdvance(line[k]) for line in self._lines) for k in range(3)]
        gap, pad = 14.0, 8.0
        width = sum(widths) + 2 * gap + 2 * pad
        size = QRectF(at.x(), at.y(), width, _LINE * len(self._lines) + pad)
        plate = kept_inside(size, seen)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PLATE)
        painter.drawRoundedRect(plate, 4, 4)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, line in enumerate(self._lines):
            x, y = plate.left() + pad, plate.top() + pad / 2 + row * _LINE
            for k, (text, side) in enumerate(zip(line, (left, right, left), strict=True)):
                painter.setPen(INK if k == 1 else QUIET_INK)
                painter.drawText(QRectF(x, y, widths[k], _LINE), int(side), text)
                x += widths[k] + gap
