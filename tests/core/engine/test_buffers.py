from __future__ import annotations

import threading

from core.engine.mailbox import Latest
from core.engine.run_buffer import Row, RunBuffer
from core.geometry import Box
from core.states import Source, TargetState


def _row(frame: int, *, is_seed: bool = False) -> Row:
    return Row(frame, Box(frame, 0, 2, 2), 0.5, TargetState.UNCERTAIN, "", {}, 0.01, is_seed)


def test_that_the_mailbox_keeps_only_the_newest_and_counts_what_it_dropped():
    box: Latest[int] = Latest()
    for value in (1, 2, 3):
        box.put(value)
    assert box.take() == 3
    assert box.take() is None
    assert box.dropped == 2


def test_that_the_buffer_loses_nothing_while_it_is_read():
    buffer, seen, count = RunBuffer(7), [], 5000

    def write() -> None:
        for frame in range(count):
            buffer.append(_row(frame))

    writer = threading.Thread(target=write)
    writer.start()
    while len(seen) < count:
        seen.extend(buffer.since(len(seen)))
    writer.join()
    assert [row.frame for row in seen] == list(range(count))


def test_that_the_columns_leave_out_the_seed_and_say_which_run_made_them():
    buffer = RunBuffer(7)
    buffer.append(_row(4, is_seed=True))
    for frame in (5, 6, 8):
        buffer.append(_row(frame))
    columns = buffer.columns()
    assert columns.frames.tolist() == [5, 6, 8]
    assert set(columns.runs.tolist()) == {7}
    assert set(columns.sources.tolist()) == {Source.TRACKED}
    assert set(columns.states.tolist()) == {TargetState.UNCERTAIN}


def test_that_a_backward_run_gives_rising_frames():
    buffer = RunBuffer(1)
    for frame in (9, 8, 7):
        buffer.append(_row(frame, is_seed=frame == 9))
    assert buffer.columns().frames.tolist() == [7, 8]
