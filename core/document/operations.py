"""Edits of whole tracks: split, join, swap, merge, duplicate.

Each is a pure function from a document to a new one. Ids are stable: a part that is cut
off gets a new id, the first part keeps its own, and an id that disappears is never used
again. A box that a person entered or confirmed is only ever lost where an argument of
its own asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.document import attribute_steps
from core.document.attribute_steps import Piece
from core.document.document import Document
from core.document.schema import AttributeValue
from core.document.track import Interval, Track
from core.errors import EditError
from core.geometry import iou_rows
from core.states import Flag


def unlocked(document: Document, track_id: int) -> Track:
    """The track, if it may be changed.

    Raises
    ------
    EditError
        If it is locked.
    """
    track = document.track(track_id)
    if track.locked:
        raise EditError(f"“{track.title}” is locked.", "Unlock it to change it.")
    return track


# ---- parts of tracks ----------------------------------------------------------------


def split(document: Document, track_id: int, frame: int) -> tuple[Document, int]:
    """Cut a track in two before `frame`; returns the document and the second part's id.

    The boxes before `frame` keep the id; the others become a new track of the same
    label, colour and attributes.

    Raises
    ------
    EditError
        If one of the parts would be empty, or the track is locked.
    """
    track = unlocked(document, track_id)
    before = track.columns.frames < frame
    if before.all() or not before.any():
        raise EditError(
            f"“{track.title}” has boxes on one side of frame {frame} only.",
            "Go to the first frame of the second part.",
        )
    # The second part keeps all steps: the value that holds at its first frame is among them.
    second = replace(
        track,
        id=document.next_track_id,
        name=f"{track.name} (2)" if track.name else "",
        columns=track.columns.select(~before),
        intervals=tuple(i for i in track.intervals if i.first >= frame),
    )
    first = replace(
        track,
        columns=track.columns.select(before),
        intervals=tuple(i for i in track.intervals if i.last < frame),
        steps=attribute_steps.before(track, frame),
    )
    return document.with_track(first).with_track(second), second.id


def swapped(document: Document, a: int, b: int, frame: int) -> Document:
    """A document in which two tracks exchange their boxes from `frame` on.

    Boxes move as they are, a person's included: what they say stays true, of the other
    object.

    Raises
    ------
    EditError
        If it is one track, neither has a box there, or one is locked.
    """
    if a == b:
        raise EditError("A track cannot be swapped with itself.", "Choose another one.")
    one, two = unlocked(document, a), unlocked(document, b)
    later = [t.columns.frames >= frame for t in (one, two)]
    if not any(mask.any() for mask in later):
        raise EditError(f"Neither object has a box from frame {frame} on.", "Go further back.")

    def exchanged(
        track: Track, mine: NDArray[np.bool_], other: Track, its: NDArray[np.bool_]
    ) -> Track:
        columns = track.columns.select(~mine).overlaid(other.columns.select(its))
        kept = [i for i in track.intervals if i.last < frame]
        came = [i for i in other.intervals if i.first >= frame]
        changed = replace(track, columns=columns, intervals=(*kept, *came))
        return _with_values(document, changed, [(0, track), (frame, other)])

    new_one = exchanged(one, later[0], two, later[1])
    new_two = exchanged(two, later[1], one, later[0])
    return document.with_track(new_one).with_track(new_two)


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What two tracks have on the same frames.

    `frames` and `ious` are parallel ``(N,)``; `conflicts` are the frames where a person
    entered or confirmed both boxes and they differ.
    """

    frames: NDArray[np.int32]
    ious: NDArray[np.float64]
    conflicts: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.frames)


def merge_report(document: Document, into: int, other: int) -> MergeReport:
    """What merging `other` into `into` would meet; nothing is changed."""
    a, b = document.track(into).columns, document.track(other).columns
    frames, i, j = np.intersect1d(a.frames, b.frames, return_indices=True)
    both = a.protected()[i] & b.protected()[j]
    absent = Flag.ABSENT.value
    differ = (a.boxes[i] != b.boxes[j]).any(axis=1) | ((a.flags[i] ^ b.flags[j]) & absent != 0)
    return MergeReport(frames, iou_rows(a.boxes[i], b.boxes[j]), frames[both & differ])


def merged(document: Document, into: int, other: int, *, prefer: int | None = None) -> Document:
    """A document in which `into` has the boxes of both tracks and `other` is gone.

    On common frames a person's box wins over a machine's; of two machines' boxes that of
    `into`. `prefer` (one of the two ids) decides where a person set both and they differ.

    Raises
    ------
    EditError
        If there are such frames and `prefer` does not decide; if it is one track, or one
        is locked.
    """
    if into == other:
        raise EditError("A track cannot be merged with itself.", "Choose another one.")
    first, second = unlocked(document, into), unlocked(document, other)
    report = merge_report(document, into, other)
    if len(report.conflicts) and prefer not in (into, other):
        raise EditError(
            f"On {len(report.conflicts)} frames both objects have boxes that you set, "
            f"the first is frame {int(report.conflicts[0])}.",
            "Say which object's boxes to keep there.",
        )
    wins = second.columns.protected() & ~np.isin(
        second.columns.frames, first.columns.frames[first.columns.protected()]
    )
    wins |= ~np.isin(second.columns.frames, first.columns.frames)
    if prefer == other:
        wins |= np.isin(second.columns.frames, report.conflicts)
    columns = first.columns.overlaid(second.columns.select(wins))
    changed = replace(first, columns=columns, intervals=_united(first, second))
    whose = np.isin(columns.frames, second.columns.frames[wins])
    starts = np.flatnonzero(np.diff(whose, prepend=False))
    pieces = [(0, first)] + [
        (int(columns.frames[i]), second if whose[i] else first) for i in starts
    ]
    changed = _with_values(
        document, changed, pieces[1:] if pieces[1:2] == [(0, second)] else pieces
    )
    return document.without_track(other).with_track(changed)


def _with_values(document: Document, onto: Track, pieces: list[Piece]) -> Track:
    """`onto` with the values per frame that held in each of the `pieces`."""
    declared = {
        (label.name, attribute.name): attribute
        for label in document.labels
        for attribute in label.attributes
    }
    timed = {a.name for (label, _), a in declared.items() if a.per_frame and label == onto.label}

    def initial(name: str) -> AttributeValue | None:
        attribute = declared.get((onto.label, name))
        return None if attribute is None else attribute.initial

    return attribute_steps.woven(onto, pieces, frozenset(timed), initial)


def _united(first: Track, second: Track) -> tuple[Interval, ...]:
    frames = first.columns.frames
    came = [i for i in second.intervals if not ((frames >= i.first) & (frames <= i.last)).any()]
    return tuple(sorted((*first.intervals, *came), key=lambda i: i.first))


def joined(document: Document, first: int, second: int) -> Document:
    """Two tracks of one object, seen at different times, as one with the id of `first`.

    Raises
    ------
    EditError
        If they have boxes on the same frames (see :func:`merged`).
    """
    common = merge_report(document, first, second)
    if first != second and len(common):
        raise EditError(
            f"Both objects have boxes on {len(common)} frames, the first is "
            f"frame {int(common.frames[0])}.",
            "Merge them instead.",
        )
    return merged(document, first, second)


def duplicated(document: Document, track_id: int) -> tuple[Document, int]:
    """A document with a second track with the same boxes, and its id."""
    track = document.track(track_id)
    name = f"{track.name} (copy)" if track.name else ""
    copy = replace(track, id=document.next_track_id, name=name, locked=False)
    return document.with_track(copy), copy.id
