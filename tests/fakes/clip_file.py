"""Writes a clip of pictures to a file that reads back exactly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av

from core.video.source import Image


def write_clip(path: Path, images: Sequence[Image], fps: int = 25) -> Path:
    """A lossless video file (FFV1) of `images`."""
    height, width = images[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for image in images:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path
