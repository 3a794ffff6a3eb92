"""Edits of a range of frames of one track: propagate, fill, mark, delete.

Each is a pure function from a document to a new one, and changes no frame outside the
range it is given. What a person entered or confirmed stays, unless one frame was pointed
at or an argument asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.document import interpolate
from core.document.document import Document
from core.document.operations import unlocked
from core.document.track import NO_RUN, Columns, Track
from core.errors import EditError
from core.states import Flag, Source, TargetState

LAST = int(np.iinfo(np.int32).max) - 1
"""A frame after any clip's last: "to the end" for deleting and filling."""

_STATEMENTS = Flag.OCCLUDED | Flag.TRUNCATED
_ABSENCE = Flag.ABSENT | Flag.OUT_OF_VIEW


def propagated(document: Document, track_id: int, frame: int, first: int, last: int) -> Document:
    """A document with the box of `frame` on all frames ``first..last``.

    The copies count as a machine's (interpolated), so a tracker may improve them; what a
    person entered or confirmed stays.

    Raises
    ------
    EditError
        If there is no box on `frame`, or the track is locked.
    """
    track = unlocked(document, track_id)
    key = track.at(frame)
    if key is None or key.is_absent:
        raise EditError(f"There is no box on frame {frame}.", "Draw one first.")
    frames = np.arange(max(first, 0), last + 1)
    frames = frames[frames != frame]
    zeros = np.zeros(len(frames))
    rows = Columns.of(
        {
            "frames": frames,
            "boxes": np.tile(key.box.as_tuple(), (len(frames), 1)),
            "scores": zeros + key.score,
            "sources": zeros + Source.INTERPOLATED,
            "states": zeros + key.state,
            "flags": zeros + int(key.flags & _STATEMENTS),
            "runs": zeros + NO_RUN,
        }
    )
    return document.with_track(track.with_columns(rows))


def filled(
    document: Document, track_id: int, max_gap: int, first: int = 0, last: int = LAST
) -> Document:
    """A document with the gaps of at most `max_gap` frames filled on straight lines."""
    track = unlocked(document, track_id)
    full = interpolate.filled_track(track, max_gap, first, last + 1)
    return document if full is track else document.with_track(full)


def marked(
    document: Document, track_id: int, first: int, last: int, flag: Flag, *, on: bool = True
) -> Document:
    """A document in which `flag` is stated of the frames ``first..last`` (or taken back).

    Occluded and truncated are stated of boxes that exist and leave them where they are.
    Absent (with or without out of view) is stated of every frame: machines' boxes are
    replaced by placeholders, boxes of a person that are not absent stay.
    Taking absence back removes the placeholders.
    """
    track = unlocked(document, track_id)
    columns = track.columns
    inside = (columns.frames >= first) & (columns.frames <= last)
    gone = (columns.flags & Flag.ABSENT) != 0
    if not flag & Flag.ABSENT:
        flags = np.array(columns.flags)
        chosen = inside & ~gone
        bits = np.uint8(flag)
        flags[chosen] = flags[chosen] | bits if on else flags[chosen] & ~bits
        if np.array_equal(flags, columns.flags):
            return document
        flags.setflags(write=False)
        return document.with_track(replace(track, columns=replace(columns, flags=flags)))
    if not on:
        return document.with_track(replace(track, columns=columns.select(~(inside & gone))))
    return document.with_track(absent(track, first, last, flag))


