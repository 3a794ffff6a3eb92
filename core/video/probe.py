"""First look at a video file: size, orientation, rate, and a frame count to begin with.

Everything here comes from the header and the first picture and costs milliseconds.
The true number of frames comes from the sequential pass (`verify`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from av.video.stream import VideoStream

from core.video import faults
from core.video.convert import UPRIGHT, Orientation, orientation_of
from core.video.decoder import Decoder, open_container

_COUNT_SECONDS = 1.0
_MAX_FPS = 1000.0


@dataclass(frozen=True, slots=True)
class Probe:
    """Header facts; `width`, `height` are as stored.

    `declared` is the header's frame count and `seconds` its duration, 0 if not given.
    """

    width: int
    height: int
    orientation: Orientation
    codec: str
    fps: float
    time_base: float
    declared: int
    seconds: float
    notes: tuple[str, ...]


def probe(path: Path) -> Probe:
    """Open `path` and decode its first picture.

    Raises
    ------
    VideoError
        If the file cannot be opened or gives no picture.
    """
    decoder = Decoder(path)
    try:
        frame = decoder.next()
        if frame is None:
            raise faults.no_frames(path)
        stream = decoder.stream
        orientation = orientation_of(frame)
        notes: list[str] = []
        if orientation is None:
            notes.append("The file asks for a turn that is not a right angle; shown unturned.")
        ratio = stream.sample_aspect_ratio
        if ratio and ratio != 1:
            notes.append(f"Pixels are not square ({ratio}); boxes are in stored pixels.")
        if frame.interlaced_frame:
            notes.append("The video is interlaced; both fields of a frame are shown together.")
        return Probe(
            width=frame.width,
            height=frame.height,
            orientation=orientation or UPRIGHT,
            codec=stream.codec_context.name,
            fps=_header_rate(stream),
            time_base=float(stream.time_base or 0),
            declared=stream.frames,
            seconds=_header_seconds(decoder),
            notes=tuple(notes),
        )
    finally:
        decoder.close()


def _header_rate(stream: VideoStream) -> float:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate <= _MAX_FPS:
            return float(rate)
    return 0.0


def _header_seconds(decoder: Decoder) -> float:
    stream, container = decoder.stream, decoder.container
    if stream.duration:
        return stream.duration * float(stream.time_base or 0)
    # The container's duration may be that of a longer sound track.
    if len(container.streams) != 1:
        return 0.0
    # Matroska's duration counts from zero also where the pictures start later.
    return max((container.duration or 0) - max(container.start_time or 0, 0), 0) / 1e6


def estimate_count(path: Path, facts: Probe) -> int:
    """Number of frames to begin with: packets counted for up to a second, else the header."""
    container, stream = open_container(path)
    try:
        deadline = time.monotonic() + _COUNT_SECONDS
        count, last = 0, 0.0
        for packet in container.demux(stream):
            count += packet.size > 0 and not packet.is_discard
            if packet.dts is not None:
                last = max(last, packet.dts * facts.time_base)
            if time.monotonic() > deadline:
                start = (stream.start_time or 0) * facts.time_base
                total = (stream.duration or 0) * facts.time_base or (container.duration or 0) / 1e6
                extrapolated = int(count * total / max(last - start, 1e-3))
                return max(count, facts.declared or extrapolated)
        return count
    except faults.DECODER_FAULTS:
        return facts.declared
    finally:
        container.close()
