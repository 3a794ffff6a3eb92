"""Random tracks, frames, ranges and rows, of which random commands are made."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.alarms.kinds import Alarm
from core.document.document import Document
from core.document.schema import Attribute, AttributeKind
from core.document.track import Columns, Track
from core.geometry import Box
from core.states import Source

FRAMES = 120
EVERYTHING = frozenset(range(FRAMES + 1))
NOTHING: frozenset[int] = frozenset()
MOST_TRACKS = 5
SCHEMA = (
    Attribute("view", AttributeKind.CHOICE, None, ("front", "side")),
    Attribute("age", AttributeKind.NUMBER, low=0, high=9),
    Attribute("pose", AttributeKind.CHOICE, None, ("walks", "runs", "sits"), per_frame=True),
)

Done = tuple[Document, frozenset[int]]
"""The next document, and the frames on which the edit named boxes of a person."""
Edit = Callable[[Document, np.random.Generator], Done]
_ALARMS = (0, 0, 0, 0, Alarm.SECOND, Alarm.JUMP | Alarm.SIZE, Alarm.TOGETHER)


def rows(rng: np.random.Generator, first: int, last: int, run: int = 0) -> Columns:
    """Boxes on most frames of ``first..last - 1``: a run's, or of every source."""
    frames = np.flatnonzero(rng.random(last - first) < 0.8) + first
    n = len(frames)
    boxes = np.stack([*rng.uniform(0, 400, (2, n)), *rng.uniform(5, 80, (2, n))], axis=1)
    sources = np.full(n, Source.TRACKED) if run else rng.integers(0, 4, n)
    flags = np.zeros(n) if run else rng.choice([0, 0, 0, 1, 2, 4], n)
    return Columns.of(
        {"frames": frames, "boxes": boxes, "scores": rng.random(n), "sources": sources,
         "states": rng.integers(0, 3, n), "flags": flags, "runs": np.full(n, run),
         "alarms": rng.choice(_ALARMS, n) if run else np.zeros(n)}
    )  # fmt: skip


def a_track(document: Document, rng: np.random.Generator) -> Track:
    """One of the tracks."""
    return document.tracks[rng.integers(len(document.tracks))]


def two_ids(document: Document, rng: np.random.Generator) -> tuple[int, int]:
    """Two different tracks; IndexError where there is one."""
    ids = rng.permutation([track.id for track in document.tracks]).tolist()
    return ids[0], ids[1]


def a_span(rng: np.random.Generator) -> tuple[int, int]:
    """First and last frame of a range."""
    first, last = sorted(rng.integers(0, FRAMES, 2).tolist())
    return first, last


def a_frame(rng: np.random.Generator) -> int:
    """One of the frames."""
    return int(rng.integers(0, FRAMES))


def a_box(rng: np.random.Generator) -> Box:
    """A box well inside the picture."""
    return Box(*rng.uniform(5, 90, 4).tolist())
