"""A peak planted in any map of any tracker is painted where the camera puts its frame point.

The maps are real ones: their sizes and placements are what the trackers report for a small
target near the border of the frame. At each zoom and screen scaling the peak's cell must
light up the pixels that belong to it: to within a cell, or a pixel and a half where cells are
smaller than pixels.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from fakes.registered_trackers import OURS, cell_size, summit
from fakes.stand_in_weights import services_for

from app.views.layer_types import ShownLayer, cell_at
from app.views.view_types import OverlaySettings, to_display
from core.geometry import Box
from core.trackers import registry
from core.trackers.base import ALL_MAPS, ResponseMap
from core.video.open import open_source

ZOOMS = (0.1, 0.5, 1.0, 3.0, 10.0, 32.0)
RATIOS = (1.0, 1.5, 2.0)
LOOK = OverlaySettings("m", smooth=False, opacity=1.0, colormap="grey")
SIZE = (320, 240)
TARGET = Box(250, 20, 44, 34)  # the search reaches beyond the frame


def reported(key: str) -> dict[str, ResponseMap]:
    """The maps of tracker `key` on its first frame after the start."""
    spec = registry.find(key)
    tracker = spec.create(None, services_for(spec))
    rng = np.random.default_rng(5)
    image = np.repeat(np.repeat(rng.integers(0, 255, (30, 40, 3), np.uint8), 8, 0), 8, 1)
    with torch.inference_mode():
        tracker.init(image, TARGET)
        tracker.want_maps = ALL_MAPS
        return dict(tracker.update(np.roll(image, (2, 3), (0, 1))).maps)


def planted(like: ResponseMap, row: int, col: int) -> ResponseMap:
    values = np.zeros(like.values.shape, np.float32)
    values[row, col] = 1.0
    return replace(like, values=values, value_range=(0.0, 1.0))


def lit(pixels: np.ndarray) -> tuple[float, float]:
    """Centre of what is brighter than grey, device pixels."""
    # Where cells are smaller than pixels one of them only tints its pixel.
    bright = pixels.min(axis=2).astype(float)
    weight = np.where(bright > 0.85 * bright.max(), bright, 0)
    assert weight.max() > 20, "nothing bright on the screen"
    rows, cols = np.mgrid[: weight.shape[0], : weight.shape[1]]
    return (
        float((cols * weight).sum() / weight.sum() + 0.5),
        float((rows * weight).sum() / weight.sum() + 0.5),
    )


def check(view, photograph, response: ResponseMap, zoom: float, ratio: float) -> None:
    """Paint `response`, whose largest cell is its planted peak, and look where it is lit."""
    x, y = response.peak()
    view.zoom_to(Box(x - 0.5, y - 0.5, 1, 1))
    view.set_zoom(zoom)
    view.show_layers([ShownLayer(LOOK, "m", response, 0)])
    pixels = photograph(view, ratio)
    at = view.frame_to_view(x, y)
    matrix = response.placement.matrix
    reach = max(abs(matrix[0]), abs(matrix[4])) * zoom
    left, top = int(at.x() * ratio), int(at.y() * ratio)
    # The outline of a small map is as bright as its peak: look near the peak only.
    near = int(max(reach, 4))
    x0, y0 = max(left - near, 0), max(top - near, 0)
    got = lit(pixels[y0 : top + near + 1, x0 : left + near + 1])
    # Where several cells share a pixel, the strongest has it: nearer is not to be had.
    cell = max(reach, 1.5)
    assert abs(got[0] + x0 - at.x() * ratio) < cell, (zoom, ratio)
    assert abs(got[1] + y0 - at.y() * ratio) < cell, (zoom, ratio)
    if reach >= 6:  # large cells: to within two pixels of the cell's middle
        assert got[0] + x0 == pytest.approx(at.x() * ratio, abs=2 + 0.02 * reach)
        assert got[1] + y0 == pytest.approx(at.y() * ratio, abs=2 + 0.02 * reach)


@pytest.mark.parametrize("key", OURS)
def test_that_a_planted_peak_of_every_map_is_painted_where_it_lies(key, make_canvas, photograph):
    maps = reported(key)
    assert len(maps) > 3
    views = {ratio: small(make_canvas, ratio) for ratio in RATIOS}
    settings = itertools.cycle(itertools.product(ZOOMS, RATIOS))
    primary = registry.find(key).primary_map
    for name, like in maps.items():
        row, col = near_target(like)
        # All zooms and screens for the first map; a third of them in turn for the others.
        count = len(ZOOMS) * len(RATIOS) if name == primary else 3
        for zoom, ratio in itertools.islice(settings, count):
            response = planted(like, row, col)
            check(views[ratio], photograph, response, zoom, ratio)
            assert cell_at(response, *response.peak()) == (row, col, 1.0)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("key", OURS)
def test_that_every_map_is_painted_right_at_every_zoom_and_screen(key, make_canvas, photograph):
    maps = reported(key)
    for ratio in RATIOS:
        view = small(make_canvas, ratio)
        for name, like in maps.items():
            response = planted(like, *near_target(like))
            for zoom in ZOOMS:
                check(view, photograph, response, zoom, ratio)
            assert response.peak() == like.placement.cell_center(*near_target(like)), name


def near_target(like: ResponseMap) -> tuple[int, int]:
    """A cell beside the target's middle, away from the map's own; inside the frame."""
    rows, cols = like.values.shape
    point = np.array([[TARGET.cx + 5, TARGET.cy + 7]])
    col, row = like.placement.to_cells(point)[0]
    return int(np.clip(row, 0, rows - 1)), int(np.clip(col, 0, cols - 1))


def small(make_canvas, ratio: float):
    view = make_canvas(*SIZE, ratio=ratio, level=0)
    view.resize(240, 180)
    view.set_message("")
    return view


@pytest.mark.parametrize(("key", "turn"), [("ccr", 2), ("ccr", 3), *((key, 1) for key in OURS)])
def test_that_maps_lie_right_on_a_clip_with_rotation_metadata(
    key, turn, tmp_path, make_canvas, photograph
):
    """The frame is turned when read; tracker, map and picture share the turned frame."""
    path = turned_clip(tmp_path / "turned.mp4", turn)
    source = open_source(path, index_dir=tmp_path)
    info = source.info
    first, second = source.read(0).image, source.read(3).image
    source.close()
    upright = turn == 2
    assert (info.width, info.height) == ((128, 96) if upright else (96, 128))
    before, truth = bright_spot(first), bright_spot(second)
    assert np.hypot(before[0] - truth[0], before[1] - truth[1]) > 5
    maps = found_maps(key, first, second, before, upright=upright)
    for name, found in maps.items():
        off = np.abs(np.array(summit(found)) - truth)
        assert (off < np.maximum(cell_size(found), 1.0)).all(), name
    found = maps[registry.find(key).primary_map]
    view = make_canvas(info.width, info.height, level=0)
    view.show_frame(to_display(3, second))
    view.set_zoom(4.0)
    plain = lit_spot(photograph(view), view)
    assert plain == pytest.approx(truth, abs=1.0), "the picture is painted upright"
    row, col = np.unravel_index(int(found.values.argmax()), found.values.shape)
    view.show_frame(to_display(3, second * 0))
    check(view, photograph, planted(found, int(row), int(col)), 4.0, 1.0)


def found_maps(
    key: str, first: np.ndarray, second: np.ndarray, at: tuple[float, float], *, upright: bool
) -> dict[str, ResponseMap]:
    """The maps with a peak that tracker `key`, started at `at`, reports of the second picture."""
    spec = registry.find(key)
    tracker = spec.create(None, services_for(spec))
    kinds = {info.key: info.kind for info in spec.maps}
    with torch.inference_mode():
        tracker.init(first, Box.from_center(*at, *((26, 20) if upright else (20, 26))))
        tracker.want_maps = ALL_MAPS
        maps = tracker.update(second).maps
    return {name: m for name, m in maps.items() if kinds[name] in ("response", "probability")}


def turned_clip(path: Path, turn: int) -> Path:
    """A bright textured patch on its way, in a file that says it is to be turned."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.bit_rate = 4_000_000
        rng = np.random.default_rng(1)
        patch = rng.integers(150, 255, (10, 13, 3), np.uint8).repeat(2, 0).repeat(2, 1)
        stream.codec_context.qmin = 1
        for k in range(6):
            image = np.full((96, 128, 3), 30, np.uint8)
            image[20 + k : 40 + k, 30 + 2 * k : 56 + 2 * k] = patch
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    # The display matrix in the track's header, in 16.16 fixed point, clockwise quarter turns.
    data, one = bytearray(path.read_bytes()), 0x10000
    at = data.index(b"tkhd") + 4 + 4 + 4 * 5 + 8 + 8
    a, b, c, d = {1: (0, one, -one, 0), 2: (-one, 0, 0, -one), 3: (0, -one, one, 0)}[turn]
    for place, value in enumerate((a, b, 0, c, d, 0, 0, 0, 0x40000000)):
        data[at + 4 * place : at + 4 * place + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(data)
    return path


def bright_spot(image: np.ndarray) -> tuple[float, float]:
    rows, cols = np.nonzero(image.mean(axis=2) > 110)
    return float(cols.min() + cols.max() + 1) / 2, float(rows.min() + rows.max() + 1) / 2


def lit_spot(pixels: np.ndarray, view) -> tuple[float, float]:
    """Frame position of the middle of what is bright inside the picture."""
    size = view._camera.frame_w, view._camera.frame_h
    inside = np.zeros(pixels.shape[:2], bool)
    corner, end = view.frame_to_view(0, 0).toPoint(), view.frame_to_view(*size).toPoint()
    inside[max(corner.y(), 0) : end.y(), max(corner.x(), 0) : end.x()] = True
    rows, cols = np.nonzero((pixels.mean(axis=2) > 110) & inside)
    middle = (cols.min() + cols.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2
    x, y = view._camera.to_frame(*middle)
    return float(x), float(y)
