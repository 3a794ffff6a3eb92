"""What nobody caught is logged, told once, and never takes the window down."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMessageLogContext, QtMsgType

from app import errors
from app.errors import ErrorHub, ErrorReport


@pytest.fixture
def hub(qapp, monkeypatch: pytest.MonkeyPatch):
    hub = ErrorHub()
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    hub.install()
    yield hub
    hub.uninstall()


def caught(hub: ErrorHub) -> list[ErrorReport]:
    reports: list[ErrorReport] = []
    hub.unexpected.connect(reports.append)
    return reports


def raised() -> ValueError:
    try:
        raise ValueError("boom")
    except ValueError as error:
        return error


def test_that_the_report_has_trace_circumstances_and_versions(hub: ErrorHub) -> None:
    reports = caught(hub)
    hub.describe = lambda: [("clip", "8×8")]
    error = raised()
    sys.excepthook(type(error), error, error.__traceback__)
    text = reports[0].text()
    for part in ("ValueError: boom", "in raised", "clip: 8×8", "torch: ", "Python: "):
        assert part in text


def test_that_errors_on_other_threads_arrive_too(hub: ErrorHub, qtbot) -> None:
    def fail() -> None:
        raise ValueError("on a thread")

    with qtbot.waitSignal(hub.unexpected, timeout=5000) as signal:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert "on a thread" in signal.args[0].summary


def test_that_an_error_while_reporting_does_not_recurse(hub: ErrorHub) -> None:
    reports = caught(hub)

    def describe():
        raise RuntimeError("facts are broken")

    hub.describe = describe
    hub.report(raised())
    assert len(reports) == 1
    assert "facts are broken" in reports[0].text()


def test_that_qt_messages_go_to_the_log(hub: ErrorHub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        errors._on_qt_message(QtMsgType.QtWarningMsg, QMessageLogContext(), "a Qt warning")
    assert "a Qt warning" in caplog.text


def test_that_a_program_without_a_console_can_still_print(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(errors.faulthandler, "enable", lambda stream: None)
    try:
        log = errors.start_logging()
        print("nobody sees this")
        logging.getLogger("boxtrail").error("but this")
        assert log is not None
        assert "but this" in log.read_text()
    finally:
        for handler in set(root.handlers) - set(before[0]):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(before[1])
        for stream in (sys.stdout, sys.stderr, errors._crash_stream):
            if stream is not None:
                stream.close()
