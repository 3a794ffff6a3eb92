"""Annotation files and the open clip: what formats need to know of it, and merging.

Formats turn documents into files and back; this module hands them the names, times and
size of the clip's frames, and lays what was read beside what is there: imported tracks are
always added, with ids of their own, so nothing that exists is touched. Where a person wants
to judge the boxes one by one they are added as proposals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core import params as parameters
from core.document import proposals
from core.document.document import Document, Run
from core.document.track import COLUMN_TYPES, NO_RUN, Columns
from core.formats import load_all, registry
from core.formats.context import (
    ExportContext,
    ExportReport,
    FrameNames,
    ImportContext,
    no_progress,
)
from core.version import VERSION
from core.video.source import Access, VideoSource

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of reading an annotation file.

    `document` is the current one with the new tracks; `tracks` their ids; `skipped` one
    paragraph about what could not be used; `warnings` what else to know.
    """

    document: Document
    tracks: tuple[int, ...]
    format: str
    skipped: str
    warnings: tuple[str, ...]


def export_document(
    document: Document,
    key: str,
    path: Path,
    options: Mapping[str, Any] | None = None,
    *,
    video: VideoSource | None = None,
    progress: Progress = no_progress,
) -> ExportReport:
    """Write `document` in the format `key`; `video` gives names and times of its frames.

    Raises
    ------
    FormatError, ParamError
        If there is no such format, an option is wrong, or it cannot hold the document.
    StorageError
        If it cannot be written.
    """
    load_all()
    form = registry.find(key)
    chosen = parameters.from_dict(form.options, options or {}, where=key)
    context = ExportContext(frame_names(video), _times(video), progress, VERSION)
    return form.write(document, path, chosen, context)


def import_document(
    document: Document,
    path: Path,
    key: str = "",
    options: Mapping[str, Any] | None = None,
    *,
    video: VideoSource | None = None,
    progress: Progress = no_progress,
) -> Imported:
    """Read the annotations at `path` (format `key`, or the likeliest) into new tracks.

    Raises
    ------
    FormatError, ParamError
        If it is in no known format, or nothing in it can be used.
    """
    load_all()
    form = registry.find(key) if key else registry.for_path(path)
    chosen = parameters.from_dict(form.options, options or {}, where=form.key)
    context = ImportContext(document.video, frame_names(video), progress)
    read = form.read(path, chosen, context)
    result = merged(document, read)
    known = {track.id for track in document.tracks}
    new = tuple(track.id for track in result.tracks if track.id not in known)
    return Imported(result, new, form.key, context.summary(), tuple(context.warnings))


def frame_names(video: VideoSource | None) -> FrameNames:
    """File names of an image series; empty for a video."""
    files = getattr(video, "files", ())
    return FrameNames(tuple(path.name for path in files))


def _times(video: VideoSource | None) -> list[float]:
    if video is None or video.access is Access.CHECKING:  # only the first ones are known yet
        return []
    return video.info.times.tolist()


def merged(document: Document, other: Document) -> Document:
    """`document` with the tracks, labels and runs of `other` added under new ids."""
    runs = _renumbered_runs(document, other)
    result = document
    for label in other.labels:
        known = next((one for one in result.labels if one.name == label.name), None)
        if known is None:
            result = result.with_label(label)
        elif label.attributes:
            declared = {attribute.name for attribute in known.attributes}
            more = tuple(a for a in label.attributes if a.name not in declared)
            result = result.with_label(replace(known, attributes=(*known.attributes, *more)))
    tracks: dict[int, int] = {}
    for track in other.tracks:
        tracks[track.id] = result.next_track_id
        columns = _with_runs(track.columns, {old: run.id for old, run in runs.items()})
        result = result.with_track(replace(track, id=result.next_track_id, columns=columns))
    kept = tuple(
        replace(run, track_id=tracks[run.track_id])
        for run in runs.values()
        if run.track_id in tracks
    )
    next_run = max([result.next_run_id, *(run.id + 1 for run in kept)])
    return replace(result, runs=(*result.runs, *kept), next_run_id=next_run)


def proposed(document: Document, other: Document, name: str) -> Document:
    """As :func:`merged`, but the new tracks are empty and their boxes wait as proposals.

    So what another program found can be proof-read: accepted whole, by range or by frame.
    `name` stands where a proposal names its tracker.
    """
    result = merged(document, other)
    known = {track.id for track in document.tracks}
    for track in result.tracks:
        columns = track.columns
        if track.id in known or not len(columns):
            continue
        run = Run(
            result.next_run_id, track.id, name,
            start=int(columns.frames[0]), end=int(columns.frames[-1]),
        )  # fmt: skip
        empty = replace(track, columns=Columns.empty(), intervals=())
        result = proposals.proposed(result.with_track(empty), run, columns)
    return result


def _renumbered_runs(document: Document, other: Document) -> dict[int, Run]:
    first = max([document.next_run_id, *(run.id + 1 for run in document.runs)])
    return {run.id: replace(run, id=first + k) for k, run in enumerate(other.runs)}


def _with_runs(columns: Columns, ids: Mapping[int, int]) -> Columns:
    values: dict[str, Any] = {name: getattr(columns, name) for name in COLUMN_TYPES}
    values["runs"] = np.array([ids.get(int(run), NO_RUN) for run in columns.runs], np.int32)
    return Columns.of(values)
