"""What trackers, checks and other programs bring, at random, and what a person makes of it.

Runs go through the same :func:`core.engine.storing.with_result` as real ones; only their
rows are invented.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fakes.random_choices import (
    FRAMES,
    MOST_TRACKS,
    NOTHING,
    Done,
    Edit,
    a_box,
    a_frame,
    a_span,
    a_track,
    rows,
)

from core import exchange
from core.alarms import review
from core.alarms.kinds import Alarm
from core.batch.seeds import with_seeds
from core.batch.tasks import Seed
from core.collection.importing import with_first_boxes
from core.collection.merge import with_new_runs
from core.document import intervals, proposals
from core.document.carry import carried
from core.document.document import Document, Label, Run
from core.document.track import Columns
from core.engine.agreement import APART
from core.engine.check import Checked, legs, with_check
from core.engine.consensus import AGREEMENT, name_of
from core.engine.plan import RunPlan
from core.engine.run_buffer import Row, RunBuffer
from core.engine.runner import Start
from core.engine.storing import with_result
from core.engine.two_way import DISAGREEMENT
from core.errors import EditError
from core.states import RunKind, Source, TargetState

_LIMIT = 0.5  # of a check


def _filled(
    buffer: RunBuffer, rng: np.random.Generator, frames: range, names: tuple[str, ...]
) -> RunBuffer:
    """The buffer with invented results; the first frame is the seed."""
    for frame in frames:
        if frame != frames.start and rng.random() < 0.1:
            continue  # a frame that could not be read
        score = float(np.float32(rng.random()))
        said = {name: float(rng.random()) for name in names}
        ring = int(rng.choice([0, 0, 0, Alarm.SCORE, Alarm.LOOKS | Alarm.TOGETHER]))
        state = TargetState(int(rng.integers(0, 3)))
        seed = frame == frames.start
        buffer.append(Row(frame, a_box(rng), score, state, "", said, 0.01, seed, ring))
    return buffer


def _plan(document: Document, rng: np.random.Generator, kind: RunKind) -> RunPlan:
    track, (first, last) = a_track(document, rng), a_span(rng)
    if rng.random() < 0.3:
        first, last = last, first
    step = 1 if last >= first else -1
    stamp = f"2026-01-01T00:00:{rng.integers(60):02d}+00:00"
    run = Run(document.next_run_id, track.id, "ccr", {"rate": 0.1}, first, last, created=stamp)
    return RunPlan(replace(run, kind=kind), Start(first, a_box(rng)), last + step, step)


def _run(document: Document, rng: np.random.Generator) -> Done:
    """A run, laid over its object or proposed, perhaps without its doubtful tail."""
    plan = _plan(document, rng, RunKind.ONE_WAY)
    frames = range(plan.start.frame, plan.stop, plan.step)
    buffer = _filled(plan.new_buffer(), rng, frames, ())
    cut = int(rng.choice(list(frames))) if rng.random() < 0.2 else None
    propose = bool(rng.random() < 0.4)
    return with_result(document, plan, buffer, propose=propose, cut_from=cut), NOTHING


def _tail(document: Document, rng: np.random.Generator) -> Done:
    """A run that was cut where it became unsure, then what it left out."""
    track, (first, last) = a_track(document, rng), a_span(rng)
    run = Run(document.next_run_id, track.id, "ccr", {}, first, last)
    found, cut = rows(rng, first, last + 1, run.id), (first + last) // 2
    kept = document.with_run(replace(run, end=cut - 1), found.select(found.frames < cut))
    return kept.with_run(run, found.select(found.frames >= cut)), NOTHING


def _drift(document: Document, rng: np.random.Generator) -> Done:
    """A run whose boxes move slowly: they can be simplified."""
    track, (first, last) = a_track(document, rng), a_span(rng)
    run = Run(document.next_run_id, track.id, "edcf", {}, first, last)
    frames = np.arange(first, last + 1)
    boxes = np.stack([50 + frames * 0.5, 60 + frames * 0.2, frames * 0 + 40, frames * 0 + 30], 1)
    n = len(frames)
    found = Columns.of(
        {"frames": frames, "boxes": boxes, "scores": np.ones(n),
         "sources": np.full(n, Source.TRACKED), "states": np.full(n, TargetState.TRACKING),
         "flags": np.zeros(n), "runs": np.full(n, run.id)}
    )  # fmt: skip
    return document.with_run(run, found), NOTHING


def _two_way(document: Document, rng: np.random.Generator) -> Done:
    """A run from two of a person's boxes towards each other, fused."""
    around = intervals.around(a_track(document, rng), a_frame(rng))
    if around is None or around[1] - around[0] < 2:
        return document, NOTHING
    first, last = around
    plan = _plan(document, rng, RunKind.TWO_WAY)
    run = replace(plan.run, start=first, end=last)
    plan = RunPlan(run, Start(first, a_box(rng)), last, 1, other=Start(last, a_box(rng)))
    buffer = _filled(plan.new_buffer(), rng, range(first, last), (DISAGREEMENT,))
    return with_result(document, plan, buffer, propose=bool(rng.random() < 0.3)), NOTHING


def _consensus(document: Document, rng: np.random.Generator) -> Done:
    """Two or three trackers from the same box; all that they say is proposed."""
    plan = _plan(document, rng, RunKind.CONSENSUS)
    whole = replace(plan.run, tracker="consensus", group=plan.run.id)
    keys = ("ccr", "edcf", "drvt")[: int(rng.integers(2, 4))]
    members = tuple(replace(whole, id=whole.id + 1 + k, tracker=key) for k, key in enumerate(keys))
    plan = replace(plan, run=whole, members=members)
    buffer = plan.new_buffer()
    frames = range(plan.start.frame, plan.stop, plan.step)
    _filled(buffer, rng, frames, (AGREEMENT, *map(name_of, members)))
    for beside in buffer.beside:
        _filled(beside, rng, frames, ())
    return with_result(document, plan, buffer), NOTHING


