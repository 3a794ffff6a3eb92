"""Attributes in formats that speak of single boxes: one value per attribute and box.

A writer gets the values that hold on a box's frame. A reader collects what each box says
and :func:`laid_over` turns that into values of whole objects and steps over time. Without
a schema in the file, kinds are told from the values: yes and no, numbers, else text.
Values said of frames without a box are not in such files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from core.document import attributes
from core.document.attribute_steps import canonical, held, with_steps
from core.document.document import Document, Label
from core.document.schema import Attribute, AttributeKind, AttributeValue
from core.document.track import Track
from core.errors import EditError
from core.formats.rows import to_float

Values = dict[str, AttributeValue]
Schemas = Mapping[str, tuple[Attribute, ...]]
"""Declared attributes by name of label."""

_WORDS = {"true": True, "false": False}


class Collected:
    """What boxes of a file say, by track and frame; `as_text`: in cells of text."""

    def __init__(self, *, as_text: bool = False) -> None:
        self.as_text = as_text
        self._tracks: dict[int, dict[int, Values]] = {}

    def add(self, track_id: int, frame: int, values: Values) -> None:
        """Take the values of one box."""
        if values and track_id > 0:
            self._tracks.setdefault(track_id, {}).setdefault(frame, values)

    def of(self, track_id: int) -> dict[int, Values]:
        """Values by frame of one track."""
        return self._tracks.get(track_id, {})


def names_of(document: Document) -> list[str]:
    """Every attribute that a track of the document has or may have, sorted."""
    declared = {a.name for t in document.tracks for a in attributes.schema_of(document, t)}
    return sorted(declared.union(*(t.attributes.keys() | t.steps.keys() for t in document.tracks)))


def reader_of(document: Document) -> Callable[[Track, int], Values]:
    """A function that gives the values that hold for a track on a frame."""
    known: dict[int, tuple[Values, tuple[Attribute, ...]]] = {}
    for track in document.tracks:
        schema = attributes.schema_of(document, track)
        fixed: Values = {**track.attributes, **attributes.values_of(document, track)}
        known[track.id] = fixed, tuple(a for a in schema if a.per_frame)

    def values(track: Track, frame: int) -> Values:
        fixed, timed = known[track.id]
        if not timed and not track.steps:
            return fixed
        now = dict(fixed)
        for name, steps in track.steps.items():
            value = held(steps, frame)
            if value is not None:
                now[name] = value
        now.update({a.name: attributes.value_at(track, a, frame) for a in timed})
        return now

    return values


def count(document: Document) -> int:
    """How many values are stored: of whole objects, and changes over time."""
    return sum(len(t.attributes) + sum(map(len, t.steps.values())) for t in document.tracks)


def told(text: str) -> AttributeValue:
    """What a cell of a table means: ``true`` and ``false``, a number, else the text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    number = to_float(text)
    return number if number is not None and abs(number) < 1e300 else text


def laid_over(document: Document, found: Collected, schemas: Schemas) -> Document:
    """`document` with the collected values, declared by `schemas` or as the values tell."""
    labels = dict.fromkeys(track.label for track in document.tracks)
    for label in labels:
        tracks = [track for track in document.tracks if track.label == label]
        boxes = {track.id: found.of(track.id) for track in tracks}
        if found.as_text:
            boxes = {n: _told_values(of, schemas.get(label, ())) for n, of in boxes.items()}
        schema = _schema(schemas.get(label, ()), list(boxes.values()))
        if schema:
            known = next((one for one in document.labels if one.name == label), Label(label))
            document = document.with_label(replace(known, attributes=schema))
            for track in tracks:
                changed = track
                for attribute in schema:
                    changed = _with_values(changed, attribute, boxes[track.id])
                document = document.with_track(changed)
    return document


def _told_values(boxes: dict[int, Values], declared: tuple[Attribute, ...]) -> dict[int, Values]:
    """Cells of text as values. An empty one says nothing, except where a text is declared."""
    words = {AttributeKind.TEXT, AttributeKind.CHOICE}
    texts = {attribute.name for attribute in declared if attribute.kind in words}
    return {
        frame: {
            name: value if name in texts else told(str(value))
            for name, value in values.items()
            if value != "" or name in texts
        }
        for frame, values in boxes.items()
    }


def _schema(
    declared: tuple[Attribute, ...], tracks: list[dict[int, Values]]
) -> tuple[Attribute, ...]:
    names = {name for boxes in tracks for values in boxes.values() for name in values}
    unknown = sorted(names - {attribute.name for attribute in declared})
    return (*declared, *(_told_schema(name, tracks) for name in unknown if name.strip()))


def _told_schema(name: str, tracks: list[dict[int, Values]]) -> Attribute:
    histories = [[v[name] for _, v in sorted(boxes.items()) if name in v] for boxes in tracks]
    kinds = {type(value) for history in histories for value in history}
    kind = AttributeKind.TEXT
    if kinds == {bool}:
        kind = AttributeKind.FLAG
    elif kinds == {float}:
        kind = AttributeKind.NUMBER
    changes = any(len(set(map(repr, history))) > 1 for history in histories)
    return Attribute(name, kind, per_frame=changes)


def _with_values(track: Track, attribute: Attribute, boxes: dict[int, Values]) -> Track:
    said: list[tuple[int, AttributeValue]] = []
    for frame, values in sorted(boxes.items()):
        value = _fitting(attribute, values.get(attribute.name))
        if value is not None:
            said.append((frame, value))
    if not said:
        return track
    first = said[0][1]
    if first != attribute.initial:
        values = {**track.attributes, attribute.name: first}
        track = replace(track, attributes=MappingProxyType(values))
    if attribute.per_frame:
        track = with_steps(track, attribute.name, canonical(said, first))
    return track


def _fitting(attribute: Attribute, value: AttributeValue | None) -> AttributeValue | None:
    if value is None:
        return None
    if attribute.kind in (AttributeKind.TEXT, AttributeKind.CHOICE) and not isinstance(value, str):
        value = str(value).lower() if isinstance(value, bool) else f"{value:g}"
    try:
        return attribute.checked(value)
    except EditError:
        return None
