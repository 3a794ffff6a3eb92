"""What is said of objects and frames survives the formats that can say it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import exchange, formats
from core.document import attributes
from core.document.document import Document, VideoRef
from core.document.schema import Attribute, AttributeKind, AttributeValue
from core.document.track import Columns, Keyframe
from core.formats.base import ATTRIBUTES
from core.formats.context import ImportContext
from core.geometry import Box

formats.load_all()
FRAMES = 20
VIDEO = VideoRef("a.mp4", width=99, height=99, frame_count=FRAMES)
SCHEMA = (
    Attribute("source", AttributeKind.TEXT, per_frame=True),  # a word that COCO files use too
    Attribute("Farbe, hell", AttributeKind.CHOICE, "rot", ("rot", "grün", "7")),
    Attribute("pose", AttributeKind.CHOICE, None, ("walks", "runs"), per_frame=True),
    Attribute("age", AttributeKind.NUMBER, low=0, high=9, per_frame=True),
    Attribute("parked", AttributeKind.FLAG),
    Attribute("seen", AttributeKind.FLAG, default=True, per_frame=True),
)
VALUES = {
    "source": st.sampled_from(["", "left", "a;b", '"x"', "3", "true"]),
    "Farbe, hell": st.sampled_from(["rot", "grün", "7"]),
    "pose": st.sampled_from(["walks", "runs"]),
    "age": st.floats(0, 9),
    "parked": st.booleans(),
    "seen": st.booleans(),
}
KEEPERS = [key for key, fmt in sorted(formats.formats.items()) if ATTRIBUTES in fmt.keeps]


def people() -> Document:
    document = Document(VIDEO)
    for gap in (3, 5):
        document, track = document.with_new_track("man")
        keys = (Keyframe(f, Box(f, 1, 9, 9)) for f in range(FRAMES) if f % gap)
        document = document.with_track(replace(track, columns=Columns.of_keyframes(keys)))
    return attributes.with_schema(document, "man", SCHEMA)


@st.composite
def said(draw: st.DrawFn) -> Document:
    document = people()
    for _ in range(draw(st.integers(0, 8))):
        attribute = draw(st.sampled_from(SCHEMA))
        track, value = draw(st.integers(1, 2)), draw(VALUES[attribute.name])
        if attribute.per_frame:
            first = draw(st.integers(0, FRAMES - 1))
            last = draw(st.none() | st.integers(first, FRAMES - 1))
            document = attributes.with_value_at(document, track, attribute.name, value, first, last)
        else:
            document = attributes.with_value(document, track, attribute.name, value)
    return document


def on_boxes(document: Document) -> dict[tuple[int, int], dict[str, AttributeValue]]:
    return {
        (track.id, int(f)): dict(attributes.values_of(document, track, int(f)))
        for track in document.tracks
        for f in track.columns.frames
    }


def test_that_three_formats_keep_attributes() -> None:
    assert KEEPERS == ["boxtrail", "coco", "csv"]


@pytest.mark.parametrize("key", KEEPERS)
@settings(max_examples=40, deadline=None)
@given(document=said())
def test_that_every_box_says_the_same_after_writing_and_reading(
    key: str, document: Document
) -> None:
    fmt = formats.find(key)
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / ("a" + fmt.suffixes[0])
        report = fmt.write(document, to)
        loaded = fmt.read(to, None, ImportContext(VIDEO))
    assert not report.warnings
    assert on_boxes(loaded) == on_boxes(document)
    assert [label.attributes for label in loaded.labels] == [SCHEMA]
    again = exchange.merged(document, loaded)
    copies = {track.id: track.id + 2 for track in document.tracks}
    assert {k: v for k, v in on_boxes(again).items() if k[0] > 2} == {
        (copies[track], frame): values for (track, frame), values in on_boxes(document).items()
    }


@pytest.mark.parametrize("key", sorted(set(formats.formats) - set(KEEPERS)))
def test_that_the_other_formats_say_what_is_lost(key: str) -> None:
    document = attributes.with_value(people(), 1, "parked", True)
    document = attributes.with_value_at(document, 1, "pose", "runs", 3, 9)
    assert "3 values of attributes" in formats.find(key).losses(document)
    assert not any("attributes" in text for text in formats.find(key).losses(people()))


def test_that_a_table_without_a_manifest_tells_kinds_from_its_values(tmp_path: Path) -> None:
    rows = ["frame,track_id,label,x,y,w,h,attribute.age,attribute.Mood,ATTRIBUTE.seen,attribute.to"]
    rows += [
        "0,1,dog,1,1,9,9,3,calm,true,",
        "1,1,dog,1,1,9,9,3,wild,true,",
        "2,1,dog,1,1,9,9,3,,,5",
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows), "utf-8")
    loaded = formats.find("csv").read(tmp_path / "a.csv", None, ImportContext(VIDEO))
    (label,) = loaded.labels
    assert {a.name: (a.kind.value, a.per_frame) for a in label.attributes} == {
        "age": ("number", False), "Mood": ("text", True), "seen": ("flag", False),
        "to": ("number", False),
    }  # fmt: skip
    values = [attributes.values_of(loaded, loaded.track(1), f) for f in range(3)]
    assert [v["Mood"] for v in values] == ["calm", "wild", "wild"]
    assert [v["age"] for v in values] == [3.0] * 3


def test_that_attributes_of_other_programs_coco_files_are_read(tmp_path: Path) -> None:
    content = {
        "images": [{"id": 1, "frame_id": 0}, {"id": 2, "frame_id": 1}],
        "categories": [{"id": 1, "name": "dog", "attributes": ["mood"]}],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 1, "track_id": 4, "bbox": [1, 2, 3, 4],
             "attributes": {"occluded": True, "mood": mood, "legs": 4, "tags": ["a"], "no": None}}
            for n, mood in ((1, "calm"), (2, "wild"))
        ],
    }  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(content), "utf-8")
    loaded = formats.find("coco").read(tmp_path / "a.json", None, ImportContext(VIDEO))
    kinds = {a.name: (a.kind.value, a.per_frame) for a in loaded.labels[0].attributes}
    assert kinds == {"legs": ("number", False), "mood": ("text", True)}
    values = [attributes.values_of(loaded, loaded.track(4), f)["mood"] for f in range(2)]
    assert values == ["calm", "wild"]


def test_that_a_schema_that_is_there_already_gets_what_an_import_adds() -> None:
    known = attributes.with_schema(people(), "man", SCHEMA[:2])
    other = attributes.with_value(people(), 1, "parked", True)
    after = exchange.merged(known, other)
    assert after.labels[0].attributes == SCHEMA
    assert attributes.values_of(after, after.track(3))["parked"] is True
