"""Long tracks are packed in project files: exact, checked as strictly, short ones readable."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import codec_columns
from core.document.checked import INT32, Node
from core.document.codec_columns import decode_frames, numbers
from core.document.document import Document, VideoRef
from core.document.project_file import load, save
from core.document.track import Columns, Track
from core.errors import ProjectError

COUNT = codec_columns.PACKED_FROM


def long_track(count: int = COUNT, track_id: int = 1) -> Track:
    rng = np.random.default_rng(track_id)
    frames = np.cumsum(rng.integers(1, 4, count))
    values = {name: rng.integers(0, 3, count) for name in ("sources", "states", "flags")}
    columns = Columns.of(
        {"frames": frames, "boxes": rng.random((count, 4)) * 500, "scores": rng.random(count),
         "runs": rng.integers(0, 9, count), **values}
    )  # fmt: skip
    return Track(track_id, "car", columns=columns)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_that_any_document_is_loaded_as_it_was_saved_when_all_is_packed(
    any_document: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    document = data.draw(any_document)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec_columns, "PACKED_FROM", 1)
        path = Path(folder) / "a.boxtrail"
        save(document, path)
        loaded, raw = load(path), read(path)
    blank = VideoRef("")
    assert dataclasses.replace(loaded, video=blank) == dataclasses.replace(document, video=blank)
    for number, track in enumerate(document.tracks):
        assert isinstance(raw["tracks"][number]["boxes"], str) == (len(track) > 0)


def test_that_only_long_tracks_are_packed_and_ask_for_a_newer_program(tmp_path: Path) -> None:
    short, path = long_track(COUNT - 1), tmp_path / "a.boxtrail"
    save(Document(VideoRef(""), (short,)), path)
    raw = read(path)
    assert (raw["version"], len(raw["tracks"][0]["boxes"])) == (2, COUNT - 1)
    save(Document(VideoRef(""), (short, long_track(track_id=2))), path)
    raw = read(path)
    assert raw["version"] == 3
    assert [type(track["boxes"]) for track in raw["tracks"]] == [list, str]
    boxes = np.frombuffer(base64.b64decode(raw["tracks"][1]["boxes"]), "<f8").reshape(-1, 4)
    assert np.array_equal(boxes, long_track(track_id=2).columns.boxes)
    save(load(path), tmp_path / "b.boxtrail")
    assert read(tmp_path / "b.boxtrail")["tracks"] == raw["tracks"]


def test_that_long_tracks_of_older_files_open_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Document(VideoRef(""), (long_track(), long_track(track_id=2)))
    with monkeypatch.context() as patch:
        patch.setattr(codec_columns, "PACKED_FROM", INT32)
        save(document, tmp_path / "old.boxtrail")
    raw = read(tmp_path / "old.boxtrail")
    assert (raw["version"], type(raw["tracks"][0]["boxes"])) == (2, list)
    for version in (1, 2):
        (tmp_path / "old.boxtrail").write_text(json.dumps(raw | {"version": version}), "utf-8")
        assert load(tmp_path / "old.boxtrail").tracks == document.tracks


def test_that_scores_that_are_no_numbers_are_stored_as_in_short_tracks(tmp_path: Path) -> None:
    columns = long_track().columns
    scores = columns.scores.copy()
    scores[:3] = (np.nan, np.inf, 1e30)
    broken = dataclasses.replace(columns, scores=scores)
    save(Document(VideoRef(""), (Track(1, columns=broken),)), tmp_path / "a.boxtrail")
    loaded = load(tmp_path / "a.boxtrail").track(1).columns.scores
    assert loaded[:3].tolist() == [0, 1, codec_columns.SCORE_LIMIT]
    assert np.array_equal(loaded[3:], scores[3:])


# ---- bad files ----------------------------------------------------------------------


def packed(values: Any, kind: str) -> str:
    return base64.b64encode(np.asarray(values, kind).tobytes()).decode()


def with_box(row: int, side: int, value: float) -> str:
    boxes = np.array(long_track().columns.boxes)
    boxes[row, side] = value
    return packed(boxes, "<f8")


def with_score(row: int, value: float) -> str:
    scores = np.array(long_track().columns.scores)
    scores[row] = value
    return packed(scores, "<f4")


BOXES = packed(long_track().columns.boxes, "<f8")
DAMAGES = [
    ("boxes", "…", "boxes: it is not base64"),
    ("boxes", BOXES[:-8] + "!" + BOXES[-7:], "boxes: it is not base64"),
    ("boxes", BOXES[:-7], "boxes: it is not base64"),
    ("boxes", BOXES[:-8], f"boxes: {32 * COUNT - 4} bytes are not whole rows of 32"),
    ("boxes", "", f"frames: {COUNT} frames for 0 boxes"),
    ("boxes", packed(np.ones((COUNT - 1, 4)), "<f8"), f"frames: {COUNT} frames for {COUNT - 1}"),
    ("boxes", with_box(17, 2, -1), "boxes[17][2]: -1.0 is not within 0 to 1e+09"),
    ("boxes", with_box(17, 0, 1e300), "boxes[17][0]: 1e+300 is not within"),
    ("boxes", with_box(COUNT - 1, 3, np.nan), f"boxes[{COUNT - 1}][3]: NaN is not a usable"),
    ("boxes", with_box(0, 1, np.inf), "boxes[0][1]: Infinity is not a usable number"),
    ("scores", packed(np.ones(5), "<f4"), f"scores: 5 scores for {COUNT} boxes"),
    ("scores", packed(np.ones(COUNT), "<f8"), f"scores: {2 * COUNT} scores for {COUNT} boxes"),
    ("scores", with_score(3, np.nan), "scores[3]: NaN is not a usable number"),
    ("scores", with_score(3, 1e7), "scores[3]: 10000000.0 is not within"),
    ("frames", BOXES[:40], "frames: a list was expected"),
    ("flags", BOXES[:40], "flags: a list was expected"),
]


@pytest.mark.parametrize(("name", "value", "message"), DAMAGES)
def test_that_damage_of_packed_columns_is_named_by_its_place(
    name: str, value: str, message: str, tmp_path: Path
) -> None:
    save(Document(VideoRef(""), (long_track(),)), tmp_path / "bad.boxtrail")
    raw = read(tmp_path / "bad.boxtrail")
    raw["tracks"][0][name] = value
    (tmp_path / "bad.boxtrail").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(ProjectError) as caught:
        load(tmp_path / "bad.boxtrail")
    assert f"damaged at tracks[0].{message}" in caught.value.message
    assert "older copy" in caught.value.hint


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_that_random_damage_of_a_packed_file_gives_an_error_or_a_document(
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec_columns, "PACKED_FROM", 1)
        path = Path(folder) / "a.boxtrail"
        save(Document(VideoRef(""), (long_track(3), long_track(2, 2))), path)
        raw = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            place = data.draw(st.integers(0, len(raw) - 1))
            raw[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3))
        path.write_bytes(raw)
        with contextlib.suppress(ProjectError):
            assert load(path).tracks, "a damaged project must not open as an empty one"


# ---- lists checked as a whole ---------------------------------------------------------


def node(value: Any) -> Node:
    return Node(value, "here", ProjectError, "project", "")


ODD = st.sampled_from([True, None, "1", 1.0, 0.5, -1, INT32, INT32 + 1, 2**70, [1], float("nan")])


@settings(max_examples=300, deadline=None)
@given(spans=st.lists(st.lists(st.integers(0, 30) | ODD, min_size=1, max_size=3), max_size=5))
def test_that_ranges_are_taken_exactly_if_each_is_good(spans: list[list[Any]]) -> None:
    whole = all(len(s) == 2 and all(type(v) is int and 0 <= v <= INT32 for v in s) for s in spans)
    flat = [v for s in spans for v in s] if whole else []
    rising = whole and all(a < b for a, b in zip(flat[1::2], flat[2::2], strict=False))
    good = rising and all(first <= last for first, last in spans)
    if good and sum(last - first + 1 for first, last in spans) < 1000:
        frames = [f for first, last in spans for f in range(first, last + 1)]
        assert decode_frames(node(spans), len(frames)).tolist() == frames
    else:
        with pytest.raises(ProjectError, match="damaged at here"):
            decode_frames(node(spans), 1000)


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.floats(-2, 2) | st.integers(-2, 2) | ODD, max_size=6))
def test_that_numbers_are_taken_exactly_if_each_is_good(values: list[Any]) -> None:
    if all(type(v) in (int, float) and -1 <= v <= 1 for v in values):
        assert numbers(node(values), -1, 1).tolist() == [float(v) for v in values]
    else:
        with pytest.raises(ProjectError, match="damaged at here"):
            numbers(node(values), -1, 1)
