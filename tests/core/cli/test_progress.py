from __future__ import annotations

import io

import pytest

from core.cli.progress import ProgressLine, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_that_the_line_shows_share_count_speed_and_note_and_ends_full():
    stream = Terminal()
    line = ProgressLine(10, stream=stream)
    line.update(0)
    for done in range(1, 11):
        line.update(done, "lost")
    text = stream.getvalue()
    last = text.split("\r")[-1]
    assert "100%" in last
    assert "10/10 frames" in last
    assert "/s" in last
    assert last.rstrip().endswith("lost")
    assert "\n" not in text


def test_that_it_is_drawn_a_few_times_a_second_at_most():
    stream = Terminal()
    line = ProgressLine(100_000, stream=stream)
    for done in range(50_000):
        line.update(done)
    assert 1 <= stream.getvalue().count("\r") < 20


def test_that_clearing_leaves_an_empty_line():
    stream = Terminal()
    line = ProgressLine(10, stream=stream)
    line.update(10)
    line.clear()
    assert stream.getvalue().endswith(" \r")
    before = stream.getvalue()
    line.clear()
    assert stream.getvalue() == before


@pytest.mark.parametrize("shown", [True, False])
def test_that_nothing_is_written_where_nobody_watches(shown):
    stream = io.StringIO() if shown else Terminal()
    line = ProgressLine(10, shown=shown, stream=stream)
    line.update(5)
    line.update(10)
    line.clear()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1:01"), (3725, "1:02:05"), (float("nan"), "?")],
)
def test_that_durations_read_well(seconds, text):
    assert duration(seconds) == text
