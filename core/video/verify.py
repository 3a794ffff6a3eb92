"""The sequential pass that fills a `FrameTable`, and the self-check of seeking.

Sequential decoding is the one order that every player agrees on, so it defines the
frame numbers. The pass costs one decode of the clip, runs beside the first reads and
is stored on disk (`index_store`), so it happens once per file.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from pathlib import Path

from core.video.convert import signature
from core.video.decoder import Decoder, Packet, VideoFrame
from core.video.reader import ExactReader
from core.video.table import FrameTable

_ANNOUNCE_EVERY = 16
# Packets that are never shown by themselves; a missing picture is no damage there.
_HIDDEN_FRAMES = frozenset({"vp8", "vp9", "av1", "libdav1d"})


class SequentialPass:
    """Decodes `path` once from start to end into `table`.

    Parameters
    ----------
    path
        The file.
    table
        Empty table to fill.
    progress
        Called now and then with the number of frames so far.
    stop
        Asked between frames; True ends the pass early.
    """

    def __init__(
        self,
        path: Path,
        table: FrameTable,
        *,
        progress: Callable[[int], None],
        stop: Callable[[], bool],
    ) -> None:
        self._path = path
        self._table = table
        self._progress = progress
        self._stop = stop
        self._open(table.repeatable_threads)
        codec = self._decoder.stream.codec_context.name
        self._numbered_damage = codec not in _HIDDEN_FRAMES

    def run(self) -> bool:
        """Fill the table; True when the end was reached, False when stopped.

        Raises
        ------
        VideoError
            If the file cannot be opened.
        """
        try:
            while (frame := self._next_picture()) is not None:
                if self._stop():
                    return False
                self._record(frame)
                if self._table.checked % _ANNOUNCE_EVERY == 0:
                    self._table.announce()
                    self._progress(self._table.checked)
            return True
        finally:
            self._decoder.close()

    def _open(self, threads: int) -> None:
        self._pending: list[int] = []
        self._seen: set[int] = set()
        self._key_times: deque[int | None] = deque()
        self._decoder = Decoder(self._path, threads=threads, on_packet=self._note_packet)

    def _next_picture(self) -> VideoFrame | None:
        frame = self._decoder.next()
        flawed = self._decoder.errors or (frame is not None and frame.is_corrupt)
        if not flawed or self._table.repeatable_threads == 1:
            return frame
        # First damage: how it is concealed depends on thread timing. Decode up to here
        # once more with one thread, which always gives the same pictures.
        self._table.repeatable_threads = 1
        done = self._table.checked
        self._decoder.close()
        self._open(1)
        for _ in range(done):
            skipped = self._decoder.next()
            if skipped is None or self._stop():
                return None
            self._settle(skipped)
        return self._decoder.next()

    def _settle(self, frame: VideoFrame) -> list[int]:
        """Tick off the packets up to `frame`; give the times of those that were lost."""
        if frame.key_frame and self._key_times:
            self._last_key_time = self._key_times.popleft()
        lost: list[int] = []
        while frame.pts is not None and self._pending and self._pending[0] <= frame.pts:
            candidate = heapq.heappop(self._pending)
            self._seen.discard(candidate)
            if candidate < frame.pts:
                lost.append(candidate)
        return lost

    def _note_packet(self, packet: Packet) -> None:
        if packet.is_keyframe:
            self._key_times.append(packet.pts if packet.pts is not None else packet.dts)
        if packet.pts is not None and not packet.is_discard and packet.pts not in self._seen:
            self._seen.add(packet.pts)
            heapq.heappush(self._pending, packet.pts)

    def _record(self, frame: VideoFrame) -> None:
        self._last_key_time: int | None = None
        lost = self._settle(frame)
        if self._decoder.errors and self._table.checked and self._numbered_damage:
            for time in lost:
                self._table.append_damaged(time)
        self._table.flawed += bool(frame.is_corrupt)
        # Key pictures come out in the order of the key packets that went in.
        time = frame.pts if frame.pts is not None else frame.dts
        seek_time = time if self._last_key_time is None else self._last_key_time
        self._table.append(
            frame.pts, signature(frame), key=bool(frame.key_frame), seek_time=seek_time
        )


def seeking_works(reader: ExactReader, table: FrameTable) -> bool:
    """Try a few key frames spread over the clip; False if seeking leads to none of them."""
    last = len(table.entries) - 1
    places = sorted({last // 4, last // 2, last} - {0, -1})
    return not places or any(reader.entry_works(place) for place in places)
