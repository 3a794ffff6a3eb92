"""Values of attributes that change over time, held until changed.

A *step* is a frame and the value that holds from it on (:data:`core.document.track.Steps`);
before the first step the value of the whole object holds. Steps are kept canonical: none
repeats the value that holds anyway, so equal histories are equal values. When boxes move
from one track to another (split, swap, merge), what was said of them moves along.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from core.document.schema import AttributeValue
from core.document.track import NO_STEPS, Steps, Track

Initial = Callable[[str], AttributeValue | None]
"""The value of an attribute where nothing was said; None for one that is not declared."""

Piece = tuple[int, Track]
"""From this frame on (up to the next piece's), the values of this track hold."""


def held(steps: Steps, frame: int) -> AttributeValue | None:
    """The value of the last step at or before `frame`; None before the first one."""
    place = bisect_right(steps, frame, key=lambda step: step[0])
    return steps[place - 1][1] if place else None


def written(
    steps: Steps, base: AttributeValue | None, value: AttributeValue, first: int, last: int | None
) -> Steps:
    """Steps after `value` was said of ``first..last``; to the next step where `last` is None.

    With a `last`, the value that held after it holds there again. `base` is what holds
    before the first step.
    """
    later = [step for step in steps if step[0] > (first if last is None else last)]
    if last is not None:
        after = held(steps, last + 1)
        after = base if after is None else after
        if after is not None and (not later or later[0][0] != last + 1):
            later.insert(0, (last + 1, after))
    earlier = [step for step in steps if step[0] < first]
    return canonical([*earlier, (first, value), *later], base)


def canonical(steps: Sequence[tuple[int, AttributeValue]], base: AttributeValue | None) -> Steps:
    """Steps (by rising frame) without those that repeat the value that holds before them."""
    kept: list[tuple[int, AttributeValue]] = []
    now = base
    for frame, value in steps:
        if now is None or value != now or type(value) is not type(now):
            kept.append((frame, value))
            now = value
    return tuple(kept)


def with_steps(track: Track, name: str, steps: Steps) -> Track:
    """`track` with these steps of one attribute; the same object when nothing changes."""
    if track.steps.get(name, ()) == steps:
        return track
    others = {k: v for k, v in track.steps.items() if k != name}
    changed = others | {name: steps} if steps else others
    return replace(track, steps=MappingProxyType(changed) if changed else NO_STEPS)


def before(track: Track, frame: int) -> Mapping[str, Steps]:
    """The track's steps before `frame`."""
    cut = {
        name: kept
        for name, steps in track.steps.items()
        if (kept := tuple(s for s in steps if s[0] < frame))
    }
    return MappingProxyType(cut) if cut else NO_STEPS


def woven(onto: Track, pieces: Sequence[Piece], timed: frozenset[str], initial: Initial) -> Track:
    """`onto` with the values of each piece's track from its frame on.

    `pieces` rise by frame and the first one starts at 0. Concerned are the attributes in
    `timed` (those declared to change over time) and all that have steps.
    """
    names = timed.union(*(track.steps for _, track in pieces))
    for name in sorted(names):
        base = onto.attributes.get(name, initial(name))
        found: list[tuple[int, AttributeValue]] = []
        for number, (start, track) in enumerate(pieces):
            stop = pieces[number + 1][0] if number + 1 < len(pieces) else None
            steps = track.steps.get(name, ())
            value = held(steps, start)
            value = track.attributes.get(name, initial(name)) if value is None else value
            if value is not None:
                found.append((start, value))
            found += [s for s in steps if s[0] > start and (stop is None or s[0] < stop)]
        onto = with_steps(onto, name, canonical(found, base))
    return onto
