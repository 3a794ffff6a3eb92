"""Values that hold until changed: against a plain list of one value per frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import attribute_steps, attributes, autosave, journal, operations, project_file
from core.document.document import Document, VideoRef
from core.document.schema import Attribute, AttributeKind
from core.document.track import Columns, Keyframe
from core.errors import EditError
from core.geometry import Box
from core.states import Source

FRAMES = 30
POSE = Attribute("pose", AttributeKind.CHOICE, None, ("walks", "runs", "sits"), per_frame=True)
AGE = Attribute("age", AttributeKind.NUMBER, low=0, high=99)
POSES = st.sampled_from(POSE.choices)


def boxes(frames: range) -> Columns:
    return Columns.of_keyframes(Keyframe(f, Box(f, f, 9, 9), source=Source.TRACKED) for f in frames)


def man(count: int = 1) -> Document:
    document = Document(VideoRef("/a"))
    for _ in range(count):
        document, track = document.with_new_track("man")
        document = document.with_track(replace(track, columns=boxes(range(FRAMES))))
    return attributes.with_schema(document, "man", (POSE, AGE))


def said(document: Document, track_id: int, name: str = "pose") -> list[object]:
    track = document.track(track_id)
    return [attributes.values_of(document, track, f)[name] for f in range(FRAMES)]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(POSES, st.integers(0, FRAMES - 1), st.none() | st.integers(0, FRAMES - 1)),
        max_size=8,
    )
)
def test_that_values_hold_until_changed_and_a_range_changes_nothing_outside(
    edits: list[tuple[str, int, int | None]],
) -> None:
    document, truth = man(), ["walks"] * FRAMES
    for value, first, last in edits:
        if last is not None and last < first:
            with pytest.raises(EditError, match="no such range"):
                attributes.with_value_at(document, 1, "pose", value, first, last)
            continue
        document = attributes.with_value_at(document, 1, "pose", value, first, last)
        stop = last + 1 if last is not None else FRAMES
        if last is None:
            stop = min([m for m in range(first + 1, FRAMES) if truth[m] != truth[m - 1]] or [stop])
        truth[first:stop] = [value] * (stop - first)
        assert said(document, 1) == truth
        steps = document.track(1).steps.get("pose", ())
        assert attribute_steps.canonical(steps, "walks") == steps


def test_that_saying_what_holds_anyway_changes_nothing() -> None:
    document = man()
    assert attributes.with_value_at(document, 1, "pose", "walks", 3, 9) is document
    once = attributes.with_value_at(document, 1, "pose", "runs", 3, 9)
    assert attributes.with_value_at(once, 1, "pose", "runs", 4, 6) is once
    assert attributes.with_value_at(once, 1, "pose", "walks", 3, 9).tracks == document.tracks


def test_that_the_whole_object_overrules_what_was_said_of_frames() -> None:
    document = attributes.with_value_at(man(), 1, "pose", "runs", 3, 9)
    whole = attributes.with_value(document, 1, "pose", "sits")
    assert said(whole, 1) == ["sits"] * FRAMES
    assert dict(whole.track(1).steps) == {}
    back = attributes.with_value_at(whole, 1, "pose", "walks", 0)
    assert said(back, 1) == ["walks"] * FRAMES


def test_that_only_attributes_that_may_change_are_said_of_frames() -> None:
    with pytest.raises(EditError, match="whole objects"):
        attributes.with_value_at(man(), 1, "age", 3, 5)
    with pytest.raises(EditError, match="is not a value"):
        attributes.with_value_at(man(), 1, "pose", "flies", 5)
    document = man()
    locked = document.with_track(replace(document.track(1), locked=True))
    with pytest.raises(EditError, match="locked"):
        attributes.with_value_at(locked, 1, "pose", "runs", 5)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), frame=st.integers(1, FRAMES - 1))
def test_that_values_go_along_with_boxes_that_change_their_object(
    data: st.DataObject, frame: int
) -> None:
    document = man(2)
    for track_id in (1, 2):
        for _ in range(3):
            first = data.draw(st.integers(0, FRAMES - 1))
            last = data.draw(st.none() | st.integers(first, FRAMES - 1))
            value = data.draw(POSES)
            document = attributes.with_value_at(document, track_id, "pose", value, first, last)
    one, two = said(document, 1), said(document, 2)

    after = operations.swapped(document, 1, 2, frame)
    assert said(after, 1) == one[:frame] + two[frame:]
    assert said(after, 2) == two[:frame] + one[frame:]
    assert operations.swapped(after, 1, 2, frame).tracks == document.tracks

    after, part = operations.split(document, 1, frame)
    assert said(after, 1)[:frame] == one[:frame]
    assert said(after, part)[frame:] == one[frame:]
    assert operations.joined(after, 1, part).track(1) == document.track(1)

    # Of two objects with boxes on other frames, each frame keeps what was said of its box.
    halves = document
    for track_id in (1, 2):
        columns = boxes(range(FRAMES))
        kept = columns.select((columns.frames % 7 < 3) == (track_id == 1))
        halves = halves.with_track(replace(halves.track(track_id), columns=kept))
    merged = operations.merged(halves, 1, 2)
    assert said(merged, 1) == [(one if f % 7 < 3 else two)[f] for f in range(FRAMES)]


def test_that_a_schema_that_would_lose_values_of_frames_has_to_be_asked_for_twice() -> None:
    document = attributes.with_value_at(man(), 1, "pose", "runs", 3, 9)
    fixed = (replace(POSE, per_frame=False), AGE)
    with pytest.raises(EditError, match="2 stored values"):
        attributes.with_schema(document, "man", fixed)
    after = attributes.with_schema(document, "man", fixed, drop_misfits=True)
    assert said(after, 1) == ["walks"] * FRAMES
    assert dict(after.track(1).steps) == {}
    fewer = (replace(POSE, choices=("walks", "sits")), AGE)
    after = attributes.with_schema(document, "man", fewer, drop_misfits=True)
    assert said(after, 1) == ["walks"] * FRAMES
    assert dict(after.track(1).steps) == {}


def test_that_values_follow_a_new_name() -> None:
    document = attributes.with_value_at(man(), 1, "pose", "runs", 3, 9)
    document = attributes.with_value(document, 1, "age", 7)
    names = {"pose": "gait", "age": "pose"}
    schema = (replace(POSE, name="gait"), replace(AGE, name="pose"))
    after = attributes.with_schema(document, "man", schema, renamed=names)
    assert said(after, 1, "gait") == said(document, 1, "pose")
    assert said(after, 1, "pose") == [7.0] * FRAMES


def test_that_values_of_frames_survive_the_file_and_the_journal(tmp_path: Path) -> None:
    document = man()
    after = attributes.with_value_at(document, 1, "pose", "runs", 3, 9)
    project_file.save(after, tmp_path / "a.boxtrail")
    loaded = project_file.load(tmp_path / "a.boxtrail")
    assert loaded.tracks == after.tracks
    assert loaded.labels == after.labels
    assert journal.apply(document, journal.difference(document, after)) == after


def test_that_a_recovery_says_that_attributes_changed() -> None:
    document = man(2)
    after = attributes.with_value_at(document, 2, "pose", "runs", 3, 9)
    assert autosave.describe_difference(document, after) == "attributes of 1 object changed"


def test_that_values_which_move_to_an_object_of_another_label_are_kept_but_not_shown() -> None:
    document = man(2)
    document = document.with_track(replace(document.track(2), label="child"))
    few = replace(POSE, choices=("walks", "runs"))
    document = attributes.with_schema(document, "child", (few,))
    document = attributes.with_value_at(document, 1, "pose", "sits", 10, None)
    swapped = operations.swapped(document, 1, 2, 5)
    assert swapped.track(2).steps["pose"] == ((10, "sits"),)
    assert said(swapped, 2) == [few.initial] * FRAMES
    assert operations.swapped(swapped, 1, 2, 5) == document
