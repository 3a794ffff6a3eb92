"""Clips on disk with known boxes, and a job over them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fakes.template_match  # noqa: F401  (registers the tracker)
import pytest
from fakes.array_video import Clip, moving_patch
from fakes.clip_file import write_clip


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXTRAIL_HOME", str(tmp_path / "home"))


@pytest.fixture
def clip() -> Clip:
    return moving_patch(20)


@pytest.fixture
def videos(tmp_path: Path, clip: Clip) -> list[Path]:
    """Three clips of the same content."""
    first = write_clip(tmp_path / "a.mkv", clip.images)
    others = [tmp_path / f"{name}.mkv" for name in "bc"]
    for path in others:
        path.write_bytes(first.read_bytes())
    return [first, *others]


@pytest.fixture
def job(tmp_path: Path, videos: list[Path], clip: Clip) -> Callable[..., Path]:
    """Writes a CSV job: the target's box on these frames of every clip."""

    def write(*frames: int, name: str = "job.csv") -> Path:
        lines = ["video,frame,x,y,w,h,label"]
        for video in videos:
            for frame in frames or (0,):
                box = ",".join(f"{v:g}" for v in clip.boxes[frame].as_tuple())
                lines.append(f"{video.name},{frame},{box},car")
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return write
