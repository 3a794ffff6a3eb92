from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.document import attributes, project_file
from core.document.document import Document, VideoRef
from core.document.schema import Attribute, AttributeKind, AttributeValue
from core.errors import EditError

TEXT, NUMBER, CHOICE, FLAG = AttributeKind
SCHEMA = (
    Attribute("plate", TEXT),
    Attribute("age", NUMBER, low=1, high=9),
    Attribute("view", CHOICE, "side", ("front", "side", "back")),
    Attribute("parked", FLAG),
)


def car() -> Document:
    document, _ = Document(VideoRef("/a")).with_new_track("car")
    return attributes.with_schema(document, "car", SCHEMA)


def test_that_every_attribute_has_a_value_before_anybody_sets_one() -> None:
    document = car()
    values = attributes.values_of(document, document.track(1))
    assert dict(values) == {"plate": "", "age": 1.0, "view": "side", "parked": False}
    assert dict(document.track(1).attributes) == {}


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("plate", "B-X 1", "B-X 1"),
        ("age", 3, 3.0),
        ("view", "back", "back"),
        ("parked", True, True),
    ],
)
def test_that_a_value_that_fits_is_stored_and_survives_the_file(
    name: str, value: AttributeValue, stored: AttributeValue, tmp_path: Path
) -> None:
    document = attributes.with_value(car(), 1, name, value)
    assert dict(document.track(1).attributes) == {name: stored}
    project_file.save(document, tmp_path / "a.boxtrail")
    loaded = project_file.load(tmp_path / "a.boxtrail")
    assert loaded.tracks == document.tracks
    assert loaded.labels == document.labels


@pytest.mark.parametrize(
    ("name", "value"),
    [("plate", 3), ("age", 0), ("age", 10), ("age", "3"), ("age", True), ("age", float("nan")),
     ("view", "top"), ("parked", 1), ("parked", "yes"), ("colour", "red")],
)  # fmt: skip
def test_that_a_value_that_does_not_fit_is_refused(name: str, value: object) -> None:
    with pytest.raises(EditError):
        attributes.with_value(car(), 1, name, value)


def test_that_setting_the_default_stores_nothing() -> None:
    document = attributes.with_value(car(), 1, "parked", True)
    assert dict(attributes.with_value(document, 1, "parked", False).track(1).attributes) == {}
    assert attributes.with_value(document, 1, "parked", True) is document


def test_that_a_schema_that_would_lose_values_has_to_be_asked_for_twice() -> None:
    document = attributes.with_value(car(), 1, "view", "back")
    narrower = (Attribute("view", CHOICE, None, ("front", "side")),)
    with pytest.raises(EditError, match="“back”"):
        attributes.with_schema(document, "car", narrower)
    after = attributes.with_schema(document, "car", narrower, drop_misfits=True)
    assert dict(after.track(1).attributes) == {}
    assert dict(attributes.values_of(after, after.track(1))) == {"view": "front"}


def test_that_values_unknown_to_the_schema_are_kept() -> None:
    document = attributes.with_value(car(), 1, "plate", "B-X 1")
    other = document.with_track(replace(document.track(1), label="lorry"))
    assert dict(attributes.values_of(other, other.track(1))) == {}
    back = other.with_track(replace(other.track(1), label="car"))
    assert attributes.values_of(back, back.track(1))["plate"] == "B-X 1"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Attribute(" ", TEXT),
        lambda: Attribute("a", CHOICE),
        lambda: Attribute("a", CHOICE, None, ("x", "x")),
        lambda: Attribute("a", CHOICE, "z", ("x", "y")),
        lambda: Attribute("a", TEXT, None, ("x",)),
        lambda: Attribute("a", NUMBER, low=3, high=2),
        lambda: Attribute("a", NUMBER, 5, high=2),
        lambda: attributes.with_schema(car(), "car", (Attribute("a", TEXT), Attribute("a", FLAG))),
    ],
)
def test_that_a_schema_that_contradicts_itself_is_refused(make: object) -> None:
    with pytest.raises(EditError):
        make()  # type: ignore[operator]


def test_that_a_locked_track_keeps_its_attributes() -> None:
    document = car()
    document = document.with_track(replace(document.track(1), locked=True))
    with pytest.raises(EditError, match="locked"):
        attributes.with_value(document, 1, "parked", True)
