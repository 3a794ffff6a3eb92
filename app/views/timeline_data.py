"""What the timeline is shown: one :class:`TrackLane` per track."""

from __future__ import annotations

from dataclasses import dataclass

from core.document.track import Columns


@dataclass(frozen=True, slots=True)
class TrackLane:
    """One track as the timeline shows it; `color` is ``#rrggbb``.

    `columns` are compared by identity: hand over the same object when nothing changed.
    `proposed` are stretches of frames ``first..last`` that a run proposes, `disagreement`
    is ``1 - IoU`` of the two directions of two-way runs by frame.
    """

    track_id: int
    title: str
    color: str
    columns: Columns
    selected: bool = False
    visible: bool = True
    proposed: tuple[tuple[int, int], ...] = ()
    disagreement: tuple[tuple[int, float], ...] = ()
