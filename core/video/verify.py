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
# Their demuxers look for presentation times, all others for decoding times.
_INDEXED_BY_SHOWN_TIME = frozenset({"mov", "matroska"})


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
        container = self._decoder.container.format.name.split(",")
        self._by_shown_time = not _INDEXED_BY_SHOWN_TIME.isdisjoint(container)

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
        self._key_packets: deque[tuple[int | None, int | None]] = deque()
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
        lost: list[int] = []
        while frame.pts is not None and self._pending and self._pending[0] <= frame.pts:
            candidate = heapq.heappop(self._pending)
            self._seen.discard(candidate)
            if candidate < frame.pts:
                lost.append(candidate)
        return lost

    def _note_packet(self, packet: Packet) -> None:
        if packet.is_keyframe and not packet.is_discard:
            times = (packet.pts, packet.dts) if self._by_shown_time else (packet.dts, packet.pts)
            seek_time = times[0] if times[0] is not None else times[1]
            self._key_packets.append((packet.pts, seek_time))
        if packet.pts is not None and not packet.is_discard and packet.pts not in self._seen:
            self._seen.add(packet.pts)
            heapq.heappush(self._pending, packet.pts)

    def _record(self, frame: VideoFrame) -> None:
        lost = self._settle(frame)
        if self._decoder.errors and self._table.checked and self._numbered_damage:
            for time in lost:
                self._table.append_damaged(time)
        self._table.flawed += bool(frame.is_corrupt)
        seek_time = self._seek_time(frame) if frame.key_frame else None
        self._table.append(frame.pts, signature(frame), seek_time=seek_time)

    def _seek_time(self, frame: VideoFrame) -> int | None:
        """Where to seek for this key picture: the time of the packet it came from."""
        packets = self._key_packets
        if frame.pts is not None and any(shown == frame.pts for shown, _ in packets):
            while packets[0][0] != frame.pts:
                packets.popleft()
        if packets:  # else in order: key pictures leave as key packets came
            return packets.popleft()[1]
        return frame.pts if frame.pts is not None else frame.dts


def seeking_works(reader: ExactReader, table: FrameTable) -> bool:
    """Try a few key frames spread over the clip; False if seeking leads to none of them."""
    if not table.entries:
        return False
    last = len(table.entries) - 1
    places = sorted({last // 4, last // 2, last} - {0, -1})
    return not places or any(reader.entry_works(place) for place in places)
