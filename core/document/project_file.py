"""Projects on disk: one JSON file per clip, suffix ``.boxtrail``.

The file is written whole to a temporary file and renamed, so a crash leaves the old
or the new project, never a torn one. Older versions are brought up to date by the
functions in :data:`MIGRATIONS`; newer ones are refused with a plain message. A file
that cannot be trusted raises :class:`~core.errors.ProjectError` with the place of
the mistake; it never opens as an empty document. See docs/project-file.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.document import codec, media
from core.document.checked import Node, collector_paused, parse_json, read_text, shown
from core.document.codec_columns import is_packed
from core.document.document import Document, VideoRef
from core.errors import ProjectError
from core.storage import atomic_write, sweep

FORMAT = "boxtrail-project"
VERSION = 3
SUFFIX = ".boxtrail"
SIZE_LIMIT = 1 << 30
"""Largest project file in bytes that is opened (100,000 frames × 20 tracks need 0.1 GB)."""

Migration = Callable[[dict[str, Any]], dict[str, Any]]
MIGRATIONS: Mapping[int, Migration] = {
    1: lambda value: value,  # 2 added members only
    2: lambda value: value,  # 3 may hold packed columns
}
"""From version n to n + 1; every version before :data:`VERSION` has one."""

_HINT = "Open an older copy of the project, or a recovery copy; this file is left as it is."


class VideoMoved(ProjectError):
    """The project is fine, but its video is not where it was.

    `stored` is the path that the project names.
    """

    def __init__(self, message: str, hint: str = "", details: str = "", stored: str = "") -> None:
        super().__init__(message, hint, details)
        self.stored = stored

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.hint, self.details, self.stored)


# ---- writing ------------------------------------------------------------------------


def save(document: Document, path: Path) -> None:
    """Write `document` to `path` as a whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written; an older file at `path` stays as it was.
    """
    video = _portable(document.video, path)
    with atomic_write(path) as stream:
        for part in parts(replace(document, video=video), FORMAT, version_of(document)):
            # A lone surrogate (a file name that is no valid UTF-8) becomes its JSON escape.
            stream.write(part.encode("utf-8", "backslashreplace"))
    sweep(path)


def version_of(document: Document) -> int:
    """The version of the file that `document` needs: the lowest that can tell all of it."""
    columns = [track.columns for track in document.tracks]
    columns += [proposal.columns for proposal in document.proposals]
    return VERSION if any(map(is_packed, columns)) else 2


def parts(document: Document, format_name: str, version: int) -> Iterator[str]:
    """The text of a JSON file in pieces, one track at a time and one item per line."""
    yield f'{{\n"format": {_dump(format_name)},\n"version": {version},\n'
    yield f'"video": {_dump(codec.encode_video(document.video))},\n'
    yield from _list("labels", map(codec.encode_label, document.labels))
    yield '"tracks": ['
    for i, track in enumerate(document.tracks):
        fields = codec.encode_track(track) | codec.encode_columns(track.columns)
        members = ",\n ".join(f"{_dump(name)}: {_dump(value)}" for name, value in fields.items())
        yield ("," if i else "") + "\n{" + members + "}"
    yield "],\n"
    yield from _list("runs", map(codec.encode_run, document.runs))
    if document.proposals:
        yield from _list("proposals", map(codec.encode_proposal, document.proposals))
    yield f'"next_track_id": {document.next_track_id},\n'
    yield f'"next_run_id": {document.next_run_id},\n'
    yield f'"notes": {_dump(document.notes)}\n}}\n'


def _list(name: str, items: Iterator[dict[str, Any]]) -> Iterator[str]:
    lines = ",\n".join(map(_dump, items))
    yield f'"{name}": [\n{lines}],\n' if lines else f'"{name}": [],\n'


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _portable(video: VideoRef, project: Path) -> VideoRef:
    """`video` relative to the project where that is possible, else absolute."""
    if not video.path or not media.is_absolute(video.path):
        return video
    known = video.path
    if video.elsewhere and not Path(video.path).exists():
        known = video.elsewhere  # the better knowledge: that clip did exist once
    path = media.portable(video.path, media.absolute(project).parent)
    return replace(video, path=path, elsewhere=known)


# ---- reading ------------------------------------------------------------------------


def load(path: Path) -> Document:
    """Read a project.

    `Document.video.path` is absolute afterwards; whether the clip is there is the
    business of :func:`locate_video`.

    Raises
    ------
    ProjectError
        Not there, not a project, damaged (with the place), or made by a newer program.
    """
    text = read_text(path, SIZE_LIMIT, ProjectError, "Boxtrail project")
    with collector_paused(len(text)):
        value = parse_json(text, path.name, ProjectError, "Boxtrail project")
        del text
        document = document_of(value, path.name, FORMAT, VERSION)
        del value  # before the collector looks through millions of lists
    return replace(document, video=_resolved(document.video, path))


def document_of(value: Any, name: str, format_name: str, version: int) -> Document:
    """Check format and version of a parsed file, migrate it and decode it."""
    if not isinstance(value, dict) or value.get("format") != format_name:
        raise ProjectError(
            f"“{name}” is not a Boxtrail project.",
            "Annotations of other programs are opened with Import.",
        )
    root = Node(value, "", ProjectError, "project", _HINT)
    found = root.field("version").integer(1)
    if found > version:
        raise ProjectError(
            f"“{name}” was made by a newer Boxtrail (file version {found}; "
            f"this one reads up to {version}).",
            "Update Boxtrail to open it.",
        )
    for step in range(found, version):
        value = _migrated(value, step, name)
    root = Node(value, "", ProjectError, "project", _HINT)
    try:
        return codec.decode_document(root)
    except RecursionError as error:
        raise ProjectError(f"“{name}” is nested too deeply to be a project.", _HINT) from error


def _migrated(value: dict[str, Any], step: int, name: str) -> dict[str, Any]:
    try:
        return MIGRATIONS[step](value)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ProjectError(
            f"“{name}” (file version {step}) cannot be brought up to date: "
            f"it lacks {shown(str(error))}.",
            _HINT,
            repr(error),
        ) from error


def _resolved(video: VideoRef, project: Path) -> VideoRef:
    return replace(video, path=media.resolved(video.path, media.absolute(project).parent))


# ---- the clip -----------------------------------------------------------------------


def locate_video(document: Document, project_path: Path) -> Path:
    """Where the clip of a project is now.

    Looked for relative to the project, then where it was last known absolutely, then
    under its own name beside the project.

    Raises
    ------
    VideoMoved
        If it is in none of these places.
    """
    video = document.video
    if not video.path:
        raise VideoMoved(f"“{project_path.name}” names no video.", "Choose Locate video…")
    folder = media.absolute(project_path).parent
    found, looked = media.find(folder, video.path, video.elsewhere)
    if found is not None:
        return found
    raise VideoMoved(
        f"The video “{media.name_of(video.path)}” of this project is not where it was.",
        "Choose Locate video… and show where it is now.",
        "Looked at: " + ", ".join(map(str, looked)),
        stored=video.path,
    )


def video_differs(document: Document, ref: VideoRef) -> str:
    """What tells the clip `ref` from the one that was annotated; empty when nothing does.

    Facts that either side does not know are not compared.
    """
    known = document.video
    found = []
    if known.frame_count and ref.frame_count and known.frame_count != ref.frame_count:
        found.append(f"it has {ref.frame_count} frames instead of {known.frame_count}")
    size, other = (known.width, known.height), (ref.width, ref.height)
    if all(size) and all(other) and size != other:
        found.append(f"its pictures are {other[0]} × {other[1]} instead of {size[0]} × {size[1]}")
    if known.fps and ref.fps and abs(known.fps - ref.fps) > 0.01 * known.fps:
        found.append(f"it runs at {ref.fps:g} frames per second instead of {known.fps:g}")
    if known.fingerprint and ref.fingerprint and known.fingerprint != ref.fingerprint:
        found.append("its content is not the same")
    if not found:
        return ""
    return "This is not the video that was annotated: " + "; ".join(found) + "."
