"""A copy of a clip in which every frame is reached quickly, with the same frame numbers.

H.264 without B-frames, a full picture every 12 frames, near the original's looks. Frame k
of the copy is frame k of the original, of the same size: a frame without a picture is held
by the picture before it, and pictures of odd width or height keep it by 4:4:4 chroma, as
4:2:0 knows only even sizes (cutting or padding would move boxes near the edge, or change
the size that annotation files state). Pictures are stored as shown, without a rotation tag;
uneven timestamps are kept; sound is left out.

Invariant: a copy appears under its name only after it was opened and read to its end: with
the same number of frames, a verified index, and sampled pictures nearer to their own
original than to its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.codec.codec import Codec, UnknownCodecError
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.errors import StorageError, VideoError
from core.paths import cache_dir
from core.storage import atomic_path, storage_error, sweep
from core.video import faults
from core.video.file import VideoFile
from core.video.source import Access, Image, VideoInfo, VideoSource

GROUP = 12
"""Frames from one full picture to the next: so many are decoded at most to show one."""

SUFFIX = ".mp4"

_QUALITY = 14  # x264's constant rate factor: hardly told from the original
_SAMPLES = 24
_SAMPLE_PIXELS = 60_000
_CLOSE = 10.0  # grey levels of mean difference, more than any encoding at that quality makes
_TOLD_APART = 0.5  # grey levels by which neighbours must differ for the comparison to count
_CLOCK = 90_000  # ticks per second for uneven timestamps
_CACHE_BYTES = 64 << 20
_ASK_SECONDS = 0.2  # between two questions whether to stop while the copy is checked

Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A finished copy: where, how many frames, its bytes, and frames held by the one before."""

    path: Path
    frames: int
    size: int
    held: tuple[int, ...] = ()


def suggested(path: Path) -> Path:
    """Where the copy of the clip at `path` goes when nobody says otherwise: beside it."""
    return path.with_name(f"{path.stem if path.suffix else path.name}-steps-fast{SUFFIX}")


def make_proxy(
    video: VideoSource, target: Path, *, progress: Progress | None = None
) -> Proxy | None:
    """Write the copy of `video` to `target`; an older file there is replaced at the end.

    Parameters
    ----------
    progress
        Told ``(frames written, frames in all)``, and again while the copy is checked;
        returning False stops.

    Returns
    -------
    Proxy or None
        None when stopped; nothing is left behind then.

    Raises
    ------
    StorageError
        If it cannot be written (full disk, rights), or `target` is the clip itself.
    VideoError
        If the clip cannot be read, H.264 cannot be written here, or the copy does not have
        the frames of the original; `target` is unchanged then.
    """
    video.wait_ready()
    info = video.info
    if target.exists() and info.path.exists() and target.samefile(info.path):
        raise StorageError("The copy would replace the video itself.", "Choose another name.")
    _require_encoder()
    sweep(target)  # what a killed program left
    try:
        with atomic_path(target) as temporary:
            written = _written(video, temporary, target, progress or _nobody)
            _check(temporary, info, written.samples, progress or _nobody)
            size = temporary.stat().st_size
    except _Stopped:
        return None
    return Proxy(target, info.frame_count, size, tuple(written.held))


# ---- writing ------------------------------------------------------------------------


class _Stopped(Exception):
    """Leaves the writing without keeping the file."""


def _nobody(done: int, total: int) -> None:
    """Nobody wants to know."""


@dataclass
class _Sample:
    """One frame and its neighbours in the original, reduced in size."""

    index: int
    pictures: dict[int, Image] = field(default_factory=dict)


@dataclass
class _Written:
    samples: list[_Sample]
    held: list[int] = field(default_factory=list)


def _written(video: VideoSource, temporary: Path, target: Path, progress: Progress) -> _Written:
    info = video.info
    spread = np.linspace(0, info.frame_count - 1, min(_SAMPLES, info.frame_count))
    result = _Written([_Sample(int(k)) for k in dict.fromkeys(spread.round().astype(int))])
    wanted: dict[int, list[_Sample]] = {}
    for sample in result.samples:
        for index in range(sample.index - 1, sample.index + 2):
            wanted.setdefault(index, []).append(sample)
    with _Encoder(temporary, target, info) as encoder:
        for index, image, own in _every_frame(video):
            encoder.write(image, index)
            if not own:
                result.held.append(index)
            for sample in wanted.get(index, ()):
                sample.pictures[index] = _reduced(image)
            if progress(index + 1, info.frame_count) is False:
                raise _Stopped
    return result


def _every_frame(video: VideoSource) -> Iterator[tuple[int, Image, bool]]:
    """``(number, picture, whether it is its own)`` for every number from 0 to the last.

    Frames before the first readable one are held by that one: there is none before.
    """
    count, expected, last = video.info.frame_count, 0, None
    for frame in video.frames(0, count):
        for missing in range(expected, frame.index):
            yield missing, frame.image if last is None else last, False
        yield frame.index, frame.image, True
        expected, last = frame.index + 1, frame.image
    if last is None:
        raise faults.no_frames(video.info.path)
    for missing in range(expected, count):
        yield missing, last, False


