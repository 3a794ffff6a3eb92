"""Boxes from files become tracks: ids kept, loose boxes linked, doubts told."""

from __future__ import annotations

from core.document.document import VideoRef
from core.formats.context import FrameNames, ImportContext
from core.formats.gather import LINK_GAP, Gatherer, imported
from core.formats.rows import number, one_line, to_int
from core.geometry import Box


def boxes(gathered: Gatherer) -> list[tuple[str, list[tuple[int, float]]]]:
    return [
        (track.label, [(key.frame, key.box.x) for key in track.keyframes()])
        for track in gathered.document().tracks
    ]


def test_that_loose_boxes_follow_their_object_through_short_gaps() -> None:
    ctx = ImportContext(VideoRef("a"))
    gathered = Gatherer(ctx)
    for frame, x, label in [
        (0, 0, "a"), (0, 100, "a"), (1, 101, "a"), (1, 2, "a"), (1, 2, "b"),
        (1 + LINK_GAP + 1, 3, "a"), (20, 4, "a"),
    ]:  # fmt: skip
        gathered.add_loose(f"{frame}", imported(frame, Box(x, 0, 20, 20)), label)
    assert boxes(gathered) == [
        ("a", [(0, 0), (1, 2), (1 + LINK_GAP + 1, 3)]),
        ("a", [(0, 100), (1, 101)]),
        ("b", [(1, 2)]),
        ("a", [(20, 4)]),
    ]
    assert any("no track ids" in text for text in ctx.warnings)


def test_that_the_best_overlap_wins_not_the_first() -> None:
    gathered = Gatherer(ImportContext(VideoRef("a")))
    gathered.add_loose("", imported(0, Box(0, 0, 20, 20)))
    gathered.add_loose("", imported(1, Box(8, 0, 20, 20)))
    gathered.add_loose("", imported(1, Box(1, 0, 20, 20)))
    assert boxes(gathered) == [("", [(0, 0), (1, 1)]), ("", [(1, 8)])]


def test_that_linked_tracks_do_not_take_ids_of_the_file() -> None:
    gathered = Gatherer(ImportContext(VideoRef("a")))
    gathered.add("", 5, imported(0, Box(0, 0, 9, 9)), "x")
    gathered.add_loose("", imported(0, Box(0, 0, 9, 9)))
    document = gathered.document()
    assert [track.id for track in document.tracks] == [5, 6]
    assert document.next_track_id == 7
    assert [label.name for label in document.labels] == ["x"]


def test_that_what_cannot_be_is_skipped_with_its_reason() -> None:
    ctx = ImportContext(VideoRef("a", frame_count=10))
    gathered = Gatherer(ctx)
    good = Box(0, 0, 9, 9)
    gathered.add("id", 0, imported(0, good))
    gathered.add("frame", 1, imported(-1, good))
    gathered.add("late", 1, imported(10, good))
    gathered.add("nan", 1, imported(0, Box(float("nan"), 0, 9, 9)))
    gathered.add("huge", 1, imported(0, Box(1e12, 0, 9, 9)))
    gathered.add("flat", 1, imported(0, Box(0, 0, 9, 0)))
    gathered.add("score", 1, imported(0, good, score=float("inf")))
    gathered.add("fine", 1, imported(0, good))
    assert [s.where for s in ctx.skipped] == ["id", "frame", "late", "nan", "huge", "flat", "score"]
    assert ctx.summary().startswith("7 skipped: 1 × track id that cannot be (id); ")
    assert sum(map(len, gathered.document().tracks)) == 1


def test_that_a_track_with_two_labels_keeps_the_first_and_says_so() -> None:
    ctx = ImportContext(VideoRef("a"))
    gathered = Gatherer(ctx)
    gathered.add("", 1, imported(0, Box(0, 0, 9, 9)), "cat")
    gathered.add("", 1, imported(1, Box(0, 0, 9, 9)), "dog")
    assert gathered.document().track(1).label == "cat"
    assert "“cat” is kept" in ctx.warnings[0]


def test_that_picture_names_lead_to_frames_and_back() -> None:
    video = FrameNames()
    assert video.name(7) == "frame_000007.jpg"
    assert video.lookup()("frame_000007.txt") == 7
    assert video.lookup()("C:\\data\\clip2_0012.png") == 12
    assert video.lookup()("cover.png") is None
    assert video.lookup()("9" * 40) is None
    series = FrameNames(("img/0100.png", "img/0101.png"))
    assert series.stem(1) == "0101"
    assert series.lookup()("0101.xml") == 1
    assert series.lookup()("0102.xml") is None, "a picture that the series has not"


def test_that_numbers_become_short_text_and_text_numbers() -> None:
    assert [number(v, 3) for v in (12.5, 3.0, -0.0001, 1 / 3, 100)] == [
        "12.5", "3", "0", "0.333", "100"]  # fmt: skip
    assert [to_int(t) for t in ("3", "3.0", "3.5", "x", "inf", "nan", "1e999")] == [
        3, 3, None, None, None, None, None]  # fmt: skip
    assert one_line(" a\r\nb\x00c\u2028 ") == "a b c"
