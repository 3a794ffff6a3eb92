"""A drawing into a file, in the format that its suffix names."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2

from core.drawing.drawing import Drawing
from core.drawing.pdf import pdf
from core.drawing.raster import raster
from core.drawing.svg import svg
from core.errors import FormatError
from core.storage import atomic_write

SUFFIXES = (".svg", ".pdf", ".png")


def write(drawing: Drawing, path: Path, *, dpi: float = 300.0) -> None:
    """Write `drawing`; `dpi` matters for PNG alone.

    Raises
    ------
    FormatError
        If the suffix is none of :data:`SUFFIXES`, or a PNG would be too large.
    StorageError
        If the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".svg":
        data = svg(drawing).encode("utf-8")
    elif suffix == ".pdf":
        data = pdf([drawing])
    elif suffix == ".png":
        data = _png(drawing, dpi)
    else:
        raise FormatError(
            f"“{path.name}” does not say what to write.", "Name a file .svg, .pdf or .png."
        )
    with atomic_write(path) as stream:
        stream.write(data)


def _png(drawing: Drawing, dpi: float) -> bytes:
    try:
        pixels = raster(drawing, dpi)
    except ValueError as error:
        raise FormatError(
            f"The picture would have {error}.", "Choose a smaller size or a lower resolution."
        ) from error
    data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()
    # The resolution, so that the picture has its size in print: a pHYs chunk after the header.
    per_metre = round(dpi / 0.0254)
    body = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]
