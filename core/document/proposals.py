"""Runs beside the document: accept whole, by range or by frame, or discard.

A proposal changes no track until a person accepts it. Accepting lays its boxes over the
track under the rule of every run (what a person entered or confirmed stays); frames that
were accepted or discarded leave the proposal, and an empty proposal is gone. Several
proposals may wait for one track; those of a consensus (`Run.group`) lie side by side, and
what is decided on a frame is decided for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.document.document import Document, Proposal, Run
from core.document.track import Columns
from core.errors import EditError
from core.states import Flag

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


@dataclass(frozen=True, slots=True)
class Consensus:
    """What several trackers propose for one track, started from the same box.

    `members` are one per tracker, in the order in which they were chosen; `fused` is None
    once it was discarded or taken over by itself.
    """

    id: int
    members: tuple[Proposal, ...]
    fused: Proposal | None


def consensus_of(document: Document, track_id: int | None) -> Consensus | None:
    """The newest consensus that waits for a track."""
    mine = [p for p in document.proposals if p.run.track_id == track_id and p.run.group]
    if not mine:
        return None
    group = mine[-1].run.group
    mine = [p for p in mine if p.run.group == group]
    members = tuple(p for p in mine if p.run.id != group)
    return Consensus(group, members, next((p for p in mine if p.run.id == group), None))


def pending(document: Document, proposal: Proposal) -> Columns:
    """The boxes that accepting would change: those not on frames that a person decided."""
    track = document.track(proposal.run.track_id)
    guarded = track.columns.frames[track.columns.protected()]
    return proposal.columns.select(~np.isin(proposal.columns.frames, guarded))


def accepted(
    document: Document, run_id: int, first: int = 0, last: int = _END, *, confirm: bool = False
) -> Document:
    """A document with the proposal's boxes on ``first..last`` in its track.

    With `confirm` a person looked at them: no tracker changes them any more.

    Raises
    ------
    EditError
        If there is no such proposal, it has no box there, or the track is locked.
    """
    proposal = _proposal(document, run_id)
    track = document.track(proposal.run.track_id)
    if track.locked:
        raise EditError(f"“{track.title}” is locked.", "Unlock it to accept boxes for it.")
    rows = proposal.columns.select(_inside(proposal, first, last))
    if confirm:
        flags = rows.flags | np.uint8(Flag.CONFIRMED)
        flags.setflags(write=False)
        rows = replace(rows, flags=flags)
    return _decided(document.with_run(proposal.run, rows), proposal, first, last)


def discarded(document: Document, run_id: int, first: int = 0, last: int = _END) -> Document:
    """A document in which the proposal has no boxes on ``first..last``; no track changes.

    Raises
    ------
    EditError
        If there is no such proposal, or it has no box there.
    """
    proposal = _proposal(document, run_id)
    _inside(proposal, first, last)
    return _decided(document, proposal, first, last)


def without(document: Document, run_id: int) -> Document:
    """A document without this proposal; the others of its consensus stay.

    Raises
    ------
    EditError
        If there is no such proposal.
    """
    gone = _proposal(document, run_id)
    kept = tuple(p for p in document.proposals if p.run.id != gone.run.id)
    return replace(document, proposals=kept)


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


def _decided(document: Document, proposal: Proposal, first: int, last: int) -> Document:
    """Take the frames away from the proposal and from those beside it."""
    kept: list[Proposal] = []
    for other in document.proposals:
        beside = proposal.run.group and other.run.group == proposal.run.group
        if other.run.id != proposal.run.id and not beside:
            kept.append(other)
            continue
        frames = other.columns.frames
        rest = (frames < first) | (frames > last)
        if rest.any():
            kept.append(Proposal(other.run, other.columns.select(rest)))
    return replace(document, proposals=tuple(kept))
