"""What keys and handles mean on the canvas: nudges, modifiers, pointer shapes."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputEvent, QKeyEvent

from app.views.box_geometry import Handle

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier

_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
_MODIFIER_KEYS = {
    Qt.Key.Key_Shift: _SHIFT,
    Qt.Key.Key_Control: _CTRL,
    Qt.Key.Key_Alt: _ALT,
    Qt.Key.Key_Meta: Qt.KeyboardModifier.MetaModifier,
}
_CURSORS = {
    (0, 0): Qt.CursorShape.SizeAllCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
}


class Nudge(NamedTuple):
    """Frame pixels an arrow key moves a box by, or its right/bottom edge with `resize`."""

    dx: float
    dy: float
    resize: bool


def nudge_of(event: QKeyEvent) -> Nudge | None:
    """1 px per arrow key, 10 with Shift; Ctrl resizes; None for anything else."""
    step = _ARROWS.get(Qt.Key(event.key()))
    if step is None or (event.modifiers() & ~(_SHIFT | _CTRL | _KEYPAD)).value:
        return None
    size = 10.0 if event.modifiers() & _SHIFT else 1.0
    return Nudge(step[0] * size, step[1] * size, bool(event.modifiers() & _CTRL))


def ends_nudging(event: QKeyEvent) -> bool:
    """Whether this key, unlike arrows, modifiers and Escape, ends a burst of nudges."""
    key = Qt.Key(event.key())
    return key not in _ARROWS and key not in _MODIFIER_KEYS and key != Qt.Key.Key_Escape


def is_modifier(event: QKeyEvent) -> bool:
    """Whether the key is Shift, Ctrl, Alt or Meta itself."""
    return Qt.Key(event.key()) in _MODIFIER_KEYS


def drag_options(event: QInputEvent) -> dict[str, bool]:
    """Shift keeps the aspect, Alt works from the centre.

    For the press or release of a modifier itself, what holds after it: platforms
    differ in what such events report.
    """
    held = event.modifiers()
    if isinstance(event, QKeyEvent):
        own = _MODIFIER_KEYS.get(Qt.Key(event.key()), Qt.KeyboardModifier.NoModifier)
        held = held | own if event.type() == QEvent.Type.KeyPress else held & ~own
    return {"keep_aspect": bool(held & _SHIFT), "from_center": bool(held & _ALT)}


def handle_cursor(handle: Handle) -> Qt.CursorShape:
    """Pointer over a handle; opposite handles share one."""
    sx, sy = handle
    return _CURSORS[(-sx, -sy) if sx < 0 or (sx == 0 and sy < 0) else (sx, sy)]
