"""Small pictures of failures: the frame around the target with both boxes, and the map there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BoxtrailError
from core.evaluate.failures import FailureGallery
from core.evaluate.protocol import SequenceRun, frames
from core.evaluate.sequences import BenchmarkSequence
from core.geometry import Placement
from core.render.maps import MapLook, draw_map
from core.trackers.base import ResponseMap

Picture = NDArray[np.uint8]
SIDE = 160
_ROOM = 1.6  # of the boxes' common extent
_TRUTH, _TRACKED = (255, 255, 255), (86, 180, 233)
Key = tuple[str, str, int]
"""Tracker, sequence and first frame of a failure."""


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """What is to be seen of a failure, ``(side, side, 3)`` RGB each.

    `frame` is the square around the target, `map` the same square under the tracker's map
    (None where there is none); on both the true and the tracked box are outlined.
    """

    frame: Picture
    map: Picture | None = None


def card(
    image: Picture,
    truth: NDArray[np.float64] | None,
    box: NDArray[np.float64] | None,
    response: ResponseMap | None = None,
    *,
    look: MapLook | None = None,
    side: int = SIDE,
) -> Card:
    """The pictures of a failure; boxes are rows (x, y, w, h), None or NaN where there is none."""
    known = [b for b in (truth, box) if b is not None and np.isfinite(b).all()]
    x0, y0, length = _square(image, known)
    zoom = side / length
    # Centres of pixels onto centres of pixels: edges are half a pixel before them.
    half = (zoom - 1) / 2
    matrix = np.array([[zoom, 0, half - x0 * zoom], [0, zoom, half - y0 * zoom]])
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    part = cv2.warpAffine(image, matrix, (side, side), flags=way, borderValue=(40, 40, 40))
    frame = np.asarray(part, np.uint8)
    under = None
    if response is not None:
        a, b, c, d, e, f = response.placement.matrix
        moved = (a * zoom, b * zoom, (c - x0) * zoom, d * zoom, e * zoom, (f - y0) * zoom)
        # A map that hardly answers shall show where, too: its own range, not that of all maps.
        there = replace(response, placement=Placement(moved), value_range=None)
        under = draw_map(frame, there, look or MapLook(smooth=False))
    for picture in (frame, under):
        if picture is not None:
            _outline(picture, ((truth, _TRUTH), (box, _TRACKED)), (x0, y0), zoom)
    return Card(frame, under)


def _square(image: Picture, boxes: list[NDArray[np.float64]]) -> tuple[float, float, float]:
    """Left, top and side of what is shown: the boxes with room around them, or everything."""
    height, width = image.shape[:2]
    if not boxes:
        side = float(max(width, height))
        return (width - side) / 2, (height - side) / 2, side
    low = np.min([b[:2] for b in boxes], axis=0)
    high = np.max([b[:2] + b[2:] for b in boxes], axis=0)
    side = max(float((high - low).max()) * _ROOM, 32.0)
    x0, y0 = (float(v) for v in (low + high) / 2 - side / 2)
    return x0, y0, side


def _outline(
    picture: Picture,
    boxes: tuple[tuple[NDArray[np.float64] | None, tuple[int, int, int]], ...],
    corner: tuple[float, float],
    zoom: float,
) -> None:
    for one, color in boxes:
        if one is not None and np.isfinite(one).all():
            ends = np.array([one[:2], one[:2] + one[2:]]) * zoom - np.array(corner) * zoom
            (ax, ay), (bx, by) = np.round(np.clip(ends, -9999, 9999)).astype(int).tolist()
            cv2.rectangle(picture, (ax, ay), (bx, by), (0, 0, 0), 4)
            cv2.rectangle(picture, (ax, ay), (bx, by), color, 2)


def of_failures(
    run: SequenceRun, sequence: BenchmarkSequence, found: FailureGallery
) -> dict[Key, Card]:
    """Pictures of the first frame of each failure; none where the clip cannot be read."""
    wanted = {failure.start for failure in found.failures}
    pictures: dict[Key, Card] = {}
    if not wanted:
        return pictures
    try:
        for frame in frames(sequence, min(wanted)):
            k = frame.index
            if k in wanted:
                key = (run.tracker, sequence.key, k)
                boxes = sequence.boxes[k], run.boxes[k]
                pictures[key] = card(frame.image, *boxes, run.maps.get(k))
            if k >= max(wanted):
                break
    except BoxtrailError:
        return pictures  # the numbers are there; a report without a picture is still one
    return pictures


def as_jpeg(picture: Picture) -> bytes:
    """The picture as a small JPEG file."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


Pictures = Mapping[Key, Card]
NO_PICTURES: Pictures = {}
