from __future__ import annotations

import pytest

from core.document.track import Keyframe, Track
from core.engine.extent import ONE, TO_END, TO_NEXT_KEY, Extent
from core.errors import TrackerError
from core.geometry import Box
from core.states import Flag, Source

KEYS = (
    Keyframe(10, Box(0, 0, 9, 9)),
    Keyframe(20, Box(0, 0, 9, 9), Source.TRACKED),
    Keyframe(30, Box(0, 0, 9, 9), Source.TRACKED, flags=Flag.CONFIRMED),
)
TRACK = Track(1).with_keyframes(KEYS)


@pytest.mark.parametrize(
    ("extent", "frame", "step", "tracked"),
    [(ONE, 10, 1, [11]), (ONE, 10, -1, [9]), (Extent(count=3), 10, -1, [9, 8, 7]),
     (Extent(until=13), 10, 1, [11, 12, 13]), (Extent(until=8), 10, -1, [9, 8]),
     (TO_NEXT_KEY, 10, 1, list(range(11, 30))), (TO_NEXT_KEY, 13, -1, [12, 11])],
)  # fmt: skip
def test_that_exactly_the_frames_asked_for_are_tracked(
    extent: Extent, frame: int, step: int, tracked: list[int]
) -> None:
    stop = extent.stop(TRACK, frame, step)
    assert stop is not None
    assert list(range(frame, stop, step))[1:] == tracked


def test_that_the_end_is_left_to_the_clip_and_impossible_wishes_are_refused() -> None:
    assert TO_END.stop(TRACK, 10, 1) is None
    with pytest.raises(TrackerError, match="Frame 5 is not after frame 10"):
        Extent(until=5).stop(TRACK, 10, 1)
    with pytest.raises(TrackerError, match="no box of yours after frame 30"):
        TO_NEXT_KEY.stop(TRACK, 30, 1)
    with pytest.raises(TrackerError, match="no box of yours before frame 10"):
        TO_NEXT_KEY.stop(TRACK, 10, -1)
