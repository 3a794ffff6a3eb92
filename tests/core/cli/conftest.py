"""A clip on disk and the command line with the test tracker at hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import fakes.template_match  # noqa: F401  (registers the tracker)
import pytest
from fakes.array_video import Clip, moving_patch


@pytest.fixture
def clip() -> Clip:
    return moving_patch(15)


@pytest.fixture
def shots(tmp_path: Path, clip: Clip) -> Path:
    folder = tmp_path / "shots"
    folder.mkdir()
    for k, image in enumerate(clip.images):
        cv2.imwrite(str(folder / f"{k + 1:04d}.png"), image[:, :, ::-1])
    return folder


@pytest.fixture
def box(clip: Clip) -> str:
    return ",".join(f"{v:g}" for v in clip.boxes[0].as_tuple())
