"""The judge of a stream of results: from numbers and boxes to doubt, with reasons.

Each frame gives signs: how the box moved and changed against the last frames, what the
response was like against the run's own recent history, how alike the target still
looks. Signs of level (score, sharpness, likeness) are means over five frames, so that
one blurred frame is no alarm. A sign beyond its threshold rings; doubt, once there,
ends only after some calm frames (hysteresis), and lasting doubt means lost. The box
never changes; what is judged here is only told.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.alarms.appearance import Appearance, Cut, Image, cut_of
from core.alarms.kinds import ALARMS, Alarm, in_words
from core.alarms.opinion import Opinion
from core.alarms.thresholds import Calibration
from core.geometry import Box
from core.states import TargetState
from core.trackers.base import TrackResult

SMOOTHED = 5
"""Frames over which signs of level are averaged."""

RECENT = 10
"""Frames whose median is the size, shape and motion that a box is compared with."""

USUAL = 50
"""Frames whose median is the usual sharpness of a response, and the usual speed of a box."""

AT_REST = 0.02
"""Usual speed, in box sizes a frame, under which a target stands: its box may do so too."""

_LEARN_FROM = 0.5  # likeness from which a picture may enter the slow memory
_WARM_UP = 5  # frames before "usual" means anything
_KNOWN_SPEED = 10  # frames before the last ones without which there is no usual speed
_MODEST = 30  # frames whose median size the slow sign of size compares with


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of one frame.

    `alarms` are the bits that ring; `doubt` in [0, 1] grows with what speaks against the
    box; `values` are the measured values per alarm, `signs` what counts together.
    """

    state: TargetState = TargetState.TRACKING
    alarms: int = 0
    doubt: float = 0.0
    reason: str = ""
    values: Mapping[Alarm, float] = field(default_factory=dict)
    signs: Mapping[str, float] = field(default_factory=dict)


