"""Where encoded pictures lie: folders, zip archives, shards of the packed cache.

A `Frames` object is small and picklable: it knows how to find picture `i`, and opens
files when asked. Handles are kept per process, so that worker processes never share a
file position. A folder of a million numbered pictures costs one pattern, not a million names.
"""

from __future__ import annotations

import functools
import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError

Image = NDArray[np.uint8]
_NUMBERED = re.compile(r"^(.*?)(\d+)(\.[A-Za-z]+)$")
_PNG = b"\x89PNG\r\n\x1a\n"


class Frames(Protocol):
    """Encoded pictures by number."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """Path or member name, for messages and checksums."""
        ...

    def encoded(self, index: int) -> NDArray[np.uint8]:
        """The bytes of the picture file, ``(n,)``.

        Raises
        ------
        DatasetError
            If they cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Numbered:
    """Names that count upwards: ``prefix + zero-padded number + suffix``."""

    prefix: str
    suffix: str
    digits: int
    first: int
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> str:
        return f"{self.prefix}{self.first + index:0{self.digits}d}{self.suffix}"


@dataclass(frozen=True, slots=True)
class FolderFrames:
    """Picture files of one folder."""

    folder: Path
    names: Sequence[str] | Numbered

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        return str(self.folder / self.names[index])

    def encoded(self, index: int) -> NDArray[np.uint8]:
        path = self.folder / self.names[index]
        try:
            return np.fromfile(path, np.uint8)
        except OSError as error:
            raise _missing(str(path), error) from error


@dataclass(frozen=True, slots=True)
class ZipFrames:
    """Members of one zip archive."""

    archive: Path
    members: Sequence[str] | Numbered

    def __len__(self) -> int:
        return len(self.members)

    def name(self, index: int) -> str:
        return f"{self.archive}/{self.members[index]}"

    def encoded(self, index: int) -> NDArray[np.uint8]:
        try:
            content = _archive(str(self.archive), os.getpid()).read(self.members[index])
        except (OSError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
            raise _missing(self.name(index), error) from error
        return np.frombuffer(content, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class ShardFrames:
    """Pictures in a memory-mapped file; `spans` is ``(N, 2)`` of offset and length."""

    path: Path
    spans: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.spans)

    def name(self, index: int) -> str:
        return f"{self.path}@{int(self.spans[index, 0])}"

    def encoded(self, index: int) -> NDArray[np.uint8]:
        start, length = map(int, self.spans[index])
        try:
            part = mapped(str(self.path))[start : start + length]
        except (OSError, ValueError) as error:
            raise _missing(self.name(index), error) from error
        if len(part) != length:
            raise _missing(self.name(index), EOFError("the file is too short"))
        return part


def numbered_or_list(names: Sequence[str]) -> Sequence[str] | Numbered:
    """`names` as a counting pattern where they are one, else as they are."""
    match = _NUMBERED.match(names[0]) if names else None
    if match is None:
        return tuple(names)
    prefix, digits, suffix = match.groups()
    pattern = Numbered(prefix, suffix, len(digits), int(digits), len(names))
    same = all(pattern[index] == name for index, name in enumerate(names))
    return pattern if same else tuple(names)


def read_picture(frames: Frames, index: int) -> Image:
    """Picture `index` as ``(H, W, 3)`` RGB uint8, as its pixels are stored.

    The EXIF orientation is not applied: annotations refer to the stored pixels.

    Raises
    ------
    DatasetError
        If it is missing or cannot be decoded.
    """
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = _decoded(frames.encoded(index), flags, frames.name(index))
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def read_rgba(frames: Frames, index: int) -> Image:
    """Picture `index` as ``(H, W, 4)`` RGBA uint8; opaque where it has no alpha."""
    image = _decoded(frames.encoded(index), cv2.IMREAD_UNCHANGED, frames.name(index))
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGBA).astype(np.uint8, copy=False)
    code = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(image, code).astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class PngMasks:
    """Instance masks as palette or gray PNG files."""

    frames: Frames

    def indexed(self, index: int) -> Image:
        """``(H, W)`` uint8 palette numbers (or gray values)."""
        content = self.frames.encoded(index)
        name = self.frames.name(index)
        image = _decoded(content, cv2.IMREAD_UNCHANGED, name)
        if image.ndim == 2:
            return image.astype(np.uint8, copy=False)
        palette = _palette(content.tobytes())
        if palette is None:
            raise DatasetError(
                f"The mask “{Path(name).name}” is a colour picture without a palette.",
                "Masks are palette PNGs or gray ones.",
                name,
            )
        # OpenCV expands palettes to colours; go back by looking the colours up.
        code = image[..., 2].astype(np.int32) << 16 | image[..., 1].astype(np.int32) << 8
        code |= image[..., 0]
        colours, first = np.unique(palette, return_index=True)
        at = np.searchsorted(colours, code).clip(0, len(colours) - 1)
        return first[at].astype(np.uint8)


def _palette(content: bytes) -> NDArray[np.int32] | None:
    """Colours ``0xRRGGBB`` of the PLTE chunk of a PNG, or None."""
    if not content.startswith(_PNG):
        return None
    at = len(_PNG)
    while at + 8 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if kind == b"PLTE":
            rgb = np.frombuffer(content[at + 8 : at + 8 + length], np.uint8).reshape(-1, 3)
            rgb = rgb.astype(np.int32)
            return rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
        if kind == b"IDAT":
            return None
        at += length + 12
    return None


def _decoded(content: NDArray[np.uint8], flags: int, name: str) -> Image:
    try:
        image = cv2.imdecode(content, flags) if len(content) else None
    except cv2.error:
        image = None
    if image is None:
        raise DatasetError(f"“{Path(name).name}” is not a readable picture.", "", name)
    if image.dtype == np.uint16:
        image = image // 257
    return np.asarray(image, np.uint8)


@functools.lru_cache(maxsize=16)
def _archive(path: str, process: int) -> zipfile.ZipFile:
    del process  # part of the key only: a forked worker opens its own handle
    return zipfile.ZipFile(path)


def mapped(path: str) -> NDArray[np.uint8]:
    """A file as a read-only byte array, mapped once per process and state of the file."""
    status = Path(path).stat()
    return _mapped(path, status.st_ino, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _mapped(path: str, *state: int) -> NDArray[np.uint8]:
    del state  # part of the key only: a file that was written anew is mapped anew
    return np.memmap(path, np.uint8, mode="r")


def _missing(name: str, error: Exception) -> DatasetError:
    return DatasetError(f"“{Path(name).name}” cannot be read.", "", f"{name}: {error}")
