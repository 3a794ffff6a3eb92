"""One open file, decoded forward: the only module that talks to FFmpeg's demuxer.

A `Decoder` gives pictures in presentation order from the start or from where a seek
landed; it knows timestamps but no frame numbers. Packets that cannot be decoded are
counted and passed over, as players do.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from core.video import faults

Packet = av.Packet
VideoFrame = av.VideoFrame

_MAX_READ_ERRORS = 16
# Demuxers that make pictures of anything, or open other files and addresses.
_REFUSED_FORMATS = frozenset({"tty", "hls", "concat", "lavfi", "bin", "xbin", "adf", "idf"})


def open_container(path: Path) -> tuple[InputContainer, VideoStream]:
    """Open `path` and choose its video stream.

    Raises
    ------
    VideoError
        With the reason: not there, not a video, no pictures, no decoder.
    """
    faults.refuse_text(path)
    try:
        # An absolute path cannot be mistaken for "protocol:address".
        container = av.open(
            str(path.absolute()),
            mode="r",
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except faults.DECODER_FAULTS as error:
        raise faults.unreadable(path, error) from error
    try:
        return container, _choose_stream(path, container)
    except BaseException:
        container.close()
        raise


def _choose_stream(path: Path, container: InputContainer) -> VideoStream:
    if _REFUSED_FORMATS & set(container.format.name.split(",")):
        raise faults.unreadable(path, None)
    streams = list(container.streams.video)
    # Cover art of music files is a video stream of one picture.
    moving = [s for s in streams if not s.disposition & Disposition.attached_pic]
    if not moving:
        raise faults.no_picture_stream(path, ", ".join(s.type for s in container.streams))
    stream = moving[0]
    context = stream.codec_context
    if context is None:
        raise faults.no_codec(path, "unknown")
    return stream


class Decoder:
    """Pictures of one file in presentation order. Not thread-safe.

    Parameters
    ----------
    path
        The file.
    threads
        Decoding threads; 1 makes the concealment of damage repeatable.
    on_packet
        Called with every packet before it is decoded.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 2,
        on_packet: Callable[[Packet], None] | None = None,
    ) -> None:
        self.path = path
        self.errors = 0
        self._threads = threads
        self._on_packet = on_packet
        self._ready: deque[VideoFrame] = deque()
        self._container: InputContainer | None = None
        self._open()

    @property
    def container(self) -> InputContainer:
        if self._container is None:
            raise faults.closed(self.path)
        return self._container

    @property
    def stream(self) -> VideoStream:
        return self._stream

    def restart(self) -> None:
        """Go back to the first picture by opening the file anew."""
        self.close()
        self._open()

    def seek(self, timestamp: int) -> bool:
        """Ask for the key frame at or before `timestamp` (stream time base).

        Where it really landed is for the caller to find out. False if refused.
        """
        self._ready.clear()
        try:
            self.container.seek(timestamp, stream=self._stream, backward=True, any_frame=False)
        except faults.DECODER_FAULTS:
            return False
        self._packets = self._demux()
        self._drained = False
        return True

    def next(self) -> VideoFrame | None:
        """The next picture, or None at the end."""
        while not self._ready and not self._drained:
            packet = next(self._packets, None)
            if packet is None:
                self._drain()
            else:
                self._decode(packet)
        return self._ready.popleft() if self._ready else None

    def push_back(self, frame: VideoFrame) -> None:
        """Let `next` give `frame` once more."""
        self._ready.appendleft(frame)

    def close(self) -> None:
        """Release the file."""
        self._ready.clear()
        if self._container is not None:
            with contextlib.suppress(*faults.DECODER_FAULTS):
                self._container.close()
            self._container = None

    def _open(self) -> None:
        self._container, self._stream = open_container(self.path)
        context = self._stream.codec_context
        context.thread_type = "AUTO"
        context.thread_count = self._threads
        self._packets = self._demux()
        self._drained = False

    def _demux(self) -> Iterator[Packet]:
        errors = 0
        while errors < _MAX_READ_ERRORS:
            try:
                for packet in self.container.demux(self._stream):
                    errors = 0
                    if packet.size:
                        yield packet
                return
            except faults.DECODER_FAULTS:
                # A damaged stretch: some demuxers find their feet again behind it.
                errors += 1
                self.errors += 1

    def _decode(self, packet: Packet) -> None:
        if self._on_packet is not None:
            self._on_packet(packet)
        try:
            self._ready.extend(self._stream.codec_context.decode(packet))
        except faults.DECODER_FAULTS:
            self.errors += 1

    def _drain(self) -> None:
        self._drained = True
        for _ in range(_MAX_READ_ERRORS):
            try:
                self._ready.extend(self._stream.codec_context.decode(None))
                return
            except EOFError:
                return
            except faults.DECODER_FAULTS:
                self.errors += 1
