"""The timeline widget: what a click means, what a new frame costs, what it says."""

from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.views.timeline import Timeline, TrackLane
from app.views.timeline_canvas import RULER, STRIP
from app.views.timeline_ruler import RunSpan
from app.views.timeline_scale import clock
from core.document.track import Columns, Keyframe
from core.geometry import Box
from core.states import Flag, Source, TargetState

LEFT = Qt.MouseButton.LeftButton


def some_columns(frames, state=TargetState.TRACKING, source=Source.TRACKED) -> Columns:
    box = Box(1, 2, 3, 4)
    return Columns.of_keyframes(Keyframe(int(f), box, source, 0.7, state) for f in frames)


def lane(track_id=1, frames=range(10), **fields) -> TrackLane:
    return TrackLane(track_id, f"car {track_id}", "#56b4e9", some_columns(frames), **fields)


@pytest.fixture
def timeline(qtbot):
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(900, 200)
    made.show()
    qtbot.waitExposed(made)
    made.set_clip(1000, 25.0)
    return made


def pos_of(timeline: Timeline, frame: float, y: int = RULER + STRIP + 80) -> QPoint:
    return QPoint(round(timeline.x_of(frame)), y)


def wheel(timeline, at: QPoint, turn: int, modifiers=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(
        QPointF(at), QPointF(at), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(timeline.viewport(), event)


def repainted(timeline) -> list:
    """Regions painted for what is pending."""
    seen = []
    original = timeline.paintEvent

    def record(event):
        seen.append(event.region())
        original(event)

    timeline.paintEvent = record
    QApplication.processEvents()
    timeline.paintEvent = original
    return seen


def test_that_a_click_announces_the_frame_under_it_and_moves_nothing(timeline):
    frames = []
    timeline.seek.connect(frames.append)
    timeline.seek_finished.connect(frames.append)
    at = pos_of(timeline, 400.5)
    QTest.mouseClick(timeline.viewport(), LEFT, pos=at)
    assert frames == [timeline.frame_at(at.x())] * 2
    assert abs(frames[0] - 400) <= 1
    assert "Frame 0 " in timeline.accessibleDescription()


def test_that_dragging_announces_each_frame_once_and_the_end_once(timeline):
    sought, ended = [], []
    timeline.seek.connect(sought.append)
    timeline.seek_finished.connect(ended.append)
    QTest.mousePress(timeline.viewport(), LEFT, pos=pos_of(timeline, 100))
    for frame in (200, 200, 300):
        QTest.mouseMove(timeline.viewport(), pos_of(timeline, frame))
    QTest.mouseRelease(timeline.viewport(), LEFT, pos=pos_of(timeline, 300))
    assert len(sought) == len(set(sought)) == 3
    assert ended == [sought[-1]]


def test_that_dragging_past_the_ends_reaches_the_first_and_last_frame(timeline):
    sought = []
    timeline.seek.connect(sought.append)
    QTest.mousePress(timeline.viewport(), LEFT, pos=pos_of(timeline, 500))
    QTest.mouseMove(timeline.viewport(), QPoint(timeline.width() + 50, 120))
    QTest.mouseMove(timeline.viewport(), QPoint(0, 120))
    QTest.mouseRelease(timeline.viewport(), LEFT, pos=QPoint(0, 120))
    assert sought[1:] == [999, 0]


def test_that_nothing_is_announced_without_a_clip(timeline, qtbot):
    timeline.set_clip(0)
    with qtbot.assertNotEmitted(timeline.seek), qtbot.assertNotEmitted(timeline.seek_finished):
        QTest.mouseClick(timeline.viewport(), LEFT, pos=QPoint(400, 100))
    timeline.zoom_in()
    timeline.set_playhead(5)
    timeline.grab()


def test_that_a_click_on_a_name_selects_the_track_without_seeking(timeline, qtbot):
    timeline.set_tracks([lane(1), lane(7)])
    at = QPoint(20, timeline.lane_top(1) + 8)
    with qtbot.assertNotEmitted(timeline.seek), qtbot.waitSignal(timeline.track_selected) as heard:
        QTest.mouseClick(timeline.viewport(), LEFT, pos=at)
    assert heard.args == [7]


def test_that_the_threshold_line_can_be_dragged(timeline, qtbot):
    timeline.set_threshold(0.5)
    start = QPoint(600, round(timeline.threshold_y()))
    values = []
    timeline.threshold_changed.connect(values.append)
    with qtbot.assertNotEmitted(timeline.seek):
        QTest.mousePress(timeline.viewport(), LEFT, pos=start)
        QTest.mouseMove(timeline.viewport(), QPoint(600, RULER))
        QTest.mouseMove(timeline.viewport(), QPoint(600, RULER + STRIP + 50))
        QTest.mouseRelease(timeline.viewport(), LEFT, pos=start)
    assert values == [1.0, 0.0]
    assert timeline.threshold() == 0.0


def test_that_a_threshold_from_outside_is_not_announced(timeline, qtbot):
    with qtbot.assertNotEmitted(timeline.threshold_changed):
        timeline.set_threshold(0.25)
    assert timeline.threshold_at(timeline.threshold_y()) == 0.25


def test_that_ctrl_wheel_zooms_about_the_cursor(timeline):
    at = pos_of(timeline, 700.5)
    before = timeline.frame_at(at.x())
    for _ in range(8):
        wheel(timeline, at, 120, Qt.KeyboardModifier.ControlModifier)
    assert timeline.x_of(701) - timeline.x_of(700) > 3
    assert abs(timeline.frame_at(at.x()) - before) <= 1


def test_that_the_wheel_scrolls_a_zoomed_view_and_leaves_a_fitted_one(timeline):
    at = pos_of(timeline, 500)
    wheel(timeline, at, -120)
    assert timeline.x_of(0) == timeline.gutter()
    timeline.zoom_in()
    timeline.zoom_in()
    first = timeline.frame_at(timeline.gutter())
    wheel(timeline, at, -120)
    assert timeline.frame_at(timeline.gutter()) > first


def test_that_the_wheel_rolls_lanes_when_there_are_more_than_fit(timeline):
    timeline.set_tracks([lane(n) for n in range(1, 21)])
    top = timeline.lane_top(0)
    wheel(timeline, pos_of(timeline, 500), -120)
    assert timeline.lane_top(0) < top
    assert timeline.x_of(0) == timeline.gutter()


def test_that_a_double_click_shows_the_whole_clip(timeline):
    timeline.zoom_in()
    timeline.zoom_in()
    assert timeline.x_of(1000) > timeline.viewport().width() + 1
    QTest.mouseDClick(timeline.viewport(), LEFT, pos=pos_of(timeline, 10))
    assert timeline.x_of(0) == timeline.gutter()
    assert timeline.x_of(1000) == pytest.approx(timeline.viewport().width())


def test_that_the_scroll_bar_and_the_view_agree(timeline):
    timeline.zoom_in()
    timeline.zoom_in()
    bar = timeline.horizontalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    assert timeline.x_of(1000) == pytest.approx(timeline.viewport().width(), abs=1)
    bar.setValue(0)
    assert timeline.frame_at(timeline.gutter()) == 0


def test_that_the_page_turns_when_the_playhead_leaves_the_view(timeline):
    for _ in range(4):
        timeline.zoom_in()
    timeline.set_playhead(999)
    assert timeline.gutter() <= timeline.x_of(999) < timeline.viewport().width()
    timeline.set_playhead(0)
    assert timeline.x_of(0) == timeline.gutter()


def test_that_playing_does_not_pull_back_a_view_that_was_scrolled_away(timeline):
    for _ in range(6):
        timeline.zoom_in()
    bar = timeline.horizontalScrollBar()
    bar.setValue(bar.maximum())
    for frame in range(1, 5):
        timeline.set_playhead(frame)
    assert bar.value() == bar.maximum()


@pytest.mark.parametrize(("wanted", "shown"), [(-5, 0), (0, 0), (999, 999), (5000, 999)])
def test_that_the_playhead_stays_within_the_clip(timeline, wanted, shown):
    timeline.set_playhead(7)
    timeline.set_playhead(wanted)
    assert f"Frame {shown} of 1000" in timeline.accessibleDescription()


def test_that_a_new_frame_repaints_only_where_the_playhead_was_and_is(timeline):
    timeline.set_tracks([lane(n) for n in range(1, 5)])
    timeline.set_playhead(300)
    QApplication.processEvents()
    timeline.set_playhead(301)
    regions = repainted(timeline)
    assert regions
    for region in regions:
        rect = region.boundingRect()
        assert rect.width() < 90
        assert rect.contains(QPoint(round(timeline.x_of(301)), 150))


def test_that_only_the_lane_with_other_columns_is_repainted(timeline):
    lanes = [lane(n) for n in range(1, 4)]
    timeline.set_tracks(lanes)
    QApplication.processEvents()
    timeline.set_tracks(list(lanes))
    assert repainted(timeline) == []
    timeline.set_tracks([lanes[0], lane(2, range(30)), lanes[2]])
    regions = repainted(timeline)
    assert regions
    box = regions[0].boundingRect()
    assert (box.top(), box.bottom() + 1) == (timeline.lane_top(1), timeline.lane_top(2))


def test_that_a_run_repaints_only_the_ruler(timeline):
    timeline.set_run(10, 20, 500, 1)
    QApplication.processEvents()
    timeline.set_run(10, 40, 500, 1)
    regions = repainted(timeline)
    assert regions
    assert regions[0].boundingRect().bottom() < RULER
    timeline.set_run(10, 40, 500, 1)
    assert repainted(timeline) == []
    timeline.clear_run()
    assert repainted(timeline)


@pytest.mark.parametrize(("step", "stop", "done", "planned"), [
    (1, 50, (10, 21), (10, 50)), (-1, -1, (20, 41), (0, 41)),
])  # fmt: skip
def test_that_a_run_spans_rising_frames_in_both_directions(step, stop, done, planned):
    span = RunSpan(10 if step > 0 else 40, 20, stop, step)
    assert (span.done, span.planned) == (done, planned)


def test_that_words_under_the_cursor_name_frame_time_source_and_state(timeline):
    lost = some_columns(range(100, 200), TargetState.LOST)
    timeline.set_tracks([TrackLane(1, "car 1", "#56b4e9", lost)])
    timeline.set_damaged([150])
    words = timeline.text_at(QPoint(round(timeline.x_of(150.5)), timeline.lane_top(0) + 5))
    frame = timeline.frame_at(round(timeline.x_of(150.5)))
    for part in ("car 1", f"frame {frame}", "tracked", "lost", "0.70"):
        assert part in words
    nothing = timeline.text_at(QPoint(round(timeline.x_of(500)), timeline.lane_top(0) + 5))
    assert "no box" in nothing


def test_that_times_of_a_variable_rate_clip_are_used(timeline):
    times = np.arange(1000) ** 1.1
    timeline.set_clip(1000, 25.0, times)
    x = round(timeline.x_of(600.5))
    frame = timeline.frame_at(x)
    assert timeline.text_at(QPoint(x, 10)).endswith(clock(times[frame]))


@pytest.mark.parametrize("count", [1, 2, 100_000])
def test_that_clips_of_any_length_can_be_painted_at_any_zoom(timeline, count):
    frames = np.unique(np.linspace(0, count - 1, 500).astype(int))
    flags = [Flag.NONE, Flag.CONFIRMED, Flag.ABSENT]
    keys = [
        Keyframe(int(f), Box(0, 0, 1, 1), Source(i % 4), 0.4, TargetState(i % 3), flags[i % 3])
        for i, f in enumerate(frames)
    ]
    timeline.set_clip(count, 30.0)
    timeline.set_tracks(
        [TrackLane(1, "x" * 500, "#e69f00", Columns.of_keyframes(keys), True, False)]
    )
    timeline.set_cached([(0, 1), (count // 2, count)])
    timeline.set_damaged(range(0, count, max(count // 50, 1)))
    timeline.set_run(0, count // 2, count, 1)
    for _ in range(12):
        assert not timeline.grab().isNull()
        timeline.zoom_in()


@pytest.mark.parametrize("width", [40, 200, 500, 3000])
def test_that_names_give_way_in_narrow_windows(timeline, width):
    timeline.resize(width, 200)
    assert timeline.gutter() <= max(width // 3, 0)
    timeline.set_tracks([lane(1)])
    assert not timeline.grab().isNull()
    assert timeline.x_of(1000) == pytest.approx(timeline.viewport().width(), abs=1.5)


def test_that_keys_are_left_to_the_window(timeline, qtbot):
    class Window(QWidget):
        keys: ClassVar[list] = []

        def keyPressEvent(self, event):
            self.keys.append(event.key())

    window = Window()
    qtbot.addWidget(window)
    timeline.setParent(window)
    QTest.keyClick(timeline, Qt.Key.Key_Right)
    assert window.keys == [Qt.Key.Key_Right]
    timeline.setParent(None)
