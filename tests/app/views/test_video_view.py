"""Drawing, dragging and nudging with real mouse and key events on the canvas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from app.views.box_geometry import CORNERS, EDGES, handle_positions
from app.views.view_types import to_display
from core.geometry import Box

LEFT = Qt.MouseButton.LeftButton
MIDDLE = Qt.MouseButton.MiddleButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SIGNALS = (
    "box_drawn",
    "box_changed",
    "box_committed",
    "gesture_cancelled",
    "box_selected",
    "mode_changed",
)
ZOOMS = (0.1, 0.37, 1.0, 2.5, 8.0, 32.0)


class Heard:
    """Everything a canvas announces, in order."""

    def __init__(self, view) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        for name in SIGNALS:
            getattr(view, name).connect(lambda *values, name=name: self._add(name, values))

    def _add(self, name: str, values: tuple[Any, ...]) -> None:
        self.events.append((name, values))

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [values for found, values in self.events if found == name]


def drag(view, start: QPointF, stop: QPointF, modifiers=NONE, *, button=LEFT, release=True):
    """Press, move in three steps, release: with sub-point positions, as tablets send."""
    port = view.viewport()

    def send(kind, at: QPointF, pressed, held) -> None:
        where = QPointF(port.mapToGlobal(at))
        QApplication.sendEvent(port, QMouseEvent(kind, at, where, pressed, held, modifiers))

    nothing = Qt.MouseButton.NoButton
    send(QEvent.Type.MouseButtonPress, start, button, button)
    for share in (0.3, 0.7, 1.0):
        send(QEvent.Type.MouseMove, start + (stop - start) * share, nothing, button)
    if release:
        send(QEvent.Type.MouseButtonRelease, stop, button, nothing)


def look_at(view, x: float, y: float, zoom: float) -> None:
    """Put a frame point into the middle of the view at a zoom."""
    view.zoom_to(Box(x - 0.5, y - 0.5, 1, 1))
    view.set_zoom(zoom)
    assert view.zoom == pytest.approx(zoom)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("zoom", ZOOMS)
def test_that_a_box_drawn_with_the_mouse_is_where_the_mouse_was(make_canvas, zoom, ratio):
    view = make_canvas(1920, 1080, ratio=ratio)
    heard = Heard(view)
    look_at(view, 960.25, 540.75, zoom)
    # Independent of the view's own mapping: the middle shows the point looked at.
    view.set_mode("draw")
    drag(view, QPointF(360, 270), QPointF(470, 345))
    (box,) = heard.of("box_drawn")[0]
    step = ratio / zoom  # frame pixels per view point
    wanted = (960.25 - 40 * step, 540.75 - 30 * step, 110 * step, 75 * step)
    for got, want in zip(box.as_tuple(), Box(*wanted).clipped(1920, 1080).as_tuple(), strict=True):
        assert got == pytest.approx(want, abs=1 / zoom)
    assert view.mode == "select"
    assert heard.of("mode_changed") == [("draw",), ("select",)]


@pytest.mark.parametrize("sx", [-1, 1])
@pytest.mark.parametrize("sy", [-1, 1])
def test_that_a_box_can_be_drawn_in_any_direction(make_canvas, sx, sy):
    view = make_canvas()
    heard = Heard(view)
    view.set_mode("draw")
    start, stop = QPointF(400, 300), QPointF(400 + 80 * sx, 300 + 60 * sy)
    drag(view, start, stop)
    (box,) = heard.of("box_drawn")[0]
    corners = [view.map_to_frame(start), view.map_to_frame(stop)]
    assert box.as_tuple() == pytest.approx(
        Box.from_corners(*corners[0], *corners[1]).as_tuple(), abs=1e-9
    )


def test_that_a_box_drawn_beyond_the_frame_ends_at_its_border(make_canvas):
    view = make_canvas(640, 480)
    heard = Heard(view)
    view.set_mode("draw")
    drag(view, QPointF(2, 2), QPointF(798, 598))
    assert heard.of("box_drawn") == [(Box(0, 0, 640, 480),)]


@pytest.mark.parametrize("end", [QPointF(400, 300), QPointF(400.2, 300.2), QPointF(500, 300)])
def test_that_a_click_or_a_line_draws_nothing_and_drawing_goes_on(make_canvas, end):
    view = make_canvas()
    heard = Heard(view)
    view.set_mode("draw")
    drag(view, QPointF(400, 300), end)
    assert heard.of("box_drawn") == []
    assert view.mode == "draw"


def test_that_shift_draws_a_square_and_alt_draws_around_the_start(make_canvas):
    view = make_canvas()
    heard = Heard(view)
    view.set_mode("draw")
    drag(view, QPointF(400, 300), QPointF(460, 320), SHIFT)
    view.set_mode("draw")
    drag(view, QPointF(400, 300), QPointF(460, 320), ALT)
    (square,), (around,) = heard.of("box_drawn")
    assert square.w == pytest.approx(square.h)
    assert (around.cx, around.cy) == pytest.approx(view.map_to_frame(QPointF(400, 300)))


def test_that_escape_ends_a_drawing_and_then_the_mode(make_canvas):
    view = make_canvas()
    heard = Heard(view)
    view.set_mode("draw")
    drag(view, QPointF(300, 200), QPointF(460, 320), release=False)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(460, 320))
    assert heard.of("box_drawn") == []
    assert view.mode == "draw"
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.mode == "select"


@pytest.mark.parametrize("zoom", [0.5, 1.0, 3.3, 16.0])
@pytest.mark.parametrize("handle", CORNERS + EDGES)
def test_that_each_handle_resizes_the_box_by_what_the_mouse_moved(
    make_canvas, make_box, handle, zoom
):
    view = make_canvas()
    heard = Heard(view)
    look_at(view, 320, 240, zoom)
    side = 120 / zoom
    box = Box(320 - side / 2, 240 - side / 2, side, side)
    view.show_boxes([make_box(box)])
    corner = view.frame_to_view(box.x, box.y)
    x, y = handle_positions(corner.x(), corner.y(), 120, 120)[handle]
    drag(view, QPointF(x, y), QPointF(x + 21, y - 13))
    dx, dy = 21 / zoom, -13 / zoom
    wanted = Box.from_corners(
        box.x + (dx if handle.sx < 0 else 0),
        box.y + (dy if handle.sy < 0 else 0),
        box.right + (dx if handle.sx > 0 else 0),
        box.bottom + (dy if handle.sy > 0 else 0),
    )
    ((track_id, got, gesture),) = heard.of("box_committed")
    assert track_id == 1
    assert got.as_tuple() == pytest.approx(wanted.as_tuple(), abs=1e-6)
    changes = heard.of("box_changed")
    assert len(changes) == 3
    assert {change[2] for change in changes} == {gesture}
    assert changes[-1][1] == got


def test_that_dragging_the_inside_moves_the_box_and_commits_once(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    box = Box(200, 150, 120, 90)
    view.show_boxes([make_box(box)])
    start = view.frame_to_view(250, 200)
    drag(view, start, start + QPointF(48, -24))
    ((_, got, _),) = heard.of("box_committed")
    scale = view.zoom
    assert got.as_tuple() == pytest.approx(box.shifted(48 / scale, -24 / scale).as_tuple())


def test_that_shift_and_alt_count_while_the_mouse_stands_still(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    box = Box(200, 150, 120, 90)
    view.show_boxes([make_box(box)])
    start = view.frame_to_view(box.right, box.bottom)
    drag(view, start, start + QPointF(48, 0), release=False)
    plain = heard.of("box_changed")[-1][1]
    QTest.keyPress(view, Qt.Key.Key_Shift)
    kept = heard.of("box_changed")[-1][1]
    QTest.keyRelease(view, Qt.Key.Key_Shift)
    assert heard.of("box_changed")[-1][1] == plain
    QTest.keyPress(view, Qt.Key.Key_Alt, ALT)
    around = heard.of("box_changed")[-1][1]
    QTest.keyRelease(view, Qt.Key.Key_Alt)
    assert plain.h == 90
    assert kept.w / kept.h == pytest.approx(box.w / box.h)
    assert around.cx == pytest.approx(box.cx)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, (start + QPointF(48, 0)).toPoint())


def test_that_a_box_may_hang_over_the_border_but_never_leaves_the_frame(make_canvas, make_box):
    view = make_canvas(640, 480)
    heard = Heard(view)
    view.show_boxes([make_box(Box(500, 300, 120, 90))])
    view.set_zoom(0.4)
    start = view.frame_to_view(560, 345)
    drag(view, start, start + QPointF(20, 0))
    drag(view, view.frame_to_view(560 + 50, 345), QPointF(790, 20))
    (_, over, _), (_, far, _) = heard.of("box_committed")
    assert over.x == pytest.approx(550)
    assert over.right > 640
    assert far == Box(639, far.y, 120, 90)
    assert far.clipped(640, 480).w == 1


def test_that_escape_restores_the_box_and_says_so(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    box = Box(200, 150, 120, 90)
    view.show_boxes([make_box(box)])
    start = view.frame_to_view(250, 200)
    drag(view, start, start + QPointF(48, -24), release=False)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseMove(view.viewport(), QPoint(300, 300))
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(300, 300))
    assert heard.of("box_changed")[-1][1] == box
    assert heard.of("box_committed") == []
    assert heard.of("gesture_cancelled") == [(1, heard.of("box_changed")[-1][2])]


def test_that_the_dragged_box_stays_on_display_whatever_is_shown_meanwhile(make_canvas, make_box):
    view = make_canvas()
    box = Box(200, 150, 120, 90)
    view.show_boxes([make_box(box)])
    start = view.frame_to_view(250, 200)
    drag(view, start, start + QPointF(50, 0), release=False)
    view.show_boxes([make_box(box)])
    scale = view.zoom
    assert view._box_items[1].box == box.shifted(50 / scale, 0)
    QTest.mouseRelease(view.viewport(), LEFT, NONE, (start + QPointF(50, 0)).toPoint())
    view.show_boxes([make_box(box)])
    assert view._box_items[1].box == box


def test_that_a_track_that_goes_away_takes_its_drag_with_it(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    view.show_boxes([make_box(Box(200, 150, 120, 90))])
    start = view.frame_to_view(250, 200)
    drag(view, start, start + QPointF(50, 0), release=False)
    view.show_boxes([])
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(500, 300))
    assert heard.of("box_committed") == []


def test_that_a_drag_never_reaches_into_another_frame(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    view.show_boxes([make_box(Box(200, 150, 120, 90))])
    start = view.frame_to_view(250, 200)
    drag(view, start, start + QPointF(50, 0), release=False)
    told = len(heard.events)
    view.show_frame(to_display(1, np.zeros((480, 640, 3), np.uint8)))
    view.show_boxes([make_box(Box(210, 150, 120, 90))])
    QTest.mouseMove(view.viewport(), QPoint(600, 300))
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(600, 300))
    assert len(heard.events) == told
    assert view._box_items[1].box == Box(210, 150, 120, 90)


def test_that_a_burst_of_nudges_never_reaches_into_another_frame(qtbot, make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    view.show_boxes([make_box(Box(200, 150, 120, 90))])
    QTest.keyClick(view, Qt.Key.Key_Down)
    view.show_frame(to_display(1, np.zeros((480, 640, 3), np.uint8)))
    view.show_boxes([make_box(Box(210, 150, 120, 90))])
    QTest.keyClick(view, Qt.Key.Key_Down)
    with qtbot.waitSignal(view.box_committed, timeout=3000):
        pass
    assert heard.of("box_changed") == [
        (1, Box(200, 151, 120, 90), 1),
        (1, Box(210, 151, 120, 90), 2),
    ]
    assert heard.of("box_committed") == [(1, Box(210, 151, 120, 90), 2)]


def test_that_a_locked_box_can_be_selected_but_not_changed(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    view.show_boxes([make_box(Box(200, 150, 120, 90), selected=False, locked=True)])
    start = view.frame_to_view(250, 200)
    drag(view, start, start + QPointF(50, 0))
    view.show_boxes([make_box(Box(200, 150, 120, 90), locked=True)])
    drag(view, view.frame_to_view(200, 150), view.frame_to_view(100, 100))
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert heard.of("box_selected") == [(1,)]
    assert heard.of("box_changed") == []


def test_that_clicks_select_deselect_and_walk_through_a_pile(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    large, small = Box(100, 100, 300, 300), Box(200, 200, 60, 60)

    def show(selected: int) -> None:
        view.show_boxes(
            make_box(box, track_id=i, selected=i == selected) for i, box in ((1, large), (2, small))
        )

    at = view.frame_to_view(220, 220).toPoint()
    show(0)
    QTest.mouseClick(view.viewport(), LEFT, NONE, at)
    show(2)
    QTest.mouseClick(view.viewport(), LEFT, NONE, at)
    show(1)
    QTest.mouseClick(view.viewport(), LEFT, NONE, at)
    QTest.mouseClick(view.viewport(), LEFT, NONE, view.frame_to_view(20, 20).toPoint())
    assert heard.of("box_selected") == [(2,), (1,), (2,), (-1,)]
    assert heard.of("box_changed") == []


@pytest.mark.parametrize(
    ("key", "modifiers", "wanted"),
    [
        (Qt.Key.Key_Right, NONE, Box(201, 150, 120, 90)),
        (Qt.Key.Key_Up, NONE, Box(200, 149, 120, 90)),
        (Qt.Key.Key_Left, SHIFT, Box(190, 150, 120, 90)),
        (Qt.Key.Key_Right, CTRL, Box(200, 150, 121, 90)),
        (Qt.Key.Key_Up, CTRL | SHIFT, Box(200, 150, 120, 80)),
    ],
)
def test_that_arrow_keys_nudge_the_selected_box(make_canvas, make_box, key, modifiers, wanted):
    view = make_canvas()
    heard = Heard(view)
    view.show_boxes([make_box(Box(200, 150, 120, 90))])
    QTest.keyClick(view, key, modifiers)
    assert heard.of("box_changed") == [(1, wanted, 1)]


def test_that_a_burst_of_nudges_is_one_gesture_with_one_commit(qtbot, make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    view.show_boxes([make_box(Box(200, 150, 120, 90))])
    with qtbot.waitSignal(view.box_committed, timeout=3000):
        for _ in range(4):
            QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert [values[2] for values in heard.of("box_changed")] == [1, 1, 1, 1, 2]
    assert heard.of("box_committed") == [(1, Box(200, 154, 120, 90), 1)]


def test_that_a_burst_is_committed_before_another_key_can_change_the_frame(make_canvas, make_box):
    view = make_canvas()
    heard = Heard(view)
    view.show_boxes([make_box(Box(200, 150, 120, 90))])
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert heard.of("box_committed") == []
    QTest.keyClick(view, Qt.Key.Key_F)
    assert len(heard.of("box_committed")) == 1


@pytest.fixture
def window(qtbot, make_canvas):
    """A window with the canvas in it and a few shortcuts that tell when triggered."""
    frame = QMainWindow()
    qtbot.addWidget(frame)
    view = make_canvas()
    frame.setCentralWidget(view)
    frame.triggered = []
    for keys in ("Space", "Right", "Esc", "F"):
        action = QAction(keys, frame, shortcut=keys)
        action.triggered.connect(lambda _=False, keys=keys: frame.triggered.append(keys))
        frame.addAction(action)
    with qtbot.waitActive(frame):
        frame.show()
        frame.activateWindow()
    view.setFocus()
    return frame, view


def test_that_keys_the_canvas_has_no_use_for_reach_the_window(window):
    frame, view = window
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Escape, Qt.Key.Key_F, Qt.Key.Key_Space):
        QTest.keyClick(view, key)
    assert frame.triggered == ["Right", "Esc", "F", "Space"]


def test_that_keys_of_a_gesture_do_not_reach_the_window(window, make_box):
    frame, view = window
    view.show_boxes([make_box(Box(200, 150, 120, 90))])
    QTest.keyClick(view, Qt.Key.Key_Right)
    start = view.frame_to_view(250, 200)
    drag(view, start, start + QPointF(50, 0), release=False)
    QTest.keyClick(view, Qt.Key.Key_F)
    QTest.keyClick(view, Qt.Key.Key_Space)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert frame.triggered == []
    QTest.mouseRelease(view.viewport(), LEFT, NONE, QPoint(1, 1))


def test_that_space_with_a_drag_pans_and_is_no_tap(window):
    frame, view = window
    view.zoom_by(3)
    before = view.frame_to_view(320, 240)
    QTest.keyPress(view, Qt.Key.Key_Space)
    drag(view, QPointF(400, 300), QPointF(430, 280))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert view.frame_to_view(320, 240) - before == QPointF(30, -20)
    assert frame.triggered == []


@pytest.mark.parametrize("button", [MIDDLE, LEFT])
def test_that_a_drag_beside_the_boxes_pans(make_canvas, button):
    view = make_canvas()
    heard = Heard(view)
    view.zoom_by(4)
    before = view.frame_to_view(320, 240)
    drag(view, QPointF(400, 300), QPointF(371, 333), button=button)
    assert view.frame_to_view(320, 240) - before == QPointF(-29, 33)
    assert heard.events == []


def test_that_a_press_takes_the_focus(qtbot, make_canvas):
    view = make_canvas()
    with qtbot.waitActive(view):
        view.activateWindow()
    view.clearFocus()
    QTest.mouseClick(view.viewport(), LEFT, NONE, QPoint(400, 300))
    assert view.hasFocus()


def test_that_the_pointer_is_told_in_frame_pixels(make_canvas):
    view = make_canvas()
    at, left = [], []
    view.cursor_at.connect(lambda x, y: at.append((x, y)))
    view.cursor_left.connect(lambda: left.append(True))
    for x, y in ((400, 300), (1, 1), (2, 2)):
        point = QPointF(x, y)
        where = QPointF(view.viewport().mapToGlobal(point))
        nothing = Qt.MouseButton.NoButton
        move = QMouseEvent(QEvent.Type.MouseMove, point, where, nothing, nothing, NONE)
        QApplication.sendEvent(view.viewport(), move)
    assert at == [pytest.approx((320, 240), abs=1)]
    assert left == [True]


def test_that_a_context_menu_is_asked_for_the_box_under_the_pointer(make_canvas, make_box):
    view = make_canvas()
    asked = []
    view.context_requested.connect(lambda where, track: asked.append((where, track)))
    view.show_boxes([make_box(Box(200, 150, 120, 90), track_id=7, selected=False)])
    for x, y in ((250, 200), (20, 20)):
        at = view.frame_to_view(x, y).toPoint()
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, at, view.viewport().mapToGlobal(at)
        )
        QApplication.sendEvent(view.viewport(), event)
    assert [track for _, track in asked] == [7, -1]
    assert asked[1][0] == view.viewport().mapToGlobal(view.frame_to_view(20, 20).toPoint())


def test_that_dropped_files_are_announced(make_canvas, tmp_path):
    view = make_canvas()
    dropped = []
    view.files_dropped.connect(dropped.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "clip é.mp4")), QUrl("https://example.org/x")])
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.NoButton
    for event in (
        QDragEnterEvent(QPoint(5, 5), actions, data, buttons, NONE),
        QDropEvent(QPointF(5, 5), actions, data, buttons, NONE),
    ):
        QApplication.sendEvent(view.viewport(), event)
        assert event.isAccepted()
    assert dropped == [[str(tmp_path / "clip é.mp4")]]


def test_that_an_unknown_mode_is_refused(make_canvas):
    with pytest.raises(ValueError, match="erase"):
        make_canvas().set_mode("erase")


def test_that_without_a_clip_nothing_can_be_drawn_or_zoomed(make_canvas):
    view = make_canvas()
    heard = Heard(view)
    view.show_frame(None)
    view.set_message("Open a video")
    view.set_mode("draw")
    zoom = view.zoom
    drag(view, QPointF(300, 200), QPointF(460, 320))
    view.zoom_by(2)
    assert heard.of("box_drawn") == []
    assert view.zoom == zoom


def test_that_an_auto_repeated_space_is_one_tap(window):
    frame, view = window
    QTest.keyPress(view, Qt.Key.Key_Space)
    for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
        QApplication.sendEvent(view, QKeyEvent(kind, Qt.Key.Key_Space, NONE, " ", True))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert frame.triggered == ["Space"]
