"""What holds for every registered format, also for those that come later."""

from __future__ import annotations

import csv
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import formats, params
from core.document.document import Document, VideoRef
from core.document.track import Keyframe, Track
from core.errors import FormatError
from core.formats import base
from core.formats.base import Format
from core.formats.context import ExportContext, FrameNames, ImportContext
from core.geometry import Box
from core.states import Flag, Source

formats.load_all()
ALL = [pytest.param(fmt, id=key) for key, fmt in formats.formats.items()]


def place(fmt: Format, folder: Path) -> Path:
    return folder / ("export" if fmt.folder else "export" + fmt.suffixes[0])


def edges(box: Box) -> tuple[float, ...]:
    return (box.x, box.y, box.right, box.bottom)


def facts(document: Document, fmt: Format, keeps: frozenset[str]) -> Iterator[tuple[Any, Any]]:
    """Per box: what must be equal, and the edges, which must be near."""
    for track in document.tracks:
        for key in track.keyframes():
            if key.is_absent and base.ABSENCE not in keeps:
                continue
            kept: dict[str, Any] = {
                base.IDS: track.id,
                base.LABELS: track.label,
                base.NAMES: track.name,
                base.STATES: key.state,
                base.PROVENANCE: key.source,
                base.RUNS: key.run,
                base.ABSENCE: key.is_absent,
                base.OCCLUSION: bool(key.flags & Flag.OCCLUDED),
                base.TRUNCATION: bool(key.flags & Flag.TRUNCATED),
                base.CONFIRMED: bool(key.flags & Flag.CONFIRMED),
                base.SCORES: round(key.score, 6),
            }
            same = tuple((name, value) for name, value in kept.items() if name in keeps)
            yield (key.frame, same), edges(key.box)


