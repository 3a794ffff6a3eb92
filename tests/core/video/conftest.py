"""Clips for the video tests, each made once per session."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for video_matrix

from video_matrix import KINDS

from core.video.file import VideoFile
from core.video.open import open_source

Maker = Callable[..., Path]
Opener = Callable[..., VideoFile]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Path of a clip of the matrix: ``clip("cfr mp4", 90)``."""
    folder = tmp_path_factory.mktemp("matrix")
    made: dict[tuple[str, int], Path] = {}

    def make(kind: str, count: int = 90) -> Path:
        if (kind, count) not in made:
            name = f"{kind.replace(' ', '_')}_{count}{KINDS[kind].suffix}"
            made[kind, count] = KINDS[kind].write(folder / name, count)
        return made[kind, count]

    return make


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Open a video with an index folder of its own; closed at the end of the test."""
    sources: list[VideoFile] = []

    def open_it(path: Path, **options: object) -> VideoFile:
        options.setdefault("index_dir", tmp_path / "index")
        source = open_source(path, **options)  # type: ignore[arg-type]
        sources.append(source)  # type: ignore[arg-type]
        return source  # type: ignore[return-value]

    yield open_it
    for source in sources:
        source.close()


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    yield
    left = [t.name for t in threading.enumerate() if t.name.startswith("boxtrail-")]
    assert not left, f"threads still running: {left}"
