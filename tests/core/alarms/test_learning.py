"""Verdicts of a person move thresholds a little, within bounds, and back."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.alarms.kinds import ALARMS, Alarm
from core.alarms.learning import (
    LEAST,
    MOST,
    Tolerances,
    load_tolerances,
    save_tolerances,
)
from core.alarms.thresholds import Thresholds

BASE = Thresholds(together_above=0.9, still_below=0.1)


def test_that_accepting_makes_only_what_rang_more_tolerant() -> None:
    learnt = Tolerances().accepted("ccr", Alarm.SCORE | Alarm.RIVAL | Alarm.SIZE)
    now = learnt.applied("ccr", BASE)
    assert now.score_below < BASE.score_below
    assert now.rival_above > BASE.rival_above
    assert now.size_above > BASE.size_above
    assert now.looks_below == BASE.looks_below
    assert learnt.applied("edcf", BASE) == BASE


def test_that_an_overlooked_error_makes_every_sign_less_tolerant() -> None:
    now = Tolerances().overlooked("ccr").applied("ccr", BASE)
    for info in ALARMS.values():
        before, after = BASE.of(info.alarm), now.of(info.alarm)
        assert after < before if info.above else after > before


def test_that_no_verdict_wakes_an_alarm_that_is_silent() -> None:
    silent = Thresholds()
    assert (silent.still_below, silent.together_above) == (0.0, 1.0)
    for learnt in (Tolerances().overlooked("ccr"), Tolerances().accepted("ccr", Alarm.STILL)):
        now = learnt.applied("ccr", silent)
        assert (now.still_below, now.together_above) == (0.0, 1.0)


@given(st.lists(st.sampled_from([*ALARMS, None]), max_size=60))
@settings(max_examples=30, deadline=None)
def test_that_no_run_of_verdicts_leaves_the_bounds(verdicts: list[Alarm | None]) -> None:
    learnt = Tolerances()
    for alarm in verdicts:
        learnt = learnt.overlooked("t") if alarm is None else learnt.accepted("t", int(alarm))
    assert all(LEAST <= v <= MOST for v in learnt.of("t").values())
    now = learnt.applied("t", BASE)
    for info in ALARMS.values():
        limit = now.of(info.alarm)
        assert info.low <= limit <= info.high
        # An alarm that could ring can still ring: nothing is learnt away altogether.
        assert limit != (info.high if info.above else info.low)


def test_that_what_was_learnt_can_be_taken_back() -> None:
    learnt = Tolerances().accepted("ccr", Alarm.SCORE | Alarm.RIVAL).accepted("edcf", Alarm.EDGE)
    assert set(learnt.without("ccr", "score_below").of("ccr")) == {"rival_above"}
    assert learnt.without("ccr").applied("ccr", BASE) == BASE
    assert learnt.without("ccr").of("edcf") == learnt.of("edcf")


def test_that_it_is_kept_in_a_file_and_a_damaged_one_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "tolerances.json"
    assert load_tolerances(path) == Tolerances()
    learnt = Tolerances().accepted("ccr", Alarm.SCORE)
    save_tolerances(learnt, path)
    assert load_tolerances(path).of("ccr") == dict(learnt.of("ccr"))
    path.write_text('{"ccr": {"score_below": 99, "unknown": 1, "rival_above": "x"}, "e": 3}')
    assert dict(load_tolerances(path).of("ccr")) == {"score_below": MOST}
    path.write_text("{")
    assert load_tolerances(path) == Tolerances()
