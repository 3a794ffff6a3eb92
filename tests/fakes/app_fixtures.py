"""Fixtures that make the real window for a test and check that it leaves nothing behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator

import pytest
from fakes import template_match  # noqa: F401  (registers the test tracker)
from fakes.app_driver import Answers, Driver
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from app import theme
from app.main_window import MainWindow


@pytest.fixture
def no_leaks(qapp: QApplication) -> Iterator[None]:
    """No Python thread and no top-level widget outlives the test."""
    before = {id(w) for w in qapp.topLevelWidgets()}
    threads = set(threading.enumerate())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    left = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.isVisible()]
    assert not left, f"windows left open: {left}"
    running = [t for t in set(threading.enumerate()) - threads if not t.daemon]
    for thread in running:
        thread.join(5)
    assert not [t for t in running if t.is_alive()], f"threads left: {running}"


@pytest.fixture
def answers() -> Answers:
    """Prepared answers to the window's questions."""
    return Answers()


@pytest.fixture
def make_driver(qapp: QApplication, no_leaks: None) -> Iterator[Callable[..., Driver]]:
    """Makes windows; they are shut down after the test, whatever happened."""
    made: list[MainWindow] = []
    theme.apply(qapp, "light")

    def make(answers: Answers | None = None) -> Driver:
        answers = answers or Answers()
        window = MainWindow(prompts=answers)  # type: ignore[arg-type]
        made.append(window)
        window.resize(1280, 800)
        window.show()
        window.activateWindow()
        driver = Driver(window, answers)
        driver.until(lambda: driver.desk.state.trackers_ready)
        return driver

    yield make
    for window in made:
        window.shut_down()
        window.hide()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def driver(make_driver: Callable[..., Driver], answers: Answers) -> Driver:
    """One window, nothing open."""
    return make_driver(answers)