def absent(track: Track, first: int, last: int, flag: Flag = Flag.ABSENT) -> Track:
    """A track with placeholders on ``first..last``; a person's boxes that are not absent stay."""
    columns = track.columns
    stay = columns.frames[columns.protected() & ((columns.flags & Flag.ABSENT) == 0)]
    frames = np.setdiff1d(np.arange(first, last + 1), stay)
    if len(columns):
        right = np.clip(np.searchsorted(columns.frames, frames), 0, len(columns) - 1)
        left = np.maximum(right - 1, 0)
        nearer = frames - columns.frames[left] <= columns.frames[right] - frames
        boxes = columns.boxes[np.where(nearer, left, right)]
    else:
        boxes = np.tile([0.0, 0.0, 1.0, 1.0], (len(frames), 1))
    zeros = np.zeros(len(frames))
    rows = Columns.of(
        {
            "frames": frames,
            "boxes": boxes,
            "scores": zeros + 1,
            "sources": zeros + Source.MANUAL,
            "states": zeros + TargetState.LOST,
            "flags": zeros + int(flag | Flag.ABSENT),
            "runs": zeros + NO_RUN,
        }
    )
    return replace(track, columns=columns.overlaid(rows))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames ``first..last`` of which `flags` are to be stated, or taken back."""

    first: int
    last: int
    flags: Flag
    on: bool = True


def stretch_to(track: Track, frame: int) -> Stretch:
    """What is to change so that the nearest statement reaches up to `frame`.

    A stretch of frames with the same statement (absent, out of view, occluded, truncated)
    before `frame` grows up to it; one that goes on beyond `frame` ends there; without one
    before, the next one after begins at `frame`.

    Raises
    ------
    EditError
        If nothing is stated anywhere, or nothing beyond `frame` is to be taken back, or if
        absence would reach across a box of a person.
    """
    columns = track.columns
    stated = np.flatnonzero((columns.flags & int(_STATEMENTS | _ABSENCE)) != 0)
    if not len(stated):
        raise EditError(
            "Nothing is stated of this object.",
            "State on one frame that it is absent, out of view, occluded or truncated first.",
        )
    frames = columns.frames[stated]
    before = int(np.searchsorted(frames, frame, side="right")) - 1
    at = stated[max(before, 0)]
    flags = Flag(int(columns.flags[at])) & (_STATEMENTS | _ABSENCE)
    start = int(columns.frames[at])
    if start != frame:
        first, last = (start + 1, frame) if start < frame else (frame, start - 1)
        if flags & Flag.ABSENT:
            _require_free(columns, first, last)
        return Stretch(first, last, flags)
    last = _last_alike(columns, int(at), flags)
    if last == frame:
        raise EditError("The statement ends on this frame already.")
    return Stretch(frame + 1, last, flags, on=False)


def _require_free(columns: Columns, first: int, last: int) -> None:
    inside = (columns.frames >= first) & (columns.frames <= last)
    seen = columns.protected() & ((columns.flags & Flag.ABSENT) == 0)
    across = columns.frames[inside & seen]
    if len(across):
        raise EditError(
            f"Your box on frame {across[0]} says that the target is there.",
            "State its absence on a frame on this side of that box first.",
        )


def _last_alike(columns: Columns, row: int, flags: Flag) -> int:
    """Last frame, without a pause, of which all of `flags` are stated as on `row`."""
    alike = (columns.flags[row:] & np.uint8(flags)) == np.uint8(flags)
    alike &= columns.frames[row:] - columns.frames[row] == np.arange(len(alike))
    end = int(np.argmin(alike)) if not alike.all() else len(alike)
    return int(columns.frames[row + end - 1])


def with_stretch(document: Document, track_id: int, stretch: Stretch) -> Document:
    """A document in which a stretch is stated, or taken back (see :func:`marked`)."""
    for flags in (stretch.flags & _ABSENCE, *(stretch.flags & _STATEMENTS)):
        if flags:
            document = marked(document, track_id, stretch.first, stretch.last, flags, on=stretch.on)
    return document


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion takes and leaves, for a question or a notice: numbers of boxes."""

    machine: int
    confirmed: int
    kept: int


def deletion(track: Track, first: int, last: int, *, with_confirmed: bool = False) -> Deletion:
    """What :func:`deleted` would take from ``first..last``."""
    columns = track.columns
    inside = (columns.frames >= first) & (columns.frames <= last)
    guarded = int((inside & columns.protected()).sum())
    machine = int(inside.sum()) - guarded
    return Deletion(machine, guarded if with_confirmed else 0, 0 if with_confirmed else guarded)


def deleted(
    document: Document, track_id: int, first: int, last: int = LAST, *, with_confirmed: bool = False
) -> Document:
    """A document without the track's boxes on ``first..last``; no other frame changes.

    A range takes machines' boxes only, unless `with_confirmed` asks for all; one frame
    (``first == last``) was pointed at and loses its box whoever made it. The track stays,
    even without boxes: removing it is :meth:`Document.without_track`.
    """
    track = unlocked(document, track_id)
    keep = not with_confirmed and first != last
    shorter = track.without(first, last + 1, keep_protected=keep)
    return document if shorter is track else document.with_track(shorter)
