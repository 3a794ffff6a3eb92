"""The first picture of a clip, small, without opening (and checking) the whole clip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from core.errors import VideoError
from core.video.convert import UPRIGHT, Converter, orientation_of
from core.video.decoder import Decoder
from core.video.images import IMAGE_SUFFIXES, list_series, read_image
from core.video.source import Image


def thumbnail(path: Path, width: int, height: int) -> Image:
    """The first picture of the clip at `path`, scaled to fit ``width × height``, RGB uint8.

    Raises
    ------
    VideoError
        If there is no picture to be had.
    """
    return _scaled(_first_picture(path), width, height)


def _first_picture(path: Path) -> Image:
    if path.is_dir() or (path.suffix.lower() in IMAGE_SUFFIXES - {".gif"}):
        return read_image(list_series(path)[0])
    decoder = Decoder(path, threads=1)
    try:
        frame = decoder.next()
        if frame is None:
            raise VideoError(f"“{path.name}” has no pictures.", "Choose another file.")
        orientation = orientation_of(frame) or UPRIGHT
        return Converter(frame.width, frame.height, orientation).rgb(frame)
    finally:
        decoder.close()


def _scaled(image: Image, width: int, height: int) -> Image:
    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows)
    size = max(round(columns * scale), 1), max(round(rows * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=way), dtype=np.uint8)
