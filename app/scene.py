"""What the views show, worked out from the document and the state.

Pure functions from the desk to the views' plain values: boxes of one frame, rows of
the list, lanes of the timeline, the target's path. Boxes of a run under way are
laid over the document here, so no view knows that runs exist.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.controller.desk import Desk
from app.models.track_model import TrackRow
from app.scene_lanes import marks_of, protected_count
from app.theme import track_color
from app.views.proposal_look import FUSED, look
from app.views.review_panel import ReviewRow
from app.views.timeline_data import TrackLane
from app.views.view_types import BoxView, ProposalView
from core.alarms.review import Place
from core.document.document import Document, Run
from core.document.proposals import of_track, pending
from core.document.track import Track
from core.geometry import Box
from core.states import Flag, TargetState
from core.wording import counted


def color_of(document: Document, track: Track) -> str:
    """The track's colour, or the one that goes with its id."""
    return document.color_of(track) or track_color(track.id)


def boxes(desk: Desk, frame: int) -> list[BoxView]:
    """The visible boxes on one frame, the selected one last (on top)."""
    if desk.session is None:
        return []
    document, selected = desk.document, desk.state.track
    found: list[BoxView] = []
    for track in document.tracks:
        key = desk.key_of(track, frame) if is_shown(desk, track) else None
        if key is None:
            continue
        found.append(
            BoxView(
                track.id,
                key.box,
                color_of(document, track),
                track.title,
                key.source,
                key.state,
                key.flags,
                key.score,
                track.id == selected,
                track.locked,
            )
        )
    return sorted(found, key=lambda view: view.selected)


def rows(desk: Desk) -> list[TrackRow]:
    """The list of objects."""
    if desk.session is None:
        return []
    document = desk.document
    listed: list[TrackRow] = []
    for track in document.tracks:
        growing = desk.growing
        boxes_now = len(track)
        if growing is not None and growing.track_id == track.id:
            boxes_now = len(desk.track_now(track))
        listed.append(
            TrackRow(
                track.id,
                track.title,
                track.label,
                color_of(document, track),
                boxes_now,
                protected_count(desk, track),
                track.visible,
                track.locked,
                track.id == desk.state.track,
            )
        )
    return listed


def lanes(desk: Desk) -> list[TrackLane]:
    """The lanes of the timeline; unchanged tracks hand over the same columns object."""
    if desk.session is None:
        return []
    document = desk.document
    found: list[TrackLane] = []
    for track in document.tracks:
        marks = marks_of(desk, track)
        found.append(
            TrackLane(
                track.id,
                track.title,
                color_of(document, track),
                desk.track_now(track).columns,
                track.id == desk.state.track,
                is_shown(desk, track),
                marks.proposed,
                marks.disagreement,
                track.intervals,
                marks.changes,
            )
        )
    return found


def proposals(desk: Desk, frame: int) -> list[ProposalView]:
    """The boxes that runs propose on one frame: stored ones, and those of a run under way."""
    if desk.session is None:
        return []
    found: list[ProposalView] = []
    for track in desk.document.tracks:
        if not is_shown(desk, track):
            continue
        for proposal in desk.document.proposals:
            columns = proposal.columns
            row = int(np.searchsorted(columns.frames, np.int32(frame)))
            mine = proposal.run.track_id == track.id and row < len(columns)
            if mine and columns.frames[row] == frame:
                found.append(_proposal(desk, track, proposal.run, columns.key(row).box))
    growing = desk.growing
    # Its object may be gone already: the run ends a moment after that.
    known = growing is not None and desk.document.has_track(growing.track_id)
    if growing is not None and known and desk.growing_beside:
        key, track = growing.key_at(frame), desk.document.track(growing.track_id)
        members = growing.beside_at(frame)
        found += [_proposal(desk, track, run, box) for run, box in members]
        if key is not None and members:
            found.append(ProposalView(key.box, FUSED.color, "fused", FUSED.pattern))
        elif key is not None:
            found.append(ProposalView(key.box, color_of(desk.document, track), "proposed"))
    return found


def _proposal(desk: Desk, track: Track, run: Run, box: Box) -> ProposalView:
    """One proposed box; those of several trackers differ in colour and pattern."""
    if not run.group:
        return ProposalView(box, color_of(desk.document, track), f"{run.tracker} proposes")
    if run.group == run.id:
        return ProposalView(box, FUSED.color, "fused", FUSED.pattern)
    shown = look(run.group - 1 - run.id)
    return ProposalView(box, shown.color, run.tracker, shown.pattern)


def proposal_text(desk: Desk) -> str:
    """What waits for the selected object, in words; empty when nothing does."""
    if desk.session is None or not desk.state.proposed or desk.growing_beside:
        return ""
    proposal = of_track(desk.document, desk.state.track)
    if proposal is None:
        return ""
    frames, waiting = proposal.columns.frames, pending(desk.document, proposal)
    who = str(proposal.run.params.get("trackers", proposal.run.tracker)).replace(",", ", ")
    place = f"frame {int(frames[0])}"
    if len(frames) > 1:
        place = f"frames {int(frames[0])} to {int(frames[-1])}"
    yours = len(frames) - len(waiting)
    kept = f"; on {yours} of them yours stay" if yours else ""
    return f"{counted(len(frames), 'box', 'boxes')} of {who} proposed on {place}{kept}"


def is_shown(desk: Desk, track: Track) -> bool:
    """Whether a track is drawn: visible, and not outside of a solo."""
    return track.visible if desk.state.solo is None else track.id == desk.state.solo


def review_rows(desk: Desk, places: Sequence[Place]) -> list[ReviewRow]:
    """The list of doubtful places."""
    if desk.session is None:
        return []
    document = desk.document
    titles = {t.id: (t.title, color_of(document, t)) for t in document.tracks}
    return [
        ReviewRow(
            p.first, p.last, *titles[p.track_id], p.reason, p.doubt, p.state is TargetState.LOST
        )
        for p in places
        if p.track_id in titles
    ]


def trail(desk: Desk, frame: int, length: int) -> tuple[NDArray[np.float64], str]:
    """Centres of the selected track's last boxes up to `frame`, ``(N, 2)``, and its colour."""
    nothing = np.empty((0, 2)), "#000000"
    if desk.session is None or length <= 0 or not desk.document.has_track(desk.state.track):
        return nothing
    track = desk.document.track(desk.state.track or 0)
    if not is_shown(desk, track):
        return nothing
    first, columns = max(frame - length, 0), track.columns
    low, high = np.searchsorted(columns.frames, [first, frame + 1])
    present = (columns.flags[low:high] & Flag.ABSENT) == 0
    frames, boxes = columns.frames[low:high][present], columns.boxes[low:high][present]
    growing = None if desk.growing_beside else desk.growing
    if growing is not None and growing.track_id == track.id:
        frames, boxes = _joined(frames, boxes, *growing.between(first, frame))
    return boxes[:, :2] + boxes[:, 2:] / 2, color_of(desk.document, track)


def _joined(
    frames: NDArray[np.int32],
    boxes: NDArray[np.float64],
    new_frames: NDArray[np.int32],
    new_boxes: NDArray[np.float64],
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Rows of a track with those of a run that lie between them, by frame."""
    fresh = ~np.isin(new_frames, frames)
    frames = np.concatenate([frames, new_frames[fresh]])
    order = np.argsort(frames, kind="stable")
    return frames[order], np.concatenate([boxes, new_boxes[fresh]])[order]
