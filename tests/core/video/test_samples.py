"""Clips that give other frames are found out, and how far they are off."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes.array_video import ArrayVideo, moving_patch

from core.document import journal, project_file
from core.document.document import Document, VideoRef
from core.errors import ProjectError
from core.frame_sample import FrameSample
from core.video.samples import check_samples, take_samples

CLIP = moving_patch(60, size=(240, 320), velocity=(3, 2))


def shifted(by: int, start: int = 0) -> ArrayVideo:
    """Pictures come `by` frames later from `start` on (earlier when negative)."""
    images = CLIP.images
    if by > 0:
        images = [*images[:start], *[images[start]] * by, *images[start:]]
    elif by < 0:
        images = [*images[:start], *images[start - by :]]
    return ArrayVideo(images)


def test_that_the_same_clip_is_in_order_and_every_frame_is_told_from_its_neighbours() -> None:
    samples = take_samples(CLIP.video())
    assert len(samples) == 6
    found = check_samples(CLIP.video(), samples)
    assert found.message == ""
    assert found.shifts == dict.fromkeys((s.frame for s in samples), 0)


@pytest.mark.parametrize("by", [-2, -1, 1, 2])
def test_that_frames_that_are_off_are_told_with_direction_and_number(by: int) -> None:
    found = check_samples(shifted(by), take_samples(CLIP.video()))
    assert set(found.shifts.values()) == {by}
    off, way = ("one frame" if abs(by) == 1 else "2 frames"), ("late" if by > 0 else "early")
    assert f"pictures come {off} {way}" in found.message
    assert f"what was annotated as frame 5 is frame {5 + by} now" in found.message


def test_that_a_frame_lost_in_the_middle_is_placed() -> None:
    found = check_samples(shifted(-1, 30), take_samples(CLIP.video()))
    assert found.message.startswith("After frame 25 pictures come one frame early")


def test_that_another_decoders_levels_and_noise_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    images = []
    for image in CLIP.images:
        other = image.astype(np.float64) * 219 / 255 + 16 + rng.normal(0, 2, image.shape)
        images.append(cv2.GaussianBlur(np.clip(other, 0, 255).astype(np.uint8), (3, 3), 0.6))
    assert check_samples(ArrayVideo(images), take_samples(CLIP.video())).message == ""


def test_that_another_clip_and_a_still_one_are_told_apart() -> None:
    other = moving_patch(60, size=(240, 320), velocity=(3, 2), seed=5)
    found = check_samples(other.video(), take_samples(CLIP.video()))
    assert "not those that were annotated" in found.message
    still = ArrayVideo([CLIP.images[0]] * 30)
    assert check_samples(still, take_samples(still)) == check_samples(still, take_samples(still))
    assert check_samples(still, take_samples(still)).message == "", "nothing to be off by"


def test_that_short_damaged_and_smaller_clips_raise_nothing() -> None:
    samples = take_samples(ArrayVideo(CLIP.images[:2], damaged=[1]))
    assert [s.frame for s in samples] == [0]
    tiny = ArrayVideo([np.zeros((4, 4, 3), np.uint8)] * 3)
    assert take_samples(tiny)
    assert check_samples(tiny, take_samples(CLIP.video())).message == ""


def test_that_samples_are_kept_in_projects_and_journals_and_bad_ones_refused(
    tmp_path: Path,
) -> None:
    samples = take_samples(CLIP.video())
    document = Document(VideoRef("/v/a.mp4", samples=samples))
    path = tmp_path / "a.boxtrail"
    project_file.save(document, path)
    assert project_file.load(path).video.samples == samples
    change = journal.difference(journal.NOTHING, document)
    assert journal.apply(journal.NOTHING, json.loads(json.dumps(change))) == document
    bad = replace(samples[0], pixels=b"short")
    project_file.save(replace(document, video=replace(document.video, samples=(bad,))), path)
    with pytest.raises(ProjectError, match=r"video.samples\[0\]"):
        project_file.load(path)
    assert isinstance(bad, FrameSample)
