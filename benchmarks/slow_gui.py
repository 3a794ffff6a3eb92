"""What a slow display costs a run: memory must not grow, and no result may be lost.

Tracks full-HD frames with a tracker that needs no time, for a minute each: once as
it is, once with every paint of the canvas made ten times slower. Prints the peak
memory of both, their difference, and whether every frame has its box.

    python benchmarks/slow_gui.py [--seconds 60]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("BOXTRAIL_HOME", tempfile.mkdtemp(prefix="boxtrail-bench-"))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
import torch  # noqa: F401  (before Qt)
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QPaintEvent

from app.application import make_application
from app.main_window import MainWindow
from app.views.video_view import VideoView
from core import device
from core.document.document import Document
from core.document.track import Keyframe
from core.geometry import Box, Placement
from core.session import Session, video_ref
from core.states import CorrectionPolicy, TargetState
from core.trackers.base import Image, MapInfo, ResponseMap, Services, TrackResult
from core.trackers.registry import Reference, register
from core.video.source import Access, Frame, VideoInfo

WIDTH, HEIGHT, FPS = 1920, 1080, 100
SLOWER = 10


class Synthetic:
    """Full-HD frames, each a fresh array as from a decoder, at a steady rate."""

    def __init__(self, count: int) -> None:
        rng = np.random.default_rng(0)
        self._base = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        self.info = VideoInfo(
            Path("synthetic"), WIDTH, HEIGHT, count, FPS, np.arange(count) / FPS, "synthetic"
        )
        self.access = Access.EXACT

    def read(self, index: int) -> Frame:
        image = self._base.copy()
        image[:8, :8] = index % 256
        return Frame(index, index / FPS, image)

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        due = time.perf_counter()
        for index in range(start, stop, step):
            due += 1 / FPS
            time.sleep(max(due - time.perf_counter(), 0))
            yield self.read(index)

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class NoParams:
    """None."""


@register(
    key="instant",
    title="Instant",
    summary="Moves the box without looking.",
    params=NoParams,
    reference=Reference("—", "—", "—", 2000),
    maps=(MapInfo("response", "Response", "A bump.", primary=True),),
)
class Instant:
    """A tracker that needs no time."""

    def __init__(self, params: NoParams, services: Services) -> None:
        self.params = params
        self.want_maps: frozenset[str] = frozenset()
        self._n = 0
        self._bump = np.random.default_rng(1).random((64, 64), np.float32)

    def init(self, image: Image, box: Box) -> TrackResult:
        return self.update(image)

    def update(self, image: Image) -> TrackResult:
        self._n += 1
        box = Box(100 + self._n % 1500, 400, 120, 90)
        maps = {}
        if self.want_maps:
            area = box.scaled(2.5)
            maps = {"response": ResponseMap(self._bump.copy(), Placement.covering(area, (64, 64)))}
        return TrackResult(box, 0.9, TargetState.TRACKING, maps=maps)

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        return self.update(image)

    def snapshot(self) -> object:
        return self._n

    def restore(self, state: object) -> None:
        self._n = int(state)  # type: ignore[call-overload]

    def tune(self, params: NoParams) -> None: ...


def slow_down(times: int) -> None:
    """Let every paint of the canvas take `times` as long."""
    original = VideoView.paintEvent

    def paint(self: VideoView, event: QPaintEvent) -> None:
        began = time.perf_counter()
        original(self, event)
        took = time.perf_counter() - began
        end = time.perf_counter() + took * (times - 1)
        while time.perf_counter() < end:  # busy, as a slow painter would be
            pass

    VideoView.paintEvent = paint  # type: ignore[method-assign]


def one_run(seconds: float) -> tuple[float, float, int, int]:
    """Track for so long; start and peak memory in MB, boxes found and frames tracked."""
    frames = int(seconds * FPS)
    window = MainWindow()
    window.resize(1280, 800)
    window.show()
    controller = window.controller
    spin(lambda: controller.desk.state.trackers_ready)
    window.panels.tracker.set_key("instant")
    video = Synthetic(frames + 1)
    document, track = Document(video_ref(video)).with_new_track()  # type: ignore[arg-type]
    document = document.with_track(track.with_keyframes([Keyframe(0, Box(100, 400, 120, 90))]))
    controller.project.put(Session(video, document))  # type: ignore[arg-type]
    spin(lambda: controller.playback.is_settled)
    process = psutil.Process()
    ended: list[object] = []
    peak = [0.0]
    controller.runs.finished.connect(ended.append)
    window.actions_by_id["track_forward"].trigger()
    spin(lambda: len(controller.desk.growing or ()) > FPS)  # one second to warm up
    start = process.memory_info().rss / 1e6

    def look() -> bool:
        peak[0] = max(peak[0], process.memory_info().rss / 1e6)
        return bool(ended)

    spin(look, seconds * 4 + 60)
    boxes = len(controller.desk.document.tracks[0])
    controller.desk.stack.setClean()
    window.shut_down()
    window.hide()
    window.deleteLater()
    return start, peak[0], boxes, frames + 1


def spin(condition, seconds: float = 60.0) -> None:
    """A real event loop until the condition holds."""
    loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + seconds

    def look() -> None:
        if condition() or time.monotonic() > end:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(20)
    loop.exec()
    timer.stop()
    if not condition():
        raise TimeoutError


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    device.set_threads(1)
    app = make_application(sys.argv[:1])
    peaks = []
    for name, times in (("normal", 1), (f"{SLOWER}× slower", SLOWER)):
        slow_down(times)
        start, peak, boxes, frames = one_run(args.seconds)
        peaks.append(peak - start)
        print(
            f"{name:12s} painting: {start:.0f} MB after 1 s, peak {peak:.0f} MB "
            f"(+{peak - start:.0f}), {boxes} boxes of {frames} frames"
        )
        app.processEvents()
    print(f"slower painting adds {peaks[1] - peaks[0]:+.0f} MB")


if __name__ == "__main__":
    main()
