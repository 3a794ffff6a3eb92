"""The options that every export has, and the document they choose.

What is written is what these options leave of the document, nothing else: rows by
frame, step and provenance, gaps filled or not, boxes cut at the frame's edge or not.
Formats add options of their own by deriving from :class:`ExportOptions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.document.document import Document
from core.document.interpolate import filled
from core.document.track import COLUMN_TYPES, Columns
from core.errors import FormatError
from core.params import param
from core.states import Flag, Source

WHAT = "What to write"
HOW = "How to write it"
READING = "When reading"
FAR = 2**31 - 1

OUTSIDE = ("keep", "clip", "drop")
OUTSIDE_LABELS = ("Keep", "Cut at the border", "Leave out")
OUTSIDE_DOC = "What happens to boxes that reach beyond the frame."


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Which boxes of the document are written."""

    first: int = param(
        0, "First frame to write, counted from 0.", bounds=(0, FAR), group=WHAT, label="First frame"
    )
    last: int = param(
        -1,
        "Last frame to write; −1 for the last one.",
        bounds=(-1, FAR),
        group=WHAT,
        label="Last frame",
    )
    step: int = param(
        1,
        "Write every n-th frame from the first on.",
        bounds=(1, FAR),
        group=WHAT,
        label="Every n-th frame",
    )
    only_confirmed: bool = param(
        False,
        "Only boxes that a person entered or confirmed.",
        group=WHAT,
        label="Only boxes you entered or confirmed",
    )
    interpolated: bool = param(
        True, "Also boxes that were interpolated.", group=WHAT, label="Interpolated boxes as well"
    )
    fill_gaps: bool = param(
        False,
        "Interpolate between boxes where there is a short gap.",
        group=WHAT,
        label="Fill short gaps",
    )
    max_gap: int = param(
        25,
        "Longest gap that is filled.",
        bounds=(1, FAR),
        unit="frames",
        group=WHAT,
        label="Longest gap filled",
    )
    outside: str = param(
        "keep",
        OUTSIDE_DOC,
        choices=OUTSIDE,
        choice_labels=OUTSIDE_LABELS,
        group=HOW,
        label="Beyond the frame",
    )


def frame_range(options: ExportOptions, document: Document) -> range:
    """The frames that an export covers: the chosen part of the clip.

    Where the clip's length is not known, up to the last box.
    """
    last = options.last
    if last < 0:
        boxed = [int(t.columns.frames[-1]) for t in document.tracks if len(t)]
        last = max([document.video.frame_count - 1, *boxed])
    return range(options.first, last + 1, options.step)


def chosen(document: Document, options: ExportOptions) -> Document:
    """The document with exactly the boxes that are to be written.

    Raises
    ------
    FormatError
        If boxes are to be cut at the frame's edge and its size is not known.
    """
    frames = frame_range(options, document)
    tracks = tuple(
        replace(track, columns=_chosen_rows(track.columns, document, options, frames))
        for track in document.tracks
    )
    return replace(document, tracks=tracks)


def edge_effects(document: Document, options: ExportOptions) -> tuple[int, int]:
    """How many boxes are cut at the frame's edge, and how many are left out there."""
    if options.outside == "keep":
        return 0, 0
    whole = chosen(document, replace(options, outside="keep"))
    cut = left_out = 0
    for before, after in zip(whole.tracks, chosen(document, options).tracks, strict=True):
        a, b = before.columns, after.columns
        left_out += len(a) - len(b)
        rows = np.searchsorted(a.frames, b.frames)
        cut += int((np.abs(a.boxes[rows] - b.boxes) > 1e-6).any(axis=1).sum())
    return cut, left_out


def _chosen_rows(
    columns: Columns, document: Document, options: ExportOptions, frames: range
) -> Columns:
    if not options.interpolated:
        columns = columns.select(columns.sources != Source.INTERPOLATED)
    if options.only_confirmed:
        columns = columns.select(columns.protected())
    if options.fill_gaps:
        columns = filled(columns, options.max_gap)
    n = columns.frames
    inside = (n >= frames.start) & (n < frames.stop) & ((n - frames.start) % frames.step == 0)
    finite = np.isfinite(columns.boxes).all(axis=1) & np.isfinite(columns.scores)
    return _at_edges(columns.select(inside & finite), document, options.outside)


def _at_edges(columns: Columns, document: Document, policy: str) -> Columns:
    if policy == "keep" or not len(columns):
        return columns
    size = require_size(document.video.width, document.video.height)
    absent = is_absent(columns)
    cut = columns.boxes.copy()
    cut[:, 2:] += cut[:, :2]
    cut = np.clip(cut, 0, np.tile(size, 2))
    cut[:, 2:] -= cut[:, :2]
    visible = (cut[:, 2:] > 0).all(axis=1)
    if policy == "drop":
        visible &= np.isclose(cut, columns.boxes, rtol=0, atol=1e-6).all(axis=1)
    cut[absent] = columns.boxes[absent]
    values: dict[str, Any] = {name: getattr(columns, name) for name in COLUMN_TYPES}
    return Columns.of({**values, "boxes": cut}).select(visible | absent)


def is_absent(columns: Columns) -> NDArray[np.bool_]:
    """Mask ``(N,)`` of rows that state the target's absence."""
    return (columns.flags & Flag.ABSENT) != 0


def require_size(width: int, height: int) -> tuple[int, int]:
    """The size of the frames, for formats that cannot do without.

    Raises
    ------
    FormatError
        If it is not known.
    """
    if width <= 0 or height <= 0:
        raise FormatError(
            "This format needs the size of the frames, which is not known.",
            "Open the video first.",
        )
    return width, height
