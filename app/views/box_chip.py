"""The labels of the boxes: source glyph, title, score, badges, each on a dark plate.

A chip keeps its size on the screen, sits above its box where there is room, else
below, beside or inside, does not cover another chip if that can be helped, and never
leaves the view while any part of its box is in sight. All are painted by one layer
above the boxes, because where one can go depends on the others.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QPainter,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.box_item import BoxItem, view_rect
from app.views.overlay_paint import (
    AMBER,
    CHIP_HEIGHT,
    EVERYWHERE,
    INK,
    PLATE,
    QUIET_INK,
    VERMILION,
    draw_check,
    draw_lock,
    draw_pill,
    enter_view_space,
    kept_inside,
    overlay_font,
    visible_rect,
)
from app.views.view_types import BoxView
from core.states import Flag, Source, TargetState

_PAD = 6.0
_GAP = 5.0
_GLYPH = 10.0
_MAX_TITLE = 180.0


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the chip: its width and how to paint it into a rectangle."""

    width: float
    paint: Callable[[QPainter, QRectF], None]


class ChipLayer(QGraphicsItem):
    """Paints the chips of a set of box items; selected boxes choose their place first."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[BoxItem] = []

    def set_items(self, items: Iterable[BoxItem]) -> None:
        """Label these boxes."""
        self._items = sorted(items, key=lambda item: (not item.view.selected, item.view.track_id))
        self.update()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        seen = visible_rect(painter, widget)
        to_view = enter_view_space(painter)
        taken: list[QRectF] = []
        for item in self._items:
            rect = view_rect(to_view, item.box)
            if rect.adjusted(-1, -1, 1, 1).intersects(seen):
                parts = _parts(item.view)
                width = sum(part.width for part in parts) + _GAP * (len(parts) - 1) + 2 * _PAD
                clearance = 8.0 if item.has_handles else 4.0
                plate = chip_place(rect, seen, width, clearance, taken)
                taken.append(plate)
                _paint_chip(painter, item.view, plate, parts)


def chip_place(
    rect: QRectF, seen: QRectF, width: float, clearance: float, taken: Sequence[QRectF] = ()
) -> QRectF:
    """Where a chip of `width` goes for a box at `rect`, all in view points.

    The first place that lies in `seen` and is not `taken`: above, below, beside,
    inside; then above in rows further up; if all fails the nearest place in view.
    """
    above, below = rect.top() - clearance - CHIP_HEIGHT, rect.bottom() + clearance
    left, right = rect.left() - 1, rect.right() + 1 - width
    inner = seen.adjusted(3.9, 3.9, -3.9, -3.9)
    slid = min(max(left, inner.left()), inner.right() - width)
    inside = max(rect.top() + clearance, inner.top())
    row = CHIP_HEIGHT + 2
    corners = [
        (left, above),
        (slid, above),
        (left, below),
        (slid, below),
        (right, above),
        (right, below),
        (rect.right() + clearance, rect.top()),
        (rect.left() - clearance - width, rect.top()),
        (slid, inside),
        *((slid, above - nth * row) for nth in range(1, 4)),
        *((slid, inside + nth * row) for nth in range(1, 4)),
    ]
    for x, y in corners:
        place = QRectF(x, y, width, CHIP_HEIGHT)
        if inner.contains(place) and not any(place.intersects(other) for other in taken):
            return place
    y = above if above >= inner.top() else inside
    return kept_inside(QRectF(left, y, width, CHIP_HEIGHT), seen)


def _paint_chip(painter: QPainter, view: BoxView, plate: QRectF, parts: list[_Part]) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    if view.selected:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(view.color), 1.25))
        painter.drawRoundedRect(plate.adjusted(0.6, 0.6, -0.6, -0.6), 4, 4)
    x = plate.left() + _PAD
    for part in parts:
        part.paint(painter, QRectF(x, plate.top(), part.width, plate.height()))
        x += part.width + _GAP


def _parts(view: BoxView) -> list[_Part]:
    parts = [_source_glyph(view)]
    if view.title:
        parts.append(_text(view.title, INK, bold=view.selected))
    if view.source in (Source.TRACKED, Source.IMPORTED) and math.isfinite(view.score):
        parts.append(_text(f"{view.score:.2f}", QUIET_INK))
    if Flag.CONFIRMED in view.flags:
        parts.append(_Part(_GLYPH, lambda p, r: draw_check(p, _square(r), INK)))
    if view.locked:
        parts.append(_Part(_GLYPH, lambda p, r: draw_lock(p, _square(r), QUIET_INK)))
    return parts + [_pill(text, fill) for text, fill in badges(view)]


def badges(view: BoxView) -> list[tuple[str, QColor]]:
    """Words and colours of what needs attention about a box."""
    translate = QCoreApplication.translate
    found: list[tuple[str, QColor]] = []
    if Flag.ABSENT in view.flags:
        found.append((translate("BoxItem", "absent"), QUIET_INK))
    elif view.state is TargetState.LOST:
        found.append((translate("BoxItem", "lost"), VERMILION))
    elif view.state is TargetState.UNCERTAIN:
        found.append(("?", AMBER))
    if Flag.OCCLUDED in view.flags:
        found.append((translate("BoxItem", "occluded"), QUIET_INK))
    return found


@functools.lru_cache(maxsize=1024)
def _measured(text: str, bold: bool, base: str) -> tuple[QFont, str, float]:
    """Font, elided text and its width; `base` is the application's font, which may change."""
    del base
    font = overlay_font(bold=bold)
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, _MAX_TITLE)
    return font, shown, metrics.horizontalAdvance(shown)


def _text(text: str, color: QColor, *, bold: bool = False) -> _Part:
    # Measuring 20 titles and scores for each frame cost more than drawing them.
    font, shown, width = _measured(text, bold, QGuiApplication.font().key())

    def paint(painter: QPainter, rect: QRectF) -> None:
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(rect.adjusted(0, 0, 2, 0), Qt.AlignmentFlag.AlignVCenter, shown)

    return _Part(width, paint)


def _pill(text: str, fill: QColor) -> _Part:
    width = max(QFontMetricsF(overlay_font(bold=True)).horizontalAdvance(text) + 10, 15.0)
    return _Part(width, lambda p, r: draw_pill(p, r.adjusted(0, 2.5, 0, -2.5), text, fill))


def _square(rect: QRectF) -> QRectF:
    return QRectF(rect.x(), rect.center().y() - _GLYPH / 2, _GLYPH, _GLYPH)


def _source_glyph(view: BoxView) -> _Part:
    """Diamond by hand, bracketed square tracked, dashes interpolated, ring imported."""
    color = QColor(view.color).lighter(115)

    def paint(painter: QPainter, rect: QRectF) -> None:
        area = _square(rect)
        middle, r = area.center(), _GLYPH / 2
        painter.setPen(QPen(color, 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if view.source is Source.MANUAL:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            turns = ((0, -r), (r, 0), (0, r), (-r, 0))
            painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in turns]))
        elif view.source is Source.TRACKED:
            painter.drawLine(QLineF(area.left(), middle.y(), area.right(), middle.y()))
            painter.setBrush(color)
            painter.drawEllipse(middle, 1.75, 1.75)
        elif view.source is Source.INTERPOLATED:
            for x in (area.left(), middle.x() + 1.5):
                painter.drawLine(QLineF(x, middle.y(), x + 3.5, middle.y()))
        else:
            painter.drawEllipse(middle, r - 1.5, r - 1.5)

    return _Part(_GLYPH, paint)
