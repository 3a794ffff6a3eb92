"""On the frame: where the tracker searched, and the boxes it weighed against one another.

Outlines are the true corners of a patch's placement, so a rotated window is drawn
rotated. Boxes take their colour from their score, the best one is drawn last; data
colours, the same in both themes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.colormaps import colormap_table
from app.views.overlay_paint import EVERYWHERE, draw_note, enter_view_space, stroke, visible_rect
from core.geometry import Box
from core.trackers.base import Patch

_WINDOW = QColor("#8fd3ff")
_PATTERN = (9.0, 5.0)
_REACH = 400.0  # lines run this far out of view before they are cut


@dataclass(frozen=True, slots=True)
class Outline:
    """A region of the frame: its corners in order, frame pixels, and what it is called."""

    corners: tuple[tuple[float, float], ...]
    text: str

    @classmethod
    def of(cls, patch: Patch, text: str) -> Outline:
        """The outline of a patch."""
        rows, cols = patch.image.shape[:2]
        cells = np.array([[0, 0], [cols, 0], [cols, rows], [0, rows]], float)
        return cls(tuple((float(x), float(y)) for x, y in patch.placement.to_frame(cells)), text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A box that was weighed; `level` in [0, 1] is its score's share of the best one's."""

    box: Box
    score: float
    level: float
    chosen: bool = False


class PatchItem(QGraphicsItem):
    """Paints outlines and candidate boxes; they cannot be clicked or dragged."""

    def __init__(self) -> None:
        super().__init__()
        self._outlines: tuple[Outline, ...] = ()
        self._candidates: tuple[Candidate, ...] = ()
        self.setVisible(False)

    @property
    def shown(self) -> tuple[tuple[Outline, ...], tuple[Candidate, ...]]:
        """What is painted."""
        return self._outlines, self._candidates

    def set_shown(self, outlines: Sequence[Outline], candidates: Sequence[Candidate]) -> None:
        """Paint these instead; the candidates best first."""
        told = tuple(outlines), tuple(candidates)
        if told != self.shown:
            self._outlines, self._candidates = told
            self.setVisible(bool(outlines or candidates))
            self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        seen = visible_rect(painter, widget)
        to_view = enter_view_space(painter)
        for outline in self._outlines:
            shape = to_view.map(QPolygonF([QPointF(x, y) for x, y in outline.corners]))
            path = QPainterPath()
            path.addPolygon(shape)
            path.closeSubpath()
            stroke(painter, path, _WINDOW, 1.5, _PATTERN)
            corner = shape.boundingRect().topLeft() + QPointF(4, 4)
            if shape.boundingRect().intersects(seen):
                draw_note(painter, corner, outline.text, seen)
        near = seen.adjusted(-_REACH, -_REACH, _REACH, _REACH)
        for candidate in reversed(self._candidates):
            box = candidate.box
            rect = to_view.mapRect(QRectF(box.x, box.y, box.w, box.h)).intersected(near)
            if rect.isEmpty():
                continue
            self._paint_box(painter, rect, candidate)
            if candidate.chosen:
                draw_note(painter, rect.bottomLeft(), f"{candidate.score:.3g}", seen)

    def _paint_box(self, painter: QPainter, rect: QRectF, candidate: Candidate) -> None:
        red, green, blue = (
            int(v) for v in colormap_table("viridis")[round(60 + 195 * candidate.level)]
        )
        width = 3.0 if candidate.chosen else 1.2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 110), width + 1.6))
        painter.drawRect(rect)
        painter.setPen(QPen(QColor(red, green, blue), width))
        painter.drawRect(rect)


def candidates(
    boxes: np.ndarray, scores: np.ndarray, count: int, chosen: int | None
) -> tuple[Candidate, ...]:
    """The first `count` rows of proposals ``(N, 4)`` with scores ``(N,)``, best first."""
    if not len(scores):
        return ()
    low, top = float(min(scores[:count].min(), 0.0)), float(scores[0])
    span = max(top - low, 1e-12)
    return tuple(
        Candidate(Box(*map(float, box)), float(score), (float(score) - low) / span, row == chosen)
        for row, (box, score) in enumerate(zip(boxes[:count], scores[:count], strict=True))
    )
