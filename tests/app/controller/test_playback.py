"""Playback: every frame or real time, jumps, and boxes only on the picture they belong to."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest
from fakes.array_video import ArrayVideo, moving_patch

from app.controller.desk import Desk
from app.controller.playback import Playback
from app.settings import Preferences
from core.document.document import Document
from core.document.track import Keyframe
from core.geometry import Box
from core.session import Session, video_ref
from core.states import Source, TargetState

CLIP = moving_patch(30)


class Slow(ArrayVideo):
    """A decoder that is four times too slow for its clip."""

    def read(self, index: int):
        time.sleep(0.02)
        return super().read(index)


@pytest.fixture
def desk(qapp) -> Iterator[Desk]:
    desk = Desk(Preferences())
    video = CLIP.video(fps=200.0, damaged=[7])
    keys = [
        Keyframe(0, Box(0, 0, 9, 9)),
        *(
            Keyframe(
                k,
                Box(k, 0, 9, 9),
                Source.TRACKED,
                0.2 if k == 20 else 0.9,
                TargetState.LOST if k in (5, 6, 12) else TargetState.TRACKING,
            )
            for k in range(1, 25)
        ),
        Keyframe(25, Box(0, 0, 9, 9)),
    ]
    document, track = Document(video_ref(video)).with_new_track()
    desk.put(Session(video, document.with_track(track.with_keyframes(keys))))
    yield desk
    desk.put(None)


@pytest.fixture
def playback(desk: Desk) -> Iterator[Playback]:
    playback = Playback(desk)
    yield playback
    playback.finish()


def shown(playback: Playback) -> list[int]:
    frames: list[int] = []
    playback.frame_shown.connect(lambda f, _: frames.append(-1 if f is None else f.index))
    return frames


def test_that_playing_every_frame_leaves_none_out(desk, playback, qtbot) -> None:
    playback.go(8)
    qtbot.waitUntil(lambda: playback.is_settled)
    frames = shown(playback)
    playback.toggle()
    qtbot.waitUntil(lambda: not desk.state.playing, timeout=10000)
    assert frames == list(range(9, 30))


def test_that_real_time_keeps_the_clock_and_leaves_frames_out(desk, playback, qtbot) -> None:
    desk.set_preferences(Preferences(playback="real_time"))
    desk.session.video = Slow(CLIP.images, fps=200.0)
    frames, began = shown(playback), time.perf_counter()
    playback.toggle()
    qtbot.waitUntil(lambda: not desk.state.playing, timeout=10000)
    assert frames == sorted(frames)
    assert len(frames) < 20
    assert frames[-1] == 29
    assert time.perf_counter() - began < 30 * 0.02, "less than every frame would have taken"


@pytest.mark.parametrize("kind", ["every_frame", "real_time"])
def test_that_a_loop_stays_within_its_frames_and_ends_where_it_began(
    desk, playback, qtbot, kind
) -> None:
    desk.set_preferences(Preferences(playback=kind))
    playback.go(10)
    qtbot.waitUntil(lambda: playback.is_settled)
    frames = shown(playback)
    playback.toggle_loop(8, 12)
    qtbot.waitUntil(lambda: len(frames) > 11, timeout=10000)
    assert {8, 12} <= set(frames) <= set(range(8, 13))
    assert sum(b < a for a, b in itertools.pairwise(frames)) >= 2, "over and over"
    playback.toggle_loop(8, 12)
    qtbot.waitUntil(lambda: playback.is_settled)
    assert (desk.state.playing, desk.state.frame, frames[-1]) == (False, 10, 10)
    playback.toggle_loop(8, 12)
    playback.user_go(20)
    assert (desk.state.playing, desk.state.frame) == (False, 20)


def test_that_playing_from_the_end_starts_again(desk, playback, qtbot) -> None:
    playback.go(29)
    qtbot.waitUntil(lambda: playback.is_settled)
    playback.toggle()
    qtbot.waitUntil(lambda: 0 < desk.shown < 29, timeout=5000)
    playback.pause()


def test_that_stepping_stays_within_the_clip(desk, playback) -> None:
    playback.step(-10)
    assert desk.state.frame == 0
    playback.step(1000)
    assert desk.state.frame == 29


def test_that_boxes_belong_to_the_picture_that_is_shown_not_to_the_one_asked_for(
    desk, playback, qtbot
) -> None:
    playback.go(3)
    assert desk.shown == 0, "frame 3 is not on the canvas yet"
    qtbot.waitUntil(lambda: playback.is_settled)
    assert desk.shown == 3


def test_that_a_damaged_frame_is_told_and_can_be_passed(desk, playback, qtbot) -> None:
    frames, told = shown(playback), []
    desk.noticed.connect(told.append)
    playback.go(7)
    qtbot.waitUntil(lambda: bool(frames))
    assert frames == [-1]
    assert told[0].severity == "error"
    playback.step(1)
    qtbot.waitUntil(lambda: len(frames) == 2)
    assert frames == [-1, 8]


def test_that_jumps_find_manual_boxes(desk, playback) -> None:
    playback.next_manual(1)
    assert desk.state.frame == 25
    playback.next_manual(-1)
    assert desk.state.frame == 0
    told = []
    desk.noticed.connect(told.append)
    playback.next_manual(-1)
    assert desk.state.frame == 0
    assert told
