"""Attributes of tracks by the schema of their label: reading, setting, changing the schema.

An attribute has one value per object, or values per frame that hold until changed
(:mod:`core.document.attribute_steps`). What is stored fits the schema, or was said where
another one held (in an import, under another label): such values are kept, so that nothing
said is lost, and never shown as if they were valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from core.document import attribute_steps
from core.document.attribute_steps import canonical, with_steps
from core.document.document import Document, Label
from core.document.schema import Attribute, AttributeValue, require_distinct
from core.document.track import NO_STEPS, Track
from core.errors import EditError

NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Misfit:
    """A stored value that a schema does not allow; `frame` None: of the whole object."""

    track_id: int
    name: str
    value: AttributeValue
    frame: int | None = None


def schema_of(document: Document, track: Track) -> tuple[Attribute, ...]:
    """The attributes that the track's label declares."""
    found = next((label for label in document.labels if label.name == track.label), None)
    return found.attributes if found is not None else ()


def values_of(
    document: Document, track: Track, frame: int | None = None
) -> Mapping[str, AttributeValue]:
    """Every declared attribute with its value: the stored one, else the default.

    With a `frame`, those that change over time have the value that holds there.
    """
    return MappingProxyType({a.name: value_at(track, a, frame) for a in schema_of(document, track)})


def value_at(track: Track, attribute: Attribute, frame: int | None = None) -> AttributeValue:
    """The value of one declared attribute, see :func:`values_of`."""
    stored: AttributeValue | None = None
    if frame is not None and attribute.per_frame:
        stored = attribute_steps.held(track.steps.get(attribute.name, ()), frame)
    if stored is None:
        stored = track.attributes.get(attribute.name)
    return stored if stored is not None and _fits(attribute, stored) else attribute.initial


def with_value(document: Document, track_id: int, name: str, value: object) -> Document:
    """A document in which attribute `name` of the whole object is `value`.

    What was said of single frames goes: the new value holds on all of them.

    Raises
    ------
    EditError
        If the label declares no such attribute, the value does not fit, or the track is
        locked.
    """
    track, attribute = _declared(document, track_id, name)
    checked = attribute.checked(value)
    values = {k: v for k, v in track.attributes.items() if k != name}
    if checked != attribute.initial:
        values[name] = checked
    changed = with_steps(track, name, ())
    if values == dict(track.attributes) and changed is track:
        return document
    return document.with_track(replace(changed, attributes=MappingProxyType(values)))


def with_value_at(
    document: Document,
    track_id: int,
    name: str,
    value: object,
    first: int,
    last: int | None = None,
) -> Document:
    """A document in which attribute `name` is `value` on the frames ``first..last``.

    After `last` the value is what it was; without a `last` the new one holds up to the
    next frame on which something else is said.

    Raises
    ------
    EditError
        As :func:`with_value`; if the attribute is one of whole objects, or the range is
        empty or begins before frame 0.
    """
    track, attribute = _declared(document, track_id, name)
    if not attribute.per_frame:
        raise EditError(
            f"“{name}” is said of whole objects.", "Let it change from frame to frame first."
        )
    if first < 0 or (last is not None and last < first):
        raise EditError("There is no such range of frames.", "Give its first frame first.")
    base = value_at(track, attribute)
    steps = attribute_steps.written(
        track.steps.get(name, ()), base, attribute.checked(value), first, last
    )
    changed = with_steps(track, name, steps)
    return document if changed is track else document.with_track(changed)


def _declared(document: Document, track_id: int, name: str) -> tuple[Track, Attribute]:
    track = document.track(track_id)
    if track.locked:
        raise EditError(f"“{track.title}” is locked.", "Unlock it to change it.")
    attribute = next((a for a in schema_of(document, track) if a.name == name), None)
    if attribute is None:
        raise EditError(
            f"The label “{track.label}” has no attribute “{name}”.", "Add it to the label first."
        )
    return track, attribute


# ---- the schema ---------------------------------------------------------------------


def misfits(
    document: Document, label: str, attributes: tuple[Attribute, ...]
) -> tuple[Misfit, ...]:
    """Stored values that these attributes would not allow."""
    found: list[Misfit] = []
    for track in document.tracks:
        for attribute in attributes if track.label == label else ():
            name = attribute.name
            if name in track.attributes and not _fits(attribute, track.attributes[name]):
                found.append(Misfit(track.id, name, track.attributes[name]))
            found += [
                Misfit(track.id, name, value, frame)
                for frame, value in track.steps.get(name, ())
                if not attribute.per_frame or not _fits(attribute, value)
            ]
    return tuple(found)


def with_schema(
    document: Document,
    label: str,
    attributes: tuple[Attribute, ...],
    *,
    renamed: Mapping[str, str] = NO_NAMES,
    drop_misfits: bool = False,
) -> Document:
    """A document in which `label` declares `attributes`.

    Values of attributes that are `renamed` (old name to new) move to the new name. Those
    of attributes that are gone stay, unknown to the schema.

    Raises
    ------
    EditError
        If two have one name, or stored values do not fit and `drop_misfits` does not say
        that they may go.
    """
    require_distinct(attributes)
    before = document
    document = _with_names(document, label, renamed)
    lost = misfits(document, label, attributes)
    if lost and not drop_misfits:
        first = lost[0]
        raise EditError(
            f"{len(lost)} stored values do not fit, the first is “{first.value}” "
            f"for “{first.name}” of object {first.track_id}.",
            "Change these values first, or let them go.",
        )
    for track_id in {misfit.track_id for misfit in lost}:
        document = document.with_track(_without_misfits(document.track(track_id), attributes))
    known = next((known for known in document.labels if known.name == label), None)
    if known is not None and known.attributes == attributes and document is before:
        return before
    return document.with_label(replace(known or Label(label), attributes=attributes))


def _with_names(document: Document, label: str, renamed: Mapping[str, str]) -> Document:
    moved = {old: new for old, new in renamed.items() if old != new}
    for track in document.tracks if moved else ():
        if track.label == label and (track.attributes.keys() | track.steps.keys()) & moved.keys():
            values = {k: v for k, v in track.attributes.items() if k not in moved}
            steps = {k: v for k, v in track.steps.items() if k not in moved}
            for old, new in moved.items():
                if old in track.attributes:
                    values[new] = track.attributes[old]
                if old in track.steps:
                    steps[new] = track.steps[old]
            document = document.with_track(
                replace(
                    track,
                    attributes=MappingProxyType(values),
                    steps=MappingProxyType(steps) if steps else NO_STEPS,
                )
            )
    return document


def _without_misfits(track: Track, attributes: tuple[Attribute, ...]) -> Track:
    for attribute in attributes:
        name = attribute.name
        if name in track.attributes and not _fits(attribute, track.attributes[name]):
            values = {k: v for k, v in track.attributes.items() if k != name}
            track = replace(track, attributes=MappingProxyType(values))
        steps = [s for s in track.steps.get(name, ()) if _fits(attribute, s[1])]
        kept = canonical(steps, value_at(track, attribute)) if attribute.per_frame else ()
        track = with_steps(track, name, kept)
    return track


def _fits(attribute: Attribute, value: AttributeValue) -> bool:
    try:
        attribute.checked(value)
    except EditError:
        return False
    return True
