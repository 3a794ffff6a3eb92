from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.document.carry import carried
from core.document.track import Keyframe, Track
from core.errors import EditError
from core.geometry import Box, iou
from core.states import Flag, Source

RUN = 7


def _true(frame: int) -> Box:
    """Where the target is: it moves fast and turns, which no straight line follows."""
    return Box(100 + 40 * np.sin(frame / 3), 80 + 3 * frame, 30, 40)


def _drifted(frame: int) -> Box:
    """What the tracker says: off by an offset and a growth that rise steadily."""
    true = _true(frame)
    return Box.from_center(true.cx + 0.3 * frame, true.cy, true.w * 1.01**frame, true.h)


def _track(last: int = 40, *more: Keyframe) -> Track:
    tracked = [Keyframe(f, _drifted(f), Source.TRACKED, 0.8, run=RUN) for f in range(1, last + 1)]
    return Track(1).with_keyframes([Keyframe(0, _true(0)), *tracked, *more])


def _corrected(track: Track, frame: int) -> tuple[Track, Keyframe]:
    before = track.at(frame)
    assert before is not None
    return track.with_keyframes([Keyframe(frame, _true(frame))]), before


def test_that_a_steady_drift_is_undone_by_one_correction() -> None:
    track, before = _corrected(_track(), 40)
    worst = min(iou(k.box, _true(k.frame)) for k in track.keyframes())
    result = carried(track, 40, before)
    assert worst < 0.55
    assert min(iou(k.box, _true(k.frame)) for k in result.track.keyframes()) > 0.92
    assert (result.first, result.last, result.count) == (1, 39, 39)


def test_that_it_ends_at_the_boxes_of_a_person_and_changes_none() -> None:
    anchors = [Keyframe(10, Box(5, 5, 9, 9)), Keyframe(30, _drifted(30), Source.TRACKED,
               flags=Flag.CONFIRMED, run=RUN)]  # fmt: skip
    track, before = _corrected(_track(40, *anchors), 20)
    result = carried(track, 20, before)
    changed = [
        f for f in range(41)
        if result.track.at(f) != track.at(f)
    ]  # fmt: skip
    assert changed == [*range(11, 20), *range(21, 30)]
    near, far = result.track.at(19), result.track.at(11)
    assert near
    assert far
    assert iou(near.box, _true(19)) > 0.95
    assert iou(far.box, _drifted(11)) > 0.9


def test_that_a_side_without_a_further_box_takes_all_of_it() -> None:
    track, before = _corrected(_track(), 20)
    result = carried(track, 20, before)
    last = result.track.at(40)
    assert last
    moved = _true(20).cx - before.box.cx
    assert last.box.cx - _drifted(40).cx == pytest.approx(moved / before.box.w * _drifted(40).w)


def test_that_gaps_and_absent_frames_are_not_crossed() -> None:
    absent = Keyframe(10, Box(0, 0, 1, 1), flags=Flag.ABSENT)
    track, before = _corrected(_track(40, absent).without(30, 31), 20)
    result = carried(track, 20, before)
    assert (result.first, result.last) == (11, 29)


def test_that_what_another_run_made_from_the_corrected_box_stays() -> None:
    newer = [Keyframe(f, _true(f), Source.TRACKED, run=RUN + 1) for f in range(21, 41)]
    track, before = _corrected(_track(), 20)
    result = carried(track.with_keyframes(newer), 20, before)
    assert (result.first, result.last) == (1, 19)
    assert carried(track.with_keyframes(newer), 20).last == 19


def test_that_without_the_replaced_box_its_neighbours_tell_what_it_was() -> None:
    track, before = _corrected(_track(), 20)
    known, reckoned = carried(track, 20, before), carried(track, 20)
    a, b = known.track.at(10), reckoned.track.at(10)
    assert a
    assert b
    assert iou(a.box, b.box) > 0.9


def test_that_nothing_is_carried_where_there_is_nothing_to_carry() -> None:
    track = _track()
    for wrong in (replace(track, locked=True), track, track.without(1, 41)):
        with pytest.raises(EditError):
            carried(wrong, 0 if len(wrong) == 1 else 20)
