"""Milliseconds to show and paint one frame on the canvas, beside a plain pyqtgraph image.

Run ``python benchmarks/canvas.py``. Everything is painted off screen by the CPU as on
a desktop without a compositor's help: full-HD frames that all differ, 1280 × 720
view, three boxes, a 31 × 31 map. Each number is the wall-clock time the GUI thread
needs per frame in all: the median, then the quickest tenth, which is what remains on
a machine that is busy with other things.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import torch  # noqa: F401, I001  (before Qt, as in the app)
import cv2
import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication, QWidget

from app.views.video_view import VideoView
from app.views.view_types import BoxView, OverlaySettings, to_display
from core.geometry import Box, Placement
from core.states import Flag, Source, TargetState
from core.trackers.base import ResponseMap

SIZE = (1080, 1920)
ROUNDS = 120
SOURCES = (Source.MANUAL, Source.TRACKED, Source.INTERPOLATED)
COLORS = ("#E69F00", "#56B4E9", "#009E73")


def summary(times: list[float]) -> str:
    """Median and quickest tenth of milliseconds."""
    return f"{statistics.median(times):6.2f} ms  ({statistics.quantiles(times, n=10)[0]:.2f})"


def painted(widget: QWidget, show: Callable[[int], None]) -> str:
    """Time of `show` plus the repaint it causes."""
    times = []
    for nth in range(ROUNDS):
        began = time.perf_counter()
        show(nth)
        widget.repaint()
        times.append((time.perf_counter() - began) * 1e3)
    return summary(times[10:])


def boxes(nth: int) -> list[BoxView]:
    """Three boxes on the move, one of them selected."""
    return [
        BoxView(
            track_id=i,
            box=Box(300.0 + 400 * i + nth % 50, 300.0 + nth % 30, 220.0, 160.0),
            color=COLORS[i],
            title=f"object {i}",
            source=SOURCES[i],
            state=TargetState.TRACKING,
            flags=Flag.NONE,
            score=0.87,
            selected=i == 1,
            locked=False,
        )
        for i in range(3)
    ]


def response(nth: int) -> ResponseMap:
    rows, cols = np.mgrid[0:31, 0:31]
    values = np.exp(-((cols - 15) ** 2 + (rows - 10 - nth % 7) ** 2) / 18).astype(np.float32)
    return ResponseMap(values, Placement.covering(Box(500.0, 200.0, 700.0, 500.0), (31, 31)))


def main() -> None:
    application = QApplication([])
    rng = np.random.default_rng(0)
    rgb = [rng.integers(0, 255, (*SIZE, 3), np.uint8) for _ in range(4)]
    cv2.setNumThreads(1)
    frames, converted = [], []
    for nth in range(24):
        began = time.perf_counter()
        shown = to_display(nth, rgb[nth % 4])
        converted.append((time.perf_counter() - began) * 1e3)
        frames = [*frames, shown][-8:]
    convert = summary(converted[4:])
    maps = [response(nth) for nth in range(8)]

    canvas = VideoView()
    canvas.resize(1280, 720)
    canvas.show()
    application.processEvents()
    port = canvas.viewport()

    def frame(nth: int) -> None:
        canvas.show_frame(frames[nth % 8])

    def frame_and_boxes(nth: int) -> None:
        frame(nth)
        canvas.show_boxes(boxes(nth))

    def frame_boxes_map(nth: int) -> None:
        frame_and_boxes(nth)
        canvas.show_map(maps[nth % 8])

    print(f"RGB -> BGRA on a worker        {convert}")
    print(f"frame                          {painted(port, frame)}")
    print(f"frame + 3 boxes                {painted(port, frame_and_boxes)}")
    print(f"frame + 3 boxes + map          {painted(port, frame_boxes_map)}")
    canvas.set_overlay(replace(OverlaySettings(), smooth=False))
    print(f"  … with sharp map cells       {painted(port, frame_boxes_map)}")
    canvas.set_overlay(replace(OverlaySettings(), visible=False))
    print(f"  … with the map hidden        {painted(port, frame_boxes_map)}")
    for zoom in (1.0, 16.0):
        canvas.set_zoom(zoom)
        print(f"frame + 3 boxes at zoom {zoom:<4g}   {painted(port, frame_and_boxes)}")
    canvas.close()

    plot = pg.GraphicsView()
    box = pg.ViewBox(invertY=True, lockAspect=True)
    image = pg.ImageItem(axisOrder="row-major")
    box.addItem(image)
    plot.setCentralItem(box)
    plot.resize(1280, 720)
    plot.show()
    image.setImage(rgb[0], levels=None)
    box.autoRange()
    application.processEvents()
    peer = painted(plot.viewport(), lambda nth: image.setImage(rgb[nth % 4], levels=None))
    print(f"peer: pyqtgraph ImageItem      {peer}  frame alone, nearest neighbour")
    plot.close()


if __name__ == "__main__":
    main()