@pytest.mark.parametrize("fmt", ALL)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_that_what_is_written_is_read_back(
    fmt: Format, any_document: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    document = data.draw(any_document)
    options = fmt.options()
    with tempfile.TemporaryDirectory() as folder:
        to = place(fmt, Path(folder))
        report = fmt.write(document, to, options)
        ctx = ImportContext(document.video)
        loaded = fmt.read(to, options, ctx)
        assert not ctx.skipped, ctx.summary()
        assert report.boxes_written == sum(map(len, document.tracks))
        assert all(file.is_file() for file in report.files)
    keeps = fmt.kept(options)
    written = sorted(facts(document, fmt, keeps), key=lambda fact: (repr(fact[0]), fact[1]))
    found = sorted(facts(loaded, fmt, keeps), key=lambda fact: (repr(fact[0]), fact[1]))
    assert [same for same, _ in found] == [same for same, _ in written]
    for number, (same, a) in enumerate(written):
        if fmt.precision < 0.1:  # rounding may swap neighbours: any that is left may be it
            near = pytest.approx(a, abs=fmt.precision + 1e-9, rel=1e-9)
            left = found[number:]
            at = next((k for k, (key, b) in enumerate(left) if key == same and b == near), None)
            assert at is not None, (same, a, left[:2])
            found[number : number + at + 1] = [left[at], *left[:at]]
        else:
            assert min(max(abs(p - q) for p, q in zip(a, other, strict=True)) for _, other in
                       found) <= fmt.precision + 1e-6  # fmt: skip


@pytest.mark.parametrize("fmt", ALL)
def test_that_an_export_is_the_same_bytes_every_time(
    fmt: Format, document: Document, tmp_path: Path
) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        fmt.write(document, place(fmt, folder))
    files = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert files
    for file in files:
        content = (first / file).read_bytes()
        assert content == (second / file).read_bytes()
        assert b"\r" not in content
        content.decode("utf-8")
    assert not [p for p in first.rglob("*") if p.name.endswith(".tmp")]


@pytest.mark.parametrize("fmt", ALL)
def test_that_an_export_is_recognised(fmt: Format, document: Document, tmp_path: Path) -> None:
    to = place(fmt, tmp_path)
    fmt.write(document, to)
    assert formats.for_path(to) is fmt
    assert 0 < fmt.detect(to) <= 1


@pytest.mark.parametrize("fmt", ALL)
def test_that_an_empty_document_makes_a_readable_export(fmt: Format, tmp_path: Path) -> None:
    video = VideoRef("a.mp4", width=10, height=10, frame_count=3)
    to = place(fmt, tmp_path)
    report = fmt.write(Document(video), to)
    assert report.boxes_written == 0
    assert "No boxes" in report.warnings[-1]
    loaded = fmt.read(to, None, ImportContext(video))
    assert not any(len(track) for track in loaded.tracks)


@pytest.mark.parametrize("fmt", ALL)
def test_that_the_manifest_tells_what_is_lost(
    fmt: Format, document: Document, tmp_path: Path
) -> None:
    report = fmt.write(document, place(fmt, tmp_path), None, ExportContext(times=[0, 0.1, 0.2, 7]))
    facts = json.loads(report.files[-1].read_text("utf-8"))
    assert facts["written_as"] == fmt.key
    assert facts["video"] == {"name": "Straße.mp4", "fingerprint": "f00d", "width": 640,
                              "height": 480, "frame_count": 60, "fps": 25.0}  # fmt: skip
    assert facts["frames"] == {"first": 0, "last": 59, "step": 1}
    assert facts["times"] == {"0": 0.0, "2": 0.2, "3": 7}
    assert facts["options"] == params.to_dict(fmt.options())
    assert facts["lost"] == fmt.losses(document)
    home = report.files[-1].parent
    assert [home / name for name in facts["files"]] == list(report.files[:-1])
    for key, words in (
        (base.SCORES, "2 scores"),
        (base.STATES, "1 tracker state"),
        (base.ABSENCE, "1 frame marked absent"),
        (base.PROVENANCE, "2 marks of machine-made boxes"),
        (base.OCCLUSION, "1 occlusion mark"),
    ):
        assert (words in facts["lost"]) == (key not in fmt.keeps)
    assert str(tmp_path) not in report.files[-1].read_text("utf-8")


@pytest.mark.parametrize("fmt", ALL)
def test_that_annotations_of_another_clip_are_noticed(
    fmt: Format, document: Document, tmp_path: Path
) -> None:
    to = place(fmt, tmp_path)
    fmt.write(document, to)
    same, other = (
        ImportContext(document.video),
        ImportContext(dataclasses.replace(document.video, fingerprint="beef")),
    )
    fmt.read(to, None, same)
    fmt.read(to, None, other)
    assert not any("another" in text for text in same.warnings)
    assert any("another content" in text for text in other.warnings)


@pytest.mark.parametrize("fmt", ALL)
def test_that_options_choose_the_boxes(fmt: Format, tmp_path: Path) -> None:
    video = VideoRef("a.mp4", width=640, height=480, frame_count=40)
    keys = [
        Keyframe(n, Box(10 + n, 20, 30, 40), *row)
        for n, row in {
            0: (Source.MANUAL,),
            10: (Source.TRACKED,),
            20: (Source.INTERPOLATED,),
            30: (Source.TRACKED, 1.0),
        }.items()
    ]
    keys[3] = dataclasses.replace(keys[3], flags=Flag.CONFIRMED)
    document = Document(video).with_track(Track(1).with_keyframes(keys))

    def frames(**values: Any) -> list[int]:
        options = params.from_dict(fmt.options, values)
        to = place(fmt, tmp_path / str(len(list(tmp_path.iterdir()))))
        fmt.write(document, to, options)
        loaded = fmt.read(to, options, ImportContext(video))
        return sorted({k.frame for t in loaded.tracks for k in t.keyframes() if not k.is_absent})

    assert frames() == [0, 10, 20, 30]
    assert frames(interpolated=False) == [0, 10, 30]
    assert frames(only_confirmed=True) == [0, 30]
    assert frames(first=10, last=29) == [10, 20]
    assert frames(first=10, step=20) == [10, 30]
    assert frames(fill_gaps=True, max_gap=9) == list(range(31))
    assert frames(fill_gaps=True, max_gap=8) == [0, 10, 20, 30]
    assert frames(fill_gaps=True, only_confirmed=True, max_gap=29) == list(range(31))


@pytest.mark.parametrize("fmt", ALL)
def test_that_boxes_at_the_edge_follow_the_choice(fmt: Format, tmp_path: Path) -> None:
    video = VideoRef("a.mp4", width=100, height=100, frame_count=4)
    keys = [
        Keyframe(0, Box(-10, 50, 30, 20)),
        Keyframe(1, Box(150, 50, 30, 20)),
        Keyframe(2, Box(10, 20, 30, 40)),
    ]
    document = Document(video).with_track(Track(1).with_keyframes(keys))

    def boxes(policy: str) -> dict[int, tuple[float, ...]]:
        options = params.from_dict(fmt.options, {"outside": policy})
        to = place(fmt, tmp_path / policy)
        fmt.write(document, to, options)
        loaded = fmt.read(to, options, ImportContext(video))
        return {
            k.frame: k.box.as_tuple()
            for t in loaded.tracks for k in t.keyframes() if not k.is_absent
        }  # fmt: skip

    near = {"abs": 0.01}
    assert boxes("keep") == {
        0: pytest.approx((-10, 50, 30, 20), **near),
        1: pytest.approx((150, 50, 30, 20), **near),
        2: pytest.approx((10, 20, 30, 40), **near),
    }
    assert boxes("clip") == {
        0: pytest.approx((0, 50, 20, 20), **near),
        2: pytest.approx((10, 20, 30, 40), **near),
    }
    lost = fmt.losses(document, params.from_dict(fmt.options, {"outside": "clip"}))
    assert lost[-2:] == ["the parts of 1 box beyond the frame", "1 box beyond the frame"]
    lost = fmt.losses(document, params.from_dict(fmt.options, {"outside": "drop"}))
    assert lost[-1] == "2 boxes beyond the frame"
    assert boxes("drop") == {2: pytest.approx((10, 20, 30, 40), **near)}
    unknown = dataclasses.replace(document, video=VideoRef("a.mp4"))
    with pytest.raises(FormatError, match="size of the frames"):
        fmt.write(
            unknown, place(fmt, tmp_path / "x"), params.from_dict(fmt.options, {"outside": "clip"})
        )


@pytest.mark.parametrize("fmt", ALL)
def test_that_image_series_keep_their_names(
    fmt: Format, document: Document, tmp_path: Path
) -> None:
    names = FrameNames(tuple(f"bild-{chr(97 + n)}.png" for n in range(26)))
    to = place(fmt, tmp_path)
    fmt.write(document, to, None, ExportContext(names))
    ctx = ImportContext(document.video, names)
    loaded = fmt.read(to, None, ctx)
    assert not ctx.skipped, ctx.summary()
    assert {k.frame for t in loaded.tracks for k in t.keyframes() if not k.is_absent} == {0, 2}


@pytest.mark.parametrize("fmt", ALL)
@pytest.mark.parametrize(
    "content",
    [b"", b"\0\1\2\xff\xfe" * 50, b"{", b"[" * 5000, b"hello, world\nfoo", b"1,2,3\n" * 3,
     b"nan,nan,nan,nan,nan,nan,nan,nan,nan\n", b"1e999,1,inf,2,3,4,5,6\n", b"{}", b"[1]", b"null",
     b"frame,x,y,w,h\n0,1,2,\n", b"frame,x,y,w,h\n\"0,1", b"9" * 5000,
     b'{"images": 1, "annotations": {}, "categories": null}',
     b'{"format": "boxtrail-annotations", "version": 1, "tracks": [{"id": []}]}',
     b"<annotation><object></annotation>", b"<annotation><object/></annotation>"],
)  # fmt: skip
def test_that_hostile_files_give_an_error_or_nothing(
    fmt: Format, content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / ("in" + fmt.suffixes[0])
    file.write_bytes(content)
    (tmp_path / "dir" / "labels").mkdir(parents=True)
    inside = tmp_path / "dir" / "labels" / ("groundtruth_rect" + fmt.suffixes[0])
    for path in (file, inside.parent, inside.parent.parent):
        inside.write_bytes(content)
        fmt.detect(path)
        ctx = ImportContext(VideoRef("a.mp4", width=10, height=10, frame_count=3))
        try:
            loaded = fmt.read(path, None, ctx)
        except FormatError as error:
            assert error.hint, error.message  # noqa: PT017
        else:
            assert not any(k for t in loaded.tracks for k in t.keyframes() if not k.is_absent)


@pytest.mark.parametrize("fmt", ALL)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_that_random_damage_is_an_error_or_a_list_of_what_was_skipped(
    fmt: Format, any_document: st.SearchStrategy[Document], data: st.DataObject
) -> None:
    document = data.draw(any_document)
    with tempfile.TemporaryDirectory() as folder:
        to = place(fmt, Path(folder))
        report = fmt.write(document, to)
        for file in report.files[:-1]:
            raw = bytearray(file.read_bytes())
            if raw:
                at = data.draw(st.integers(0, len(raw) - 1))
                raw[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=3))
                file.write_bytes(raw)
        try:
            loaded = fmt.read(to, None, ImportContext(document.video))
        except FormatError as error:
            assert error.hint, error.message  # noqa: PT017
        else:
            for track in loaded.tracks:
                assert all(key.frame < 60 and key.box.is_finite() for key in track.keyframes())


@pytest.mark.parametrize("fmt", ALL)
def test_that_a_cancelled_export_leaves_nothing(
    fmt: Format, document: Document, tmp_path: Path
) -> None:
    class Cancelled(Exception):
        pass

    def cancel(fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fmt.write(document, place(fmt, tmp_path), None, ExportContext(progress=cancel))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fmt", ALL)
def test_that_progress_ends_at_one(fmt: Format, document: Document, tmp_path: Path) -> None:
    seen: list[float] = []
    fmt.write(document, place(fmt, tmp_path), None, ExportContext(progress=seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_that_unknown_names_are_refused_with_the_nearest() -> None:
    assert formats.find("mot").key == "mot"
    with pytest.raises(FormatError, match="Did you mean “coco”"):
        formats.find("cocoo")


def test_that_files_of_no_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("dear diary\n")
    for path in (tmp_path / "a.txt", tmp_path / "none.json", tmp_path):
        with pytest.raises(FormatError):
            formats.for_path(path)


def test_that_a_csv_export_is_read_by_the_csv_module(document: Document, tmp_path: Path) -> None:
    formats.find("csv").write(document, tmp_path / "a.csv", None, ExportContext(times=[0, 0.04, 1]))
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4
    assert [row["frame"] for row in rows] == ["0", "2", "2", "3"]
    assert rows[1] == {
        "frame": "2", "time": "1", "track_id": "1", "label": "car", "name": "", "x": "12.5",
        "y": "20.0", "w": "30.0", "h": "40.0", "score": "0.75", "source": "tracked",
        "state": "tracking", "confirmed": "0", "occluded": "1", "truncated": "0", "absent": "0",
        "run": "", "tracker": "",
    }  # fmt: skip
