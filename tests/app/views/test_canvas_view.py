from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.views.view_types import to_display
from core.geometry import Box

NONE = Qt.KeyboardModifier.NoModifier


def turn_wheel(view, at: QPointF, notches: float, *, pixels=None, modifiers=NONE) -> None:
    """A mouse wheel by notches, or a touchpad by `pixels`."""
    touchpad = pixels is not None
    phase = Qt.ScrollPhase.ScrollUpdate if touchpad else Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        at,
        QPointF(view.viewport().mapToGlobal(at)),
        QPoint(*pixels) if touchpad else QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        modifiers,
        phase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def frame(index: int, width: int = 640, height: int = 480):
    return to_display(index, np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_that_the_wheel_zooms_about_the_cursor(make_canvas, ratio):
    view = make_canvas(ratio=ratio)
    at = QPointF(523, 211)
    before, zoom = view.map_to_frame(at), view.zoom
    for _ in range(5):
        turn_wheel(view, at, 1)
    assert view.zoom == pytest.approx(zoom * 1.2**5)
    after = view.map_to_frame(at)
    assert after == pytest.approx(before, abs=(1 / zoom + 1 / view.zoom))


def test_that_a_touchpad_pans_by_what_the_fingers_moved(make_canvas):
    view = make_canvas()
    view.set_zoom(5)
    place, zoom = view.frame_to_view(320, 240), view.zoom
    turn_wheel(view, QPointF(300, 300), 0.5, pixels=(7, -11))
    assert view.frame_to_view(320, 240) - place == QPointF(7, -11)
    assert view.zoom == zoom
    turn_wheel(
        view, QPointF(300, 300), 1, pixels=(0, 9), modifiers=Qt.KeyboardModifier.ControlModifier
    )
    assert view.zoom > zoom


def test_that_a_new_clip_is_fitted_and_frames_of_a_clip_keep_the_view(make_canvas):
    view = make_canvas()
    fitted = view.zoom
    assert fitted == pytest.approx(576 / 480)
    view.set_zoom(3)
    place = view.frame_to_view(100, 100)
    view.show_frame(frame(1))
    assert view.zoom == 3
    assert view.frame_to_view(100, 100) == place
    view.show_frame(frame(2, 320, 200))
    assert view.zoom == pytest.approx(min(776 / 320, 576 / 200))
    view.set_zoom(3)
    view.show_frame(None)
    view.show_frame(frame(0, 320, 200))
    assert view.zoom == pytest.approx(min(776 / 320, 576 / 200))


def test_that_a_fitted_view_stays_fitted_when_resized_until_someone_zooms(make_canvas):
    view = make_canvas()
    view.resize(400, 300)
    assert view.zoom == pytest.approx(276 / 480)
    view.set_zoom(2.0)
    middle = view.map_to_frame(QPointF(200, 150))
    view.resize(600, 500)
    assert view.zoom == 2.0
    assert view.map_to_frame(QPointF(300, 250)) == pytest.approx(middle, abs=1)
    view.fit()
    view.resize(400, 300)
    assert view.zoom == pytest.approx(276 / 480)


def test_that_another_screen_scaling_keeps_the_zoom(make_canvas, monkeypatch):
    view = make_canvas()
    view.actual_size()
    monkeypatch.setattr(view, "devicePixelRatioF", lambda: 2.0)
    QApplication.sendEvent(view, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert view.zoom == 1.0
    wide = view.frame_to_view(10, 0) - view.frame_to_view(0, 0)
    assert wide.x() == pytest.approx(5)


def test_that_changes_of_zoom_are_announced_once(make_canvas):
    view = make_canvas()
    told = []
    view.zoom_changed.connect(told.append)
    view.set_zoom(4)
    view.set_zoom(4)
    view.zoom_to(Box(10, 10, 48, 48))
    assert told == [4, pytest.approx(600 / 48 * 0.4)]


def test_that_qt_maps_the_scene_exactly_as_the_camera_says(make_canvas):
    view = make_canvas(ratio=1.5)
    for zoom in (0.1, 1.0, 7.77, 32.0):
        view.set_zoom(zoom)
        for x, y in ((0, 0), (640, 480), (123.25, 77.5)):
            qt = view.viewportTransform().map(QPointF(x, y))
            ours = view.frame_to_view(x, y)
            assert (qt.x(), qt.y()) == pytest.approx((ours.x(), ours.y()), abs=1e-6)
