"""Made-up results of a tracker, and recordings of them: what the tests of recordings need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.engine.runner import FrameResult
from core.geometry import Box, Placement
from core.recording import about
from core.recording.recorder import Recorder, RecordingState
from core.states import TargetState
from core.trackers.base import MapInfo, Patch, Proposals, ResponseMap, TrackResult
from core.video.source import Frame, VideoInfo

MAPS = (
    MapInfo("response", "Response", "Where the target is.", primary=True, stage=2),
    MapInfo(
        "stage1.raw",
        "Raw",
        "Of the first stage; absent at times.",
        kind="filter",
        stage=1,
        branch="fine",
        scale=3,
        feature="HOG",
        channel=0,
    ),
)
INFO = VideoInfo(Path("clip.avi"), 64, 48, 200, 25.0, np.arange(200) / 25.0, "0123abcd")
IMAGE = np.zeros((48, 64, 3), np.uint8)
_RNG = np.random.default_rng(7)


def a_map(
    side: int = 33, *, seed: int | None = None, value_range: tuple[float, float] | None = None
) -> ResponseMap:
    """A smooth response with a peak, somewhere in the frame."""
    rng = _RNG if seed is None else np.random.default_rng(seed)
    values = cv2.GaussianBlur(rng.normal(size=(side, side + 2)).astype(np.float32), (0, 0), 1.5)
    x, y = rng.uniform(0, 20, 2)
    matrix = (0.7, 0.01, float(x), -0.02, 0.6, float(y))
    return ResponseMap(values, Placement(matrix), "response", value_range)


def a_result(frame: int, **changes: Any) -> TrackResult:
    """A result with everything in it; `stage1.raw` and `shift` are absent on odd frames."""
    even = frame % 2 == 0
    maps = {"response": a_map(value_range=(-1.0, 1.0))} | (
        {"stage1.raw": a_map(21)} if even else {}
    )
    fields: dict[str, Any] = {
        "box": Box(frame + 0.1, 2.25, 10 / 3, 4.0),
        "score": 1 / (frame + 3),
        "state": TargetState(frame % 3),
        "reason": "" if frame % 3 == 0 else f"peak ratio, kind {frame % 5}",
        "scalars": {"psr": frame * 1.7} | ({"shift": frame / 7} if even else {}),
        "maps": maps,
        "patches": {
            "search": Patch(
                _RNG.integers(0, 255, (9, 7, 3), dtype=np.uint8),
                Placement((1.5, 0, frame, 0, 1.5, 3)),
                "search",
            ),
            "kernels": Patch(
                _RNG.integers(0, 255, (4, 6, 3), dtype=np.uint8),
                Placement((2.0, 0, 1, 0, 2.0, frame)),
                "kernel",
                _RNG.normal(size=(4, 6)).astype(np.float32),
            ),
        },
        "timings": {"solve": 0.001 * frame},
        "proposals": {
            "top": Proposals(_RNG.normal(size=(frame % 4, 4)), np.sort(_RNG.random(frame % 4)))
        },
    }
    return TrackResult(**(fields | changes))


def an_item(
    frame: int, result: TrackResult | None = None, *, run: int = 1, seed: bool = False
) -> FrameResult:
    """What the tracking loop hands to its sinks."""
    result = result or a_result(frame)
    return FrameResult(run, Frame(frame, frame / 25.0, IMAGE), result, 0.01 + frame / 1000, seed)


def record(
    path: Path, items: Sequence[FrameResult], maps: Sequence[MapInfo] = MAPS, **options: Any
) -> RecordingState:
    """Record `items` into `path`."""
    with Recorder(path, about.started(INFO), maps, **options) as recorder:
        for item in items:
            recorder.take(item)
    return recorder.state
