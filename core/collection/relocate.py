"""Videos that were moved: one is shown by a person, the others are found by themselves.

From where one video was and is now follows which folder became which; the other missing
ones are looked for at the same place below the new folder, then beside the one that was
found. A file counts as found only if its fingerprint is the one that was annotated, where
that is known, so that another clip of the same name is never taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from core.collection.collection import Clip
from core.collection.merge import update_project
from core.document import media, project_file
from core.document.document import Document
from core.errors import BoxtrailError, ProjectError
from core.video.fingerprint import file_fingerprint, series_fingerprint
from core.video.images import IMAGE_SUFFIXES, list_series


@dataclass(frozen=True, slots=True)
class Missing:
    """A clip whose video is nowhere; `stored` is where it was, `fingerprint` may be empty."""

    clip: Clip
    stored: str
    fingerprint: str = ""


def missing(clips: Iterable[Clip]) -> list[Missing]:
    """Those of `clips` whose video cannot be found. Reads projects; not for the GUI thread."""
    found = []
    for clip in clips:
        if media.exists(clip.video):
            continue
        try:
            known = project_file.load(clip.project).video if clip.has_project else None
        except ProjectError:
            continue  # its project is the problem, not its video
        if known is None:
            found.append(Missing(clip, clip.video.as_posix()))
            continue
        place, _ = media.find(clip.project.parent, known.path, known.elsewhere)
        if place is None:
            found.append(Missing(clip, known.elsewhere or known.path, known.fingerprint))
    return found


def located(shown: Missing, where: Path, others: Iterable[Missing]) -> dict[int, Path]:
    """Where the missing videos are, by clip: `where` for `shown`, and what follows from it."""
    where = media.absolute(where)
    places = {shown.clip.id: where}
    for other in others:
        if other.clip.id in places:
            continue
        for candidate in _candidates(other.stored, shown.stored, where):
            if media.exists(candidate) and _is_it(candidate, other.fingerprint):
                places[other.clip.id] = candidate
                break
    return places


def relocate(clips: Sequence[Clip], places: dict[int, Path]) -> dict[int, Clip]:
    """Write the new places into the clips' projects; returns the clips as a list has them.

    Raises
    ------
    ProjectError, StorageError
        If a project cannot be read or written; those before it are done.
    """
    changed = {}
    for clip in clips:
        place = places.get(clip.id)
        if place is None:
            continue
        if clip.has_project:
            update_project(clip.project, lambda document, place=place: _moved(document, place))
        changed[clip.id] = replace(clip, video=place)
    return changed


def _moved(document: Document | None, place: Path) -> Document:
    if document is None:
        raise ProjectError("The project was removed meanwhile.", "Look at the list again.")
    return replace(document, video=replace(document.video, path=place.as_posix(), elsewhere=""))


def _candidates(stored: str, known: str, where: Path) -> list[Path]:
    """Places for the video that was at `stored`, when the one at `known` is at `where` now."""
    old, new, other = _parts(known), where.parts, _parts(stored)
    same = 0
    while same < min(len(old), len(new)) - 1 and old[-1 - same] == new[-1 - same]:
        same += 1
    found = []
    for kept in range(same, 0, -1):  # the folder nearest to the root that moved comes first
        root = old[: len(old) - kept]
        if other[: len(root)] == root:
            found.append(Path(*new[: len(new) - kept], *other[len(root) :]))
    found.append(where.parent / media.name_of(stored))
    return list(dict.fromkeys(found))


def _parts(stored: str) -> tuple[str, ...]:
    windows = bool(PureWindowsPath(stored).drive) or "\\" in stored
    kind: type[PurePath] = PureWindowsPath if windows else PurePosixPath
    return kind(stored).parts


def _is_it(path: Path, fingerprint: str) -> bool:
    if not fingerprint:
        return True
    try:
        if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES - {".gif"}:
            return series_fingerprint(list_series(path)) == fingerprint
        return file_fingerprint(path) == fingerprint
    except (OSError, BoxtrailError):
        return False
