"""Tracking from both ends of a stretch, the two boxes of each frame fused.

Between the keys on frames ``a < b`` one tracker runs forwards from `a`, another one
backwards from `b`. On frame ``f`` with ``u = (f - a) / (b - a)`` the boxes weigh::

    w_forward  = (1 - u) * score_forward        w_backward = u * score_backward

(a lost tracker weighs nothing; when nothing is left, ``1 - u`` and ``u``). The
disagreement is ``d = 1 - IoU``. Up to :data:`APART` the fused box is the weighted mean of
x, y, w, h; beyond, a mean would lie on neither target, so the heavier box is taken and
the frame is uncertain. The fused score is the weighted mean of the scores times
``1 - d``. The alarms of both passes ring, but not those of a pass that had lost the target
where the other one had not; beyond :data:`APART` *Way back* rings. While the backward run
is under way, frames it has not reached keep the forward box, so a run that is cancelled
keeps what was tracked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.alarms.kinds import Alarm
from core.alarms.watcher import Verdict
from core.engine.control import Control
from core.engine.plan import RunPlan
from core.engine.run_buffer import Row, RunBuffer
from core.engine.runner import EndReason, FrameResult, RunEnd, Sink, Watch, into, run
from core.geometry import Box, iou
from core.states import TargetState
from core.trackers.base import Tracker
from core.video.source import VideoSource

APART = 0.5
"""Disagreement from which two boxes are not averaged."""

DISAGREEMENT = "disagreement"
"""Name of the scalar that every fused row carries."""


def weights(forward: Row, backward: Row, u: float) -> tuple[float, float]:
    """Weights of the two boxes, adding up to 1; see the module docstring."""
    w = [
        share * (0.0 if row.state is TargetState.LOST else min(max(row.score, 0.0), 1.0))
        for share, row in ((1 - u, forward), (u, backward))
    ]
    if sum(w) <= 0:
        w = [1 - u, u]
    return w[0] / sum(w), w[1] / sum(w)


def fused(forward: Row, backward: Row, u: float) -> Row:
    """One row from two of the same frame; `u` is 0 at the forward seed and 1 at the other."""
    w_f, w_b = weights(forward, backward, u)
    apart = 1 - iou(forward.box, backward.box)
    if apart > APART:
        box = forward.box if w_f >= w_b else backward.box
    else:
        pairs = zip(forward.box.as_tuple(), backward.box.as_tuple(), strict=True)
        box = Box(*(p + w_b * (q - p) for p, q in pairs))  # exact where the two agree
    return Row(
        forward.frame,
        box,
        (w_f * forward.score + w_b * backward.score) * (1 - apart),
        _state(forward, backward, apart),
        _reason(forward, backward, apart),
        {DISAGREEMENT: apart, "forward": forward.score, "backward": backward.score},
        forward.seconds + backward.seconds,
        alarms=_alarms(forward, backward, apart),
        doubt=max(forward.doubt, backward.doubt),
    )


def _alarms(forward: Row, backward: Row, apart: float) -> int:
    lost = TargetState.LOST
    heard = [row for row in (forward, backward) if row.state is not lost] or [forward, backward]
    bits = int(Alarm.ROUND_TRIP) if apart > APART else 0
    for row in heard:
        bits |= row.alarms
    return bits


def _state(forward: Row, backward: Row, apart: float) -> TargetState:
    states = (forward.state, backward.state)
    if min(states) is TargetState.LOST:
        return TargetState.LOST
    unsure = apart > APART or TargetState.UNCERTAIN in states
    return TargetState.UNCERTAIN if unsure else TargetState.TRACKING


def _reason(forward: Row, backward: Row, apart: float) -> str:
    if apart > APART:
        return f"forwards and backwards disagree (IoU {1 - apart:.2f})"
    return forward.reason or backward.reason


def run_two_way(
    plan: RunPlan,
    video: VideoSource,
    trackers: tuple[Tracker, Tracker],
    control: Control,
    buffer: RunBuffer,
    sinks: Sequence[Sink],
    want_maps: frozenset[str] = frozenset(),
    watches: tuple[Watch | None, Watch | None] = (None, None),
) -> RunEnd:
    """Track forwards, then backwards, and put fused rows into `buffer`.

    Parameters
    ----------
    plan
        With both ends: `start` and `other`.
    trackers
        New ones: for the forward and for the backward pass.
    buffer
        Gets the forward rows, then a fused row for each of them: the last one counts.
    sinks
        See every frame of both passes; in the second one with the fused box.
    watches
        Judge the frames of the forward and of the backward pass; two, as each keeps a state.

    Returns
    -------
    RunEnd
        Of both passes together; `frames` counts them both.
    """
    assert plan.other is not None
    run_id, starts = plan.run.id, (plan.start, plan.other)
    passes = (
        video.frames(starts[0].frame, starts[1].frame, 1),
        video.frames(starts[1].frame, starts[0].frame, -1),
    )
    for tracker in trackers:
        tracker.want_maps = want_maps
    ahead = RunBuffer(run_id)
    lanes = (into(ahead), into(buffer), *sinks)
    first = run(run_id, passes[0], trackers[0], starts[0], control, lanes, watches[0])
    if first.reason is not EndReason.FINISHED:
        return first
    known = {row.frame: row for row in ahead.since(0)}
    length = starts[1].frame - starts[0].frame

    def fuse(item: FrameResult) -> None:
        row = _row_of(item)
        other = known.get(row.frame)
        if other is not None and not row.is_seed:
            row = fused(other, row, (row.frame - starts[0].frame) / length)
            result = replace(
                item.result, box=row.box, score=row.score, state=row.state,
                reason=row.reason, scalars={**item.result.scalars, **row.scalars},
            )  # fmt: skip
            verdict = Verdict(row.state, row.alarms, row.doubt, row.reason)
            item = replace(item, result=result, verdict=verdict)
            row = _row_of(item)
        buffer.append(row)
        for sink in sinks:
            sink(item)

    second = run(run_id, passes[1], trackers[1], starts[1], control, (fuse,), watches[1])
    return replace(
        second, frames=first.frames + second.frames, seconds=first.seconds + second.seconds
    )


def _row_of(item: FrameResult) -> Row:
    single = RunBuffer(item.run_id)
    into(single)(item)
    return single.since(0)[0]


def disagreement(buffer: RunBuffer) -> dict[int, float]:
    """Disagreement by frame of the rows that were fused, to four digits."""
    return {
        row.frame: round(row.scalars[DISAGREEMENT], 4)
        for row in buffer.since(0)
        if DISAGREEMENT in row.scalars
    }
