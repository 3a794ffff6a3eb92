"""What layers cost: milliseconds of painting per frame, and tracker time while nobody looks.

Run ``python benchmarks/overlay_cost.py [--frames N] [--repeat N] [--tracker KEY ...]``.

All times are processor time of the one thread that does the work, which other programs
disturb little; torch is held to that thread.

Painting: full-HD frames that all differ, shown with three new maps each, of 31 × 31 cells
with one hill or of 48 × 48 with nothing but noise, over a sixth of the frame, against the same
frames without maps, in turn within one run; the cost of the overlay is the difference. The
aim is at most 4 ms. A profile tells the parts of it. Qt fills large smooth pictures on
threads of its own, which are not counted.

Derived maps: what it costs to make one of others, on top of painting it.

Tracking: two trackers of one kind run over the same frames in turn. One is asked for what
a window with its maps hidden and its panels closed asks for; the other was never asked for
anything. The aim is a ratio of 1; what shown maps and patches cost is told for comparison.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch  # noqa: I001  (before Qt, as in the app)
import cv2
import numpy as np
from PySide6.QtWidgets import QApplication

from app.features.patches import WANTED
from app.views.layer_types import LayerStack, ShownLayer
from app.views.video_view import VideoView
from app.views.view_types import OverlaySettings, to_display
from benchmarks.where import LAYERS, told
from core.errors import BoxtrailError
from core.geometry import Box, Placement
from core.render import derived
from core.render.peaks import find_peaks
from core.trackers import load_all, registry
from core.trackers.base import ResponseMap, Services, Tracker
from core.video.synthetic import ClipConfig, SyntheticClip

SIZES = ((1280, 720), (1920, 1080))
LOOK = OverlaySettings("a", opacity=0.85, fade=0.8, high=0.6)
BLENDED = [replace(LOOK, blend=blend) for blend in ("screen", "multiply", "lighten")]


@dataclass(frozen=True)
class Case:
    """Three layers, of hills or noise, `age` frames old, with or without their peaks marked."""

    name: str
    looks: Sequence[OverlaySettings]
    noise: bool = False
    age: int = 0
    peaks: bool = False


CASES = (
    Case("normal", [LOOK] * 3),
    Case("screen, multiply, lighten", BLENDED),
    Case("sharp cells", [replace(LOOK, smooth=False)] * 3),
    Case("latched, peaks marked", [LOOK] * 3, age=3, peaks=True),
    Case("5 contours each", [replace(LOOK, contours=5)] * 3),
    Case("12 contours each", [replace(LOOK, contours=12)] * 3),
    Case("sharp, 5 contours each", [replace(LOOK, smooth=False, contours=5)] * 3),
    Case("5 contours each, noise", [replace(LOOK, contours=5)] * 3, noise=True),
    Case(
        "blended, 5 contours, latched, peaks",
        [replace(look, contours=5) for look in BLENDED],
        age=3,
        peaks=True,
    ),
)


def quick(times: Sequence[float]) -> float:
    """Median of the quicker half: what the work takes when nothing else is in the way."""
    return statistics.median(sorted(times)[: max(len(times) // 2, 1)])


def response(nth: int, layer: int, *, noise: bool = False) -> ResponseMap:
    if noise:
        rng = np.random.default_rng(3 * nth + layer)
        values = cv2.GaussianBlur(rng.normal(size=(48, 48)).astype(np.float32), (0, 0), 2.0)
    else:
        rows, cols = np.mgrid[0:31, 0:31]
        values = np.exp(-((cols - 12 - 3 * layer) ** 2 + (rows - 10 - nth % 7) ** 2) / 18)
    place = Placement.covering(Box(500.0 + 20 * layer, 200.0, 700.0, 500.0), values.shape)
    return ResponseMap(values.astype(np.float32), place)


def painting(frames: int) -> None:
    application = QApplication.instance() or QApplication([])
    rng = np.random.default_rng(0)
    shown = [to_display(n, rng.integers(0, 255, (1080, 1920, 3), np.uint8)) for n in range(6)]
    for size in SIZES:
        canvas = VideoView()
        canvas.resize(*size)
        canvas.show()
        application.processEvents()
        for case in CASES:
            plain, layered = [], []
            for nth in range(frames):
                layers = _layers(case, nth)
                for times, what in ((plain, ()), (layered, layers)):
                    began = time.thread_time()
                    canvas.show_frame(shown[nth % len(shown)])
                    _show(canvas, case, what)
                    times.append((time.thread_time() - began) * 1e3)
            cost = quick(layered) - quick(plain)
            verdict = "ok" if cost <= 4 else "above 4 ms"
            print(
                f"{size[0]} × {size[1]:4d}  three layers, {case.name:38s} {cost:6.2f} ms  "
                f"(frame alone {quick(plain):5.2f} ms)  {verdict}"
            )
            if size == SIZES[-1]:
                print(_parts(canvas, case, 20))
        canvas.close()


def _layers(case: Case, nth: int) -> list[ShownLayer]:
    return [
        ShownLayer(look, "", response(nth, k, noise=case.noise), nth, case.age)
        for k, look in enumerate(case.looks)
    ]


def _show(canvas: VideoView, case: Case, layers: Sequence[ShownLayer]) -> None:
    canvas.show_layers(layers)
    if case.peaks:
        top = layers[-1].response if layers else None
        canvas.show_peaks(find_peaks(top) if top is not None else ())
    canvas.viewport().repaint()


def _parts(canvas: VideoView, case: Case, frames: int) -> str:
    """What share of showing and painting each part takes."""
    ready = iter([_layers(case, n) for n in range(frames)])
    return told(lambda: _show(canvas, case, next(ready)), frames, LAYERS)


def deriving() -> None:
    ways: dict[str, Callable[[Sequence[ResponseMap]], object]] = {
        "difference": lambda maps: derived.difference(maps[0], maps[1]),
        "largest over 10": lambda maps: derived.strongest(maps[:10]),
        "mean over 10": lambda maps: derived.mean(maps[:10]),
        "mean over 50": derived.mean,
    }
    rng = np.random.default_rng(0)
    for side in (31, 48, 125):
        maps = []
        for nth in range(50):  # a window that moves and grows
            place = Placement.covering(
                Box(3.3 * nth, 2.1 * nth, 300 + nth, 300 + nth), (side, side)
            )
            maps.append(ResponseMap(rng.random((side, side), np.float32), place))
        for name, way in ways.items():
            taken = quick([_timed(lambda w=way, m=maps: w(m)) for _ in range(20)])
            print(f"made of maps of {side:3d} × {side:3d}: {name:18s} {taken:6.2f} ms")


def tracking(key: str, frames: int, repeat: int) -> None:
    spec = registry.find(key)
    sway, side = (60.0, 30.0, 80.0), (44, 34)
    config = ClipConfig(320, 240, frames + 1, target_size=side, sway=sway, others=2)
    clip = SyntheticClip(config)
    start, first = clip.initial_box, clip.read(0).image
    primary = OverlaySettings(spec.primary_map)
    hidden = LayerStack((primary,), shown=False).wanted()
    three = LayerStack(tuple(OverlaySettings(info.key) for info in spec.maps[:3])).wanted()
    wishes: dict[str, frozenset[str] | None] = {
        "never asked": None,
        "maps hidden, panels closed": hidden,
        "one map shown": LayerStack((primary,)).wanted(),
        "three maps shown": three,
        "three maps and patches": three | WANTED,
    }
    trackers: dict[str, Tracker] = {name: spec.create(None, Services()) for name in wishes}
    times: dict[str, list[float]] = {name: [] for name in wishes}
    with torch.inference_mode():
        for _ in range(repeat):
            for name, tracker in trackers.items():
                tracker.init(first, start)
                wanted = wishes[name]
                if wanted is not None:
                    tracker.want_maps = wanted
            for nth in range(1, frames + 1):
                image = clip.read(nth).image
                order = list(trackers.items())
                for name, tracker in order if nth % 2 else reversed(order):
                    times[name].append(_timed(lambda t=tracker, i=image: t.update(i)))
    base = quick(times["never asked"])
    for name, taken in times.items():
        print(f"{key:9s} {name:28s} {quick(taken):7.2f} ms  ratio {quick(taken) / base:.3f}")


def _timed(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--tracker", nargs="+", default=["ccr", "edcf", "crpn", "cract", "drvt"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    load_all()
    painting(args.frames)
    deriving()
    for key in args.tracker:
        try:
            tracking(key, args.frames, args.repeat)
        except BoxtrailError as error:
            print(f"{key}: {error.message} {error.hint}")


if __name__ == "__main__":
    main()
