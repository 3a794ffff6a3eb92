"""What the product adds to a tracker's own time: the loop, evaluation, overlay drawing.

Run: python benchmarks/loop_overhead.py [--json FILE]
Everything is measured on synthetic pictures in memory with a tracker that does nothing, so
the figures are the overhead itself. Median of several rounds, one thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch

from core.engine.checkpoints import Checkpoints
from core.engine.control import Control
from core.engine.run_buffer import RunBuffer
from core.engine.runner import Start, into, run
from core.evaluate.metrics import measure
from core.geometry import Box, Placement
from core.render.boxes import DrawnBox
from core.render.overlay import compose
from core.render.video_file import VideoWriter
from core.states import TargetState
from core.trackers.base import ResponseMap, Tracker, TrackResult
from core.video.source import Frame


class Idle:
    """A tracker that answers at once."""

    def __init__(self) -> None:
        self.params = None
        self.want_maps: frozenset[str] = frozenset()
        self._result = TrackResult(Box(10, 10, 50, 40), 1.0, TargetState.TRACKING)

    def init(self, image: object, box: Box) -> TrackResult:
        return self._result

    def update(self, image: object) -> TrackResult:
        return self._result

    def snapshot(self) -> object:
        return None


def rounds(work: Callable[[], None], count: int, repeat: int = 5) -> float:
    """Median milliseconds per item of `work`, which does `count` items."""
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) / count * 1e3)
    return statistics.median(times)


def loop(count: int = 5000) -> float:
    """The tracking loop with buffer and checkpoints, per frame."""
    image = np.zeros((4, 4, 3), np.uint8)
    frames = [Frame(k, 0.0, image) for k in range(count)]

    def work() -> None:
        tracker, checkpoints = cast(Tracker, Idle()), Checkpoints()
        sinks = (into(RunBuffer(1)), lambda item: checkpoints.offer(item.frame.index, tracker))
        run(1, frames, tracker, Start(0, Box(0, 0, 2, 2)), Control(), sinks)

    return rounds(work, count)


def metrics(count: int = 1000) -> float:
    """All metrics of a sequence of `count` frames, in milliseconds for all of it."""
    rng = np.random.default_rng(0)
    truth = np.column_stack([rng.uniform(0, 500, (count, 2)), rng.uniform(20, 90, (count, 2))])
    pred = truth + rng.normal(0, 5, truth.shape)
    seconds = rng.uniform(0.01, 0.03, count)

    def work() -> None:
        measure(pred, truth, size=(640, 480), init_frame=0, seconds=seconds)

    return rounds(work, 1, 15)


def overlay(width: int, height: int, count: int = 20) -> tuple[float, float]:
    """Drawing a box and a map, and encoding the picture: milliseconds per frame each."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8)
    picture = np.ascontiguousarray(cv2.resize(small, (width, height)), dtype=np.uint8)
    values = rng.random((48, 48)).astype(np.float32)
    response = ResponseMap(values, Placement.covering(Box(50, 50, 300, 300), values.shape))
    boxes = [DrawnBox(Box(100, 100, 80, 60), title="car 1", score=0.9)]

    def draw_all() -> None:
        for _ in range(count):
            compose(picture, boxes, response)

    draw = rounds(draw_all, count)
    drawn = compose(picture, boxes, response)

    def encode() -> None:
        with tempfile.TemporaryDirectory() as folder, VideoWriter(Path(folder) / "o.mp4", 25) as w:
            for _ in range(count):
                w.write(drawn)

    return draw, rounds(encode, count, 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    found = {"loop_ms_per_frame": loop(), "metrics_ms_per_1000_frames": metrics()}
    for width, height in ((640, 360), (1920, 1080)):
        draw, encode = overlay(width, height)
        found[f"draw_ms_{height}p"] = draw
        found[f"encode_ms_{height}p"] = encode
    for name, value in found.items():
        print(f"{name:<28} {value:8.3f}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
