"""The boxes of a run under way, in the form the window asks for.

Rows arrive in batches; arrays grow by doubling, so that asking for the columns
costs one copy and no Python loop over all rows, however long the run is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.document.document import Run
from core.document.track import Columns, Keyframe
from core.engine.run_buffer import Row, RunBuffer
from core.geometry import Box
from core.states import Flag, Source

_START = 256
_RECENT = 64  # rows of a member in which a frame is looked for


class LiveRun:
    """Growing columns of one run (GUI thread)."""

    def __init__(
        self,
        track_id: int,
        run_id: int,
        members: Sequence[Run] = (),
        beside: Sequence[RunBuffer] = (),
    ) -> None:
        self.track_id = track_id
        self.run_id = run_id
        self._beside = tuple(zip(members, beside, strict=True))  # of a consensus
        self.last: Row | None = None
        self._rows: dict[int, Row] = {}
        self._places: dict[int, int] = {}  # a two-way run says more than once what it found
        self._count = 0
        self._frames = np.zeros(_START, np.int32)
        self._boxes = np.zeros((_START, 4), np.float64)
        self._scores = np.zeros(_START, np.float32)
        self._states = np.zeros(_START, np.uint8)
        self._alarms = np.zeros(_START, np.uint16)

    def __len__(self) -> int:
        return self._count

    def extend(self, rows: Sequence[Row]) -> None:
        """Take in the next rows in order of tracking."""
        for row in rows:
            self.last = row
            if row.is_seed:
                continue
            at = self._places.get(row.frame, self._count)
            if at == self._count:
                if self._count == len(self._frames):
                    self._grow()
                self._places[row.frame] = at
                self._count += 1
            self._frames[at] = row.frame
            self._boxes[at] = row.box.as_tuple()
            self._scores[at] = row.score
            self._states[at] = row.state
            self._alarms[at] = row.alarms
            self._rows[row.frame] = row

    def key_at(self, frame: int) -> Keyframe | None:
        """The run's box on `frame`."""
        row = self._rows.get(frame)
        if row is None:
            return None
        return Keyframe(
            frame, row.box, Source.TRACKED, row.score, row.state, Flag.NONE, self.run_id, row.alarms
        )

    def reason_at(self, frame: int) -> str:
        """Why the box on `frame` is in doubt, in words; empty when it is not."""
        row = self._rows.get(frame)
        return row.reason if row is not None else ""

    def between(self, first: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Frames ``(N,)`` and boxes ``(N, 4)`` of ``first <= frame <= last``, in any order."""
        frames = self._frames[: self._count]
        inside = (frames >= first) & (frames <= last)
        return frames[inside], self._boxes[: self._count][inside]

    def beside_at(self, frame: int) -> list[tuple[Run, Box]]:
        """What each tracker of a consensus says of a frame that was reached lately."""
        found: list[tuple[Run, Box]] = []
        for run, buffer in self._beside:
            recent = buffer.since(max(len(buffer) - _RECENT, 0))
            box = next((row.box for row in recent if row.frame == frame), None)
            if box is not None:
                found.append((run, box))
        return found

    def columns(self) -> Columns:
        """All boxes so far, sorted by frame."""
        count = self._count
        order = np.argsort(self._frames[:count], kind="stable")
        return Columns.of(
            {
                "frames": self._frames[:count][order],
                "boxes": self._boxes[:count][order],
                "scores": self._scores[:count][order],
                "sources": np.full(count, Source.TRACKED, np.uint8),
                "states": self._states[:count][order],
                "flags": np.zeros(count, np.uint8),
                "runs": np.full(count, self.run_id, np.int32),
                "alarms": self._alarms[:count][order],
            }
        )

    def _grow(self) -> None:
        self._frames = np.concatenate([self._frames, np.zeros_like(self._frames)])
        self._boxes = np.concatenate([self._boxes, np.zeros_like(self._boxes)])
        self._scores = np.concatenate([self._scores, np.zeros_like(self._scores)])
        self._states = np.concatenate([self._states, np.zeros_like(self._states)])
        self._alarms = np.concatenate([self._alarms, np.zeros_like(self._alarms)])
