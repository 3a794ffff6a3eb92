"""The labels of the boxes: source glyph, title, score, badges, each on a dark plate.

A chip keeps its size on the screen, sits above its box where there is room, else
below, beside or inside, does not cover another chip if that can be helped, and never
leaves the view while any part of its box is in sight. All are painted by one layer
above the boxes, because where one can go depends on the others. The pieces of a chip are
made once per text, colour and font; a new frame only puts other ones together.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
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
_MARGIN = 3.9  # to the border of the view
_KEPT = 4096  # titles and scores
_NO_PEN, _NO_BRUSH = QPen(Qt.PenStyle.NoPen), QBrush()

# Plain numbers: asking an enumeration takes ten times as long, for 20 boxes on each frame.
_ABSENT, _OCCLUDED, _CONFIRMED = int(Flag.ABSENT), int(Flag.OCCLUDED), int(Flag.CONFIRMED)

Edges = tuple[float, float, float, float]
"""Left, top, right, bottom in view points."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the chip: its width and how to paint it at ``left, top`` of the chip."""

    width: float
    paint: Callable[[QPainter, float, float], None]


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
        seen = _edges(visible_rect(painter, widget))
        to_view = enter_view_space(painter)
        font = QGuiApplication.font().key()
        taken: list[Edges] = []
        chips: list[tuple[BoxView, QRectF, list[_Part]]] = []
        for item in self._items:
            rect = _edges(view_rect(to_view, item.box))
            if _meet((rect[0] - 1, rect[1] - 1, rect[2] + 1, rect[3] + 1), seen):
                parts = _parts(item.view, font)
                width = sum([part.width for part in parts]) + _GAP * (len(parts) - 1) + 2 * _PAD
                clearance = 8.0 if item.has_handles else 4.0
                left, top = _place(rect, seen, width, clearance, taken)
                taken.append((left, top, left + width, top + CHIP_HEIGHT))
                chips.append((item.view, QRectF(left, top, width, CHIP_HEIGHT), parts))
                _paint_leader(painter, item.view, rect, taken[-1])
        for view, plate, parts in chips:
            _paint_chip(painter, view, plate, parts)


def chip_place(
    rect: QRectF, seen: QRectF, width: float, clearance: float, taken: Sequence[QRectF] = ()
) -> QRectF:
    """Where a chip of `width` goes for a box at `rect`, all in view points.

    The first place that lies in `seen` and is not `taken`: above, below, beside,
    inside; then above in rows further up; if all fails the nearest place in view.
    """
    others = [_edges(other) for other in taken]
    left, top = _place(_edges(rect), _edges(seen), width, clearance, others)
    return QRectF(left, top, width, CHIP_HEIGHT)


def _place(
    rect: Edges, seen: Edges, width: float, clearance: float, taken: Sequence[Edges]
) -> tuple[float, float]:
    """Left and top of the chip, see :func:`chip_place`."""
    inner = (seen[0] + _MARGIN, seen[1] + _MARGIN, seen[2] - _MARGIN, seen[3] - _MARGIN)
    lowest, rightmost = inner[3] - CHIP_HEIGHT, inner[2] - width
    for x, y in _candidates(rect, inner, width, clearance):
        if inner[0] <= x <= rightmost and inner[1] <= y <= lowest:
            right, bottom = x + width, y + CHIP_HEIGHT
            for other in taken:
                if x < other[2] and other[0] < right and y < other[3] and other[1] < bottom:
                    break
            else:
                return x, y
    above = rect[1] - clearance - CHIP_HEIGHT
    y = above if above >= inner[1] else max(rect[1] + clearance, inner[1])
    whole = QRectF(seen[0], seen[1], seen[2] - seen[0], seen[3] - seen[1])
    kept = kept_inside(QRectF(rect[0] - 1, y, width, CHIP_HEIGHT), whole)
    return kept.x(), kept.y()


def _candidates(
    rect: Edges, inner: Edges, width: float, clearance: float
) -> Iterator[tuple[float, float]]:
    above, below = rect[1] - clearance - CHIP_HEIGHT, rect[3] + clearance
    left, right = rect[0] - 1, rect[2] + 1 - width
    slid = min(max(left, inner[0]), inner[2] - width)
    yield left, above
    yield slid, above
    yield left, below
    yield slid, below
    yield right, above
    yield right, below
    yield rect[2] + clearance, rect[1]
    yield rect[0] - clearance - width, rect[1]
    inside = max(rect[1] + clearance, inner[1])
    yield slid, inside
    row = CHIP_HEIGHT + 2
    for nth in (1, 2, 3):
        yield slid, above - nth * row
    for nth in (1, 2, 3):
        yield slid, inside + nth * row


