"""What dragging a handle does to a box, without any window.

A handle is named by the side it moves: ``(-1, -1)`` is the top-left corner,
``(0, 1)`` the middle of the bottom edge, ``(0, 0)`` the inside, which moves the
whole box. Drags are computed from the box at the start of the gesture, so errors
never add up and a drag back to the start restores the box exactly.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from core.geometry import Box


class Handle(NamedTuple):
    """Direction of a handle seen from the box centre: −1, 0 or 1 on each axis."""

    sx: int
    sy: int


MOVE = Handle(0, 0)
CORNERS = (Handle(-1, -1), Handle(1, -1), Handle(1, 1), Handle(-1, 1))
EDGES = (Handle(0, -1), Handle(1, 0), Handle(0, 1), Handle(-1, 0))

HANDLE_SIZE = 9.0  # side of the drawn square, view points
HANDLE_REACH = 8.0  # how far from its centre a handle can be grabbed, view points
_ROOM_INSIDE = 30.0  # view points a side needs for handles on the line and a free middle


def handle_positions(
    left: float, top: float, width: float, height: float
) -> dict[Handle, tuple[float, float]]:
    """Centres of the handles of a box that covers this rectangle of the view.

    On small boxes the handles step outside so that the middle stays free for
    moving, and edge handles that would crowd the corners are left out.
    """
    out_x = min(max((_ROOM_INSIDE - width) / 2, 0.0), HANDLE_SIZE)
    out_y = min(max((_ROOM_INSIDE - height) / 2, 0.0), HANDLE_SIZE)
    handles = list(CORNERS)
    if width + 2 * out_x >= _ROOM_INSIDE:
        handles += [h for h in EDGES if h.sy]
    if height + 2 * out_y >= _ROOM_INSIDE:
        handles += [h for h in EDGES if h.sx]
    cx, cy = left + width / 2, top + height / 2
    return {h: (cx + h.sx * (width / 2 + out_x), cy + h.sy * (height / 2 + out_y)) for h in handles}


def grabbed_handle(rect: tuple[float, float, float, float], x: float, y: float) -> Handle | None:
    """The handle of the box at view rectangle `rect` that ``(x, y)`` grabs, or None."""
    best: tuple[float, Handle] | None = None
    for handle, (hx, hy) in handle_positions(*rect).items():
        reach = max(abs(hx - x), abs(hy - y))
        if reach <= HANDLE_REACH and (best is None or reach < best[0]):
            best = (reach, handle)
    return best[1] if best else None


def dragged(
    box: Box,
    handle: Handle,
    dx: float,
    dy: float,
    *,
    keep_aspect: bool = False,
    from_center: bool = False,
) -> Box:
    """`box` after `handle` went ``(dx, dy)`` frame pixels; it may flip over.

    With `keep_aspect` a resized box keeps its proportions and a moved one stays on
    the axis it moved furthest along. With `from_center` the centre stays put.
    """
    if handle == MOVE:
        if keep_aspect:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        return box.shifted(dx, dy)
    reach = 2.0 if from_center else 1.0
    w = box.w + reach * handle.sx * dx
    h = box.h + reach * handle.sy * dy
    if keep_aspect:
        w, h = _same_aspect(box, handle, w, h)
    x0, x1 = _span(box.x, box.right, w, 0 if from_center else handle.sx)
    y0, y1 = _span(box.y, box.bottom, h, 0 if from_center else handle.sy)
    return Box.from_corners(x0, y0, x1, y1)


def _same_aspect(box: Box, handle: Handle, w: float, h: float) -> tuple[float, float]:
    grow_x = abs(w) / box.w if handle.sx else 0.0
    grow_y = abs(h) / box.h if handle.sy else 0.0
    grow = max(grow_x, grow_y)
    return math.copysign(grow * box.w, w), math.copysign(grow * box.h, h)


def _span(low: float, high: float, length: float, side: int) -> tuple[float, float]:
    if side > 0:
        return low, low + length
    if side < 0:
        return high - length, high
    middle = (low + high) / 2
    return (low, high) if length == high - low else (middle - length / 2, middle + length / 2)


def nudged(box: Box, dx: float, dy: float, *, resize: bool) -> Box:
    """`box` moved by keys, or with `resize` its right/bottom edge moved (never under 1 px)."""
    if not resize:
        return box.shifted(dx, dy)
    return Box(box.x, box.y, max(box.w + dx, 1.0), max(box.h + dy, 1.0))


def settled(box: Box, width: float, height: float) -> Box:
    """`box` as it may be stored: at least 1 × 1 px and at least 1 px inside the frame."""
    w, h = max(box.w, 1.0), max(box.h, 1.0)
    x = min(max(box.x, 1.0 - w), width - 1.0)
    y = min(max(box.y, 1.0 - h), height - 1.0)
    return Box(x, y, w, h)
