from __future__ import annotations

import threading
import time

from core.engine.control import Control


def _worker(control: Control, passed: list[float]) -> threading.Thread:
    def loop() -> None:
        while control.wait():
            passed.append(time.perf_counter())
            time.sleep(0.002)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    return thread


def _settled(passed: list[float], seconds: float = 0.05) -> int:
    time.sleep(seconds)
    return len(passed)


def test_that_a_pause_holds_and_resume_goes_on():
    control, passed = Control(), []
    thread = _worker(control, passed)
    _settled(passed)
    control.pause()
    held = _settled(passed)
    assert held > 0
    assert _settled(passed) == held
    control.resume()
    assert _settled(passed) > held
    control.cancel()
    thread.join(1)
    assert not thread.is_alive()


def test_that_steps_let_exactly_so_many_frames_through():
    control, passed = Control(), []
    control.pause()
    thread = _worker(control, passed)
    control.step(3)
    assert _settled(passed) == 3
    control.step()
    assert _settled(passed) == 4
    control.cancel()
    thread.join(1)


def test_that_a_pause_withdraws_steps_not_yet_taken():
    control, passed = Control(), []
    control.pause()
    control.step(1000)
    thread = _worker(control, passed)
    _settled(passed, 0.02)
    control.pause()
    held = _settled(passed)
    assert held < 1000
    assert _settled(passed) == held
    control.cancel()
    thread.join(1)


def test_that_steps_left_over_do_not_outlive_a_resume():
    control, passed = Control(), []
    control.step(1000)
    control.resume()
    control.pause()
    thread = _worker(control, passed)
    assert _settled(passed) == 0
    control.cancel()
    thread.join(1)


def test_that_cancel_wakes_a_paused_run_at_once():
    control, passed = Control(), []
    control.pause()
    thread = _worker(control, passed)
    time.sleep(0.02)
    tick = time.perf_counter()
    control.cancel()
    thread.join(1)
    assert time.perf_counter() - tick < 0.1
    assert not thread.is_alive()
    assert passed == []


def test_that_tuning_accumulates_until_taken_and_the_newest_value_wins():
    control = Control()
    control.tune({"a": 1, "b": 1})
    control.tune({"b": 2})
    assert control.take_tuning() == {"a": 1, "b": 2}
    assert control.take_tuning() == {}


def test_that_an_empty_choice_of_maps_is_a_choice():
    control = Control()
    assert control.take_want_maps() is None
    control.want_maps(frozenset())
    assert control.take_want_maps() == frozenset()
    assert control.take_want_maps() is None


def test_that_each_halt_is_told_once_and_only_while_it_lasts():
    halts, passed = [], []
    control = Control(on_hold=lambda: halts.append(len(passed)))
    control.pause()
    thread = _worker(control, passed)
    assert _settled(passed) == 0
    assert halts == [0]
    assert control.holding
    control.step(2)
    assert _settled(passed) == 2
    assert halts == [0, 2]
    control.resume()
    _settled(passed)
    assert not control.holding
    control.cancel()
    thread.join(1)
    assert len(halts) == 2
