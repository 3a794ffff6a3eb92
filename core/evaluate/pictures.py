"""Small pictures of failures: the frame around the target with the true and the tracked box."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BoxtrailError
from core.evaluate.failures import FailureGallery
from core.evaluate.protocol import frames
from core.evaluate.sequences import BenchmarkSequence

Picture = NDArray[np.uint8]
SIDE = 160
_ROOM = 1.6  # of the boxes' common extent
_TRUTH, _TRACKED = (255, 255, 255), (86, 180, 233)
Key = tuple[str, str, int]
"""Tracker, sequence and first frame of a failure."""


def cut_out(
    image: Picture,
    truth: NDArray[np.float64] | None,
    box: NDArray[np.float64] | None,
    *,
    side: int = SIDE,
) -> Picture:
    """``(side, side, 3)`` RGB: the square around `truth` and `box` (x, y, w, h), both outlined."""
    known = [b for b in (truth, box) if b is not None and np.isfinite(b).all()]
    height, width = image.shape[:2]
    if not known:
        x0, y0, length = 0.0, 0.0, float(max(width, height))
    else:
        low = np.min([b[:2] for b in known], axis=0)
        high = np.max([b[:2] + b[2:] for b in known], axis=0)
        length = max(float((high - low).max()) * _ROOM, 32.0)
        x0, y0 = (float(v) for v in (low + high) / 2 - length / 2)
    zoom = side / length
    matrix = np.array([[zoom, 0, -x0 * zoom], [0, zoom, -y0 * zoom]])
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    part = cv2.warpAffine(image, matrix, (side, side), flags=way, borderValue=(40, 40, 40))
    for one, color in ((truth, _TRUTH), (box, _TRACKED)):
        if one is not None and np.isfinite(one).all():
            ends = np.array([one[:2], one[:2] + one[2:]]) * zoom - np.array([x0, y0]) * zoom
            (ax, ay), (bx, by) = np.round(np.clip(ends, -9999, 9999)).astype(int).tolist()
            cv2.rectangle(part, (ax, ay), (bx, by), (0, 0, 0), 3)
            cv2.rectangle(part, (ax, ay), (bx, by), color, 1)
    return np.asarray(part, np.uint8)


def of_failures(
    tracker: str,
    sequence: BenchmarkSequence,
    boxes: NDArray[np.float64],
    found: FailureGallery,
) -> dict[Key, Picture]:
    """A picture of the first frame of each failure; none where the clip cannot be read."""
    wanted = {failure.start for failure in found.failures}
    pictures: dict[Key, Picture] = {}
    if not wanted:
        return pictures
    try:
        for frame in frames(sequence, min(wanted)):
            if frame.index in wanted:
                truth, box = sequence.boxes[frame.index], boxes[frame.index]
                key = (tracker, sequence.key, frame.index)
                pictures[key] = cut_out(frame.image, truth, box)
            if frame.index >= max(wanted):
                break
    except BoxtrailError:
        return pictures  # the numbers are there; a report without a picture is still one
    return pictures


def as_jpeg(picture: Picture) -> bytes:
    """The picture as a small JPEG file."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


Pictures = Mapping[Key, Picture]
NO_PICTURES: Pictures = {}
