"""A numbered series or folder of images as a clip: every file is one frame.

Files are ordered naturally (2 before 10) and numbered 0, 1, 2 … without regard to
gaps. A file is read as bytes and decoded from memory, so any name works. Pictures are
shown as viewers show them: EXIF orientation applied, alpha dropped, palettes and grey
expanded, 16 bits scaled to 8.
"""

from __future__ import annotations

import glob
import itertools
import re
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import FrameUnavailable, VideoError
from core.video import faults
from core.video.cache import ByteCache, as_ranges
from core.video.fingerprint import series_fingerprint
from core.video.read_ahead import ReadAhead
from core.video.source import Access, Frame, Image, VideoInfo

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".jp2"}
    | {".pgm", ".ppm", ".pbm", ".pnm", ".gif"}
)
_ASSUMED_FPS = 25.0
_AHEAD_BYTES = 96 << 20
_HOLDERS = ("img", "imgs", "images", "frames", "color", "rgb")  # benchmark folders
# Damaged images are reported by errors of ours, not by lines on the terminal.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
_DIGITS = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key in which digit runs compare as numbers: ``frame2`` before ``frame10``."""
    parts = _DIGITS.split(name.casefold())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)


def list_series(path: Path) -> list[Path]:
    """Image files that make up the clip at `path`, in order.

    `path` is a folder, one image of a numbered series, a single image, or a glob.

    Raises
    ------
    VideoError
        If there are no images.
    """
    try:
        if path.is_dir():
            return _in_folder(path)
        if path.is_file():
            return _siblings(path)
    except OSError as error:
        raise faults.no_permission(path, error) from error
    found = [Path(name) for name in glob.glob(str(path))]  # noqa: PTH207  (absolute patterns)
    files = _ordered(f for f in found if _is_image(f))
    if not files:
        raise VideoError(
            f"No images match “{path.name}”.",
            "Check the pattern; * stands for any part of a name.",
            str(path),
        )
    return files


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")


def _ordered(files: Iterator[Path]) -> list[Path]:
    return sorted(files, key=lambda f: (natural_key(f.name), f.name))


def _in_folder(folder: Path) -> list[Path]:
    for place in (folder, *(folder / name for name in _HOLDERS)):
        if place.is_dir():
            files = _ordered(f for f in place.iterdir() if _is_image(f) and f.is_file())
            if files:
                return files
    raise VideoError(
        f"The folder “{folder.name}” has no images.",
        "Choose a folder with numbered jpg or png files, or a video file.",
        str(folder),
    )


def _siblings(file: Path) -> list[Path]:
    # The last run of digits is the frame number: "cam2_0001.png" belongs with "cam2_0002.png".
    numbers = list(_DIGITS.finditer(file.stem))
    if not numbers:
        return [file]
    head, tail = file.stem[: numbers[-1].start()], file.stem[numbers[-1].end() :]
    series = re.compile(re.escape(head) + r"\d+" + re.escape(tail + file.suffix), re.IGNORECASE)
    return _ordered(f for f in file.parent.iterdir() if series.fullmatch(f.name) and _is_image(f))


def read_image(file: Path) -> Image:
    """Picture of an image file, ``(H, W, 3)`` uint8 RGB, upright, read-only.

    Raises
    ------
    FrameUnavailable
        If the file cannot be read or is not an image.
    """
    try:
        data = np.fromfile(file, np.uint8)
    except OSError as error:
        raise _bad_image(file, "cannot be read", error) from error
    stored = _decoded(data) if data.size else None
    if stored is None:
        raise _bad_image(file, "is damaged or not an image" if data.size else "is empty", None)
    image = np.ascontiguousarray(_to_bytes(stored)[..., ::-1])
    image.flags.writeable = False
    return image


def _decoded(data: NDArray[np.uint8]) -> np.ndarray | None:
    """Upright BGR of any depth, or None."""
    # COLOR with ANYDEPTH: three channels, EXIF applied, palettes expanded, 16 bits kept.
    for flags in (cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH, cv2.IMREAD_UNCHANGED):
        try:
            stored: np.ndarray | None = cv2.imdecode(data, flags)
        except cv2.error:
            continue
        if stored is not None:  # float images of one channel need the second way
            return stored[..., :3] if stored.ndim == 3 else np.stack([stored] * 3, axis=2)
    return None


def _to_bytes(stored: np.ndarray) -> Image:
    if stored.dtype == np.uint8:
        return stored.astype(np.uint8, copy=False)
    if stored.dtype == np.uint16:
        return ((stored.astype(np.uint32) + 128) // 257).astype(np.uint8)
    finite = np.nan_to_num(stored.astype(np.float64), nan=0.0, posinf=1.0, neginf=0.0)
    return (np.clip(finite, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def _bad_image(file: Path, what: str, error: Exception | None) -> FrameUnavailable:
    return FrameUnavailable(
        f"The image “{file.name}” {what}.",
        "Replace the file, or go on with the next frame.",
        f"{file}: {error!r}",
    )


class ImageSequence:
    """Frames of an image series (implements `VideoSource`).

    Parameters
    ----------
    path
        What the user opened (kept in `info.path`).
    files
        The images in order.
    cache_bytes
        Upper bound of the decoded pictures kept.

    Raises
    ------
    VideoError
        If not one image can be read.
    """

    def __init__(self, path: Path, files: list[Path], *, cache_bytes: int) -> None:
        self._path = path
        self._files = files
        self._cache: ByteCache[Image] = ByteCache(cache_bytes)
        self._closed = threading.Event()
        self._iterators: weakref.WeakSet[ReadAhead[Frame]] = weakref.WeakSet()
        first, image = self._first_readable()
        self._shape = image.shape
        self._cache.put(first, image, image.nbytes)
        times = np.arange(len(files)) / _ASSUMED_FPS
        times.flags.writeable = False
        self._info = VideoInfo(
            path=path,
            width=image.shape[1],
            height=image.shape[0],
            frame_count=len(files),
            fps=0.0,
            times=times,
            fingerprint=series_fingerprint(files),
            codec=files[first].suffix.lower().lstrip("."),
            notes=_series_notes(files),
        )

    @property
    def info(self) -> VideoInfo:
        """Facts; `fps` is 0: a series of images has no rate."""
        return self._info

    @property
    def access(self) -> Access:
        """Always EXACT."""
        return Access.EXACT

    @property
    def checked(self) -> int:
        """Number of frames that can be read now: all."""
        return len(self._files)

    @property
    def files(self) -> tuple[Path, ...]:
        """The image of every frame."""
        return tuple(self._files)

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Nothing to wait for."""
        self._require_open()
        return True

    def on_ready(self, callback: Callable[[], None]) -> None:
        """Call `callback` now."""
        callback()

    def cached_ranges(self) -> list[tuple[int, int]]:
        """Runs ``(start, stop)`` of frames that are in memory, ascending."""
        return as_ranges(self._cache.indices())

    @property
    def cached_bytes(self) -> int:
        """Memory held by the cache now, bytes."""
        return self._cache.used

    def read(self, index: int) -> Frame:
        """Frame `index`. See `VideoSource.read`."""
        index = int(index)
        self._require_open()
        if not 0 <= index < len(self._files):
            raise FrameUnavailable(
                f"There is no frame {index} in “{self._path.name}”.",
                f"Its frames are numbered 0 to {len(self._files) - 1}.",
                str(self._path),
            )
        image = self._cache.get(index)
        if image is None:
            image = read_image(self._files[index])
            self._require_size(index, image)
            self._cache.put(index, image, image.nbytes)
        return Frame(index, float(self._info.times[index]), image)

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames ``range(start, stop, step)``, read ahead. See `VideoSource.frames`."""
        if step == 0:
            raise ValueError("step must not be 0")
        self._require_open()
        wanted = [i for i in range(start, stop, step) if 0 <= i < len(self._files)]
        halt = threading.Event()

        def produce() -> Iterator[Frame]:
            for index in wanted:
                try:
                    yield self.read(index)
                except FrameUnavailable:
                    continue

        depth = max(2, min(16, _AHEAD_BYTES // int(np.prod(self._shape))))
        ahead = ReadAhead(produce, depth, halt)
        self._iterators.add(ahead)
        try:
            yield from ahead
        finally:
            ahead.join()
        self._require_open()

    def close(self) -> None:
        """Release the cache and threads; further reads raise."""
        self._closed.set()
        for iterator in list(self._iterators):
            iterator.join()
        self._cache.clear()

    def _first_readable(self) -> tuple[int, Image]:
        for index, file in enumerate(self._files):
            try:
                return index, read_image(file)
            except FrameUnavailable:
                continue
        raise VideoError(
            f"None of the {len(self._files)} images of “{self._path.name}” can be read.",
            "Check that the files are complete images.",
            str(self._path),
        )

    def _require_size(self, index: int, image: Image) -> None:
        if image.shape != self._shape:
            raise FrameUnavailable(
                f"The image “{self._files[index].name}” is {image.shape[1]} × {image.shape[0]} "
                f"pixels, the others are {self._shape[1]} × {self._shape[0]}.",
                "All images of a clip need one size; resize it or take it out.",
                str(self._files[index]),
            )

    def _require_open(self) -> None:
        if self._closed.is_set():
            raise faults.closed(self._path)


def _series_notes(files: list[Path]) -> tuple[str, ...]:
    notes = ["A series of images has no frame rate; times assume 25 frames per second."]
    numbers: list[int] = []
    for file in files:
        found = _DIGITS.findall(file.stem)
        if found:
            numbers.append(int(found[-1]))
    if len(numbers) == len(files) and len(files) > 1:
        missing = sum(max(b - a - 1, 0) for a, b in itertools.pairwise(numbers))
        if missing:
            gap = next((a, b) for a, b in itertools.pairwise(numbers) if b - a > 1)
            notes.append(
                f"{missing} numbers are missing in the file names (first gap: {gap[0]} to "
                f"{gap[1]}); frames are numbered without gaps."
            )
    return tuple(notes)