def _edges(rect: QRectF) -> Edges:
    return (rect.left(), rect.top(), rect.right(), rect.bottom())


def _meet(a: Edges, b: Edges) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _paint_leader(painter: QPainter, view: BoxView, rect: Edges, chip: Edges) -> None:
    """A thread from a chip in a row further up to its box: it may stand above another one."""
    if rect[1] - chip[3] > CHIP_HEIGHT and chip[0] < rect[2]:
        x = max(chip[0] + _PAD, rect[0] + 1)
        painter.setPen(QPen(QColor(view.color), 1.25))
        painter.drawLine(QLineF(x, chip[3], x, rect[1]))


def _paint_chip(painter: QPainter, view: BoxView, plate: QRectF, parts: list[_Part]) -> None:
    painter.setPen(_NO_PEN)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    if view.selected:
        painter.setBrush(_NO_BRUSH)
        painter.setPen(QPen(QColor(view.color), 1.25))
        painter.drawRoundedRect(plate.adjusted(0.6, 0.6, -0.6, -0.6), 4, 4)
    x, y = plate.left() + _PAD, plate.top()
    for part in parts:
        part.paint(painter, x, y)
        x += part.width + _GAP


def _parts(view: BoxView, font: str) -> list[_Part]:
    parts = [_source_glyph(view.source, view.color)]
    if view.title:
        parts.append(_text(view.title, view.selected, INK.rgba(), font))
    if view.source in (Source.TRACKED, Source.IMPORTED) and math.isfinite(view.score):
        parts.append(_text(f"{view.score:.2f}", False, QUIET_INK.rgba(), font))
    flags = int(view.flags)
    if flags & _CONFIRMED:
        parts.append(_CHECK)
    if view.locked:
        parts.append(_LOCK)
    if flags & (_ABSENT | _OCCLUDED) or view.state != TargetState.TRACKING:
        parts += [_pill(text, fill.rgba(), font) for text, fill in badges(view)]
    return parts


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


def _square(left: float, top: float) -> QRectF:
    return QRectF(left, top + (CHIP_HEIGHT - _GLYPH) / 2, _GLYPH, _GLYPH)


_CHECK = _Part(_GLYPH, lambda p, x, y: draw_check(p, _square(x, y), INK))
_LOCK = _Part(_GLYPH, lambda p, x, y: draw_lock(p, _square(x, y), QUIET_INK))


@functools.lru_cache(maxsize=_KEPT)
def _text(text: str, bold: bool, rgba: int, base: str) -> _Part:
    """A title or score; `base` names the application's font, which may change."""
    del base
    font, color = overlay_font(bold=bold), QColor.fromRgba(rgba)
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, _MAX_TITLE)
    width = metrics.horizontalAdvance(shown)
    where = Qt.AlignmentFlag.AlignVCenter.value

    def paint(painter: QPainter, left: float, top: float) -> None:
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(QRectF(left, top, width + 2, CHIP_HEIGHT), where, shown)

    return _Part(width, paint)


@functools.lru_cache(maxsize=64)
def _pill(text: str, rgba: int, base: str) -> _Part:
    del base
    fill = QColor.fromRgba(rgba)
    width = max(QFontMetricsF(overlay_font(bold=True)).horizontalAdvance(text) + 10, 15.0)
    high = CHIP_HEIGHT - 5

    def paint(painter: QPainter, left: float, top: float) -> None:
        draw_pill(painter, QRectF(left, top + 2.5, width, high), text, fill)

    return _Part(width, paint)


@functools.lru_cache(maxsize=256)
def _source_glyph(source: Source, name: str) -> _Part:
    """Diamond by hand, bracketed square tracked, dashes interpolated, ring imported."""
    color, r = QColor(name).lighter(115), _GLYPH / 2
    pen = QPen(color, 2.0)

    def paint(painter: QPainter, left: float, top: float) -> None:
        area = _square(left, top)
        middle = area.center()
        painter.setPen(pen)
        painter.setBrush(_NO_BRUSH)
        if source is Source.MANUAL:
            painter.setPen(_NO_PEN)
            painter.setBrush(color)
            turns = ((0, -r), (r, 0), (0, r), (-r, 0))
            painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in turns]))
        elif source is Source.TRACKED:
            painter.drawLine(QLineF(area.left(), middle.y(), area.right(), middle.y()))
            painter.setBrush(color)
            painter.drawEllipse(middle, 1.75, 1.75)
        elif source is Source.INTERPOLATED:
            for x in (area.left(), middle.x() + 1.5):
                painter.drawLine(QLineF(x, middle.y(), x + 3.5, middle.y()))
        else:
            painter.drawEllipse(middle, r - 1.5, r - 1.5)

    return _Part(_GLYPH, paint)
