"""What the timeline is shown: one :class:`TrackLane` per track."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.document.track import Columns, Interval

Disagreement = tuple[NDArray[np.int32], NDArray[np.float32]]
NO_DISAGREEMENT: Disagreement = (np.empty(0, np.int32), np.empty(0, np.float32))
NO_FRAMES: NDArray[np.int32] = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class TrackLane:
    """One track as the timeline shows it; `color` is ``#rrggbb``.

    `columns` and all that follows `visible` are compared by identity: hand over the same
    objects when nothing changed. `proposed` are stretches of frames ``first..last`` that a
    run proposes, `disagreement` is ``1 - IoU`` of the two directions of two-way runs, as
    rising frames ``(N,)`` and values ``(N,)``; `intervals` say how boxes between keys are
    made, `changes` are the rising frames on which attributes change.
    """

    track_id: int
    title: str
    color: str
    columns: Columns
    selected: bool = False
    visible: bool = True
    proposed: tuple[tuple[int, int], ...] = ()
    disagreement: Disagreement = NO_DISAGREEMENT
    intervals: tuple[Interval, ...] = ()
    changes: NDArray[np.int32] = field(default_factory=lambda: NO_FRAMES)
