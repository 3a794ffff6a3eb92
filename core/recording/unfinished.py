"""A recording whose program was killed, seen as if it had been finished.

A file that was never closed is marked as being written, and the length that it states may
be old. HDF5 then refuses it, or as a concurrent reader waits for a writer that never comes.
Here those two facts of the superblock (48 bytes at the start) are put right in what is
*read*; the file itself is left as it is. Format: HDF5 File Format Specification 3.0, II.A;
checksum: R. Jenkins, “lookup3”, hashlittle.
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import Any

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SIZE = 48
_BEING_WRITTEN = 0b101
_MASK = 0xFFFFFFFF


def was_left_open(path: Path) -> bool:
    """Whether the file is marked as being written.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    head = _head(path)
    return bool(head) and bool(head[11] & _BEING_WRITTEN)


def is_short(path: Path) -> bool:
    """Whether the file states that it is longer than it is: cut, or the disk was full.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    head = _head(path)
    return bool(head) and struct.unpack("<Q", head[28:36])[0] > path.stat().st_size


def _head(path: Path) -> bytes:
    """The superblock if it is of the kind that recordings have, else nothing."""
    with path.open("rb") as file:
        head = file.read(_SIZE)
    known = len(head) == _SIZE and head[:8] == _SIGNATURE and head[8:11] == b"\x03\x08\x08"
    return head if known else b""


class Unfinished(io.FileIO):
    """The file for reading, with a superblock as it would be had it been closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        head = bytearray(super().read(_SIZE))
        head[11] &= ~_BEING_WRITTEN
        head[28:36] = struct.pack("<Q", os.fstat(self.fileno()).st_size)
        head[44:48] = struct.pack("<I", _lookup3(bytes(head[:44])))
        self._head = bytes(head)
        self.seek(0)

    def readinto(self, buffer: Any, /) -> int | None:
        """Read as usual, with the superblock replaced."""
        start = self.tell()
        count = super().readinto(buffer)
        if count and start < _SIZE:
            part = self._head[start : min(_SIZE, start + count)]
            memoryview(buffer).cast("B")[: len(part)] = part
        return count


def _lookup3(data: bytes) -> int:
    """Jenkins' hashlittle of `data` with the initial value 0, as HDF5 uses it."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    padded = data + bytes(-len(data) % 12)
    words = struct.unpack(f"<{len(padded) // 4}I", padded)
    for at in range(0, len(words), 3):
        a, b, c = (
            (value + word) & _MASK
            for value, word in zip((a, b, c), words[at : at + 3], strict=True)
        )
        a, b, c = _final(a, b, c) if at + 3 == len(words) else _mix(a, b, c)
    return c


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for shift in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & _MASK) ^ _rotated(c, shift)
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def _final(a: int, b: int, c: int) -> tuple[int, int, int]:
    for shift in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _rotated(b, shift)) & _MASK
        a, b, c = b, c, a
    return c, a, b


def _rotated(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & _MASK
