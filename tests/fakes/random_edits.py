"""Edits by a person, at random: one function per kind of edit, all in :data:`EDITS`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fakes.random_choices import (
    EVERYTHING,
    FRAMES,
    MOST_TRACKS,
    NOTHING,
    SCHEMA,
    Done,
    Edit,
    a_box,
    a_frame,
    a_span,
    a_track,
    two_ids,
)

from core.document import attributes, interpolate, intervals, operations, ranges
from core.document.document import Document, Label
from core.document.simplify import Bound, simplified
from core.document.track import Keyframe
from core.states import Flag, IntervalMode, Source, TargetState


def _draw(document: Document, rng: np.random.Generator) -> Done:
    frame = a_frame(rng)
    track = a_track(document, rng).with_keyframes([Keyframe(frame, a_box(rng))])
    return document.with_track(track), frozenset({frame})


def _confirm(document: Document, rng: np.random.Generator) -> Done:
    track, frame = a_track(document, rng), a_frame(rng)
    key = track.at(frame)
    if key is None:
        return document, NOTHING
    changed = replace(key, flags=key.flags ^ Flag.CONFIRMED)
    return document.with_track(track.with_keyframes([changed])), frozenset({frame})


def _split(document: Document, rng: np.random.Generator) -> Done:
    if len(document.tracks) >= MOST_TRACKS:
        return document, NOTHING
    return operations.split(document, a_track(document, rng).id, a_frame(rng))[0], NOTHING


def _duplicate(document: Document, rng: np.random.Generator) -> Done:
    if len(document.tracks) >= MOST_TRACKS:
        return document, NOTHING
    return operations.duplicated(document, a_track(document, rng).id)[0], NOTHING


def _merge(document: Document, rng: np.random.Generator) -> Done:
    a, b = two_ids(document, rng)
    if rng.random() < 0.3:
        return operations.joined(document, a, b), NOTHING
    report = operations.merge_report(document, a, b)
    prefer = [None, a, b][rng.integers(3)]
    # Boxes that two people-set tracks share are one box afterwards: no other is named.
    both = [f for f in report.frames.tolist() if _both(document, a, b, f)]
    return operations.merged(document, a, b, prefer=prefer), frozenset(both)


def _both(document: Document, a: int, b: int, frame: int) -> bool:
    keys = document.track(a).at(frame), document.track(b).at(frame)
    return all(key is not None and key.is_protected for key in keys)


def _delete(document: Document, rng: np.random.Generator) -> Done:
    track, (first, last) = a_track(document, rng), a_span(rng)
    if rng.random() < 0.5:
        last = first
    with_confirmed = bool(rng.random() < 0.2)
    after = ranges.deleted(document, track.id, first, last, with_confirmed=with_confirmed)
    asked = with_confirmed or first == last
    return after, frozenset(range(first, last + 1)) if asked else NOTHING


def _delete_track(document: Document, rng: np.random.Generator) -> Done:
    if len(document.tracks) < 3:
        return document, NOTHING
    return document.without_track(a_track(document, rng).id), EVERYTHING


def _mark(document: Document, rng: np.random.Generator) -> Done:
    track, (first, last) = a_track(document, rng), a_span(rng)
    kinds = [Flag.OCCLUDED, Flag.TRUNCATED, Flag.ABSENT, Flag.ABSENT | Flag.OUT_OF_VIEW]
    flag, on = kinds[rng.integers(len(kinds))], bool(rng.random() < 0.6)
    after = ranges.marked(document, track.id, first, last, flag, on=on)
    # Placeholders of absence are a person's: stating it differently or taking it back names them.
    named = {k.frame for k in track.keyframes() if k.is_absent and first <= k.frame <= last}
    return after, frozenset(named) if flag & Flag.ABSENT else NOTHING


def _state_to(document: Document, rng: np.random.Generator) -> Done:
    """What is stated nearest to a frame holds up to there, or ends there."""
    track = a_track(document, rng)
    stretch = ranges.stretch_to(track, a_frame(rng))
    named = {
        k.frame
        for k in track.keyframes()
        if k.is_absent and stretch.first <= k.frame <= stretch.last
    }
    after = ranges.with_stretch(document, track.id, stretch)
    return after, frozenset(named) if stretch.flags & Flag.ABSENT else NOTHING


def _others(document: Document, rng: np.random.Generator) -> Done:
    track = a_track(document, rng)
    edits = [
        replace(track, name=f"n{rng.integers(99)}"),
        replace(track, locked=bool(rng.random() < 0.1)),
        replace(track, visible=not track.visible, color="#00ff00"),
    ]
    return document.with_track(edits[rng.integers(len(edits))]), NOTHING


def _label(document: Document, rng: np.random.Generator) -> Done:
    if rng.random() < 0.3:
        return document.with_label(Label("person", "#112233")), NOTHING
    value = float(rng.integers(0, 9))
    return attributes.with_value(document, a_track(document, rng).id, "age", value), NOTHING


def _say(document: Document, rng: np.random.Generator) -> Done:
    """An attribute of the object, or from a frame on, or on a range."""
    track_id, pose = a_track(document, rng).id, SCHEMA[2].choices[rng.integers(3)]
    first, last = a_span(rng)
    kind = rng.integers(3)
    if kind == 0:
        return attributes.with_value(document, track_id, "pose", pose), NOTHING
    stop = last if kind == 1 else None
    return attributes.with_value_at(document, track_id, "pose", pose, first, stop), NOTHING


def _declare(document: Document, rng: np.random.Generator) -> Done:
    """Another schema: a choice comes or goes, a name changes there and back.

    All labels declare the same, else what was said under one would not fit another.
    """
    view, age, pose = SCHEMA
    fewer = replace(pose, choices=pose.choices[: int(rng.integers(2, 4))])
    names = {"age": "years"} if rng.random() < 0.5 else {"years": "age"}
    schema = (view, replace(age, name=next(iter(names.values()))), fewer)
    for label in document.labels:
        if label.attributes:
            document = attributes.with_schema(
                document, label.name, schema, renamed=names, drop_misfits=True
            )
    return document, NOTHING


def _dismiss(document: Document, rng: np.random.Generator) -> Done:
    """A person's "not an error" on a stretch."""
    track, (first, last) = a_track(document, rng), a_span(rng)
    after = ranges.marked(document, track.id, first, last, Flag.DISMISSED)
    return after, NOTHING


