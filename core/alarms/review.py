"""What is left to look at: doubtful boxes of a document, place by place.

Everything follows from the document: which boxes a tracker made, what rang on them,
and what a person said since. A box is settled once it is a person's (corrected,
accepted) or its alarm was dismissed; a new run over it asks again. So the queue needs
no list of its own that could disagree with the boxes, and undo, autosave and the
project file keep it without knowing it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.alarms.kinds import ALARMS, Alarm, in_words
from core.document.document import Document
from core.document.track import Columns, Track
from core.states import Flag, Source, TargetState

BREAK = 5
"""Calm frames between two doubtful ones that make them two places."""

BEFORE_LOSS = 12
"""The same before a loss: a target is often gone for half a second before a run gives it up."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of doubtful boxes of one track, looked at in one go.

    `first` and `last` are its frames, `count` how many of them are doubtful, `worst` the
    one most in doubt; `alarms` are all bits that rang, `doubt` in [0, 1] is the worst's.
    """

    track_id: int
    first: int
    last: int
    count: int
    worst: int
    alarms: int
    doubt: float
    state: TargetState

    @property
    def reason(self) -> str:
        """Why, in words."""
        return in_words(self.alarms) or (
            "The tracker lost the target."
            if self.state is TargetState.LOST
            else "The tracker was not sure."
        )


def effective_alarms(columns: Columns, threshold: float | None = None) -> NDArray[np.uint16]:
    """Bits ``(N,)`` that ring on each box; those of a person's boxes are 0.

    With a `threshold` the alarm of the score is decided anew, so that moving the line
    shows at once what it would flag.
    """
    bits = columns.alarms.copy()
    if threshold is not None:
        low = columns.scores < threshold
        bits = np.where(low, bits | np.uint16(Alarm.SCORE), bits & ~np.uint16(Alarm.SCORE))
    machine = (columns.sources == Source.TRACKED) & ~columns.protected()
    return np.where(machine, bits, 0).astype(np.uint16)


def doubtful(columns: Columns, threshold: float | None = None) -> NDArray[np.bool_]:
    """Mask ``(N,)`` of boxes that a person should look at."""
    bits = effective_alarms(columns, threshold)
    machine = (columns.sources == Source.TRACKED) & ~columns.protected()
    # A state without any bit comes from a file of before alarms, or is doubt that lasts.
    unsure = (columns.states != TargetState.TRACKING) & (columns.alarms == 0)
    dismissed = (columns.flags & np.uint8(Flag.DISMISSED)) != 0
    return machine & ~dismissed & ((bits != 0) | unsure)


def doubts(columns: Columns, threshold: float | None = None) -> NDArray[np.float64]:
    """How strongly each box is in doubt, ``(N,)`` in [0, 1]: for sorting.

    From what is stored alone: the state, the number of alarms, and the score.
    """
    bits = effective_alarms(columns, threshold)
    count = np.zeros(len(columns))
    for alarm in (*ALARMS, Alarm.TRACKER):
        count += (bits & np.uint16(alarm)) != 0
    state = np.minimum(columns.states, 2) / 2
    score = 1 - np.clip(columns.scores.astype(np.float64), 0, 1)
    return 0.4 * state + 0.3 * np.minimum(count, 3) / 3 + 0.3 * score


def places(track: Track, threshold: float | None = None) -> list[Place]:
    """The places of one track in order of frame."""
    # Only the doubtful rows are looked at further: they are few, tracks may be long.
    columns = track.columns.select(doubtful(track.columns, threshold))
    if not len(columns):
        return []
    bits, doubt = effective_alarms(columns, threshold), doubts(columns, threshold)
    return [_place(track.id, columns, rows, bits, doubt) for rows in _stretches(columns)]


def _stretches(columns: Columns) -> list[NDArray[np.int64]]:
    """Rows of doubtful boxes that belong together; calm frames between them may too."""
    starts = np.flatnonzero(np.diff(columns.frames) > BREAK) + 1
    found: list[NDArray[np.int64]] = []
    lost = False  # whether the stretch found last, the next one along the track, is a loss
    for rows in reversed(np.split(np.arange(len(columns)), starts)):
        gap = columns.frames[found[-1][0]] - columns.frames[rows[-1]] if found else BEFORE_LOSS + 1
        if lost and gap <= BEFORE_LOSS:
            found[-1] = np.concatenate([rows, found[-1]])
        else:
            found.append(rows)
            lost = bool((columns.states[rows] == TargetState.LOST).any())
    return found[::-1]


def _place(
    track_id: int,
    columns: Columns,
    rows: NDArray[np.int64],
    bits: NDArray[np.uint16],
    doubt: NDArray[np.float64],
) -> Place:
    worst = int(rows[np.argmax(doubt[rows])])
    return Place(
        track_id,
        int(columns.frames[rows[0]]),
        int(columns.frames[rows[-1]]),
        len(rows),
        int(columns.frames[worst]),
        int(np.bitwise_or.reduce(bits[rows])),
        float(doubt[worst]),
        TargetState(int(columns.states[rows].max())),
    )


def queue(
    document: Document, threshold: float | None = None, *, by_doubt: bool = False
) -> list[Place]:
    """All places of all tracks: by frame, or from the most to the least doubtful.

    Locked tracks are finished; theirs are left out.
    """
    found = [p for t in document.tracks if not t.locked for p in places(t, threshold)]
    return ordered(found, by_doubt=by_doubt)


def ordered(found: Sequence[Place], *, by_doubt: bool = False) -> list[Place]:
    """Places by frame, or from the most to the least doubtful."""
    if by_doubt:
        return sorted(found, key=lambda p: (-p.doubt, p.first, p.track_id))
    return sorted(found, key=lambda p: (p.first, p.track_id))


def frames_left(found: Sequence[Place]) -> int:
    """How many boxes are still to be looked at."""
    return sum(place.count for place in found)


def accepted(track: Track, place: Place, threshold: float | None = None) -> Track:
    """The track after a person accepted every doubtful box of a place."""
    return _flagged(track, place, Flag.CONFIRMED, threshold)


def dismissed(track: Track, place: Place, threshold: float | None = None) -> Track:
    """The track after a person said that nothing is wrong at a place.

    The boxes stay the tracker's: a later run may replace them, and then asks again.
    """
    return _flagged(track, place, Flag.DISMISSED, threshold)


def _flagged(track: Track, place: Place, flag: Flag, threshold: float | None) -> Track:
    columns = track.columns
    here = (columns.frames >= place.first) & (columns.frames <= place.last)
    rows = here & doubtful(columns, threshold)
    if not rows.any():
        return track
    flags = np.where(rows, columns.flags | np.uint8(flag), columns.flags).astype(np.uint8)
    flags.setflags(write=False)
    return replace(track, columns=replace(columns, flags=flags))
