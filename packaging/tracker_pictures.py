"""A picture of what each tracker sees, for its page in the docs, made from the demo clip.

    python packaging/tracker_pictures.py [--trackers ccr,edcf] [--out docs/images/trackers]

Every tracker starts on the clip's first box and is shown on the frame where a look-alike
passes under the target. The first panel is the picture with the box, the others are maps
laid over it where they were computed. Trackers whose weights are not installed are left
out and named. Works without a display.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false;qt.qpa.*=false")

import torch  # noqa: F401, I001  (before Qt, as in the app)
import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core import device as devices
from core.errors import WeightsError
from core.geometry import Box, Placement
from core.render.boxes import DrawnBox, draw_boxes
from core.render.maps import MapLook, color_table, draw_map, normalized
from core.trackers import load_all, registry
from core.trackers.base import ALL_MAPS, MapInfo, ResponseMap, TrackResult
from core.trackers.registry import TrackerSpec
from core.video.demo import demo_ground_truth, demo_path
from core.video.open import open_source

ROOT = Path(__file__).resolve().parent.parent
FRAME = 105  # a look-alike passes under the target
MAIN: dict[str, tuple[str, ...]] = {
    "ccr": ("response", "stage1.hog", "stage1.cn", "filter.hog", "filter.cn"),
    "ccr-deep": ("response", "stage1.hog", "stage1.cn", "stage1.cnn", "filter.cnn"),
    "drvt": ("final", "fc_prob", "cf.scale1", "mask", "labels"),
    "edcf": ("fused", "low", "high", "filter", "context"),
    "crpn": ("final", "stage1.score", "stage2.score", "stage3.score", "stage3.kept"),
    "cract": ("final", "coarse", "rpn_score", "anchor_argmax", "D_dense"),
}
COLUMNS, PANEL_W, PANEL_H, TEXT_H, GAP = 3, 264, 198, 44, 14
INK, FAINT, PAPER = QColor("#1f2328"), QColor("#59636e"), QColor("#ffffff")
LOOK = MapLook("viridis", opacity=0.92, fade=0.75)


@dataclass(frozen=True, slots=True)
class Panel:
    """One small picture with the lines below it."""

    picture: NDArray[np.uint8]
    title: str
    note: str
    levels: tuple[float, float] | None = None


def tracked(spec: TrackerSpec, last: int) -> tuple[NDArray[np.uint8], TrackResult]:
    """Frame `last` of the demo clip and what the tracker says about it."""
    tracker = spec.create()
    with contextlib.closing(open_source(demo_path())) as clip:
        clip.wait_ready()
        frames = clip.frames(0, last + 1)
        tracker.init(next(frames).image, demo_ground_truth().initial_box)
        for frame in frames:
            if frame.index == last:
                tracker.want_maps = ALL_MAPS
            result = tracker.update(frame.image)
            if frame.index == last:
                return frame.image, result
    raise ValueError(f"the demo has no frame {last}")


def chosen(spec: TrackerSpec, result: TrackResult) -> list[MapInfo]:
    """The main maps that this frame has; the first ones declared for an unknown tracker."""
    here = {info.key: info for info in spec.maps if info.key in result.maps}
    names = [key for key in MAIN.get(spec.key, ()) if key in here]
    return [here[key] for key in (names or list(here)[:5])]


def view_around(response: ResponseMap, box: Box, width: int, height: int) -> Box:
    """Part of the frame to show: the map with its surroundings, in the panels' shape."""
    seen = response.placement.extent(response.values.shape)
    ratio = PANEL_W / PANEL_H
    tall = min(max(seen.h * 1.1, seen.w * 1.1 / ratio, box.h * 3), height, width / ratio)
    wide = tall * ratio
    x = min(max(box.cx - wide / 2, 0.0), width - wide)
    y = min(max(box.cy - tall / 2, 0.0), height - tall)
    return Box(x, y, wide, tall)


def enlarged(image: NDArray[np.uint8], view: Box, factor: int = 2) -> NDArray[np.uint8]:
    """`view` of the picture at `factor` times the panel's size."""
    size = (PANEL_W * factor, PANEL_H * factor)
    sx, sy = view.w / size[0], view.h / size[1]
    matrix = np.array([[sx, 0, view.x + sx / 2 - 0.5], [0, sy, view.y + sy / 2 - 0.5]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=flags, borderMode=border), np.uint8)