class Watcher:
    """Judges the frames of one run, in order of tracking; the first one is the seed.

    Parameters
    ----------
    calibration
        Thresholds and weights in force, see :func:`core.alarms.thresholds.calibration`.
    opinions
        Who else is asked about every box; an answer stands until the next one.
    """

    def __init__(self, calibration: Calibration, opinions: Sequence[Opinion] = ()) -> None:
        self._calibration = calibration
        self._opinions = opinions
        self._heard: dict[Alarm, float] = {}
        self._appearance: Appearance | None = None
        self._boxes: deque[Box] = deque(maxlen=_MODEST + 1)
        self._moves: deque[tuple[float, float]] = deque(maxlen=RECENT)
        self._speeds: deque[float] = deque(maxlen=USUAL + SMOOTHED)
        self._usual = {name: deque(maxlen=USUAL) for name in ("psr", "apce")}
        self._levels: dict[str, deque[float]] = {}
        self._doubted, self._calm = 0, 0

    def see(self, image: Image, result: TrackResult) -> Verdict:
        """Judge the next frame: its picture ``(H, W, 3)`` uint8 and the tracker's word.

        The seed is trusted and only remembered.
        """
        height, width = image.shape[:2]
        self._listen(image, result.box)
        return self.judge(cut_of(image, result.box), (width, height), result)

    def _listen(self, image: Image, box: Box) -> None:
        for opinion in self._opinions:
            if self._appearance is None:
                opinion.trust(image, box)
                continue
            answer = opinion.about(image, box)
            if answer is not None:
                self._heard[opinion.alarm] = answer

    def judge(self, patch: Cut, size: tuple[int, int], result: TrackResult) -> Verdict:
        """As :meth:`see`, from the cut of the box and the picture's (width, height)."""
        if self._appearance is None:
            self._appearance = Appearance(patch)
            self._boxes.append(result.box)
            return Verdict()
        values, signs = self._measure(patch, size, result)
        values.update(self._heard)
        thresholds = self._calibration.thresholds
        bits = sum(int(a) for a, value in values.items() if thresholds.rings(a, value))
        if thresholds.own_word and result.state is not TargetState.TRACKING:
            bits |= Alarm.TRACKER
        state = self._settle(bits, result.state)
        doubt = _strength(bits, state, values.get(Alarm.TOGETHER, 0.0))
        own = result.reason if bits & Alarm.TRACKER else ""
        return Verdict(state, bits, doubt, in_words(bits, own), values, signs)

    # ---- signs ---------------------------------------------------------------------------

    def _measure(
        self, patch: Cut, size: tuple[int, int], result: TrackResult
    ) -> tuple[dict[Alarm, float], dict[str, float]]:
        alike, first = self._looks(patch, result)
        scalars = result.scalars
        values = {
            Alarm.SCORE: self._level("score", result.score),
            Alarm.LOOKS: self._level("looks", alike),
            Alarm.EDGE: outside(result.box, *size),
            **self._changes(result.box),
        }
        still = self._stillness()
        if still is not None:
            values[Alarm.STILL] = still
        rival = scalars.get("peak_ratio", scalars.get("rival"))
        if rival is not None:
            values[Alarm.RIVAL] = self._level("rival", float(rival))
        for alarm, name in ((Alarm.PSR, "psr"), (Alarm.APCE, "apce")):
            if name in scalars:
                values[alarm] = self._level(name, self._share(name, float(scalars[name])))
        signs = {
            "looks": 1 - values[Alarm.LOOKS],
            "first": 1 - self._level("first", first),
            "score": 1 - values[Alarm.SCORE],
            "rival": values.get(Alarm.RIVAL, 0.0),
            "size": self._growth(result.box),
            "edge": values[Alarm.EDGE],
        }
        evidence = self._calibration.evidence
        if evidence in scalars:
            signs["evidence"] = 1 - self._level("evidence", float(scalars[evidence]))
        values[Alarm.TOGETHER] = self._calibration.weights.doubt(signs)
        self._boxes.append(result.box)
        return values, signs

    def _looks(self, patch: Cut, result: TrackResult) -> tuple[float, float]:
        appearance = self._appearance
        if appearance is None:
            raise RuntimeError("a run begins with its seed")
        alike, first = appearance.similarities(patch)
        if alike > _LEARN_FROM and result.state is TargetState.TRACKING:
            appearance.learn(patch)
        return alike, first

    def _changes(self, box: Box) -> dict[Alarm, float]:
        before = self._boxes[-1]
        recent = list(self._boxes)[-RECENT:]
        move = (box.cx - before.cx, box.cy - before.cy)
        usual = np.median(self._moves, axis=0) if self._moves else np.zeros(2)
        self._moves.append(move)
        side = math.sqrt(max(before.area, 1.0))
        self._speeds.append(math.hypot(*move) / side)
        area = float(np.median([b.area for b in recent]))
        shape = float(np.median([b.w / max(b.h, 1e-6) for b in recent]))
        return {
            Alarm.JUMP: math.hypot(move[0] - float(usual[0]), move[1] - float(usual[1])) / side,
            Alarm.SIZE: _ratio(box.area, area),
            Alarm.ASPECT: _ratio(box.w / max(box.h, 1e-6), shape),
        }

    def _stillness(self) -> float | None:
        """The last frames' mean speed as a share of the usual one before them, at most 1.

        None while the usual one is unknown, or that of a target at rest. The last frames do
        not count as usual: a box that begins to stand still would soon be its own measure.
        """
        speeds = list(self._speeds)
        if len(speeds) < SMOOTHED + _KNOWN_SPEED:
            return None
        usual = float(np.median(speeds[:-SMOOTHED]))
        if usual < AT_REST:
            return None
        return min(sum(speeds[-SMOOTHED:]) / SMOOTHED / usual, 1.0)

    def _growth(self, box: Box) -> float:
        """Logarithm of the change of area against the last second or so."""
        area = float(np.median([b.area for b in list(self._boxes)[-_MODEST:]]))
        return math.log(_ratio(box.area, area))

    def _share(self, name: str, value: float) -> float:
        """A response's quality as a share of what was usual, at most 1."""
        usual = self._usual[name]
        share = 1.0
        if len(usual) >= _WARM_UP:
            share = value / max(float(np.median(usual)), 1e-9)
        usual.append(value)
        return min(max(share, 0.0), 1.0)

    def _level(self, name: str, value: float) -> float:
        """The mean of the last frames' values."""
        known = self._levels.setdefault(name, deque(maxlen=SMOOTHED))
        if math.isfinite(value):
            known.append(value)
        return sum(known) / len(known) if known else 0.0

    # ---- doubt ---------------------------------------------------------------------------

    def _settle(self, bits: int, own: TargetState) -> TargetState:
        thresholds = self._calibration.thresholds
        if bits:
            self._doubted, self._calm = self._doubted + 1, 0
        elif self._doubted:
            self._calm += 1
            if self._calm >= thresholds.clear_after:
                self._doubted = self._calm = 0
        if not self._doubted:
            return TargetState.TRACKING
        given_up = thresholds.own_word and own is TargetState.LOST
        lasting = bits != 0 and self._doubted >= thresholds.lost_after
        return TargetState.LOST if given_up or lasting else TargetState.UNCERTAIN


def outside(box: Box, width: int, height: int) -> float:
    """Share of a box that lies outside the picture, in [0, 1]."""
    across = max(min(box.right, width) - max(box.x, 0.0), 0.0)
    down = max(min(box.bottom, height) - max(box.y, 0.0), 0.0)
    return 1.0 - across * down / box.area if box.area > 0 else 1.0


def _ratio(a: float, b: float) -> float:
    """The larger over the smaller, at least 1, at most 10."""
    a, b = max(a, 1e-6), max(b, 1e-6)
    return min(max(a / b, b / a), 10.0)


def _strength(bits: int, state: TargetState, together: float) -> float:
    """Doubt of a frame: what is left for a sorted list, from the most to the least."""
    if not bits and state is TargetState.TRACKING:
        return together / 4
    count = sum(1 for alarm in (*ALARMS, Alarm.TRACKER) if bits & alarm)
    return min(1.0, 0.25 * int(state) + 0.1 * min(count, 3) + together / 5)
