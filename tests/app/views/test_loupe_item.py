"""The loupe: right pixels, right box, out of the way, and only where an edge is placed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.views.loupe_item import REACH, SIDE, place
from app.views.video_view import VideoView
from app.views.view_types import BoxView, to_display
from core.geometry import Box

LEFT, NOTHING = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
MOVE, PRESS = QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress
SCALE = SIDE / (2 * REACH)


def send(view: VideoView, kind: QEvent.Type, at: QPointF, held=NOTHING) -> None:
    port = view.viewport()
    button = LEFT if kind != MOVE else NOTHING
    where = QPointF(port.mapToGlobal(at))
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(port, QMouseEvent(kind, at, where, button, held, none))


@pytest.fixture
def canvas(make_canvas: Callable[..., VideoView]) -> VideoView:
    """A frame that is shown at half its size, every pixel of another colour."""
    view = make_canvas(640, 480)
    y, x = np.mgrid[:480, :640]
    rgb = np.stack([x % 251, y % 241, (x + y) % 239], axis=-1).astype(np.uint8)
    view.show_frame(to_display(0, rgb))
    view.set_zoom(0.5)
    return view


def pixel(x: float, y: float) -> tuple[int, int, int]:
    return int(x) % 251, int(y) % 241, (int(x) + int(y)) % 239


def test_that_it_shows_the_pixels_around_the_pointer(canvas: VideoView, photograph) -> None:
    canvas.set_mode("draw")
    at = canvas.frame_to_view(300.5, 200.5)
    send(canvas, MOVE, at)
    area = place(at, QRectF(canvas.viewport().rect()))
    shot = photograph(canvas)
    for dx, dy in ((-9, -7), (4, 8), (9, -3)):
        spot = area.center() + QPointF(dx, dy) * SCALE
        assert tuple(shot[int(spot.y()), int(spot.x())]) == pixel(300.5 + dx, 200.5 + dy)


def test_that_the_box_being_drawn_has_its_edge_under_the_pointer(
    canvas: VideoView, photograph
) -> None:
    canvas.set_mode("draw")
    start, stop = canvas.frame_to_view(200, 100), canvas.frame_to_view(300, 220)
    send(canvas, PRESS, start, LEFT)
    send(canvas, MOVE, stop, LEFT)
    look = canvas._loupe.look
    assert look is not None
    assert look.box is not None
    assert look.box.as_tuple() == pytest.approx((200, 100, 100, 120), abs=1)
    area = place(stop, QRectF(canvas.viewport().rect()))
    shot = photograph(canvas)
    edge = area.center() - QPointF(0, 5) * SCALE  # the right edge runs through the middle
    assert shot[int(edge.y()), int(edge.x()) - 2 : int(edge.x()) + 2].min(axis=-1).max() > 180


def test_that_it_helps_with_handles_and_not_with_moving_boxes(
    canvas: VideoView, make_box: Callable[..., BoxView]
) -> None:
    canvas.show_boxes([make_box(Box(200, 100, 200, 160))])
    corner, middle = canvas.frame_to_view(400, 260), canvas.frame_to_view(300, 180)
    away = QPointF(30, 20)
    send(canvas, MOVE, corner)
    assert canvas._loupe.look is None, "nothing is pulled yet"
    send(canvas, PRESS, corner, LEFT)
    send(canvas, MOVE, corner + away, LEFT)
    assert canvas._loupe.look is not None
    send(canvas, QEvent.Type.MouseButtonRelease, corner + away)
    assert canvas._loupe.look is None
    send(canvas, PRESS, middle, LEFT)
    send(canvas, MOVE, middle + away, LEFT)
    assert canvas._gestures.live is not None
    assert canvas._loupe.look is None


def test_that_it_goes_with_the_pointer_with_the_frame_and_by_wish(canvas: VideoView) -> None:
    canvas.set_mode("draw")
    at = canvas.frame_to_view(300, 200)
    for leave in (
        lambda: QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave)),
        lambda: canvas.show_frame(to_display(1, np.zeros((480, 640, 3), np.uint8))),
        lambda: canvas.set_loupe(False),
    ):
        send(canvas, MOVE, at)
        assert canvas._loupe.look is not None
        leave()
        assert canvas._loupe.look is None
    send(canvas, MOVE, at)
    assert canvas._loupe.look is None


@pytest.mark.parametrize("zoom", [4.0, 8.0])
def test_that_a_picture_that_is_large_enough_needs_none(
    canvas: VideoView, photograph, zoom: float
) -> None:
    canvas.set_zoom(zoom)
    canvas.set_mode("draw")
    at = QPointF(400, 300)
    send(canvas, MOVE, at)
    canvas._hud.show_crosshair(None)
    with_it = photograph(canvas)
    canvas._loupe.show_look(None)
    assert np.array_equal(with_it, photograph(canvas))


@pytest.mark.parametrize("x", [0, 400, 799])
@pytest.mark.parametrize("y", [0, 300, 599])
def test_that_it_lies_in_the_view_beside_the_pointer(x: int, y: int) -> None:
    seen, pointer = QRectF(0, 0, 800, 600), QPointF(x, y)
    area = place(pointer, seen)
    assert seen.contains(area)
    assert not area.contains(pointer)
