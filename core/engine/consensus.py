"""Several trackers from the same box, as if they were one.

An :class:`Ensemble` has the life of a tracker: every frame is read once and given to each
member in turn, each judged by its own alarms; the answer is the fused box of
:mod:`core.engine.agreement`, and its score is the agreement. So pausing, stepping,
stopping when unsure and recovery copies work as in every run. What the members said goes
into buffers of their own. The members never hear of one another: each box is the one that
its tracker would have given alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from core.alarms.kinds import Alarm, in_words
from core.alarms.stop import StopRule
from core.alarms.thresholds import calibration
from core.alarms.watcher import Verdict, Watcher
from core.document.document import Run
from core.engine.agreement import APART, agreement, fused
from core.engine.control import Control
from core.engine.plan import RunPlan
from core.engine.run_buffer import Row, RunBuffer
from core.engine.runner import FrameResult, RunEnd, Sink, Watch, run
from core.errors import BoxtrailError, TrackerError
from core.geometry import Box
from core.states import CorrectionPolicy, TargetState
from core.trackers import registry
from core.trackers.base import Image, ResponseMap, Services, Tracker, TrackResult
from core.video.source import Frame

KEY = "consensus"
"""What stands as the tracker of the run with the fused boxes."""

AGREEMENT = "agreement"
"""Name of the scalar that every fused row carries; the members' own have their key behind it."""


@dataclass(slots=True)
class Member:
    """One tracker of an ensemble, its judge, and what it said of the last frame."""

    run: Run
    tracker: Tracker
    watcher: Watcher
    result: TrackResult | None = None
    verdict: Verdict = Verdict()  # noqa: RUF009  (immutable)
    seconds: float = 0.0

    @property
    def title(self) -> str:
        """The tracker's name for people."""
        return registry.find(self.run.tracker).title

    def row(self, frame: int, own: float, *, is_seed: bool) -> Row:
        """What it said, as a row; `own` is its agreement with the others."""
        assert self.result is not None
        said, verdict = self.result, self.verdict
        alarms, state, reason = verdict.alarms, verdict.state, verdict.reason
        if own < APART:
            alarms |= int(Alarm.SECOND)
            state, reason = max(state, TargetState.UNCERTAIN), in_words(alarms, said.reason)
        return Row(
            frame, said.box, said.score, state, reason, said.scalars, self.seconds, is_seed,
            alarms, verdict.doubt,
        )  # fmt: skip


