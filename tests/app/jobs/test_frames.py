"""Loading frames: the newest request wins and the GUI never waits."""

from __future__ import annotations

import threading
import time

import pytest
from fakes.array_video import ArrayVideo, moving_patch

from app.jobs.frames import FrameLoader, Loaded


class Slow(ArrayVideo):
    """Reads only while the gate is open."""

    def __init__(self, images) -> None:
        super().__init__(images)
        self.gate = threading.Event()

    def read(self, index: int):
        self.gate.wait(10)
        return super().read(index)


@pytest.fixture
def loader(qapp):
    loader = FrameLoader()
    yield loader
    loader.finish()


def collect(loader: FrameLoader) -> list[Loaded]:
    got: list[Loaded] = []
    loader.loaded.connect(got.append)
    return got


def test_that_of_many_requests_only_the_first_and_the_last_are_decoded(loader, qtbot) -> None:
    video, got = Slow(moving_patch(30).images), collect(loader)
    for index in range(30):
        loader.request(video, index)
    time.sleep(0.05)
    video.gate.set()
    qtbot.waitUntil(lambda: not loader.is_busy)
    assert got[-1].index == 29
    assert len(video.reads) <= 2


def test_that_asking_does_not_wait_for_the_decoder(loader) -> None:
    video = Slow(moving_patch(3).images)
    began = time.perf_counter()
    for index in (0, 1, 2) * 10:
        loader.request(video, index)
    assert time.perf_counter() - began < 0.2
    video.gate.set()


def test_that_the_frame_comes_ready_to_paint_with_its_own_number(loader, qtbot) -> None:
    clip = moving_patch(5)
    got = collect(loader)
    loader.request(clip.video(), 3)
    qtbot.waitUntil(lambda: bool(got))
    frame = got[0].frame
    assert frame is not None
    assert frame.index == 3
    assert (frame.bgra[:, :, 2::-1] == clip.images[3]).all()


def test_that_an_unreadable_frame_is_an_answer_too(loader, qtbot) -> None:
    got = collect(loader)
    loader.request(moving_patch(5).video(damaged=[2]), 2)
    qtbot.waitUntil(lambda: bool(got))
    assert got[0].frame is None
    assert "Frame 2" in got[0].error.message


def test_that_what_was_forgotten_is_not_announced(loader, qtbot) -> None:
    video, got = Slow(moving_patch(5).images), collect(loader)
    loader.request(video, 1)
    time.sleep(0.05)
    loader.forget()
    video.gate.set()
    qtbot.wait(100)
    assert got == []
    loader.request(video, 4)
    qtbot.waitUntil(lambda: bool(got))
    assert [item.index for item in got] == [4]
