"""Deciding between several trackers that ran from the same box: here, for a stretch, or for all.

A stretch is as many frames in a row as the trackers agree on, or disagree on. What is
taken becomes the object's box and leaves the proposals of all of them, in one undo step.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app.controller.desk import Desk
from app.controller.playback import Playback
from core.document import proposals
from core.document.document import Proposal
from core.document.proposals import Consensus as Waiting
from core.engine.agreement import APART, agreement, best_over, fused
from core.errors import BoxtrailError

CALM = 3
"""Frames of agreement between two disagreements that do not part them."""

FUSED = -1
"""In place of a member's number: the fused boxes."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What the trackers of a consensus said, frame by frame.

    `frames` ``(N,)``, `boxes` ``(T, N, 4)``, `scores`, `states` and `each` ``(T, N)``,
    `mean` agreement and `best` tracker ``(N,)``; see :mod:`core.engine.agreement`.
    """

    waiting: Waiting
    frames: NDArray[np.int32]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    states: NDArray[np.uint8]
    mean: NDArray[np.float64]
    each: NDArray[np.float64]
    best: NDArray[np.int64]

    def apart(self) -> NDArray[np.bool_]:
        """Frames ``(N,)`` that belong to a disagreement; short agreements inside do too."""
        low = self.mean < APART
        marks = np.flatnonzero(low)
        for a, b in itertools.pairwise(marks):
            if b - a <= CALM:
                low[a:b] = True
        return low

    def stretches(self) -> list[tuple[int, int, bool]]:
        """First row, last row and whether they disagree there, of all stretches in order."""
        if not len(self.frames):
            return []
        low = self.apart()
        cuts = np.flatnonzero((np.diff(low) != 0) | (np.diff(self.frames) != 1)) + 1
        return [
            (int(p[0]), int(p[-1]), bool(low[p[0]])) for p in np.split(np.arange(len(low)), cuts)
        ]

    def stretch_at(self, frame: int) -> tuple[int, int, bool] | None:
        """The stretch around `frame`; None where nothing is proposed."""
        rows = self.stretches()
        return next((r for r in rows if self.frames[r[0]] <= frame <= self.frames[r[1]]), None)

    def best_of(self, first: int, last: int) -> int:
        """The tracker to take for rows ``first..last``."""
        rows = slice(first, last + 1)
        return best_over(self.boxes[:, rows], self.scores[:, rows], self.states[:, rows])


def compare(waiting: Waiting) -> Comparison | None:
    """The trackers of a consensus side by side; None with fewer than two of them."""
    columns = [proposal.columns for proposal in waiting.members]
    if len(columns) < 2:
        return None
    frames = columns[0].frames
    for other in columns[1:]:
        frames = np.intersect1d(frames, other.frames)
    rows = [np.searchsorted(c.frames, frames) for c in columns]
    boxes = np.stack([c.boxes[r] for c, r in zip(columns, rows, strict=True)])
    scores = np.stack([c.scores[r].astype(np.float64) for c, r in zip(columns, rows, strict=True)])
    states = np.stack([c.states[r] for c, r in zip(columns, rows, strict=True)])
    told = agreement(boxes)
    best = fused(boxes, scores, states).best
    return Comparison(waiting, frames, boxes, scores, states, told.mean, told.each, best)


class Consensus(QObject):
    """Carries out what is decided about the newest consensus of the selected object."""

    def __init__(self, desk: Desk, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._playback = playback
        self._known: tuple[Waiting, Comparison | None] | None = None

    def comparison(self) -> Comparison | None:
        """What waits for the selected object, worked out anew only when it changed."""
        if self._desk.session is None or not self._desk.state.proposed:
            return None
        waiting = proposals.consensus_of(self._desk.document, self._desk.state.track)
        if waiting is None:
            return None
        if self._known is None or not _same(self._known[0], waiting):
            self._known = (waiting, compare(waiting))
        return self._known[1]

    def take_here(self, number: int) -> None:
        """Take one tracker's box on this frame (`FUSED`: the fused one); it is then yours."""
        here = self._desk.shown
        self._take(number, here, here, self.tr("Take %s here"), confirm=True)

    def take_stretch(self, number: int) -> None:
        """Take one tracker for the stretch around this frame."""
        rows = self._rows_here()
        if rows is not None:
            self._take(number, *rows, self.tr("Take %s for the stretch"))

    def take_best(self) -> None:
        """Take the best tracker for the stretch around this frame, and go on to the next."""
        found = self.comparison()
        here = found.stretch_at(self._desk.shown) if found is not None else None
        if found is None or here is None:
            self._nothing_here()
            return
        first, last, _ = here
        frames = int(found.frames[first]), int(found.frames[last])
        self._take(found.best_of(first, last), *frames, self.tr("Take %s for the stretch"))
        self.go(1, quietly=True)

    def take_all(self, number: int) -> None:
        """Take one tracker (`FUSED`: the fused boxes) for all frames that are left."""
        found = self.comparison()
        if found is not None and len(found.frames):
            first, last = int(found.frames[0]), int(found.frames[-1])
            self._take(number, first, last, self.tr("Take %s for all frames"))

    def leave_out(self, number: int) -> None:
        """Drop what one tracker proposes; the others stay."""
        found = self.comparison()
        if found is None or not 0 <= number < len(found.waiting.members):
            return
        run = found.waiting.members[number].run
        after = proposals.without(self._desk.document, run.id)
        text = self.tr("Leave %s out") % run.tracker
        self._desk.edit(text, after, focus=(run.track_id, self._desk.shown))

    def go(self, step: int, *, quietly: bool = False) -> None:
        """Go to the next (+1) or previous (−1) disagreement."""
        found = self.comparison()
        if found is None:
            return
        here = self._desk.state.frame
        starts = [int(found.frames[first]) for first, _, apart in found.stretches() if apart]
        beyond = [frame for frame in starts if (frame - here) * step > 0]
        if beyond:
            self._playback.user_go(min(beyond) if step > 0 else max(beyond))
        elif not quietly:
            self._desk.say(self.tr("The trackers do not disagree in that direction."))

    def _rows_here(self) -> tuple[int, int] | None:
        found = self.comparison()
        here = found.stretch_at(self._desk.shown) if found is not None else None
        if found is None or here is None:
            self._nothing_here()
            return None
        return int(found.frames[here[0]]), int(found.frames[here[1]])

    def _nothing_here(self) -> None:
        self._desk.say(self.tr("Several trackers propose nothing on this frame."))

    def _take(
        self, number: int, first: int, last: int, text: str, *, confirm: bool = False
    ) -> None:
        found = self.comparison()
        proposal = _proposal(found.waiting, number) if found is not None else None
        if proposal is None:
            self._desk.say(self.tr("There is no such proposal on this frame."))
            return
        name = self.tr("fused boxes") if number == FUSED else proposal.run.tracker
        try:
            after = proposals.accepted(
                self._desk.document, proposal.run.id, first, last, confirm=confirm
            )
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        track = proposal.run.track_id
        self._desk.edit(text % name, after, focus=(track, self._desk.shown), frames=(first, last))


def _proposal(waiting: Waiting, number: int) -> Proposal | None:
    if number == FUSED:
        return waiting.fused
    return waiting.members[number] if number < len(waiting.members) else None


def _same(a: Waiting, b: Waiting) -> bool:
    pairs = zip(a.members, b.members, strict=False)
    same = len(a.members) == len(b.members) and a.fused is b.fused
    return same and all(p is q for p, q in pairs)
