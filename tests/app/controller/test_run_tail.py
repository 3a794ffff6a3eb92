"""What judges a run of the window follows the preferences."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from app.controller.run_tail import watch_for
from app.settings import Preferences
from core import trackers
from core.alarms.kinds import Alarm
from core.alarms.learning import Tolerances


def _desk(**preferences: Any) -> Any:
    return SimpleNamespace(
        preferences=replace(Preferences(device="cpu"), **preferences), tolerances=Tolerances()
    )


def test_that_a_second_tracker_is_asked_only_where_the_user_wishes_so() -> None:
    trackers.load_all()
    plain = watch_for(_desk(), "ccr", until_unsure=False)
    asking = watch_for(_desk(second_tracker=True), "ccr", until_unsure=False)
    assert list(plain.watcher._opinions) == []
    assert [opinion.alarm for opinion in asking.watcher._opinions] == [Alarm.SECOND]


def test_that_only_a_run_until_unsure_stops_by_itself() -> None:
    assert watch_for(_desk(), "ccr", until_unsure=False).rule is None
    rule = watch_for(_desk(stop_after=3, cut_tail=False), "ccr", until_unsure=True).rule
    assert rule is not None
    assert (rule.stop_after, rule.cut_tail) == (3, False)
