"""`open_source`: one door for video files, image folders, image series and globs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.paths import cache_dir
from core.video import faults
from core.video.file import VideoFile
from core.video.images import IMAGE_SUFFIXES, ImageSequence, list_series

DEFAULT_CACHE_BYTES = 512 << 20


def open_source(
    path: str | Path,
    *,
    cache_bytes: int = DEFAULT_CACHE_BYTES,
    index_dir: Path | None = None,
    progress: Callable[[float], None] | None = None,
    check_seconds: float = 2.5,
) -> VideoFile | ImageSequence:
    """Open a clip for frame-exact reading.

    A file that FFmpeg decodes, a folder of images, one image of a numbered series
    (opens the series), or a glob such as ``shots/*.png``. A video is checked by one
    sequential pass; when that takes longer than `check_seconds`, the source is
    returned with ``access == CHECKING`` and an estimated frame count. Then
    ``source.wait_ready()`` waits for the final `info`, ``source.on_ready(callback)``
    tells when it is there, and ``source.checked`` is how far reads are answered.

    Parameters
    ----------
    path
        What to open.
    cache_bytes
        Upper bound of the decoded pictures kept in memory.
    index_dir
        Folder for the results of the pass; by default below the user's cache folder.
    progress
        Called from the checking thread with the fraction done, 0 to 1.
    check_seconds
        Longest wait for the pass before returning. ``math.inf`` waits to the end.

    Raises
    ------
    VideoError
        If there is nothing that can be read, with the reason and a way out.
    """
    place = Path(path).expanduser()
    try:
        is_file, is_dir = place.is_file(), place.is_dir()
    except OSError as error:
        raise faults.unreadable(place, error) from error
    globbed = not is_file and not is_dir and any(c in place.name for c in "*?[")
    if is_dir or globbed or (is_file and place.suffix.lower() in IMAGE_SUFFIXES - {".gif"}):
        return ImageSequence(place, list_series(place), cache_bytes=cache_bytes)
    if not is_file:
        raise faults.missing(place)
    return VideoFile(
        place,
        cache_bytes=cache_bytes,
        index_dir=index_dir if index_dir is not None else cache_dir() / "index",
        progress=progress,
        check_seconds=check_seconds,
    )
