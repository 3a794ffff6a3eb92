"""The annotations of all clips of a list, in one format, into one folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import exchange
from core.batch.exports import place_of
from core.batch.tasks import Task
from core.collection.collection import Clip
from core.document import project_file
from core.document.document import Document
from core.errors import BoxtrailError
from core.video.open import open_source
from core.video.source import VideoSource


@dataclass(frozen=True, slots=True)
class ExportedClip:
    """How one clip went: where its boxes are, or why they are not (`problem`)."""

    clip: Clip
    path: Path | None = None
    boxes: int = 0
    warnings: tuple[str, ...] = ()
    problem: str = ""


def export_clips(
    clips: Sequence[Clip],
    key: str,
    folder: Path,
    options: Mapping[str, Any] | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ExportedClip]:
    """Write every clip that has a project; one that cannot be written stops no other.

    Raises
    ------
    FormatError
        If there is no format `key`.
    """
    done = []
    for number, clip in enumerate(clips):
        progress(number, len(clips))
        path = place_of(key, Task(clip.project, clip.video), folder)
        done.append(_one(clip, key, path, options))
    progress(len(clips), len(clips))
    return done


def _one(clip: Clip, key: str, path: Path, options: Mapping[str, Any] | None) -> ExportedClip:
    if not clip.has_project:
        return ExportedClip(clip, problem="It has no boxes yet.")
    video: VideoSource | None = None
    try:
        document = project_file.load(clip.project)
        if not any(len(track) for track in document.tracks):
            return ExportedClip(clip, problem="It has no boxes yet.")
        video, notes = _video(clip, document)
        path.parent.mkdir(parents=True, exist_ok=True)
        report = exchange.export_document(document, key, path, options, video=video)
    except (BoxtrailError, OSError) as error:
        return ExportedClip(clip, problem=getattr(error, "message", str(error)))
    finally:
        if video is not None:
            video.close()
    return ExportedClip(clip, path, report.boxes_written, (*notes, *report.warnings))


def _video(clip: Clip, document: Document) -> tuple[VideoSource | None, tuple[str, ...]]:
    """For names and times of frames; a clip whose video is gone goes by frame numbers."""
    try:
        place = project_file.locate_video(document, clip.project)
    except project_file.VideoMoved:
        place = clip.video
    try:
        video = open_source(place)
        video.wait_ready()
    except BoxtrailError as error:
        return None, (f"{error.message} Frames go by their numbers.",)
    return video, ()
