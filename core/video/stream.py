"""The work of one iterator: its own decoder, forwards or backwards.

Backwards, each group of pictures is decoded once, forwards, and handed out in
reverse; groups larger than the memory allowed are taken in pieces from their end.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path

from av import VideoFrame

from core.errors import FrameUnavailable
from core.video.convert import Converter
from core.video.reader import ExactReader
from core.video.source import Frame, Image
from core.video.table import FrameTable

_POLL_SECONDS = 0.1
_PIECE_BYTES = 192 << 20  # pictures of one backward piece


class FrameStream:
    """Gives the frames of `wanted` in its order; runs in the read-ahead thread.

    Parameters
    ----------
    path, table
        The clip.
    wanted
        Frame numbers; those outside the clip are left out.
    converter
        Used by this stream only.
    finish
        Makes the `Frame` of an index and its picture (and may keep it in a cache).
    picture_bytes
        Size of one RGB picture; bounds the memory of backward pieces.
    halt
        Ends the stream early.
    """

    def __init__(
        self,
        path: Path,
        table: FrameTable,
        wanted: range,
        *,
        converter: Converter,
        finish: Callable[[int, Image], Frame],
        picture_bytes: int,
        halt: threading.Event,
    ) -> None:
        self._table = table
        self._wanted = wanted
        self._converter = converter
        self._finish = finish
        self._halt = halt
        self._piece_frames = max(_PIECE_BYTES // picture_bytes, 2)
        self._reader = ExactReader(path, table, stop=halt.is_set)

    def run(self) -> Iterator[Frame]:
        """Yield the frames; unreadable ones are left out."""
        try:
            pictures = self._forward() if self._wanted.step > 0 else self._backward()
            for index, picture in pictures:
                yield self._finish(index, self._converter.rgb(picture))
        finally:
            self._reader.close()

    def _forward(self) -> Iterator[tuple[int, VideoFrame]]:
        for index in self._wanted:
            if index < 0:
                continue
            if not self._await(index):
                return
            picture = self._fetch(index)
            if picture is not None:
                yield index, picture

    def _backward(self) -> Iterator[tuple[int, VideoFrame]]:
        if not self._wanted:
            return
        self._await(self._wanted[0])  # beyond the end: wait until the end is known
        ascending = [i for i in reversed(self._wanted) if 0 <= i < self._table.checked]
        while ascending and not self._halt.is_set():
            piece = self._last_piece(ascending)
            pictures = [(index, self._fetch(index)) for index in piece]
            for index, picture in reversed(pictures):
                if picture is not None:
                    yield index, picture
            del ascending[len(ascending) - len(piece) :]

    def _last_piece(self, ascending: list[int]) -> list[int]:
        """Frames at the end of `ascending` in one group of pictures, as many as fit."""
        start = bisect_left(ascending, self._table.group_start(ascending[-1]))
        return ascending[max(start, len(ascending) - self._piece_frames) :]

    def _await(self, index: int) -> bool:
        """Wait for the sequential pass to reach `index`; False if there is no such frame."""
        while not self._halt.is_set():
            if self._table.wait_for(index, _POLL_SECONDS):
                if self._table.failure is not None and index >= self._table.checked:
                    raise self._table.failure
                return index < self._table.checked
        return False

    def _fetch(self, index: int) -> VideoFrame | None:
        try:
            return self._reader.fetch(index)
        except FrameUnavailable:
            return None