def panels(spec: TrackerSpec) -> list[Panel]:
    """The picture with the box, then the maps."""
    image, result = tracked(spec, FRAME)
    height, width = image.shape[:2]
    view = view_around(result.maps[spec.primary_map], result.box, width, height)
    zoom = 2 * PANEL_W / view.w
    shown = enlarged(image, view)
    box = Box(
        (result.box.x - view.x) * zoom,
        (result.box.y - view.y) * zoom,
        result.box.w * zoom,
        result.box.h * zoom,
    )
    first = draw_boxes(shown, [DrawnBox(box, "#e69f00")])
    made = [
        Panel(first, f"Frame {FRAME}", f"score {result.score:.2f}, {result.state.name.lower()}")
    ]
    # Grey and pale below the maps: colour belongs to the map alone.
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
    pale = np.repeat((grey * 0.6 + 95).clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    for info in chosen(spec, result):
        found = result.maps[info.key]
        a, b, c, d, e, f = found.placement.matrix
        moved = Placement(
            (a * zoom, b * zoom, (c - view.x) * zoom, d * zoom, e * zoom, (f - view.y) * zoom)
        )
        levels = found.value_range or (float(found.values.min()), float(found.values.max()))
        placed = ResponseMap(normalized(found), moved, value_range=(0.0, 1.0))
        over = draw_boxes(draw_map(pale, placed, LOOK), [DrawnBox(box, "#e69f00")])
        made.append(Panel(over, info.title, info.key, levels))
    return made


def sheet(made: list[Panel]) -> QImage:
    """All panels on white."""
    rows = -(-len(made) // COLUMNS)
    size = (COLUMNS * (PANEL_W + GAP) + GAP, rows * (PANEL_H + TEXT_H + GAP) + GAP)
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(PAPER)
    painter = QPainter(image)
    painter.setRenderHints(
        QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.TextAntialiasing
    )
    for number, panel in enumerate(made):
        row, column = divmod(number, COLUMNS)
        x, y = GAP + column * (PANEL_W + GAP), GAP + row * (PANEL_H + TEXT_H + GAP)
        draw_panel(painter, panel, x, y)
    painter.end()
    return image


def draw_panel(painter: QPainter, panel: Panel, x: int, y: int) -> None:
    small = cv2.resize(panel.picture, (PANEL_W, PANEL_H), interpolation=cv2.INTER_AREA)
    small = np.ascontiguousarray(small)
    line = QImage(small.data, PANEL_W, PANEL_H, 3 * PANEL_W, QImage.Format.Format_RGB888)
    painter.drawImage(x, y, line)
    font = QFont("DejaVu Sans")
    font.setPixelSize(13)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(INK)
    top, half = y + PANEL_H + 4, TEXT_H // 2 - 3
    left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(QRectF(x, top, PANEL_W, half), left, panel.title)
    font.setBold(False)
    font.setPixelSize(12)
    painter.setFont(font)
    painter.setPen(FAINT)
    painter.drawText(QRectF(x, top + half, PANEL_W, half), left, panel.note)
    if panel.levels is not None:
        legend(painter, panel.levels, QRectF(x, top + half, PANEL_W, half))


def legend(painter: QPainter, levels: tuple[float, float], line: QRectF) -> None:
    """Lowest and highest value with the colours between them, at the right of `line`."""
    tiny = 0.005 * max(abs(value) for value in levels)
    low, high = ("0" if abs(value) < tiny else f"{value:.2g}" for value in levels)
    metrics = painter.fontMetrics()
    middle = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(line, middle, high)
    bar = QRectF(line.right() - metrics.horizontalAdvance(high) - 56, line.center().y() - 4, 50, 8)
    for step in range(50):
        colour = QColor(*(int(v) for v in color_table(LOOK.colormap)[step * 255 // 49]))
        painter.fillRect(QRectF(bar.x() + step, bar.y(), 1, bar.height()), colour)
    painter.drawText(QRectF(line.x(), line.y(), bar.x() - 6 - line.x(), line.height()), middle, low)


def small_enough(image: QImage) -> QImage:
    """The picture in 256 colours of its own, without dithering: half of the bytes."""
    rows, line = image.height(), image.bytesPerLine() // 4
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(rows, line, 4)
    pixels = np.ascontiguousarray(pixels[:, : image.width(), 2::-1])
    flat = pixels.reshape(-1, 3)
    some = flat[:: max(len(flat) // 20_000, 1)].astype(np.float32)
    end = (cv2.TERM_CRITERIA_MAX_ITER, 10, 0.0)
    cv2.setRNGSeed(0)
    labels = np.zeros((len(some), 1), np.int32)
    _, _, palette = cv2.kmeans(some, 255, labels, end, 1, cv2.KMEANS_PP_CENTERS)
    palette = np.vstack([palette.round(), [255, 255, 255]]).astype(np.float32)  # paper stays white
    known, places = np.unique(flat, axis=0, return_inverse=True)
    colours = known.astype(np.float32)
    apart = (palette**2).sum(1) - 2 * colours @ palette.T  # squared distance less a constant
    indices = apart.argmin(1).astype(np.uint8)[places.ravel()].reshape(pixels.shape[:2])
    indices = np.pad(indices, ((0, 0), (0, -indices.shape[1] % 4)))
    kind = QImage.Format.Format_Indexed8
    made = QImage(indices.data, image.width(), rows, indices.shape[1], kind).copy()
    made.setColorTable([QColor(*(int(v) for v in row)).rgb() for row in palette])
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--trackers", default="", help="keys with commas; all by default")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "trackers")
    args = parser.parse_args()
    application = QGuiApplication(sys.argv[:1])
    devices.set_threads(1)
    load_all()
    args.out.mkdir(parents=True, exist_ok=True)
    for key in [key for key in args.trackers.split(",") if key] or sorted(registry.trackers):
        spec = registry.find(key)
        try:
            made = panels(spec)
        except WeightsError as missing:
            print(f"{key}: left out. {missing}")
            continue
        path = args.out / f"{key}.png"
        small_enough(sheet(made)).save(str(path))
        print(f"{path}  {path.stat().st_size // 1000} kB", flush=True)
    del application
    return 0


if __name__ == "__main__":
    sys.exit(main())
