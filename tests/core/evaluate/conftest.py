"""A small benchmark on disk: two moving patches and a clip with absent frames."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import fakes.template_match  # noqa: F401  (registers the tracker)
import pytest
from fakes.array_video import Clip, moving_patch


def write_benchmark(folder: Path, clips: dict[str, tuple[Clip, list[object]]]) -> Path:
    records = []
    for key, (clip, boxes) in clips.items():
        dataset, name = key.split("/")
        frames = []
        for k, image in enumerate(clip.images):
            path = folder / dataset / name / f"{k:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image[:, :, ::-1])
            frames.append(path.relative_to(folder).as_posix())
        records.append({"dataset": dataset, "name": name, "frames": frames, "boxes": boxes})
    (folder / "manifest.json").write_text(json.dumps(records))
    return folder


@pytest.fixture
def benchmark_folder(tmp_path: Path) -> Path:
    a, b = moving_patch(12, seed=1), moving_patch(20, seed=2, velocity=(-1, 2), start=(100, 5))
    late: list[object] = [None, None, *(x.as_tuple() for x in a.boxes[2:])]
    late[6] = None
    return write_benchmark(
        tmp_path / "bench",
        {
            "One/a": (a, [x.as_tuple() for x in a.boxes]),
            "One/b": (b, [x.as_tuple() for x in b.boxes]),
            "Two/late": (a, late),
        },
    )
