"""Playback row: where to go is read exactly, and shown where we are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QToolButton

from app.views.timeline_scale import clock
from app.views.transport import ORDER, SPEEDS, Transport, parse_position


@pytest.fixture
def transport(qtbot):
    made = Transport()
    qtbot.addWidget(made)
    made.set_clip(2400, 25.0)
    made.show()
    qtbot.waitExposed(made)
    return made


def box(transport) -> QLineEdit:
    return next(b for b in transport.findChildren(QLineEdit) if b.accessibleName())


def type_position(transport, qtbot, text: str):
    transport.focus_seek()
    box(transport).setText(text)
    qtbot.keyClick(box(transport), Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("0", 0),
        (" 1201 ", 1201),
        ("1,201", 1201),
        ("1 201", 1201),
        ("0:04.000", 100),
        ("0:04", 100),
        ("1:00.04", 1501),
        ("1:00:00", 90_000),
        ("4s", 100),
        ("4.04", 101),
        ("0:03.999", 99),
    ],
)
def test_that_positions_are_read(text, frame):
    assert parse_position(text, 25.0) == frame


@pytest.mark.parametrize("text", ["", "abc", "-5", "1:", "1:2:3:4", "12f", "0:99x"])
def test_that_what_is_no_position_is_refused(text):
    assert parse_position(text, 25.0) is None


def test_that_times_need_a_frame_rate():
    assert parse_position("0:04", 0.0) is None
    assert parse_position("12", 0.0) == 12


@given(st.integers(0, 500_000), st.sampled_from([23.976, 24.0, 25.0, 29.97, 30.0, 60.0, 120.0]))
def test_that_the_printed_time_of_a_frame_leads_back_to_it(frame, fps):
    assert parse_position(clock(frame / fps), fps) == frame


def test_that_enter_announces_the_frame(transport, qtbot):
    with qtbot.waitSignal(transport.seek) as heard:
        type_position(transport, qtbot, "0:08")
    assert heard.args == [200]


def test_that_positions_beyond_the_end_go_to_the_last_frame(transport, qtbot):
    with qtbot.waitSignal(transport.seek) as heard:
        type_position(transport, qtbot, "99999999")
    assert heard.args == [2399]


def test_that_a_wrong_text_is_marked_and_kept(transport, qtbot):
    with qtbot.assertNotEmitted(transport.seek):
        type_position(transport, qtbot, "hello")
    assert box(transport).property("invalid") is True
    assert box(transport).text() == "hello"
    qtbot.keyClick(box(transport), Qt.Key.Key_Escape)
    assert box(transport).property("invalid") is False
    assert box(transport).text() == "0"


def test_that_typing_is_not_overwritten_while_playing(transport, qtbot):
    transport.focus_seek()
    qtbot.keyClicks(box(transport), "77")
    transport.set_playhead(5)
    assert box(transport).text() == "77"
    box(transport).clearFocus()
    assert box(transport).text() == "5"


def test_that_the_time_shown_is_the_frames_own(transport):
    texts = lambda: [label.text() for label in transport.findChildren(QLabel)]  # noqa: E731
    transport.set_playhead(50)
    assert "0:02.000" in texts()
    transport.set_playhead(50, 3.5)
    assert "0:03.500" in texts()


def test_that_speeds_are_announced_only_by_a_person(transport, qtbot):
    speed = next(b for b in transport.findChildren(QComboBox))
    with qtbot.assertNotEmitted(transport.speed_changed):
        transport.set_speed(2.1)
    assert speed.currentData() == 2.0
    with qtbot.waitSignal(transport.speed_changed) as heard:
        speed.setCurrentIndex(0)
    assert heard.args == [SPEEDS[0]]


def test_that_buttons_trigger_the_actions_in_order(transport, qtbot):
    actions = {name: QAction(name, transport) for name in reversed(ORDER)}
    transport.set_actions(actions)
    buttons = [b for b in transport.findChildren(QToolButton) if b.defaultAction()]
    placed = sorted(buttons, key=lambda b: transport.layout().indexOf(b))
    assert {b.defaultAction().text() for b in placed} == set(ORDER)
    transport.resize(900, 44)
    QApplication.processEvents()
    by_place = sorted(buttons, key=lambda b: b.x())
    assert [b.defaultAction().text() for b in by_place] == list(ORDER)
    with qtbot.waitSignal(actions["play"].triggered):
        by_place[3].click()


def test_that_playing_changes_the_button_and_missing_actions_are_no_problem(transport):
    transport.set_playing(playing=True)
    transport.set_actions({"play": QAction("play", transport)})
    button = next(b for b in transport.findChildren(QToolButton) if b.defaultAction())
    playing = button.icon().cacheKey()
    transport.set_playing(playing=False)
    assert button.icon().cacheKey() != playing


def test_that_there_is_nothing_to_seek_without_a_clip(transport):
    transport.set_clip(0, 0.0)
    assert not box(transport).isEnabled()
    assert box(transport).text() == ""


def test_that_a_long_status_gives_way(transport):
    transport.set_status("s" * 500, "why", "error")
    assert transport.minimumSizeHint().width() < 700
