"""What lies over the lanes of the timeline, worked out once per change of what it shows.

Every value is kept by the identity of the immutable parts that it comes from: an edit of
one track costs nothing for the others, and a moved playhead nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.controller.attributes import change_frames
from app.controller.desk import Desk
from app.views.timeline_data import NO_DISAGREEMENT, NO_FRAMES, Disagreement
from core.document.attributes import schema_of
from core.document.codec import ranges
from core.document.document import Document, Proposal, Run
from core.document.track import Columns, Track

Stretches = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class LaneMarks:
    """Marks of one lane, see :class:`app.views.timeline_data.TrackLane`."""

    proposed: Stretches
    disagreement: Disagreement
    changes: NDArray[np.int32]


def marks_of(desk: Desk, track: Track) -> LaneMarks:
    """The marks of a track's lane; the same objects as before when nothing changed."""
    document, memo = desk.document, desk.memo
    return LaneMarks(
        memo.get(
            "proposed",
            track.id,
            (document.proposals,),
            lambda: _stretches(document.proposals, track.id),
        ),
        memo.get(
            "disagreement",
            track.id,
            (document.runs, track.columns),
            lambda: _disagreement(desk, document, track),
        ),
        memo.get(
            "changes",
            track.id,
            (track.steps, schema_of(document, track)),
            lambda: (
                np.array(change_frames(document, track), np.int32) if track.steps else NO_FRAMES
            ),
        ),
    )


def protected_count(desk: Desk, track: Track) -> int:
    """How many of a track's boxes a person made or accepted."""
    columns = track.columns
    return desk.memo.get("protected", track.id, (columns,), lambda: int(columns.protected().sum()))


def _stretches(proposals: tuple[Proposal, ...], track_id: int) -> Stretches:
    # Proposals side by side lie on the same frames: their stretches count once.
    found = {
        (first, last): None
        for proposal in proposals
        if proposal.run.track_id == track_id
        for first, last in ranges(proposal.columns.frames)
    }
    return tuple(found)


def _disagreement(desk: Desk, document: Document, track: Track) -> Disagreement:
    runs = [r for r in document.runs if r.disagreement and r.track_id == track.id]
    parts = [_where_still_there(desk, run, track.columns) for run in runs]
    parts = [part for part in parts if len(part[0])]
    if not parts:
        return NO_DISAGREEMENT
    frames = np.concatenate([frames for frames, _ in parts])
    order = np.argsort(frames, kind="stable")
    return frames[order], np.concatenate([values for _, values in parts])[order]


def _where_still_there(desk: Desk, run: Run, columns: Columns) -> Disagreement:
    frames, values = desk.memo.get("run", run.id, (run,), lambda: _as_arrays(run))
    mine = np.isin(frames, columns.frames[columns.runs == run.id], assume_unique=True)
    return frames[mine], values[mine]


def _as_arrays(run: Run) -> Disagreement:
    count = len(run.disagreement)
    frames = np.fromiter(run.disagreement.keys(), np.int32, count)
    values = np.fromiter(run.disagreement.values(), np.float32, count)
    order = np.argsort(frames, kind="stable")
    return frames[order], values[order]
