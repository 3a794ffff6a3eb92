"""One frame, and a whole clip, with its boxes and (where at hand) a response map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.document.document import Document
from core.render.boxes import DrawnBox, boxes_on, draw_boxes, draw_note, draw_truth
from core.render.layers import DrawnLayer, paint_layers
from core.render.maps import MapLook, draw_map
from core.render.panes import Panes
from core.render.video_file import VideoWriter
from core.trackers.base import ResponseMap
from core.video.source import Frame, VideoSource

_GAP = 4  # pixels between two views


@dataclass(frozen=True, slots=True)
class Look:
    """How an overlay looks."""

    map: MapLook = field(default_factory=MapLook)
    titles: bool = True


@dataclass(frozen=True, slots=True)
class Extras:
    """What a video shows beside a document's boxes, each by frame.

    `layers` gives the maps, bottom first, `truth` the corners ``(K, 2)`` of the true region,
    `boxes` further boxes (those of a recording, of another tracker). `panes` are what stands
    beside the frame. `beside` is a second view of the same frames, to the right of the first,
    without panes of its own; `name` tells views apart.
    """

    layers: Callable[[int], Sequence[DrawnLayer]] = lambda frame: ()
    truth: Callable[[int], NDArray[np.float64] | None] = lambda frame: None
    boxes: Callable[[int], Sequence[DrawnBox]] = lambda frame: ()
    panes: Panes | None = None
    name: str = ""
    beside: Extras | None = None


def compose(
    picture: NDArray[np.uint8],
    boxes: list[DrawnBox],
    response: ResponseMap | None = None,
    look: Look | None = None,
    truth: NDArray[np.float64] | None = None,
    layers: Sequence[DrawnLayer] = (),
) -> NDArray[np.uint8]:
    """A copy of the ``(H, W, 3)`` RGB `picture` with the maps below and the boxes on top.

    One map in the usual look is a `response`; several as they are looked at are `layers`.
    `truth` are the corners ``(K, 2)`` of the true region, drawn below the boxes.
    """
    look = look or Look()
    under = draw_map(picture, response, look.map) if response is not None else picture
    if layers:
        under = paint_layers(under, layers)
    if truth is not None:
        under = draw_truth(under, truth)
    return draw_boxes(under, boxes)


def render_video(
    video: VideoSource,
    document: Document,
    path: Path,
    *,
    start: int = 0,
    stop: int | None = None,
    progress: Callable[[int], bool | None] | None = None,
    extras: Extras | None = None,
) -> int:
    """Write the clip (or frames ``start <= k < stop``) with the document's boxes as MP4.

    Parameters
    ----------
    progress
        Told the number of frames written; returning False stops, and nothing is kept.
    extras
        What is drawn beside the document's boxes.

    Returns
    -------
    int
        Number of frames written; 0 when stopped.

    Raises
    ------
    StorageError
        If the file cannot be written; an older file at `path` stays.
    """
    more = extras or Extras()
    end = video.info.frame_count if stop is None else min(stop, video.info.frame_count)
    try:
        with VideoWriter(path, video.info.fps) as writer:
            for frame in video.frames(start, end):
                shown = _view(frame, more, boxes_on(document, frame.index))
                if more.beside is not None:
                    gap = np.zeros((shown.shape[0], _GAP, 3), np.uint8)
                    shown = np.hstack([shown, gap, _view(frame, more.beside)])
                writer.write(shown if more.panes is None else more.panes.beside(shown, frame.index))
                if progress is not None and progress(writer.frames) is False:
                    raise _Stopped
    except _Stopped:
        return 0
    return writer.frames


def _view(frame: Frame, more: Extras, boxes: Sequence[DrawnBox] = ()) -> NDArray[np.uint8]:
    index = frame.index
    drawn, layers = [*boxes, *more.boxes(index)], more.layers(index)
    shown = compose(frame.image, drawn, truth=more.truth(index), layers=layers)
    if more.name:
        draw_note(shown, more.name, (0, 0), 0)
    return shown


class _Stopped(Exception):
    """Leaves the writer without keeping the file."""
