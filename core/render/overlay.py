"""One frame, and a whole clip, with its boxes and (where at hand) a response map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.document.document import Document
from core.render.boxes import DrawnBox, boxes_on, draw_boxes
from core.render.maps import MapLook, draw_map
from core.render.video_file import VideoWriter
from core.trackers.base import ResponseMap
from core.video.source import VideoSource


@dataclass(frozen=True, slots=True)
class Look:
    """How an overlay looks."""

    map: MapLook = field(default_factory=MapLook)
    titles: bool = True


def compose(
    picture: NDArray[np.uint8],
    boxes: list[DrawnBox],
    response: ResponseMap | None = None,
    look: Look | None = None,
) -> NDArray[np.uint8]:
    """A copy of the ``(H, W, 3)`` RGB `picture` with the map below and the boxes on top."""
    look = look or Look()
    under = draw_map(picture, response, look.map) if response is not None else picture
    return draw_boxes(under, boxes)


def render_video(
    video: VideoSource,
    document: Document,
    path: Path,
    *,
    start: int = 0,
    stop: int | None = None,
    progress: Callable[[int], bool | None] | None = None,
) -> int:
    """Write the clip (or frames ``start <= k < stop``) with the document's boxes as MP4.

    Parameters
    ----------
    progress
        Told the number of frames written; returning False stops, and nothing is kept.

    Returns
    -------
    int
        Number of frames written; 0 when stopped.

    Raises
    ------
    StorageError
        If the file cannot be written; an older file at `path` stays.
    """
    end = video.info.frame_count if stop is None else min(stop, video.info.frame_count)
    try:
        with VideoWriter(path, video.info.fps) as writer:
            for frame in video.frames(start, end):
                writer.write(compose(frame.image, boxes_on(document, frame.index)))
                if progress is not None and progress(writer.frames) is False:
                    raise _Stopped
    except _Stopped:
        return 0
    return writer.frames


class _Stopped(Exception):
    """Leaves the writer without keeping the file."""