class _Encoder:
    """A context manager around one H.264 stream in an mp4 file; errors in the user's words."""

    def __init__(self, temporary: Path, target: Path, info: VideoInfo) -> None:
        self._target = target
        self._ticks, self._base, rate = _clock(info)
        try:
            self._container: OutputContainer = av.open(str(temporary), "w", format="mp4")
            self._stream: VideoStream = self._container.add_stream(
                "libx264", rate=rate, options=_options()
            )
        except (OSError, av.error.FFmpegError) as error:
            raise _failed(target, error) from error
        odd = info.width % 2 or info.height % 2
        self._format = "yuv444p" if odd else "yuv420p"
        # As readers assume for untagged files, and it is named in the file besides.
        high = min(info.width, info.height) >= 720
        self._matrix = Colorspace.ITU709 if high else Colorspace.SMPTE170M
        self._stream.width, self._stream.height = info.width, info.height
        self._stream.pix_fmt = self._format
        self._stream.time_base = self._base
        context = self._stream.codec_context
        context.time_base = self._base
        context.color_range = ColorRange.MPEG
        context.colorspace = self._matrix

    def __enter__(self) -> _Encoder:
        return self

    def write(self, image: Image, index: int) -> None:
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(
            format=self._format,
            src_color_range=ColorRange.JPEG,
            dst_colorspace=self._matrix,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = int(self._ticks[index]), self._base
        self._encode(frame)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._encode(None)
        finally:
            try:
                self._container.close()
            except (OSError, av.error.FFmpegError) as error:
                if kind is None:
                    raise _failed(self._target, error) from error

    def _encode(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (OSError, av.error.FFmpegError) as error:
            raise _failed(self._target, error) from error


def _options() -> dict[str, str]:
    group = f"keyint={GROUP}:min-keyint={GROUP}:scenecut=0:bframes=0"
    return {"crf": str(_QUALITY), "preset": "veryfast", "x264-params": group}


def _clock(info: VideoInfo) -> tuple[NDArray[np.int64], Fraction, Fraction]:
    """Timestamps ``(frames,)`` in ticks, the length of a tick in seconds, the mean rate."""
    rate = Fraction(info.fps if info.fps > 0 else 25.0).limit_denominator(1001)
    count = np.arange(info.frame_count, dtype=np.int64)
    if not info.variable_rate:
        return count, 1 / rate, rate
    ticks = np.round(info.times * _CLOCK).astype(np.int64)
    # Strictly ascending: equal times (a container's rounding) would be refused.
    return np.maximum.accumulate(ticks - count) + count, Fraction(1, _CLOCK), rate


def _require_encoder() -> None:
    try:
        Codec("libx264", "w")
    except UnknownCodecError as error:
        raise VideoError(
            "This installation cannot write H.264 video.", "Install PyAV with libx264.", repr(error)
        ) from error


def _failed(target: Path, error: Exception) -> StorageError:
    if isinstance(error, OSError):
        return storage_error(target, error)
    return StorageError(f"“{target.name}” could not be encoded.", "Try another name.", repr(error))


# ---- checking -----------------------------------------------------------------------


def _check(temporary: Path, info: VideoInfo, samples: list[_Sample], progress: Progress) -> None:
    """Read the copy to its end and compare; the index found is kept for its opening."""
    copy = VideoFile(
        temporary, cache_bytes=_CACHE_BYTES, index_dir=cache_dir() / "index", check_seconds=0.0
    )
    try:
        while not copy.wait_ready(_ASK_SECONDS):
            if progress(info.frame_count, info.frame_count) is False:
                raise _Stopped
        made = copy.info
        if made.frame_count != info.frame_count or copy.access is not Access.VERIFIED:
            raise _unlike(info, f"{made.frame_count} frames, access {copy.access}")
        if (made.width, made.height) != (info.width, info.height):
            raise _unlike(info, f"{made.width} × {made.height}")
        for sample in samples:
            _compare(info, sample, _reduced(copy.read(sample.index).image))
    finally:
        copy.close()


def _compare(info: VideoInfo, sample: _Sample, shown: Image) -> None:
    own = sample.pictures[sample.index]
    off = _difference(shown, own)
    if off > _CLOSE:
        raise _unlike(info, f"frame {sample.index}: mean difference {off:.1f}")
    for index, other in sample.pictures.items():
        apart = _difference(own, other)
        if index != sample.index and apart > _TOLD_APART and off >= _difference(shown, other):
            raise _unlike(info, f"frame {sample.index} looks like frame {index}")


def _difference(one: Image, other: Image) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


def _reduced(image: Image) -> Image:
    """Every n-th pixel, so that all samples fit into little memory."""
    step = max(1, math.isqrt(image.shape[0] * image.shape[1] // _SAMPLE_PIXELS))
    return image[::step, ::step].copy()


def _unlike(info: VideoInfo, found: str) -> VideoError:
    return VideoError(
        f"The copy of “{info.path.name}” does not have the frames of the original; it was not "
        "kept.",
        "Work in the original, and report this together with the file.",
        found,
    )
