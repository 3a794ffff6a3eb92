"""The way the target came: its recent centres as a line that fades into the past.

Points are frame pixels, oldest first; a row that is not finite breaks the line, as
where the target was absent.
"""

from __future__ import annotations

import itertools

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.overlay_paint import EVERYWHERE, HALO, enter_view_space

_PIECES = 8  # steps in which the line fades


class TrailItem(QGraphicsItem):
    """Paints one polyline with a constant width on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[QPainterPath] = []
        self._last: QPointF | None = None
        self._color = QColor()
        self.setVisible(False)

    def set_trail(self, points: NDArray[np.float64], color: str) -> None:
        """Show the ``(N, 2)`` points; fewer than two hide the trail."""
        points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        self._color = QColor(color)
        self._pieces = _fading_pieces(points) if len(points) >= 2 else []
        known = len(points) > 0 and bool(np.isfinite(points[-1]).all())
        self._last = QPointF(float(points[-1, 0]), float(points[-1, 1])) if known else None
        self.setVisible(bool(self._pieces))
        self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        to_view = enter_view_space(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for nth, piece in enumerate(self._pieces, start=1):
            path = to_view.map(piece)
            strength = nth / len(self._pieces)
            for color, width in ((HALO, 3.5), (self._color, 1.75)):
                faded = QColor(color)
                faded.setAlphaF(color.alphaF() * strength)
                cap, join = Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin
                painter.setPen(QPen(faded, width, Qt.PenStyle.SolidLine, cap, join))
                painter.drawPath(path)
        if self._last is not None:
            painter.setPen(QPen(HALO, 1.5))
            painter.setBrush(self._color)
            painter.drawEllipse(to_view.map(self._last), 3.5, 3.5)


def _fading_pieces(points: NDArray[np.float64]) -> list[QPainterPath]:
    """`points` cut into stretches that share their end points, oldest first."""
    cuts = np.unique(np.linspace(0, len(points) - 1, _PIECES + 1).astype(int))
    stretches = (points[start : stop + 1] for start, stop in itertools.pairwise(cuts))
    return [
        pg.arrayToQPath(np.ascontiguousarray(s[:, 0]), np.ascontiguousarray(s[:, 1]), "finite")
        for s in stretches
    ]