class Ensemble:
    """See the module docstring; a `core.trackers.base.Tracker` by its shape.

    Parameters
    ----------
    runs
        One per member, with tracker and parameters.
    services
        For building the members.

    Raises
    ------
    BoxtrailError
        If one of them cannot be built (its weights are missing).
    """

    def __init__(self, runs: Sequence[Run], services: Services) -> None:
        self.members = [
            Member(
                run,
                registry.find(run.tracker).create(run.params, services),
                Watcher(calibration(run.tracker)),
            )
            for run in runs
        ]
        self.want_maps: frozenset[str] = frozenset()  # of whichever members have them
        self._each: list[float] = []  # every member's agreement with the others
        self._verdict = Verdict()

    # ---- as a tracker ----------------------------------------------------------------------

    @property
    def params(self) -> Any:
        """There are none in common: nothing can be tuned while several trackers run."""
        return None

    def tune(self, params: Any) -> None:
        """Nothing, see `params`."""

    def init(self, image: Image, box: Box) -> TrackResult:
        """Start every member on the same box."""
        for member in self.members:
            self._ask(member, image, lambda tracker: tracker.init(image, box))
        self._each = []
        return TrackResult(box, 1.0, TargetState.TRACKING)

    def update(self, image: Image) -> TrackResult:
        """Ask every member for the next frame, and fuse."""
        for member in self.members:
            self._ask(member, image, lambda tracker: tracker.update(image))
        return self._together()

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        """A consensus always starts anew."""
        return self.init(image, box)

    def snapshot(self) -> object:
        """States of the members, their judges not included."""
        return tuple(member.tracker.snapshot() for member in self.members)

    def restore(self, state: object) -> None:
        """Bring the members back to a snapshot."""
        assert isinstance(state, tuple)
        for member, one in zip(self.members, state, strict=True):
            member.tracker.restore(one)

    # ---- as the judge of its own boxes -----------------------------------------------------

    def see(self, image: Image, result: TrackResult) -> Verdict:
        """What the members and their agreement say of the frame that was just tracked."""
        return self._verdict

    # ---- inside ----------------------------------------------------------------------------

    def _ask(
        self, member: Member, image: Image, question: Callable[[Tracker], TrackResult]
    ) -> None:
        tick = time.perf_counter()
        try:
            member.result = question(member.tracker)
        except BoxtrailError as error:
            raise TrackerError(f"{member.title}: {error.message}", error.hint) from error
        member.seconds = time.perf_counter() - tick
        member.verdict = member.watcher.see(image, member.result)

    def _together(self) -> TrackResult:
        results = [member.result for member in self.members if member.result is not None]
        boxes = np.array([[result.box.as_tuple()] for result in results])
        scores = np.array([[result.score] for result in results])
        states = np.array([[int(member.verdict.state)] for member in self.members])
        told, made = agreement(boxes), fused(boxes, scores, states)
        mean, self._each = float(told.mean[0]), [float(value) for value in told.each[:, 0]]
        self._verdict = self._judged(mean)
        best = results[int(made.best[0])]
        scalars = {AGREEMENT: mean}
        for member, value in zip(self.members, self._each, strict=True):
            scalars[name_of(member.run)] = value
        return TrackResult(
            Box(*(float(value) for value in made.boxes[0])), mean, self._verdict.state,
            self._verdict.reason, MappingProxyType(scalars), _first_of(r.maps for r in results),
            best.patches, proposals=best.proposals,
        )  # fmt: skip

    def _judged(self, mean: float) -> Verdict:
        """A sign rings where it rings for most of the members, disagreement by itself."""
        verdicts = [member.verdict for member in self.members]
        half = len(verdicts) / 2
        bits = 0
        for alarm in Alarm:
            ringing = sum(bool(verdict.alarms & alarm) for verdict in verdicts)
            bits |= int(alarm) if ringing > half else 0
        # The state that most members are in, or a worse one; of two the calmer one.
        state = sorted(verdict.state for verdict in verdicts)[(len(verdicts) - 1) // 2]
        if mean < APART:
            bits |= int(Alarm.SECOND)
            state = max(state, TargetState.UNCERTAIN)
        doubt = max(float(np.median([v.doubt for v in verdicts])), (1 - mean) / 2)
        return Verdict(TargetState(state), bits, doubt, in_words(bits))

    def record(self, item: FrameResult, buffers: Sequence[RunBuffer]) -> None:
        """Append what each member said of this frame to its buffer."""
        each = [1.0] * len(self.members) if item.is_seed else self._each
        for member, buffer, own in zip(self.members, buffers, each, strict=True):
            buffer.append(member.row(item.frame.index, own, is_seed=item.is_seed))


def run_consensus(
    plan: RunPlan,
    frames: Iterable[Frame],
    services: Services,
    control: Control,
    buffer: RunBuffer,
    sinks: Sequence[Sink],
    want_maps: frozenset[str] = frozenset(),
    rule: StopRule | None = None,
) -> RunEnd:
    """Track with all members of `plan`; see :func:`core.engine.runner.run`.

    Parameters
    ----------
    buffer
        From `plan.new_buffer()`: what the members said goes into the buffers beside it.
        The fused rows are for the `sinks` to keep.
    rule
        When to stop by itself, judged by the fused boxes; None for never.

    Raises
    ------
    BoxtrailError
        If a member cannot be built.
    """
    ensemble = Ensemble(plan.members, services)
    ensemble.want_maps = want_maps

    def beside(item: FrameResult) -> None:
        ensemble.record(item, buffer.beside)

    watch = Watch(ensemble, rule)
    lanes = (beside, *sinks)  # first: who sees a fused row finds the members' rows there
    return run(plan.run.id, frames, ensemble, plan.start, control, lanes, watch)


def _first_of(maps: Iterable[Mapping[str, ResponseMap]]) -> Mapping[str, ResponseMap]:
    """All maps; of two with the same key that of the earlier member."""
    found: dict[str, ResponseMap] = {}
    for one in maps:
        found = {**one, **found}
    return MappingProxyType(found)


def name_of(run: Run) -> str:
    """The scalar with a member's own agreement."""
    return f"{AGREEMENT}.{run.tracker}"


def with_disagreement(run: Run, buffer: RunBuffer, name: str = AGREEMENT) -> Run:
    """The run with one minus its agreement by frame, to four digits, from the fused rows."""
    rows = [row for row in buffer.since(0) if name in row.scalars]
    values = {row.frame: round(1 - row.scalars[name], 4) for row in rows}
    return replace(run, disagreement=MappingProxyType(values))
