"""Attributes of tracks by the schema of their label: reading, setting, changing the schema.

What is stored fits the schema or is an attribute that the schema does not know (from an
import, or from another label): such values are kept and never shown as if they were valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from core.document.document import Document, Label
from core.document.schema import Attribute, AttributeValue, require_distinct
from core.document.track import Track
from core.errors import EditError


@dataclass(frozen=True, slots=True)
class Misfit:
    """A stored value that a schema does not allow."""

    track_id: int
    name: str
    value: AttributeValue


def schema_of(document: Document, track: Track) -> tuple[Attribute, ...]:
    """The attributes that the track's label declares."""
    found = next((label for label in document.labels if label.name == track.label), None)
    return found.attributes if found is not None else ()


def values_of(document: Document, track: Track) -> Mapping[str, AttributeValue]:
    """Every declared attribute with its value: the stored one, else the default."""
    values: dict[str, AttributeValue] = {}
    for attribute in schema_of(document, track):
        stored = track.attributes.get(attribute.name)
        fits = stored is not None and _fits(attribute, stored)
        values[attribute.name] = stored if fits and stored is not None else attribute.initial
    return MappingProxyType(values)


def with_value(document: Document, track_id: int, name: str, value: object) -> Document:
    """A document in which attribute `name` of the track is `value`.

    Raises
    ------
    EditError
        If the label declares no such attribute, the value does not fit, or the track is
        locked.
    """
    track = document.track(track_id)
    if track.locked:
        raise EditError(f"“{track.title}” is locked.", "Unlock it to change it.")
    attribute = next((a for a in schema_of(document, track) if a.name == name), None)
    if attribute is None:
        raise EditError(
            f"The label “{track.label}” has no attribute “{name}”.", "Add it to the label first."
        )
    checked = attribute.checked(value)
    values = {k: v for k, v in track.attributes.items() if k != name}
    if checked != attribute.initial:
        values[name] = checked
    if values == dict(track.attributes):
        return document
    return document.with_track(replace(track, attributes=MappingProxyType(values)))


def misfits(
    document: Document, label: str, attributes: tuple[Attribute, ...]
) -> tuple[Misfit, ...]:
    """Stored values that these attributes would not allow."""
    declared = {attribute.name: attribute for attribute in attributes}
    return tuple(
        Misfit(track.id, name, value)
        for track in document.tracks
        if track.label == label
        for name, value in track.attributes.items()
        if name in declared and not _fits(declared[name], value)
    )


def with_schema(
    document: Document, label: str, attributes: tuple[Attribute, ...], *, drop_misfits: bool = False
) -> Document:
    """A document in which `label` declares `attributes`.

    Raises
    ------
    EditError
        If two have one name, or stored values do not fit and `drop_misfits` does not say
        that they may go.
    """
    require_distinct(attributes)
    lost = misfits(document, label, attributes)
    if lost and not drop_misfits:
        first = lost[0]
        raise EditError(
            f"{len(lost)} stored values do not fit, the first is “{first.value}” "
            f"for “{first.name}” of object {first.track_id}.",
            "Change these values first, or let them go.",
        )
    for misfit in lost:
        track = document.track(misfit.track_id)
        values = {k: v for k, v in track.attributes.items() if k != misfit.name}
        document = document.with_track(replace(track, attributes=MappingProxyType(values)))
    known = next((known for known in document.labels if known.name == label), Label(label))
    return document.with_label(replace(known, attributes=attributes))


def _fits(attribute: Attribute, value: AttributeValue) -> bool:
    try:
        attribute.checked(value)
    except EditError:
        return False
    return True
