"""Thresholds and checkers are chosen by their rules, and judged on sequences left out."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from core.alarms import thresholds
from core.alarms.kinds import Alarm
from core.alarms.thresholds import Thresholds, Weights, calibration
from core.engine.way_back import way_back

TOOLS = Path(__file__).resolve().parents[2] / "packaging"


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    sys.path.insert(0, str(TOOLS))
    yield
    sys.path.remove(str(TOOLS))


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)


def _part(name: str, *, apart: float) -> object:
    """A sequence whose frames from 60 on are bad; there the checker overlaps by `apart`."""
    truth = np.where(np.arange(100) < 60, 0.8, 0.3)
    second = np.where(truth > 0.5, 0.9, apart)
    return _module("calibrate_alarms_check").Part(name, truth, second, np.zeros(100, bool))


def test_that_the_limit_is_the_lowest_that_catches_and_each_is_judged_by_the_others() -> None:
    tools = _module("calibrate_alarms_check")
    found = tools.judged(("ccr",), [_part("a", apart=0.45), _part("b", apart=0.6)])
    assert found.below == pytest.approx(0.61)
    assert found.caught == 1.0
    assert found.false == pytest.approx(2 * 2 / 120), "two frames before each stretch"
    # “b” is judged with the limit of “a”, 0.46, and is missed; “a” with 0.61.
    assert found.new[0] == pytest.approx(0.5)
    assert found.cost() > tools.judged(("edcf",), [_part("a", apart=0.6)] * 2).cost()


def test_that_pauses_within_a_flagged_stretch_belong_to_it() -> None:
    ringing = np.zeros(20, bool)
    ringing[[3, 8, 14]] = True
    assert list(np.flatnonzero(_module("calibrate_alarms_check").stretches(ringing))) == [
        3, 4, 5, 6, 7, 8, 14
    ]  # fmt: skip


def _frames(rival_on_bad: float, sequences: int = 2) -> Any:
    """1,000 frames of some sequences, 100 of them bad; a rival of 0.9 on 1 good frame in 500."""
    tools = _module("calibrate_alarms")
    overlap = np.where(np.arange(1000) < 900, 0.8, 0.3)
    rival = np.where(overlap > 0.5, 0.2, rival_on_bad)
    rival[[10, 400]] = 0.9
    values = {alarm: np.full(1000, np.nan) for alarm in tools.ALARMS}
    values[Alarm.RIVAL] = rival
    signs = np.zeros((1000, len(tools.SIGNS)))
    nothing = np.zeros(1000, bool)
    names = np.array(["a", "b"])[np.arange(1000) % sequences]
    return tools.Judged(values, signs, nothing, overlap, names, nothing - 1)


@pytest.mark.parametrize(("on_bad", "rings"), [(0.95, True), (0.1, False)])
def test_that_an_alarm_of_the_response_is_silent_where_it_rings_on_right_boxes(
    on_bad: float, rings: bool
) -> None:
    data = _frames(on_bad)
    tools = _module("calibrate_alarms")
    thresholds = tools.chosen(data, Weights())
    assert (thresholds.rival_above < 1.0) == rings
    found = tools.measured(data, tools.flags(data, thresholds))
    assert found["recall"] == float(rings)


def test_that_what_one_sequence_alone_teaches_is_not_taken() -> None:
    tools = _module("calibrate_alarms")
    assert tools.chosen(_frames(0.95, sequences=1), Weights()).rival_above == 1.0
    assert tools.chosen(_frames(0.95, sequences=2), Weights()).rival_above < 1.0


@pytest.mark.parametrize(("on_bad", "rings"), [(0.02, True), (0.2, False), (1.0, False)])
def test_that_a_box_must_nearly_stop_to_stand_still(on_bad: float, rings: bool) -> None:
    tools = _module("calibrate_alarms")
    for sequences in (1, 2):
        data = _frames(0.1, sequences)
        data.values[Alarm.STILL] = np.where(data.bad, on_bad, 0.6)
        limit = tools.chosen(data, Weights()).still_below
        assert limit == (0.1 if rings and sequences > 1 else 0.0)


def test_that_the_way_back_gets_the_highest_limit_that_flags_few_right_frames() -> None:
    check, tools = _module("calibrate_alarms_check"), _module("calibrate_alarms_back")
    truth = np.where(np.arange(100) < 60, 0.8, 0.3)
    # Of 60 right frames 2 lie beside the bad ones and are flagged with them; 10 more below
    # 0.6 are within the share, all below 0.7 are not.
    answers = np.where(truth < 0.5, 0.3, 0.7)
    answers[:8] = 0.6
    found = tools.judged_back([check.Part(n, truth, answers, np.zeros(100, bool)) for n in "ab"])
    assert found.below == pytest.approx(0.7)
    assert (found.caught, found.bad, found.frames) == (1.0, 80, 200)
    assert found.false == pytest.approx((8 + 2 + 2) / 60)
    strict = answers.copy()
    strict[:20] = 0.6
    few = tools.judged_back([check.Part("a", truth, strict, np.zeros(100, bool))] * 2)
    assert few.below == pytest.approx(0.6)


def test_that_an_answer_of_the_way_back_holds_for_the_frames_before_it() -> None:
    tools = _module("calibrate_alarms_back")
    answers = np.array([np.nan, np.nan, 0.5, np.nan, 0.3, np.nan])
    assert tools.spoken_of(answers).tolist() == [0.5, 0.5, 0.5, 0.3, 0.3, 1.0]
    assert tools.spoken_of(np.full(3, np.nan)).tolist() == [1.0, 1.0, 1.0]


def test_that_the_limit_of_the_way_back_is_read_from_the_table_as_it_was_written() -> None:
    tools, back = _module("calibrate_alarms"), _module("calibrate_alarms_back")
    limit = back.Back(0.73, 0.8, 0.2, (0.8, 0.2), 90, 900)
    text = tools.table("mine", Thresholds(), Weights(), "peak", {}, None, limit)
    known = thresholds._calibration("mine", tomllib.loads(text)["mine"])
    assert way_back(known).below == 0.73
    assert way_back(calibration("nobody")).below == known.thresholds.round_trip_below
