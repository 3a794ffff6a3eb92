"""Messages: they stack, leave, can be acted on, and never pile up."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from app.views.toast import Toast


@pytest.fixture
def window(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def toast(window):
    return Toast(window)


def texts(toast) -> list[str]:
    return [card.text for card in toast.cards()]


def test_that_an_empty_stack_is_invisible(toast):
    assert not toast.isVisible()
    toast.show_message("saved")
    assert toast.isVisible()
    toast.clear()
    assert not toast.isVisible()


def test_that_messages_leave_by_themselves(toast, qtbot):
    toast.show_message("saved", seconds=0.05)
    qtbot.waitUntil(lambda: texts(toast) == [], timeout=2000)
    assert not toast.isVisible()


def test_that_errors_stay_until_closed(toast, qtbot):
    toast.show_message("broken", "mend it", "error")
    qtbot.wait(80)
    assert texts(toast) == ["broken"]
    close = toast.cards()[0].findChild(QToolButton)
    close.click()
    assert texts(toast) == []


def test_that_the_same_message_replaces_itself(toast):
    for _ in range(3):
        toast.show_message("disk is full", severity="error")
    toast.show_message("other")
    assert texts(toast) == ["disk is full", "other"]


def test_that_the_oldest_give_way(toast):
    for number in range(9):
        toast.show_message(f"message {number}")
    assert texts(toast) == [f"message {n}" for n in (5, 6, 7, 8)]


def test_that_an_action_runs_once_and_closes_the_message(toast):
    done = []
    toast.show_message("deleted", action_text="Undo", action=lambda: done.append(1))
    toast.cards()[0].findChild(QPushButton).click()
    assert done == [1]
    assert texts(toast) == []


def test_that_an_unknown_severity_is_a_mistake_of_the_caller(toast):
    with pytest.raises(KeyError):
        toast.show_message("x", severity="fatal")


@pytest.mark.parametrize("size", [(800, 600), (300, 200), (1600, 900)])
def test_that_messages_lie_inside_the_window_also_after_resizing(toast, window, qtbot, size):
    toast.show_message("w" * 20 + " word" * 40, "hint " * 30, "warning")
    toast.show_message("second")
    window.resize(*size)
    qtbot.waitUntil(lambda: window.rect().contains(toast.geometry()), timeout=1000)
    cards = toast.cards()
    assert cards[-1].text == "second"
    assert all(toast.rect().contains(card.geometry()) for card in cards[1:])
    assert not cards[0].geometry().intersects(cards[-1].geometry()) or len(cards) == 1


def test_that_the_newest_message_stays_whole_in_a_small_window(toast, window):
    window.resize(300, 200)
    for number in range(4):
        toast.show_message(f"{number} " + "word " * 30)
    newest = toast.cards()[-1]
    assert newest.text.startswith("3")
    assert toast.rect().contains(newest.geometry())


def test_that_messages_do_not_take_the_focus(toast, window):
    other = QPushButton("work", window)
    other.show()
    other.setFocus()
    toast.show_message("saved", action_text="Undo", action=lambda: None)
    assert other.hasFocus()
    assert all(
        button.focusPolicy() == Qt.FocusPolicy.TabFocus
        for kind in (QPushButton, QToolButton)
        for button in toast.findChildren(kind)
    )
