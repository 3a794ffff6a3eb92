"""Statements about stretches of frames: how far they reach, and what they leave alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.document.document import Document, VideoRef
from core.document.ranges import Stretch, stretch_to, with_stretch
from core.document.track import Keyframe, Track
from core.errors import EditError
from core.geometry import Box
from core.states import Flag, Source

GONE = Flag.ABSENT | Flag.OUT_OF_VIEW
KINDS = (Flag.NONE, Flag.OCCLUDED, Flag.OCCLUDED | Flag.TRUNCATED, Flag.ABSENT, GONE)


def track_of(flags: dict[int, Flag], source: Source = Source.TRACKED) -> Track:
    keys = [
        Keyframe(
            frame,
            Box(frame, 1, 5, 5),
            Source.MANUAL if flag & Flag.ABSENT else source,
            flags=flag,
        )
        for frame, flag in flags.items()
    ]
    return Track(1).with_keyframes(keys)


def stretched(track: Track, frame: int) -> Track:
    document = Document(VideoRef("a"), (track,))
    return with_stretch(document, 1, stretch_to(track, frame)).track(1)


def stated(track: Track) -> dict[int, Flag]:
    return {key.frame: key.flags for key in track.keyframes() if key.flags}


BOXES = dict.fromkeys(range(10), Flag.NONE)


def test_that_the_statement_before_grows_up_to_the_frame() -> None:
    track = track_of({**BOXES, 3: Flag.OCCLUDED, 5: Flag.TRUNCATED})
    assert stretch_to(track, 8) == Stretch(6, 8, Flag.TRUNCATED)
    assert stated(stretched(track, 8)) == {
        3: Flag.OCCLUDED, **dict.fromkeys(range(5, 9), Flag.TRUNCATED),
    }  # fmt: skip


def test_that_without_one_before_the_next_one_begins_at_the_frame() -> None:
    track = track_of({**BOXES, 7: GONE})
    assert stated(stretched(track, 5)) == dict.fromkeys((5, 6, 7), GONE)


def test_that_a_statement_that_goes_on_ends_on_the_frame_and_a_later_one_stays() -> None:
    flags = {**BOXES, **dict.fromkeys((2, 3, 4, 5), Flag.OCCLUDED), 7: Flag.OCCLUDED}
    track = track_of({**flags, 3: Flag.OCCLUDED | Flag.TRUNCATED})
    assert stated(stretched(track, 2)) == {2: Flag.OCCLUDED, 3: Flag.TRUNCATED, 7: Flag.OCCLUDED}
    absent = track_of({**BOXES, 4: Flag.ABSENT, 5: Flag.ABSENT, 6: Flag.ABSENT})
    assert stretched(absent, 4).columns.frames.tolist() == [0, 1, 2, 3, 4, 7, 8, 9]


def test_that_absence_does_not_reach_across_a_box_of_a_person() -> None:
    track = track_of({**BOXES, 2: Flag.ABSENT, 5: Flag.CONFIRMED})
    with pytest.raises(EditError, match="frame 5"):
        stretch_to(track, 8)
    assert stretch_to(track, 4) == Stretch(3, 4, Flag.ABSENT)
    occluded = track_of({**BOXES, 2: Flag.OCCLUDED, 5: Flag.CONFIRMED})
    assert stated(stretched(occluded, 6))[5] == Flag.CONFIRMED | Flag.OCCLUDED


def test_that_without_any_statement_or_beyond_its_end_there_is_nothing_to_do() -> None:
    for track in (track_of(BOXES), Track(1)):
        with pytest.raises(EditError, match="Nothing is stated"):
            stretch_to(track, 3)
    with pytest.raises(EditError, match="already"):
        stretch_to(track_of({**BOXES, 3: Flag.OCCLUDED}), 3)


@given(st.dictionaries(st.integers(0, 30), st.sampled_from(KINDS)), st.integers(0, 30))
def test_that_no_frame_outside_the_stretch_changes_and_no_box_of_a_person_goes(
    flags: dict[int, Flag], frame: int
) -> None:
    track = track_of(flags)
    guarded = track.with_keyframes([Keyframe(15, Box(1, 2, 3, 4))])
    try:
        stretch, after = stretch_to(guarded, frame), stretched(guarded, frame)
    except EditError:
        return
    outside = [
        columns.select((columns.frames < stretch.first) | (columns.frames > stretch.last))
        for columns in (after.columns, guarded.columns)
    ]
    assert outside[0] == outside[1]
    kept = after.at(15)
    assert kept is not None
    assert kept.box == Box(1, 2, 3, 4)
    assert frame in (stretch.first, stretch.last, stretch.first - 1)
