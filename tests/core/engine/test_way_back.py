"""The tracker itself, on the way back, checks what it found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import template_match  # noqa: F401  (registers the test tracker)
from fakes.array_video import ArrayVideo, moving_patch

from core.alarms.kinds import ALARMS, Alarm
from core.alarms.opinion import RoundTrip, SecondTracker
from core.alarms.thresholds import calibration
from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Keyframe, Track
from core.engine.check import check, legs, run_of, with_check
from core.engine.control import Control
from core.engine.way_back import EVERY, WAY_BACK, alarm_of, opinion_of, titles, way_back
from core.errors import ParamError
from core.states import Source
from core.trackers import load_all
from core.trackers.base import Services

COUNT = 4 * EVERY
CLIP = moving_patch(COUNT, velocity=(1, 1))
RUN = Run(1, 1, "template-match", {"radius": 6})
WHO = way_back(calibration("template-match"))


def tracked(astray_from: int) -> Track:
    """A track on the target, and from one frame on beside it."""
    keys = [Keyframe(0, CLIP.boxes[0])]
    for frame in range(1, COUNT):
        box = CLIP.boxes[frame]
        off = -24.0 if frame >= astray_from else 0.0
        keys.append(Keyframe(frame, box.shifted(off, 0.0), Source.TRACKED, 0.9, run=1))
    return Track(1, columns=Columns.of_keyframes(keys))


def doubted(track: Track) -> list[int]:
    opinion = opinion_of(WHO.trackers, RUN, Services())
    checked = check(track, legs(track), ArrayVideo(CLIP.images), [opinion], Control())
    after = with_check(track, checked, {alarm_of(WHO.trackers): WHO.below})
    assert replace(after.columns, alarms=track.columns.alarms) == track.columns
    assert set(after.columns.alarms.tolist()) <= {0, int(Alarm.ROUND_TRIP)}
    return after.columns.frames[after.columns.alarms != 0].tolist()


def test_that_boxes_which_lead_back_to_the_start_are_not_doubted() -> None:
    assert doubted(tracked(COUNT)) == []


def test_that_boxes_which_lead_elsewhere_are_doubted_with_a_reason_in_words() -> None:
    found = doubted(tracked(2 * EVERY + 1))
    assert set(range(2 * EVERY + 1, 3 * EVERY + 1)) <= set(found)
    assert min(found) > EVERY
    assert "Tracked back" in ALARMS[Alarm.ROUND_TRIP].reason


@pytest.fixture(autouse=True)
def _all_trackers() -> None:
    load_all()


def test_that_the_tracker_of_the_run_goes_back_with_the_runs_parameters() -> None:
    assert isinstance(opinion_of((WAY_BACK,), RUN, Services()), RoundTrip)
    assert isinstance(opinion_of(("ccr",), RUN, Services()), SecondTracker)
    wrong = opinion_of((WAY_BACK,), replace(RUN, params={"radius": -5}), Services())
    wrong.trust(CLIP.images[0], CLIP.boxes[0])
    for frame in range(1, EVERY):
        assert wrong.about(CLIP.images[frame], CLIP.boxes[frame]) is None
    with pytest.raises(ParamError):
        wrong.about(CLIP.images[EVERY], CLIP.boxes[EVERY])
    assert titles(WHO.trackers) == "the way back"
    assert titles(("ccr", "edcf")).count(" and ") == 1


def test_that_the_run_of_most_boxes_is_known_or_nobody() -> None:
    document = Document(VideoRef("a"), (tracked(COUNT),), runs=(RUN,))
    assert run_of(document, document.tracks[0]) == RUN
    assert run_of(replace(document, runs=()), document.tracks[0]) is None
    assert isinstance(opinion_of(WHO.trackers, None, Services()), RoundTrip)
