"""Runs beside the document: accept whole, by range or by frame, or discard.

A proposal changes no track until a person accepts it. Accepting lays its boxes over the
track under the rule of every run (what a person entered or confirmed stays); frames that
were accepted or discarded leave the proposal, and an empty proposal is gone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.document.document import Document, Proposal, Run
from core.document.track import Columns
from core.errors import EditError

_END = int(np.iinfo(np.int32).max)


def proposed(document: Document, run: Run, columns: Columns) -> Document:
    """A document with the run's boxes as a proposal; a track that is gone leaves it as it is."""
    if not len(columns) or not document.has_track(run.track_id):
        return document
    kept = tuple(p for p in document.proposals if p.run.id != run.id)
    next_id = max(document.next_run_id, run.id + 1)
    return replace(document, proposals=(*kept, Proposal(run, columns)), next_run_id=next_id)


def of_track(document: Document, track_id: int | None) -> Proposal | None:
    """The newest proposal for a track."""
    found = [p for p in document.proposals if p.run.track_id == track_id]
    return found[-1] if found else None


def pending(document: Document, proposal: Proposal) -> Columns:
    """The boxes that accepting would change: those not on frames that a person decided."""
    track = document.track(proposal.run.track_id)
    guarded = track.columns.frames[track.columns.protected()]
    return proposal.columns.select(~np.isin(proposal.columns.frames, guarded))


def accepted(document: Document, run_id: int, first: int = 0, last: int = _END) -> Document:
    """A document with the proposal's boxes on ``first..last`` in its track.

    Raises
    ------
    EditError
        If there is no such proposal, it has no box there, or the track is locked.
    """
    proposal = _proposal(document, run_id)
    track = document.track(proposal.run.track_id)
    if track.locked:
        raise EditError(f"“{track.title}” is locked.", "Unlock it to accept boxes for it.")
    inside = _inside(proposal, first, last)
    after = document.with_run(proposal.run, proposal.columns.select(inside))
    return _left(after, proposal, ~inside)


def discarded(document: Document, run_id: int, first: int = 0, last: int = _END) -> Document:
    """A document in which the proposal has no boxes on ``first..last``; no track changes.

    Raises
    ------
    EditError
        If there is no such proposal, or it has no box there.
    """
    proposal = _proposal(document, run_id)
    return _left(document, proposal, ~_inside(proposal, first, last))


def _proposal(document: Document, run_id: int) -> Proposal:
    found = next((p for p in document.proposals if p.run.id == run_id), None)
    if found is None:
        raise EditError("This proposal is not there any more.", "It was accepted or discarded.")
    return found


def _inside(proposal: Proposal, first: int, last: int) -> NDArray[np.bool_]:
    frames = proposal.columns.frames
    inside = (frames >= first) & (frames <= last)
    if not inside.any():
        raise EditError("The proposal has no box there.", "Go to a frame where it has one.")
    return inside


def _left(document: Document, proposal: Proposal, rest: NDArray[np.bool_]) -> Document:
    left = (Proposal(proposal.run, proposal.columns.select(rest)),) if rest.any() else ()
    kept = [
        *(
            part
            for p in document.proposals
            for part in (left if p.run.id == proposal.run.id else (p,))
        )
    ]
    return replace(document, proposals=tuple(kept))