def _propagate(document: Document, rng: np.random.Generator) -> Done:
    track = a_track(document, rng)
    return ranges.propagated(document, track.id, a_frame(rng), *a_span(rng)), NOTHING


def _sweep(document: Document, rng: np.random.Generator) -> Done:
    """The machine's boxes before or after a frame, deleted."""
    track, frame = a_track(document, rng), a_frame(rng)
    first, stop = (0, frame + 1) if rng.random() < 0.5 else (frame, FRAMES)
    shorter = track.without(first, stop, keep_protected=True)
    return (document if shorter is track else document.with_track(shorter)), NOTHING


def _absent(document: Document, rng: np.random.Generator) -> Done:
    """The target is not there on one frame, and what was there goes."""
    track, frame = a_track(document, rng), a_frame(rng)
    key = Keyframe(frame, a_box(rng), Source.MANUAL, 1.0, TargetState.LOST, Flag.ABSENT)
    return document.with_track(track.with_keyframes([key])), frozenset({frame})


def _gap(document: Document, rng: np.random.Generator) -> Done:
    """One gap filled on a straight line."""
    track, (first, last) = a_track(document, rng), a_span(rng)
    filled = interpolate.filled_track(track, last - first + 1, first, last + 1)
    return (document if filled is track else document.with_track(filled)), NOTHING


def _fill(document: Document, rng: np.random.Generator) -> Done:
    return ranges.filled(document, a_track(document, rng).id, int(rng.integers(1, 9))), NOTHING


def _mode(document: Document, rng: np.random.Generator) -> Done:
    track, mode = a_track(document, rng), list(IntervalMode)[rng.integers(4)]
    changed = intervals.with_mode(track, *a_span(rng), mode)
    return (document if changed == track else document.with_track(changed)), NOTHING


def _simplify(document: Document, rng: np.random.Generator) -> Done:
    track = a_track(document, rng)
    result = simplified(track, Bound(float(rng.uniform(0.1, 0.9))), *a_span(rng)).track
    return (document if result is track else document.with_track(result)), NOTHING


EDITS: dict[str, Edit] = {
    "draw": _draw,
    "confirm": _confirm,
    "absent": _absent,
    "split": _split,
    "duplicate": _duplicate,
    "merge": _merge,
    "swap": lambda d, rng: (operations.swapped(d, *two_ids(d, rng), a_frame(rng)), NOTHING),
    "delete": _delete,
    "delete track": _delete_track,
    "sweep": _sweep,
    "mark": _mark,
    "state to": _state_to,
    "dismiss": _dismiss,
    "propagate": _propagate,
    "fill": _fill,
    "gap": _gap,
    "mode": _mode,
    "simplify": _simplify,
    "look": _others,
    "label": _label,
    "say": _say,
    "declare": _declare,
}
"""By name."""
