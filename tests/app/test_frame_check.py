"""The window tells when a clip gives other frames than those that were annotated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes.app_driver import Driver
from fakes.array_video import moving_patch
from fakes.clip_file import write_clip

from core.document import project_file
from core.geometry import Box
from core.video.fingerprint import file_fingerprint


def test_that_frames_that_are_off_by_one_are_told_when_the_project_is_opened(
    driver: Driver, tmp_path: Path
) -> None:
    images = moving_patch(30).images
    clip = write_clip(tmp_path / "a.mkv", images)
    driver.open(clip)
    driver.draw(Box(20, 20, 30, 25))
    session = driver.desk.session
    driver.until(lambda: session.samples)
    driver.answers.save_path = project = tmp_path / "a.boxtrail"
    assert driver.window.controller.project.save()
    assert len(project_file.load(project).video.samples) == 6
    driver.open(project)
    driver.until(lambda: not driver.window.controller.background.is_busy)
    assert driver.notice_texts("warning") == []
    write_clip(clip, [images[0], *images[:-1]])
    document = project_file.load(project)
    same = replace(document.video, fingerprint=file_fingerprint(clip))
    project_file.save(replace(document, video=same), project)
    driver.open(project)
    driver.until(lambda: driver.notice_texts("warning"))
    assert "pictures come one frame late" in driver.notice_texts("warning")[0]
