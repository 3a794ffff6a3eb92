"""Boxes between boxes: straight lines between neighbouring frames of a track.

Position and size change linearly (edges move at constant speed), as in every
annotation tool that interpolates; a gap that is too long, or has an end where the
target is stated to be absent, stays empty. Boxes that exist are never changed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.document.track import NO_RUN, Columns, Keyframe, Track
from core.geometry import Box
from core.states import Flag, Source, TargetState


def between(a: Keyframe, b: Keyframe, frame: int) -> Keyframe:
    """The box on `frame`, on the straight line from `a` to `b`.

    Raises
    ------
    ValueError
        If `frame` is not strictly between the two.
    """
    if not min(a.frame, b.frame) < frame < max(a.frame, b.frame):
        raise ValueError(f"frame {frame} is not between {a.frame} and {b.frame}")
    t = (frame - a.frame) / (b.frame - a.frame)
    box = Box(
        *((1 - t) * p + t * q for p, q in zip(a.box.as_tuple(), b.box.as_tuple(), strict=True))
    )
    score = (1 - t) * a.score + t * b.score
    return Keyframe(frame, box, Source.INTERPOLATED, score)


def gap_rows(columns: Columns, max_gap: int) -> Columns:
    """Only the new boxes: one for each missing frame of every gap that may be filled.

    Parameters
    ----------
    max_gap
        Largest number of missing frames between two boxes that is filled.
    """
    frames = columns.frames.astype(np.int64)
    missing = np.diff(frames) - 1
    present = (columns.flags & Flag.ABSENT) == 0
    fillable = (missing > 0) & (missing <= max_gap) & present[:-1] & present[1:]
    left = np.repeat(np.flatnonzero(fillable), missing[fillable])
    if not len(left):
        return Columns.empty()
    starts = np.cumsum(missing[fillable]) - missing[fillable]
    offset = np.arange(len(left)) - np.repeat(starts, missing[fillable]) + 1
    t = offset / (missing[left] + 1)
    line = t[:, None]
    zeros = np.zeros(len(left))
    return Columns.of(
        {
            "frames": frames[left] + offset,
            "boxes": (1 - line) * columns.boxes[left] + line * columns.boxes[left + 1],
            "scores": (1 - t) * columns.scores[left] + t * columns.scores[left + 1],
            "sources": zeros + Source.INTERPOLATED,
            "states": zeros + TargetState.TRACKING,
            "flags": zeros,
            "runs": zeros + NO_RUN,
        }
    )


def filled(columns: Columns, max_gap: int) -> Columns:
    """The boxes with every gap of at most `max_gap` missing frames filled."""
    return columns.overlaid(gap_rows(columns, max_gap))


def filled_track(
    track: Track, max_gap: int, start: int = 0, stop: int = np.iinfo(np.int32).max
) -> Track:
    """A track with its gaps filled on the frames ``start <= frame < stop``."""
    rows = gap_rows(track.columns, max_gap)
    rows = rows.select((rows.frames >= start) & (rows.frames < stop))
    return replace(track, columns=track.columns.overlaid(rows)) if len(rows) else track
