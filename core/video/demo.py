"""The bundled demo clip and its exact ground truth (made by ``packaging/make_demo.py``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import VideoError
from core.geometry import Box
from core.paths import resource
from core.video.scene import Truth


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """Ground truth of the demo clip: one `Truth` per frame, and the box to start from."""

    initial_box: Box
    frames: tuple[Truth, ...]

    @property
    def boxes(self) -> tuple[Box | None, ...]:
        """The target's box in every frame, None where it is not in the picture."""
        return tuple(truth.box for truth in self.frames)


def demo_path() -> Path:
    """The demo clip.

    Raises
    ------
    VideoError
        If the installation lacks it.
    """
    return _bundled("demo.mp4")


def demo_ground_truth() -> DemoTruth:
    """The demo clip's ground truth.

    Raises
    ------
    VideoError
        If the installation lacks the file or it is broken.
    """
    path = _bundled("groundtruth.json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        frames = tuple(_truth(row) for row in data["frames"])
        return DemoTruth(Box(*map(float, data["initial_box"])), frames)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VideoError(
            "The demo clip's ground truth is damaged.", "Install Boxtrail again.", repr(error)
        ) from error


def _truth(row: dict[str, Any]) -> Truth:
    box = Box(*map(float, row["box"])) if row["box"] is not None else None
    return Truth(box, float(row["visible"]), bool(row["occluded"]))


def _bundled(name: str) -> Path:
    path = resource("demo", name)
    if not path.is_file():
        raise VideoError(
            "The demo clip is missing from this installation.", "Install Boxtrail again.", str(path)
        )
    return path
