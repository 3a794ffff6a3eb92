"""Tracks and documents: a person's boxes are sacred, old versions stay as they were."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document.document import Document, Label, Run, VideoRef
from core.document.track import Columns, Keyframe, Track
from core.errors import ProjectError
from core.geometry import Box
from core.states import Flag, Source

EMPTY = Document(VideoRef("a"))


def of(columns: Columns) -> Track:
    return Track(1, columns=columns)


@given(data=st.data())
def test_that_a_run_never_changes_a_protected_box(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject
) -> None:
    before, rows = data.draw(any_columns), data.draw(any_columns)
    document = EMPTY.with_track(of(before)).with_run(Run(3, 1, "ccr"), rows)
    after = document.track(1).columns
    for key in of(before).keyframes():
        if key.is_protected:
            assert document.track(1).at(key.frame) == key
    guarded = set(before.frames[before.protected()].tolist())
    for key in of(rows).keyframes():
        if key.frame not in guarded:
            old = of(before).at(key.frame)
            stated = old.flags & (Flag.OCCLUDED | Flag.TRUNCATED) if old else Flag.NONE
            expected = replace(key, flags=key.flags | stated)
            assert document.track(1).at(key.frame) == expected
    assert set(after.frames.tolist()) == set(before.frames.tolist()) | set(rows.frames.tolist())
    allowed = EMPTY.with_track(of(before)).with_run(Run(3, 1, "ccr"), rows, keep_protected=False)
    assert all(allowed.track(1).at(key.frame) == key for key in of(rows).keyframes())


@given(data=st.data(), start=st.integers(-5, 205), length=st.integers(0, 100), keep=st.booleans())
def test_that_removing_boxes_has_exactly_the_asked_scope(
    any_columns: st.SearchStrategy[Columns],
    data: st.DataObject,
    start: int,
    length: int,
    keep: bool,
) -> None:
    track = of(data.draw(any_columns))
    after = track.without(start, start + length, keep_protected=keep)
    for key in track.keyframes():
        gone = start <= key.frame < start + length and not (keep and key.is_protected)
        assert after.at(key.frame) == (None if gone else key)
    assert len(after) <= len(track)
    if len(after) == len(track):
        assert after is track, "nothing to remove is no edit"


@given(data=st.data())
def test_that_edits_leave_the_old_document_as_it_was(
    any_document: st.SearchStrategy[Document],
    any_columns: st.SearchStrategy[Columns],
    data: st.DataObject,
) -> None:
    before = data.draw(any_document)
    copies = {
        t.id: [np.array(getattr(t.columns, n)) for n in t.columns.__slots__] for t in before.tracks
    }
    history = [before]
    for _ in range(data.draw(st.integers(1, 4))):
        document = history[-1]
        edit = data.draw(st.sampled_from(["add", "run", "cut", "drop", "label"]))
        ids = [t.id for t in document.tracks]
        if edit == "add" or not ids:
            document, _ = document.with_new_track("new")
        elif edit == "run":
            document = document.with_run(
                Run(document.next_run_id, ids[0], "ccr"), data.draw(any_columns)
            )
        elif edit == "cut":
            document = document.with_track(document.track(ids[-1]).without(0, 100))
        elif edit == "drop":
            document = document.without_track(ids[0])
        else:
            document = document.with_label(Label("x", "#123456"))
        history.append(document)
    for track in before.tracks:
        assert track is before.track(track.id)
        for name, copy in zip(track.columns.__slots__, copies[track.id], strict=True):
            assert np.array_equal(getattr(track.columns, name), copy)
    assert history[0] is before, "undo is going back to the reference"


@given(choices=st.lists(st.integers(-1, 5), max_size=30))
def test_that_ids_are_never_used_again(choices: list[int]) -> None:
    document, seen = EMPTY, set[int]()
    for choice in choices:
        ids = [track.id for track in document.tracks]
        if choice >= 0 and ids:
            document = document.without_track(ids[choice % len(ids)])
            continue
        document, track = document.with_new_track()
        assert track.id not in seen
        seen.add(track.id)
    rerun = document.with_track(Track(90)).with_run(Run(7, 90, "ccr"), Columns.empty())
    assert (rerun.next_track_id, rerun.next_run_id) == (91, 8)


@given(data=st.data())
def test_that_laying_rows_over_rows_is_a_dictionary_update(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject
) -> None:
    a, b = data.draw(any_columns), data.draw(any_columns)
    expected = {k.frame: k for k in of(a).keyframes()} | {k.frame: k for k in of(b).keyframes()}
    assert list(of(a.overlaid(b)).keyframes()) == [expected[n] for n in sorted(expected)]


def test_that_columns_cannot_be_changed_in_place(document: Document) -> None:
    columns = document.track(1).columns
    for name in columns.__slots__:
        with pytest.raises(ValueError, match="read-only"):
            getattr(columns, name)[0] = 1


def values(**changes: Any) -> dict[str, Any]:
    return {
        "frames": [1, 2], "boxes": [[1, 2, 3, 4]] * 2, "scores": [1, 1], "sources": [0, 0],
        "states": [0, 0], "flags": [0, 0], "runs": [0, 0], **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [{"frames": [2, 1]}, {"frames": [1, 1]}, {"frames": [-1, 1]}, {"scores": [1]},
     {"boxes": [[1, 2, 3]] * 2}],
)  # fmt: skip
def test_that_columns_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    assert len(Columns.of(values())) == 2
    with pytest.raises(ValueError, match=r"columns|frames|reshape"):
        Columns.of(values(**changes))


def test_that_of_several_boxes_on_a_frame_the_last_wins() -> None:
    columns = Columns.of_keyframes([Keyframe(3, Box(i, 0, 1, 1)) for i in range(3)])
    assert columns.boxes[:, 0].tolist() == [2]


def test_that_confirmed_and_manual_boxes_are_protected() -> None:
    key = Keyframe(0, Box(0, 0, 1, 1))
    tracked = dataclasses.replace(key, source=Source.TRACKED)
    confirmed = dataclasses.replace(tracked, flags=Flag.CONFIRMED | Flag.OCCLUDED)
    assert [k.is_protected for k in (key, tracked, confirmed)] == [True, False, True]
    mask = Columns.of_keyframes(
        dataclasses.replace(k, frame=i) for i, k in enumerate((key, tracked, confirmed))
    ).protected()
    assert mask.tolist() == [True, False, True]


def test_that_what_is_missing_is_said(document: Document) -> None:
    with pytest.raises(ProjectError, match="no track 99"):
        document.track(99)
    assert document.track(1).at(99) is None
    assert document.run(99) is None
    with pytest.raises(ProjectError, match="not a colour"):
        document.with_label(Label("car", "red"))


def test_that_colours_come_from_the_track_then_from_its_label(document: Document) -> None:
    document = document.with_label(Label("person", "#00ff00"))
    assert [document.color_of(t) for t in document.tracks] == ["#ff0000", "#00ff00"]
    assert [t.title for t in document.tracks] == ["car 1", "Anna"]
    assert Track(3).title == "object 3"


def timed_lookups(rows: int) -> float:
    zeros = {name: np.zeros(rows) for name in ("sources", "states", "flags", "runs")}
    track = of(
        Columns.of(
            {"frames": np.arange(rows) * 2, "boxes": np.ones((rows, 4)), "scores": np.ones(rows)}
            | zeros
        )
    )
    frames = np.random.default_rng(0).integers(0, 2 * rows, 300).tolist()
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        found = [track.at(frame) for frame in frames]
        best = min(best, time.perf_counter() - began)
    assert all((key is None) == bool(frame % 2) for key, frame in zip(found, frames, strict=True))
    return best


def test_that_looking_up_a_frame_does_not_slow_down_with_the_track() -> None:
    assert timed_lookups(1_000_000) < 6 * timed_lookups(1_000) + 1e-3


@settings(max_examples=30)
@given(data=st.data())
def test_that_equal_columns_are_equal_and_others_not(
    any_columns: st.SearchStrategy[Columns], data: st.DataObject
) -> None:
    a, b = data.draw(any_columns), data.draw(any_columns)
    assert a == Columns.of_keyframes(of(a).keyframes())
    assert hash(a) == hash(Columns.of_keyframes(of(a).keyframes()))
    assert (a == b) == (list(of(a).keyframes()) == list(of(b).keyframes()))
    assert a != "columns"
