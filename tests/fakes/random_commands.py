"""Every edit there is, at random: for tests of what no sequence of edits may do.

:func:`random_command` gives the next document and the frames on which the command named
boxes of a person: only there may one of them change or go. The edits themselves are in
:mod:`fakes.random_edits` (by a person) and :mod:`fakes.random_runs` (brought by machines).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from fakes import random_edits, random_runs
from fakes.random_choices import FRAMES, SCHEMA, rows

from core.document import attributes
from core.document.document import Document, VideoRef
from core.errors import BoxtrailError
from core.states import Flag

_MARKS = ~(Flag.OCCLUDED | Flag.TRUNCATED | Flag.DISMISSED)  # statements, not boxes
_COMMANDS = {**random_edits.EDITS, **random_runs.EDITS}
NAMES = frozenset(_COMMANDS)


@dataclass(frozen=True)
class Command:
    """What happened: its name, the document after it, and the frames it named."""

    name: str
    after: Document
    named: frozenset[int]


def start() -> Document:
    """Two tracks with boxes of every source."""
    rng = np.random.default_rng(7)
    document = Document(VideoRef("clip.mp4", "f00d", 640, 480, FRAMES, 25.0))
    for _ in range(2):
        document, track = document.with_new_track("car")
        document = document.with_track(replace(track, columns=rows(rng, 0, FRAMES)))
    return attributes.with_schema(document, "car", SCHEMA)


def taken(before: Document, after: Document) -> Counter[tuple[object, ...]]:
    """Boxes that a person entered or confirmed and that are not as they were any more.

    Whichever track they are on: an edit may move them from one to another.
    """
    same = {id(t.columns) for t in before.tracks} & {id(t.columns) for t in after.tracks}
    return _protected(before, same) - _protected(after, same)


def _protected(document: Document, but: set[int]) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    for track in document.tracks:
        own = track.columns.select(track.columns.protected())
        for row in range(len(own) if id(track.columns) not in but else 0):
            key = own.key(row)
            found[(key.frame, key.box, key.source, key.flags & _MARKS, key.score)] += 1
    return found


def random_command(document: Document, rng: np.random.Generator) -> Command:
    """A random edit that the document allows."""
    names = list(_COMMANDS)
    while True:
        name = names[rng.integers(len(names))]
        try:
            after, named = _COMMANDS[name](document, rng)
        except (BoxtrailError, IndexError):  # refused, or there is nothing to do it to
            continue
        if after is not document:
            return Command(name, after, named)
