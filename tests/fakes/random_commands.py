"""Every edit there is, at random: for tests of what no sequence of edits may do.

:func:`random_command` gives the next document and the frames on which the command named
boxes of a person: only there may one of them change or go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.document import attributes, intervals, operations, proposals, ranges
from core.document.document import Document, Label, Run, VideoRef
from core.document.schema import Attribute, AttributeKind
from core.document.simplify import Bound, simplified
from core.document.track import Columns, Keyframe, Track
from core.errors import BoxtrailError
from core.geometry import Box
from core.states import Flag, IntervalMode, RunKind, Source, TargetState

FRAMES = 120
_EVERYTHING = frozenset(range(FRAMES + 1))
_NOTHING: frozenset[int] = frozenset()
_MARKS = ~(Flag.OCCLUDED | Flag.TRUNCATED | Flag.DISMISSED)  # statements, not boxes
_SCHEMA = (
    Attribute("view", AttributeKind.CHOICE, None, ("front", "side")),
    Attribute("age", AttributeKind.NUMBER, low=0, high=9),
    Attribute("pose", AttributeKind.CHOICE, None, ("walks", "runs", "sits"), per_frame=True),
)


@dataclass(frozen=True)
class Command:
    """What happened: its name, the document after it, and the frames it named."""

    name: str
    after: Document
    named: frozenset[int]


def start() -> Document:
    """Two tracks with boxes of every source."""
    rng = np.random.default_rng(7)
    document = Document(VideoRef("clip.mp4", "f00d", 640, 480, FRAMES, 25.0))
    for _ in range(2):
        document, track = document.with_new_track("car")
        document = document.with_track(replace(track, columns=_rows(rng, 0, FRAMES)))
    return attributes.with_schema(document, "car", _SCHEMA)


def protected(document: Document) -> Counter[tuple[object, ...]]:
    """All boxes that a person entered or confirmed, whichever track they are on."""
    found: Counter[tuple[object, ...]] = Counter()
    for track in document.tracks:
        for key in track.keyframes():
            if key.is_protected:
                found[(key.frame, key.box, key.source, key.flags & _MARKS, key.score)] += 1
    return found


def random_command(document: Document, rng: np.random.Generator) -> Command:
    """A random edit that the document allows."""
    names = list(_COMMANDS)
    while True:
        name = names[rng.integers(len(names))]
        try:
            after, named = _COMMANDS[name](document, rng)
        except (BoxtrailError, IndexError):  # refused, or there is nothing to do it to
            continue
        if after is not document:
            return Command(name, after, named)


# ---- the edits ----------------------------------------------------------------------

Edit = Callable[[Document, np.random.Generator], tuple[Document, frozenset[int]]]


def _rows(rng: np.random.Generator, first: int, last: int, run: int = 0) -> Columns:
    frames = np.flatnonzero(rng.random(last - first) < 0.8) + first
    n = len(frames)
    boxes = np.stack([*rng.uniform(0, 400, (2, n)), *rng.uniform(5, 80, (2, n))], axis=1)
    sources = np.full(n, Source.TRACKED) if run else rng.integers(0, 4, n)
    flags = np.zeros(n) if run else rng.choice([0, 0, 0, 1, 2, 4], n)
    return Columns.of(
        {"frames": frames, "boxes": boxes, "scores": rng.random(n), "sources": sources,
         "states": rng.integers(0, 3, n), "flags": flags, "runs": np.full(n, run)}
    )  # fmt: skip


def _track(document: Document, rng: np.random.Generator) -> Track:
    return document.tracks[rng.integers(len(document.tracks))]


def _two(document: Document, rng: np.random.Generator) -> tuple[int, int]:
    ids = rng.permutation([track.id for track in document.tracks]).tolist()
    return ids[0], ids[1]


def _span(rng: np.random.Generator) -> tuple[int, int]:
    first, last = sorted(rng.integers(0, FRAMES, 2).tolist())
    return first, last


def _frame(rng: np.random.Generator) -> int:
    return int(rng.integers(0, FRAMES))


def _draw(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    frame = _frame(rng)
    box = Box(*rng.uniform(5, 90, 4).tolist())
    track = _track(document, rng).with_keyframes([Keyframe(frame, box)])
    return document.with_track(track), frozenset({frame})


def _confirm(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    track, frame = _track(document, rng), _frame(rng)
    key = track.at(frame)
    if key is None:
        return document, _NOTHING
    changed = replace(key, flags=key.flags ^ Flag.CONFIRMED)
    return document.with_track(track.with_keyframes([changed])), frozenset({frame})


def _run(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    track, (first, last) = _track(document, rng), _span(rng)
    run = Run(document.next_run_id, track.id, "ccr", {"rate": 0.1}, first, last)
    if rng.random() < 0.3:
        run = replace(run, kind=RunKind.TWO_WAY, disagreement={first: 0.25})
    rows = _rows(rng, first, last + 1, run.id)
    if rng.random() < 0.4:
        return proposals.proposed(document, run, rows), _NOTHING
    return document.with_run(run, rows), _NOTHING


def _accept(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    if not document.proposals:
        return document, _NOTHING
    proposal = document.proposals[rng.integers(len(document.proposals))]
    edit = proposals.accepted if rng.random() < 0.7 else proposals.discarded
    return edit(document, proposal.run.id, *_span(rng)), _NOTHING


def _split(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    if len(document.tracks) > 4:
        return document, _NOTHING
    return operations.split(document, _track(document, rng).id, _frame(rng))[0], _NOTHING


def _duplicate(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    if len(document.tracks) > 4:
        return document, _NOTHING
    return operations.duplicated(document, _track(document, rng).id)[0], _NOTHING


def _merge(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    a, b = _two(document, rng)
    if rng.random() < 0.3:
        return operations.joined(document, a, b), _NOTHING
    report = operations.merge_report(document, a, b)
    prefer = [None, a, b][rng.integers(3)]
    # Boxes that two people-set tracks share are one box afterwards: no other is named.
    both = [f for f in report.frames.tolist() if _both(document, a, b, f)]
    return operations.merged(document, a, b, prefer=prefer), frozenset(both)


def _both(document: Document, a: int, b: int, frame: int) -> bool:
    keys = document.track(a).at(frame), document.track(b).at(frame)
    return all(key is not None and key.is_protected for key in keys)


def _delete(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    track, (first, last) = _track(document, rng), _span(rng)
    if rng.random() < 0.5:
        last = first
    with_confirmed = bool(rng.random() < 0.2)
    after = ranges.deleted(document, track.id, first, last, with_confirmed=with_confirmed)
    asked = with_confirmed or first == last
    return after, frozenset(range(first, last + 1)) if asked else _NOTHING


def _delete_track(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    if len(document.tracks) < 3:
        return document, _NOTHING
    return document.without_track(_track(document, rng).id), _EVERYTHING


def _mark(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    track, (first, last) = _track(document, rng), _span(rng)
    kinds = [Flag.OCCLUDED, Flag.TRUNCATED, Flag.ABSENT, Flag.ABSENT | Flag.OUT_OF_VIEW]
    flag, on = kinds[rng.integers(len(kinds))], bool(rng.random() < 0.6)
    after = ranges.marked(document, track.id, first, last, flag, on=on)
    # Placeholders of absence are a person's: stating it differently or taking it back names them.
    named = {k.frame for k in track.keyframes() if k.is_absent and first <= k.frame <= last}
    return after, frozenset(named) if flag & Flag.ABSENT else _NOTHING


def _others(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    track = _track(document, rng)
    edits = [
        replace(track, name=f"n{rng.integers(99)}"),
        replace(track, locked=bool(rng.random() < 0.1)),
        replace(track, visible=not track.visible, color="#00ff00"),
    ]
    return document.with_track(edits[rng.integers(len(edits))]), _NOTHING


def _label(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    if rng.random() < 0.3:
        return document.with_label(Label("person", "#112233")), _NOTHING
    value = float(rng.integers(0, 9))
    return attributes.with_value(document, _track(document, rng).id, "age", value), _NOTHING


def _say(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    """An attribute of the object, or from a frame on, or on a range."""
    track_id, pose = _track(document, rng).id, _SCHEMA[2].choices[rng.integers(3)]
    first, last = _span(rng)
    kind = rng.integers(3)
    if kind == 0:
        return attributes.with_value(document, track_id, "pose", pose), _NOTHING
    stop = last if kind == 1 else None
    return attributes.with_value_at(document, track_id, "pose", pose, first, stop), _NOTHING


def _declare(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    """Another schema: a choice comes or goes, a name changes there and back."""
    label = _track(document, rng).label
    view, age, pose = _SCHEMA
    fewer = replace(pose, choices=pose.choices[: int(rng.integers(2, 4))])
    names = {"age": "years"} if rng.random() < 0.5 else {"years": "age"}
    schema = (view, replace(age, name=next(iter(names.values()))), fewer)
    after = attributes.with_schema(document, label, schema, renamed=names, drop_misfits=True)
    return after, _NOTHING


def _two_way(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    """A run from two of a person's boxes towards each other, fused."""
    track = _track(document, rng)
    around = intervals.around(track, _frame(rng))
    if around is None or around[1] - around[0] < 2:
        return document, _NOTHING
    first, last = around
    rows = _rows(rng, first, last + 1, document.next_run_id)
    apart = {int(f): round(float(rng.random()), 4) for f in rows.frames}
    run = Run(document.next_run_id, track.id, "ccr", {}, first, last, kind=RunKind.TWO_WAY,
              disagreement=apart)  # fmt: skip
    return document.with_run(run, rows), _NOTHING


