"""Every result of a run, without pixels: the lossless lane.

The worker appends, any other thread reads slices; nothing is ever dropped. At the
end (or at a pause, or for an autosave in between) :meth:`RunBuffer.columns` gives
the rows for :meth:`core.document.document.Document.with_run`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.document.track import Columns, Keyframe
from core.geometry import Box
from core.states import Flag, Source, TargetState
from core.trackers.base import EMPTY


@dataclass(frozen=True, slots=True)
class Row:
    """One frame's result without arrays. `seconds` is the tracker's time alone.

    `state` and `reason` are the verdict on the frame, the tracker's own word included;
    `alarms` are the bits that rang, `doubt` in [0, 1] how much speaks against the box;
    `timings` are the tracker's seconds by named step.
    """

    frame: int
    box: Box
    score: float
    state: TargetState
    reason: str
    scalars: Mapping[str, float]
    seconds: float
    is_seed: bool = False
    alarms: int = 0
    doubt: float = 0.0
    timings: Mapping[str, float] = field(default_factory=lambda: EMPTY)


class RunBuffer:
    """Append-only, thread-safe list of :class:`Row`.

    `beside` are the buffers of the members of a consensus, empty for every other run.
    """

    def __init__(self, run_id: int, beside: Sequence[RunBuffer] = ()) -> None:
        self.run_id = run_id
        self.beside = tuple(beside)
        self._lock = threading.Lock()
        self._rows: list[Row] = []

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, row: Row) -> None:
        """Add the next result (worker thread)."""
        with self._lock:
            self._rows.append(row)

    def since(self, count: int) -> list[Row]:
        """Rows after the first `count`: what a reader that has `count` rows lacks."""
        with self._lock:
            return self._rows[count:]

    def columns(self) -> Columns:
        """The tracked boxes as document columns; the seed frame is left out.

        The seed is a box that is in the document already (a person drew it).
        """
        return Columns.of_keyframes(
            Keyframe(
                r.frame, r.box, Source.TRACKED, r.score, r.state, Flag.NONE, self.run_id, r.alarms
            )
            for r in self.since(0)
            if not r.is_seed
        )
