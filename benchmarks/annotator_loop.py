"""How the scripted annotator works: when to look, what to correct, which key to press.

It knows the truth, but acts on it only on frames that a person would look at: where the
program stopped or flagged, and at spot checks. It sees through :class:`Hands`, which are
the real window's (mouse and keys) or a session's without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from annotator_costs import BAD, GOAL, Boxes, Effort, overlaps

from core.geometry import Box

GONE = 0.2
"""Overlap below which the box is on something else: then tracking again helps, carrying not."""

LASTING = 5
"""Such frames in a row from which that is so."""

BLIP = 2
"""Wrong frames in a row up to which they are put right alone, where their neighbours fit."""

FIT = 0.6
"""Overlap from which a box fits."""

RETRIES = 2
"""Times a stretch is tracked again; then its boxes are carried."""

EVERY = 50
"""Frames between spot checks."""

AROUND = 10
"""Frames to each side that are looked at after a correction was carried over."""

ROUNDS = 3
"""Times that what is new is checked and gone through."""

TRIES = 12
"""Corrections within one flagged stretch after which the annotator goes on."""

LOOSE = 0.7
"""When the mean is still too low, boxes below this overlap are tightened."""


class Hands(Protocol):
    """What can be done and seen. Frames are numbers; boxes rows of x, y, w, h, NaN: none."""

    def boxes(self) -> Boxes:
        """The boxes as shown now, ``(N, 4)``."""
        ...

    def places(self) -> list[tuple[int, int]]:
        """Flagged stretches that are open, first and last frame."""
        ...

    def go(self, frame: int) -> None:
        """Show a frame."""
        ...

    def next_place(self) -> tuple[int, int] | None:
        """Go to the first frame of the next flagged stretch; None: there is none."""
        ...

    def put(self, frame: int, box: Box) -> str:
        """Make the box here this one; returns what it took: ``draw`` or ``fix``."""
        ...

    def absent(self, frame: int) -> None:
        """Say that the target is not there, and remove tracked boxes from here on."""
        ...

    def track(self, key: str) -> tuple[int, int] | None:
        """Track on (``track``, ``retrack``, ``go_on``) until the end, or until it holds.

        Returns the doubtful frames at which it holds, first and last; None at the end.
        """
        ...

    def stop(self) -> None:
        """End a run that holds."""
        ...

    def check(self) -> None:
        """Let other trackers check what is new since the last check."""
        ...

    def carry(self) -> None:
        """Carry the correction on this frame over."""
        ...

    def undo(self) -> None:
        """Take the last step back."""
        ...

    def dismiss(self) -> None:
        """Nothing is wrong at the stretch under the playhead."""
        ...


@dataclass
class Outcome:
    """How one sequence went."""

    effort: Effort = field(default_factory=Effort)
    bad_seen: set[int] = field(default_factory=set)
    flagged: set[int] = field(default_factory=set)
    stops: int = 0
    places: int = 0

    @property
    def missed(self) -> list[int]:
        """Frames that were wrong after tracking, and that nothing pointed at."""
        return sorted(self.bad_seen - self.flagged)


class Annotator:
    """Labels one sequence; see the module docstring.

    Parameters
    ----------
    truth
        ``(N, 4)``, NaN rows where the target is absent.
    alarms
        Whether stops, checks and flags are used; else tracking and spot checks only.
    """

    def __init__(self, hands: Hands, truth: Boxes, *, alarms: bool = True) -> None:
        self._hands = hands
        self._truth = truth
        self._visible: np.ndarray = np.asarray(np.isfinite(truth).all(axis=1))
        self._alarms = alarms
        self.outcome = Outcome()
        self._checked = -1  # corrections made when other trackers were last asked

    def label(self) -> Outcome:
        """Work until everything flagged was looked at and the goal is met, if it can be."""
        self._draw(int(np.argmax(self._visible)))
        self._track_on("track")
        if self._alarms:
            self._go_through()
        looked: set[int] = set()
        spacing = EVERY
        self._spots(spacing, looked, BAD)
        while self.mean() < GOAL and spacing > 2:
            self._spots(spacing, set(), LOOSE)
            spacing //= 2
        if self._alarms:
            self._go_through()
        return self.outcome

    def _go_through(self) -> None:
        """Check and review until nothing new is flagged: carried boxes are checked again."""
        for _ in range(ROUNDS):
            if self._checked == self.outcome.effort.corrections:
                return
            self._check()
            if self._hands.places():
                self._review()

    def mean(self) -> float:
        """Mean overlap over the frames with a target."""
        return float(np.nanmean(self.overlaps()))

    def overlaps(self) -> Boxes:
        """Overlap per frame as shown now."""
        return overlaps(self._hands.boxes(), self._truth)

    # ---- tracking ------------------------------------------------------------------------

    def _track_on(self, key: str) -> None:
        """Track to the end; look wherever the program holds."""
        before = self._hands.boxes()
        self._do("key")
        held = self._hands.track(key)
        while held is not None:
            self.outcome.stops += 1
            self._note(set(range(held[0], held[1] + 1)))
            self._note_made(before)
            held = self._at_stop(*held)
        self._note_made(before)

    def _at_stop(self, first: int, last: int) -> tuple[int, int] | None:
        self._do("look")
        wrong = np.flatnonzero(self._wrong()[first : last + 1]) + first
        if len(wrong) and not self._visible[wrong[0]]:
            self._do("key")
            self._hands.stop()
            self._check()  # since when is it gone?
            return self._to_reappearance(int(wrong[0]))
        if len(wrong):
            self._do("watch", last - first + 1)
            self._correct(int(wrong[0]))
        self._do("key")
        return self._hands.track("go_on")

    def _to_reappearance(self, frame: int) -> tuple[int, int] | None:
        """The target left: say so, go to where it is again, and track on from there."""
        self._do("key", 2)
        gone = frame
        while gone > 0 and not self._visible[gone - 1]:
            gone -= 1
        self._do("seek")
        self._do("watch", frame - gone)
        self._hands.absent(gone)
        back = np.flatnonzero(self._visible[frame:])
        if not len(back):
            return None
        self._do("watch", int(back[0]))
        self._draw(frame + int(back[0]))
        self._do("key")
        return self._hands.track("track")

    def _draw(self, frame: int) -> None:
        self._do("look")
        self._hands.go(frame)
        self._do(self._hands.put(frame, self._true(frame)))

    def _correct(self, frame: int) -> None:
        self._do("seek")
        self._hands.go(frame)
        self._do(self._hands.put(frame, self._true(frame)))

    # ---- reviewing -----------------------------------------------------------------------

    def _check(self) -> None:
        self._checked = self.outcome.effort.corrections
        self._do("key")
        self._hands.check()
        flagged = {f for a, b in self._hands.places() for f in range(a, b + 1)}
        self._note(flagged)

    def _review(self) -> None:
        self._do("seek")
        self._hands.go(0)
        for _ in range(len(self._truth)):
            self._do("key")
            place = self._hands.next_place()
            if place is None:
                return
            self._look_through(place)

    def _look_through(self, place: tuple[int, int]) -> None:
        first, last = place
        self.outcome.places += 1
        self._do("look")
        self._do("watch", last - first + 1)
        for done in range(TRIES):
            wrong = np.flatnonzero(self._wrong()[first : last + 1]) + first
            if not len(wrong):
                self._do("key")
                self._hands.go(first)
                self._hands.dismiss()
                return
            around = self._repair(wrong, again=done < RETRIES)
            first, last = min(first, around[0]), max(last, around[1])

    def _repair(self, wrong: np.ndarray, *, again: bool) -> tuple[int, int]:
        """Correct a stretch: by carrying, or where the box is elsewhere by tracking again.

        Returns the first and last frame that were looked at on the way.
        """
        looked = int(wrong[0]), int(wrong[-1])
        absent = wrong[~self._visible[wrong]]
        if len(absent) and absent[0] == wrong[0]:
            self._to_reappearance(int(absent[0]))
            self._recheck()
            return looked
        found = self.overlaps()
        if again and _longest(wrong[found[wrong] < GONE]) >= LASTING:
            self._correct(int(wrong[0]))
            self._track_on("retrack")
            self._recheck()
            return looked
        worst = int(wrong[np.nanargmin(found[wrong])])
        self._correct(worst)
        if self._is_blip(worst, wrong, found):
            return looked
        return self._carry(worst)

    def _carry(self, frame: int) -> tuple[int, int]:
        """Carry, look at the boxes around, and take it back where they fit worse than before.

        Returns the first and last frame that were looked at.
        """
        first, last = max(frame - AROUND, 0), min(frame + AROUND + 1, len(self._truth))
        before = self.overlaps()[first:last]
        self._do("key")
        self._hands.carry()
        self._do("look")
        self._do("watch", last - first)
        if np.nanmean(self.overlaps()[first:last]) < np.nanmean(before):
            self._do("key")
            self._hands.undo()
        return first, last - 1

    def _is_blip(self, worst: int, wrong: np.ndarray, found: Boxes) -> bool:
        """Whether only a frame or two are wrong, with boxes that fit on both sides."""
        parts = np.split(wrong, np.flatnonzero(np.diff(wrong) > 1) + 1)
        mine = next(part for part in parts if worst in part)
        sides = found[[max(mine[0] - 1, 0), min(mine[-1] + 1, len(found) - 1)]]
        return len(mine) <= BLIP and bool((sides >= FIT).all())

    def _recheck(self) -> None:
        if self._alarms:
            self._check()

    def _spots(self, spacing: int, looked: set[int], least: float) -> None:
        for frame in range(spacing, len(self._truth), spacing):
            if least == LOOSE and self.mean() >= GOAL:
                return
            if frame in looked:
                continue
            looked.add(frame)
            self._do("seek")
            self._do("look")
            if self._wrong()[frame] or self.overlaps()[frame] < least:
                self._at_spot(frame)

    def _at_spot(self, frame: int) -> None:
        if not self._visible[frame]:
            self._to_reappearance(frame)
            return
        gone = self.overlaps()[frame] < GONE
        self._correct(frame)
        if gone or not self._alarms:
            self._track_on("retrack")
            self._recheck()
        else:
            self._carry(frame)

    # ---- keeping account -----------------------------------------------------------------

    def _do(self, kind: str, count: int = 1) -> None:
        self.outcome.effort.add(kind, count)

    def _note(self, frames: set[int]) -> None:
        self.outcome.flagged |= frames

    def _note_made(self, before: Boxes) -> None:
        """Wrong boxes that a run has just made count, whether anybody looks at them or not."""
        now = self._hands.boxes()
        same = (now == before) | (np.isnan(now) & np.isnan(before))
        made = ~same.all(axis=1) & np.isfinite(now).all(axis=1)
        self.outcome.bad_seen |= set(map(int, np.flatnonzero(made & self._wrong())))

    def _wrong(self) -> np.ndarray:
        """Mask of boxes below the limit, and of boxes where there is no target."""
        found = self.overlaps()
        has_box = np.isfinite(self._hands.boxes()).all(axis=1)
        return np.asarray(np.where(self._visible, np.nan_to_num(found) < BAD, has_box))

    def _true(self, frame: int) -> Box:
        return Box(*(float(v) for v in self._truth[frame]))


def _longest(frames: np.ndarray) -> int:
    """Length of the longest row of consecutive numbers."""
    if not len(frames):
        return 0
    return max(len(part) for part in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1))
