"""The signs that a box may be wrong: their names, their bits and their words.

Bits are stored with every box (`Columns.alarms`), so they never change their meaning:
new alarms take new bits. What each one measures, and from which source, is said in
docs/alarms.md.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class Alarm(enum.IntFlag):
    """What spoke against a box; any number at once."""

    NONE = 0
    TRACKER = 1
    SCORE = 2
    PSR = 4
    APCE = 8
    RIVAL = 16
    SIZE = 32
    ASPECT = 64
    JUMP = 128
    EDGE = 256
    LOOKS = 512
    ROUND_TRIP = 1024
    TOGETHER = 2048
    SECOND = 4096
    STILL = 8192


@dataclass(frozen=True, slots=True)
class AlarmInfo:
    """What a person reads of one alarm.

    `name` is short and general, `reason` says what happened; `above` tells whether high
    values ring (else low ones do), `low` and `high` bound its values, `unit` follows them.
    """

    alarm: Alarm
    name: str
    reason: str
    above: bool
    low: float = 0.0
    high: float = 1.0
    unit: str = ""

    @property
    def field(self) -> str:
        """Name of its threshold in :class:`core.alarms.thresholds.Thresholds`."""
        return f"{self.alarm.name or ''}_{'above' if self.above else 'below'}".lower()


_INFOS = (
    AlarmInfo(Alarm.LOOKS, "Looks", "It does not look like the target any more",
              above=False, low=-1.0),
    AlarmInfo(Alarm.RIVAL, "Rival", "Another place answers nearly as strongly", above=True),
    AlarmInfo(Alarm.EDGE, "Edge", "The box is leaving the picture", above=True),
    AlarmInfo(Alarm.JUMP, "Jump", "The box jumped", above=True, high=10.0, unit="box sizes"),
    AlarmInfo(Alarm.SIZE, "Size", "The size changed at one blow",
              above=True, low=1.0, high=10.0, unit="×"),
    AlarmInfo(Alarm.ASPECT, "Shape", "The shape changed at one blow",
              above=True, low=1.0, high=10.0, unit="×"),
    AlarmInfo(Alarm.STILL, "Still", "The box stands still although the target was moving",
              above=False, unit="× usual"),
    AlarmInfo(Alarm.PSR, "Sharpness", "The peak stands out far less than usual",
              above=False, unit="× usual"),
    AlarmInfo(Alarm.APCE, "Calm", "The response is far more restless than usual",
              above=False, unit="× usual"),
    AlarmInfo(Alarm.SCORE, "Score", "The score is low", above=False),
    AlarmInfo(Alarm.TOGETHER, "All signs", "Several signs are weak at once", above=True),
    AlarmInfo(Alarm.SECOND, "Second", "Another tracker says another box", above=False),
    AlarmInfo(Alarm.ROUND_TRIP, "Way back", "Tracked back, it does not return to where it came "
              "from", above=False),
)  # fmt: skip

ALARMS: Mapping[Alarm, AlarmInfo] = MappingProxyType({info.alarm: info for info in _INFOS})
"""Alarms with a threshold, the most telling reason first; the tracker's own word has none."""

_OWN = "The tracker itself is not sure"


def reasons(bits: int) -> list[str]:
    """What the bits say, the most telling first; without full stops."""
    found = [info.reason for info in ALARMS.values() if bits & info.alarm]
    return [*found, _OWN] if bits & Alarm.TRACKER else found


def in_words(bits: int, own: str = "") -> str:
    """One sentence or two for a person; `own` is what the tracker itself said.

    Of many reasons the two most telling are named. Empty when nothing rang.
    """
    said = reasons(bits & ~int(Alarm.TRACKER)) if own else reasons(bits)
    sentences = [f"{reason}." for reason in said[:2]]
    if own and bits & Alarm.TRACKER:
        sentences.append(own if own.endswith(".") else f"{own}.")
    return " ".join(sentences[:2])