def _what_if(document: Document, rng: np.random.Generator) -> Done:
    """The boxes of a trial with other parameters, applied."""
    track, (first, last) = a_track(document, rng), a_span(rng)
    run = Run(document.next_run_id, track.id, "ccr", {"rate": 0.02}, first, last)
    return document.with_run(run, rows(rng, first, last + 1, run.id)), NOTHING


def _accept(document: Document, rng: np.random.Generator) -> Done:
    if not document.proposals:
        return document, NOTHING
    number = document.proposals[rng.integers(len(document.proposals))].run.id
    chance = rng.random()
    if chance < 0.5:
        return proposals.accepted(document, number, *a_span(rng)), NOTHING
    if chance < 0.7:  # one box, looked at
        at = a_frame(rng)
        return proposals.accepted(document, number, at, at, confirm=True), NOTHING
    return proposals.discarded(document, number, *a_span(rng)), NOTHING


def _take(document: Document, rng: np.random.Generator) -> Done:
    """The best of several trackers for a stretch, or one of them left out."""
    waiting = proposals.consensus_of(document, a_track(document, rng).id)
    if waiting is None:
        return document, NOTHING
    chosen = waiting.members[rng.integers(len(waiting.members))]
    if rng.random() < 0.3:
        return proposals.without(document, chosen.run.id), NOTHING
    if waiting.fused is not None and rng.random() < 0.3:
        chosen = waiting.fused
    worst = max(chosen.run.disagreement.values(), default=0.0)
    confirm = bool(worst > 1 - APART and rng.random() < 0.5)
    return proposals.accepted(document, chosen.run.id, *a_span(rng), confirm=confirm), NOTHING


def _check(document: Document, rng: np.random.Generator) -> Done:
    """A check's answers, some of them for boxes that changed meanwhile."""
    track = a_track(document, rng)
    asked, heard = track.columns, dict[int, float]()
    for leg in legs(track, a_frame(rng) if rng.random() < 0.5 else None):
        heard |= {f: float(rng.random()) for f in range(leg.first, leg.last + leg.step, leg.step)}
    if rng.random() < 0.3:
        run = Run(document.next_run_id, track.id, "ccr")
        document = document.with_run(run, rows(rng, *a_span(rng), run.id))
    kind = (Alarm.SECOND, Alarm.ROUND_TRIP)[rng.integers(2)]
    now = document.track(track.id)
    after = with_check(now, Checked(track.id, asked, {kind: heard}), {kind: _LIMIT})
    return document.with_track(after), NOTHING


def _carry(document: Document, rng: np.random.Generator) -> Done:
    """A person's box carried over to the tracked ones around it."""
    track = a_track(document, rng)
    own = track.columns.frames[track.columns.protected()]
    if not len(own):
        return document, NOTHING
    frame = int(own[rng.integers(len(own))])
    replaced = track.at(frame) if rng.random() < 0.3 else None
    return document.with_track(carried(track, frame, replaced).track), NOTHING


def _review(document: Document, rng: np.random.Generator) -> Done:
    """A doubtful place accepted, or dismissed as no error."""
    threshold = float(rng.random()) if rng.random() < 0.5 else None
    places = review.queue(document, threshold)
    if not places:
        return document, NOTHING
    place = places[rng.integers(len(places))]
    act = review.accepted if rng.random() < 0.5 else review.dismissed
    track = document.track(place.track_id)
    return document.with_track(act(track, place, threshold)), NOTHING


def _import(document: Document, rng: np.random.Generator) -> Done:
    """Objects of another program's file, or of a benchmark with first boxes only."""
    if len(document.tracks) >= MOST_TRACKS:
        raise EditError("enough")
    schema = next(label.attributes for label in document.labels if label.attributes)
    bikes = Document(document.video).with_label(Label("bike", attributes=schema))
    other, track = bikes.with_new_track("bike")
    run = Run(1, track.id, "edcf", start=0, end=FRAMES - 1)
    other = other.with_run(run, rows(rng, 0, FRAMES, run.id))
    if rng.random() < 0.3:
        other = with_first_boxes(other)
    if rng.random() < 0.4:
        return exchange.proposed(document, other, "file"), NOTHING
    return exchange.merged(document, other), NOTHING


def _take_over(document: Document, rng: np.random.Generator) -> Done:
    """What a batch tracked in the same project meanwhile; here, an object went or came."""
    theirs, _ = _run(document, rng)
    if rng.random() < 0.3 and len(document.tracks) < MOST_TRACKS:
        document, _ = document.with_new_track("car")
    return with_new_runs(document, theirs), NOTHING


def _seed(document: Document, rng: np.random.Generator) -> Done:
    """First boxes of a job file, for an object there is or for a new one."""
    known = a_track(document, rng)
    new = len(document.tracks) < MOST_TRACKS and rng.random() < 0.3
    name = f"job {rng.integers(99)}" if new else known.name
    if not new and not name:
        return document, NOTHING
    return with_seeds(document, [Seed(a_frame(rng), a_box(rng), "car", name)]), NOTHING


EDITS: dict[str, Edit] = {
    "run": _run,
    "tail": _tail,
    "drift": _drift,
    "two ways": _two_way,
    "consensus": _consensus,
    "what if": _what_if,
    "accept": _accept,
    "take": _take,
    "check": _check,
    "carry": _carry,
    "review": _review,
    "import": _import,
    "take over": _take_over,
    "seed": _seed,
}
"""By name."""