def _dismiss(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    """A person's "not an error" on a stretch."""
    track, (first, last) = _track(document, rng), _span(rng)
    after = ranges.marked(document, track.id, first, last, Flag.DISMISSED)
    return after, _NOTHING


def _tail(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    """A run that was cut where it became unsure, then what it left out."""
    track, (first, last) = _track(document, rng), _span(rng)
    run = Run(document.next_run_id, track.id, "ccr", {}, first, last)
    rows, cut = _rows(rng, first, last + 1, run.id), (first + last) // 2
    kept = document.with_run(replace(run, end=cut - 1), rows.select(rows.frames < cut))
    return kept.with_run(run, rows.select(rows.frames >= cut)), _NOTHING


def _propagate(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    return ranges.propagated(document, _track(document, rng).id, _frame(rng), *_span(rng)), _NOTHING


def _fill(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    return ranges.filled(document, _track(document, rng).id, int(rng.integers(1, 9))), _NOTHING


def _mode(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    track, mode = _track(document, rng), list(IntervalMode)[rng.integers(4)]
    changed = intervals.with_mode(track, *_span(rng), mode)
    return (document if changed == track else document.with_track(changed)), _NOTHING


def _simplify(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    track = _track(document, rng)
    result = simplified(track, Bound(float(rng.uniform(0.1, 0.9))), *_span(rng)).track
    return (document if result is track else document.with_track(result)), _NOTHING


def _smooth_rows(document: Document, rng: np.random.Generator) -> tuple[Document, frozenset[int]]:
    # Rows that can be simplified: a slow drift.
    track, (first, last) = _track(document, rng), _span(rng)
    run = Run(document.next_run_id, track.id, "edcf", {}, first, last)
    frames = np.arange(first, last + 1)
    boxes = np.stack([50 + frames * 0.5, 60 + frames * 0.2, frames * 0 + 40, frames * 0 + 30], 1)
    n = len(frames)
    rows = Columns.of(
        {"frames": frames, "boxes": boxes, "scores": np.ones(n),
         "sources": np.full(n, Source.TRACKED), "states": np.full(n, TargetState.TRACKING),
         "flags": np.zeros(n), "runs": np.full(n, run.id)}
    )  # fmt: skip
    return document.with_run(run, rows), _NOTHING


_COMMANDS: dict[str, Edit] = {
    "draw": _draw,
    "confirm": _confirm,
    "run": _run,
    "drift": _smooth_rows,
    "accept": _accept,
    "split": _split,
    "duplicate": _duplicate,
    "merge": _merge,
    "swap": lambda d, rng: (operations.swapped(d, *_two(d, rng), _frame(rng)), _NOTHING),
    "delete": _delete,
    "delete track": _delete_track,
    "mark": _mark,
    "propagate": _propagate,
    "fill": _fill,
    "mode": _mode,
    "simplify": _simplify,
    "look": _others,
    "label": _label,
    "say": _say,
    "declare": _declare,
    "two ways": _two_way,
    "dismiss": _dismiss,
    "tail": _tail,
}
NAMES = frozenset(_COMMANDS)
