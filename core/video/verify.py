"""The sequential pass that fills a `FrameTable`, and the self-check of seeking.

Sequential decoding is the one order that every player agrees on, so it defines the
frame numbers. The pass costs one decode of the clip, runs beside the first reads and
is stored on disk (`index_store`), so it happens once per file.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.video.convert import signature
from core.video.decoder import Decoder, Packet, VideoFrame
from core.video.reader import ExactReader
from core.video.table import FrameTable

_ANNOUNCE_EVERY = 16
_SAFE_DISTANCE = 40  # pictures: reordering depth plus the delay of decoding threads
# Packets that are never shown by themselves; a missing picture is no damage there.
_HIDDEN_FRAMES = frozenset({"vp8", "vp9", "av1", "libdav1d"})
# Their demuxers look for presentation times, all others for decoding times.
_INDEXED_BY_SHOWN_TIME = frozenset({"mov", "matroska"})


@dataclass(slots=True)
class _Record:
    time: int | None
    signature: int = 0
    seek_time: int | None = None
    flawed: bool = False
    damaged: bool = False


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

    def run(self) -> bool:
        """Fill the table; True when the end was reached, False when stopped.

        Two threads decode until the first sign of damage. How damage is concealed then
        depends on their timing, so the clip is decoded once more with one thread, which
        always gives the same pictures; records that were made shortly before the sign
        showed are withheld until they are safe.

        Raises
        ------
        VideoError
            If the file cannot be opened.
        """
        if self._scan(threads=2, hold=_SAFE_DISTANCE):
            return True
        if self._stop():
            return False
        self._table.repeatable_threads = 1
        return self._scan(threads=1, hold=0)

    def _scan(self, *, threads: int, hold: int) -> bool:
        """Decode all; False when stopped, or at damage if there is more than one thread."""
        known = self._table.checked
        held: deque[_Record] = deque()
        self._reset()
        decoder = Decoder(self._path, threads=threads, on_packet=self._note_packet)
        try:
            for place, record in enumerate(self._records(decoder)):
                if self._stop() or (threads > 1 and (decoder.errors or record.flawed)):
                    return False
                if place >= known:
                    held.append(record)
                while len(held) > hold:
                    self._publish(held.popleft())
            if threads > 1 and decoder.errors:
                return False
            for record in held:
                self._publish(record)
            return True
        finally:
            decoder.close()

    def _reset(self) -> None:
        self._pending: list[int] = []
        self._seen: set[int] = set()
        self._key_packets: deque[tuple[int | None, int | None]] = deque()
        self._packets = 0

    def _records(self, decoder: Decoder) -> Iterator[_Record]:
        container = decoder.container.format.name.split(",")
        self._by_shown_time = not _INDEXED_BY_SHOWN_TIME.isdisjoint(container)
        numbered_damage = decoder.stream.codec_context.name not in _HIDDEN_FRAMES
        first = True
        while (frame := decoder.next()) is not None:
            lost = self._settle(frame)
            if decoder.errors and numbered_damage and not first:
                yield from (_Record(time, damaged=True) for time in lost)
            yield _Record(
                frame.pts,
                signature(frame),
                seek_time=self._seek_time(frame) if frame.key_frame else None,
                flawed=bool(frame.is_corrupt),
            )
            first = False

    def _publish(self, record: _Record) -> None:
        table = self._table
        if record.damaged:
            table.append_damaged(record.time or 0)
        else:
            table.flawed += record.flawed
            table.append(record.time, record.signature, seek_time=record.seek_time)
        table.packets = self._packets
        if table.checked % _ANNOUNCE_EVERY == 0:
            table.announce()
            self._progress(table.checked)

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
        self._packets += 1
        if packet.is_keyframe and not packet.is_discard:
            times = (packet.pts, packet.dts) if self._by_shown_time else (packet.dts, packet.pts)
            seek_time = times[0] if times[0] is not None else times[1]
            self._key_packets.append((packet.pts, seek_time))
        if packet.pts is not None and not packet.is_discard and packet.pts not in self._seen:
            self._seen.add(packet.pts)
            heapq.heappush(self._pending, packet.pts)

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
