"""From files and folders that a person points at to clips of a list.

A project stands for its clip; a video whose project lies beside it is known by that
project, so that no clip is there twice; a folder of pictures is one clip; any other
folder is searched. A new clip's project will lie in a folder beside the list, because
folders of videos are often not writable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.collection.collection import Clip, Collection
from core.document import media, project_file
from core.errors import ProjectError
from core.video.images import IMAGE_SUFFIXES, natural_key

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"}
    | {".wmv", ".flv", ".gif", ".y4m", ".ogv", ".3gp"}
)
"""What a search of folders takes for videos; a file that is named is always tried."""

_DEPTH = 6
_PICTURES = 2  # as many pictures make a folder a clip
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


@dataclass(slots=True)
class Gathered:
    """Clips that were found (ids are given when they are added), and what was not usable."""

    clips: list[Clip] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def gather(paths: Iterable[Path], list_path: Path, known: Collection) -> Gathered:
    """Clips at or below `paths` that are not in `known`, in natural order.

    Never raises for a file that cannot be used: that is a sentence in `problems`.
    """
    found = Gathered()
    taken = {clip.project for clip in known.clips}
    videos = {clip.video for clip in known.clips}
    for path in paths:
        place = media.absolute(path)
        if not media.exists(place):
            found.problems.append(f"“{place.name}” is not there.")
            continue
        candidates = list(_searched(place, _DEPTH)) if place.is_dir() else [place]
        if not candidates:
            found.problems.append(f"No videos, pictures or projects were found in “{place.name}”.")
        projects = [c for c in candidates if c.suffix.lower() == project_file.SUFFIX]
        for clip in filter(None, (_of_project(project, found) for project in projects)):
            if clip.project not in taken:
                taken.add(clip.project)
                videos.add(clip.video)
                found.clips.append(clip)
        for video in candidates:
            if video.suffix.lower() == project_file.SUFFIX or video in videos:
                continue
            videos.add(video)
            clip = _of_video(video, list_path, taken)
            taken.add(clip.project)
            found.clips.append(clip)
    found.clips.sort(key=lambda clip: natural_key(clip.title))
    return found


def project_folder(list_path: Path) -> Path:
    """Where the projects of new clips of a list lie."""
    place = media.absolute(list_path)
    return place.parent / f"{place.stem}_projects"


def free_project(list_path: Path, name: str, taken: Iterable[Path]) -> Path:
    """A project file's path for a clip called `name` that nobody uses."""
    folder, used = project_folder(list_path), set(taken)
    stem = _UNSAFE.sub("_", name).strip(" .")[:100] or "clip"
    for number in range(1, 1_000_000):
        suffix = f"-{number}" if number > 1 else ""
        path = folder / f"{stem}{suffix}{project_file.SUFFIX}"
        if path not in used and not media.exists(path):
            return path
    raise ProjectError(f"There are too many projects called “{stem}”.", "Rename the video.")


def _of_project(path: Path, found: Gathered) -> Clip | None:
    try:
        document = project_file.load(path)
    except ProjectError as error:
        found.problems.append(error.message)
        return None
    return Clip(1, path, _video_of(path, document.video.path, document.video.elsewhere))


def _video_of(project: Path, stored: str, elsewhere: str) -> Path:
    place, _ = media.find(project.parent, stored, elsewhere)
    return media.absolute(place or Path(stored))


def _of_video(video: Path, list_path: Path, taken: set[Path]) -> Clip:
    beside = video.parent / (video.stem + project_file.SUFFIX)
    if beside not in taken and media.exists(beside) and _belongs(beside, video):
        return Clip(1, beside, video)
    return Clip(1, free_project(list_path, video.stem, taken), video)


def _belongs(project: Path, video: Path) -> bool:
    try:
        known = project_file.load(project).video
    except ProjectError:
        return False
    return _video_of(project, known.path, known.elsewhere) == video


def _searched(folder: Path, depth: int) -> Iterator[Path]:
    try:
        children = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
    except OSError:
        return
    children = [child for child in children if not child.name.startswith(".")]
    files = [child for child in children if child.is_file()]
    media_files = [f for f in files if f.suffix.lower() in VIDEO_SUFFIXES | {project_file.SUFFIX}]
    pictures = sum(f.suffix.lower() in IMAGE_SUFFIXES for f in files)
    if pictures >= _PICTURES and not media_files:
        yield folder
        return
    yield from media_files
    if depth > 0:
        for child in children:
            if child.is_dir():
                yield from _searched(child, depth - 1)
