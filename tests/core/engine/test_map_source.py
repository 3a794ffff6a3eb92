"""A frame's maps and patches are found again, with their age, from a run or a recording."""

from __future__ import annotations

import numpy as np
import pytest
from fakes.recorded import a_result, an_item, record

from core.engine.map_source import Attached, MapHistory, MapSource
from core.engine.runner import FrameResult
from core.geometry import Box, Placement
from core.recording.recording import Recording
from core.states import TargetState
from core.trackers.base import Patch, Proposals, ResponseMap, TrackResult
from core.video.source import Frame

IMAGE = np.zeros((4, 4, 3), np.uint8)
PLACE = Placement.covering(Box(0, 0, 8, 8), (4, 4))


def item(index: int, *, patch: bool = False, key: str = "m") -> FrameResult:
    values = np.full((4, 4), index, np.float32)
    fields = {"maps": {key: ResponseMap(values, PLACE)}}
    if patch:
        scores = np.array([0.5])
        fields["patches"] = {"search": Patch(IMAGE + index, PLACE, "search")}
        fields["proposals"] = {"top": Proposals(np.ones((1, 4)), scores)}
    result = TrackResult(Box(0, 0, 8, 8), 1.0, TargetState.TRACKING, **fields)
    return FrameResult(1, Frame(index, 0.0, IMAGE), result, 0.0)


def test_that_maps_are_found_again_with_their_age_and_memory_is_bounded() -> None:
    history = MapHistory(limit=5 * 4 * 4 * 4)
    for index in range(20):
        history.keep(item(index))
    found, age = history.latest(17, "m", 1)
    assert (found.values[0, 0], age) == (17, 0)
    assert history.latest(17, "m")[0] is found, "the same object, so nobody colours it anew"
    assert history.latest(30, "m", 1)[1] == 11, "the newest one before it, and how old it is"
    assert history.latest(3, "m", 1) is None, "dropped: the memory is bounded"
    assert history.latest(17, "other", 1) is None


@pytest.mark.parametrize(("step", "frame", "age"), [(1, 7, 1), (-1, 7, 2), (1, 6, 0)])
def test_that_earlier_is_meant_in_the_direction_of_tracking(step, frame, age) -> None:
    history = MapHistory(1 << 20)
    for index in (3, 6, 9, 12):
        history.keep(item(index, patch=True))
    assert history.latest(frame, "m", step)[1] == age
    assert history.attached(frame, step)[1] == age


def test_that_a_frame_without_patches_has_those_of_the_last_one_that_had() -> None:
    history = MapHistory(1 << 20)
    assert history.attached(5) is None
    for index in range(6):
        history.keep(item(index, patch=index % 3 == 0, key="even" if index % 2 == 0 else "odd"))
    attached, age = history.attached(5)
    assert age == 2
    assert attached.patches["search"].image[0, 0, 0] == 3
    assert len(attached.proposals["top"]) == 1
    assert history.latest(5, "even")[1] == 1


def test_that_memory_counts_patches_too() -> None:
    history = MapHistory(limit=2 * (4 * 4 * 4 + IMAGE.nbytes + 5 * 8))
    for index in range(4):
        history.keep(item(index, patch=True))
    assert [history.latest(k, "m") is not None for k in range(4)] == [False, False, True, True]


def test_that_a_recording_is_a_source_that_says_the_same(tmp_path) -> None:
    history = MapHistory(1 << 24)
    given = [an_item(k, a_result(k)) for k in (2, 3, 4, 8)]
    for one in given:
        history.keep(one)
    record(tmp_path / "a.h5", given)
    with Recording(tmp_path / "a.h5") as recording:
        sources: list[MapSource] = [history, recording]
        for frame, step in ((3, 1), (6, 1), (6, -1), (1, 1), (9, -1)):
            ages = [(s.latest(frame, "stage1.raw", step) or (0, None))[1] for s in sources]
            assert ages[0] == ages[1]
            told = [s.attached(frame, step) for s in sources]
            assert [t and t[1] for t in told] == [told[0] and told[0][1]] * 2
            if told[0] is not None:
                (live, _), (replayed, _) = told
                assert isinstance(replayed, Attached)
                assert replayed.patches.keys() == live.patches.keys()
                assert (replayed.patches["search"].image == live.patches["search"].image).all()
                assert replayed.scalars == pytest.approx(dict(live.scalars))
