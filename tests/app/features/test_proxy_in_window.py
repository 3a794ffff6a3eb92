"""The copy that steps fast in the real window: offered, made, stopped, gone over to."""

from __future__ import annotations

import threading
from pathlib import Path

import av
import numpy as np
import pytest
from fakes.app_driver import Driver
from fakes.array_video import moving_patch

from app.features.proxy import ProxyFeature
from core.document import project_file
from core.geometry import Box
from core.video import proxy, seeking
from core.video.file import VideoFile

COUNT = 40


@pytest.fixture
def long_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip with one full picture, which counts as slow."""
    monkeypatch.setattr(proxy, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(seeking, "LIMIT_SECONDS", 0.002)  # more than 12 frames, less than 40
    path = tmp_path / "clip.mp4"
    images = moving_patch(COUNT).images
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "999", "crf": "10"})
        height, width = images[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.array(image), "rgb24")))
        container.mux(stream.encode(None))
    return path


def copy_of(clip: Path) -> Path:
    return clip.with_name("clip-steps-fast.mp4")


def trigger(driver: Driver, name: str) -> None:
    driver.window.actions_by_id[name].trigger()


def make(driver: Driver) -> None:
    trigger(driver, "proxy")
    driver.until(lambda: any("is ready" in text for text in driver.notice_texts("success")))


def go_over(driver: Driver, copy: Path) -> None:
    trigger(driver, "use_proxy")
    driver.until(lambda: driver.desk.session.video.info.path == copy)
    driver.settle()


def offers(driver: Driver) -> list[str]:
    return [text for text in driver.notice_texts("info") if "Stepping back is slow" in text]


def test_that_the_copy_is_offered_once_for_a_slow_clip_and_not_for_the_copy(
    driver: Driver, long_group: Path
) -> None:
    driver.open(long_group)
    driver.until(lambda: offers(driver))
    assert offers(driver) == [
        f"Stepping back is slow in this file: up to {COUNT} frames lie between full pictures."
    ]
    assert driver.answers.asked == []  # a notice, not a question
    make(driver)
    go_over(driver, copy_of(long_group))
    assert driver.desk.session.video.info.run_in == proxy.GROUP
    assert len(offers(driver)) == 1
    driver.open(long_group)
    driver.until(lambda: len(offers(driver)) == 2)
    assert "There is a copy" in driver.notices[-1][2]


def test_that_a_clip_that_seeks_well_is_left_alone(
    driver: Driver, long_group: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeking, "LIMIT_SECONDS", 1.0)
    driver.open(long_group)
    driver.settle()
    assert offers(driver) == []


def test_that_work_goes_on_in_the_copy_with_boxes_frame_and_project(
    driver: Driver, long_group: Path, tmp_path: Path
) -> None:
    driver.open(long_group)
    driver.draw(Box(20, 20, 30, 25))
    driver.until(lambda: driver.desk.session.samples)
    driver.answers.save_path = project = tmp_path / "work.boxtrail"
    assert driver.window.controller.project.save()
    driver.goto(17)
    driver.draw(Box(22, 21, 30, 25))
    boxes = driver.track.columns
    copy = copy_of(long_group)
    make(driver)
    assert driver.answers.asked[-1] == "copy clip-steps-fast.mp4"
    go_over(driver, copy)
    assert not any(question.startswith("save work") for question in driver.answers.asked)
    assert driver.desk.state.frame == 17
    assert driver.track.columns.frames.tolist() == boxes.frames.tolist()
    assert driver.desk.session.project_path == project
    assert driver.desk.state.dirty  # the move itself is not saved yet
    assert driver.window.controller.project.save()
    saved = project_file.load(project)
    assert Path(saved.video.path) == copy
    assert len(saved.video.samples) == 6
    driver.open(project)
    driver.until(lambda: not driver.window.controller.background.is_busy)
    assert driver.desk.session.video.info.path == copy
    assert driver.notice_texts("warning") == []  # pictures and numbers are those annotated
    assert not any(question.startswith("other video") for question in driver.answers.asked)


def test_that_making_can_be_stopped_and_leaves_nothing(
    driver: Driver, long_group: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.open(long_group)
    feature = driver.window.findChild(ProxyFeature)
    assert isinstance(feature, ProxyFeature)
    action = driver.window.actions_by_id["proxy"]
    usual, gate, write = action.text(), threading.Event(), proxy._Encoder.write

    def slow(self: object, image: object, index: int) -> None:
        if index == 20:
            gate.wait(10)
        write(self, image, index)  # type: ignore[arg-type]

    monkeypatch.setattr(proxy._Encoder, "write", slow)
    trigger(driver, "proxy")
    driver.until(lambda: "Copy 50 %: clip-steps-fast.mp4" in driver.window.status._run.toolTip())
    assert action.text() == "Stop &making the copy that steps fast"
    action.trigger()
    gate.set()
    driver.until(lambda: not feature.proxies.is_making)
    assert driver.notice_texts("info")[-1] == "The copy was stopped; nothing was kept."
    assert [path.name for path in long_group.parent.glob("*clip*")] == ["clip.mp4"]
    assert action.text() == usual
    assert driver.window.status._run.text() == ""


def test_that_a_file_with_other_frames_is_not_taken_for_the_copy(
    driver: Driver, long_group: Path
) -> None:
    images = moving_patch(COUNT - 1).images
    driver.open(long_group)
    make(driver)
    other = long_group.with_name("other.mp4")
    with av.open(str(other), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv444p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.array(image), "rgb24")))
        container.mux(stream.encode(None))
    other.replace(copy_of(long_group))
    trigger(driver, "use_proxy")
    driver.until(lambda: driver.notice_texts("error"))
    assert "39 frames instead of 40" in driver.notice_texts("error")[0]
    assert driver.desk.session.video.info.path == long_group


def test_that_without_a_copy_or_a_file_the_actions_say_so(driver: Driver, long_group: Path) -> None:
    driver.open(long_group)
    trigger(driver, "use_proxy")
    assert driver.notice_texts("info")[-1] == "There is no copy of this clip that steps fast yet."
    driver.window.controller.project.open_with("demo", _made_up)
    driver.until(lambda: not isinstance(driver.desk.session.video, VideoFile))
    trigger(driver, "proxy")
    assert driver.notice_texts("info")[-1] == "Only video files need a copy that steps fast."
    assert driver.answers.asked == []


def _made_up():
    from core.document.document import Document
    from core.session import Session, video_ref

    video = moving_patch(5).video()
    return Session(video, Document(video_ref(video)))
