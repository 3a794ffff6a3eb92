"""Writing an MP4 that appears whole or not at all.

H.264 where FFmpeg has x264, else MPEG-4 part 2; 4:2:0, with the colour matrix named in the
file (BT.709 from 720 lines on, BT.601 below), as readers assume. Chroma needs even sizes:
an odd picture gets its last row or column once more. The file grows under a temporary name
in the target's folder and is renamed when it is complete.
"""

from __future__ import annotations

import contextlib
import tempfile
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from av.codec.codec import Codec, UnknownCodecError
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.errors import StorageError
from core.storage import storage_error

_FALLBACK_FPS = 25.0
_HD_LINES = 720


class VideoWriter:
    """A context manager: `write` pictures of one size; the file is there after the block.

    Parameters
    ----------
    path
        Target, usually ``.mp4``; replaced only when everything was written.
    fps
        Frames per second, kept exactly for rates such as 30000/1001; 0 means 25.
    quality
        x264's constant rate factor; smaller is better, 18 looks like the source.
    """

    def __init__(self, path: Path, fps: float, *, quality: int = 20) -> None:
        self._path = path
        self._rate = Fraction(fps if fps > 0 else _FALLBACK_FPS).limit_denominator(1001)
        self._quality = quality
        self._temporary: Path | None = None
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._size = (0, 0)
        self.frames = 0

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(
                prefix=f".{self._path.stem[:40]}.", suffix=".mp4", dir=self._path.parent
            )
        except OSError as error:
            raise storage_error(self._path, error) from error
        Path(name).chmod(0o644)
        self._temporary = Path(name)
        with open(handle, "rb"):  # noqa: PTH123  (only to close the descriptor)
            pass
        return self

    def write(self, picture: NDArray[np.uint8]) -> None:
        """Append one ``(H, W, 3)`` RGB picture.

        Raises
        ------
        StorageError
            If it cannot be written (full disk), or has another size than the first.
        """
        height, width = picture.shape[:2]
        if self._stream is None:
            self._start(width, height)
        if (width, height) != self._size:
            raise StorageError(
                f"A picture of {width} × {height} does not fit a video of "
                f"{self._size[0]} × {self._size[1]}.",
                "Write pictures of one size.",
            )
        frame = av.VideoFrame.from_ndarray(_even(picture), format="rgb24")
        frame = frame.reformat(
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_colorspace=self._colorspace(height),
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts = self.frames
        self._encode(frame)
        self.frames += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None and self._stream is not None:
                self._encode(None)
            self._close()
            if kind is None and self.frames and self._temporary is not None:
                self._temporary.replace(self._path)
        except OSError as problem:
            raise storage_error(self._path, problem) from problem
        finally:
            with contextlib.suppress(OSError, av.error.FFmpegError):
                self._close()
            if self._temporary is not None:
                with contextlib.suppress(OSError):
                    self._temporary.unlink(missing_ok=True)

    def _start(self, width: int, height: int) -> None:
        self._size = (width, height)
        codec = "libx264" if _has_encoder("libx264") else "mpeg4"
        options = {"crf": str(self._quality), "preset": "veryfast"} if codec == "libx264" else {}
        try:
            container = av.open(
                str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"}
            )
            stream = container.add_stream(codec, rate=self._rate, options=options)
        except (OSError, av.error.FFmpegError) as error:
            raise _failed(self._path, error) from error
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / self._rate
        context.color_range = ColorRange.MPEG
        context.colorspace = self._colorspace(height)
        if codec == "mpeg4":
            context.bit_rate = max(1_000_000, int(width * height * float(self._rate) * 0.2))
        self._container, self._stream = container, stream

    def _encode(self, frame: av.VideoFrame | None) -> None:
        assert self._stream is not None
        assert self._container is not None
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (OSError, av.error.FFmpegError) as error:
            raise _failed(self._path, error) from error

    def _close(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.close()

    @staticmethod
    def _colorspace(height: int) -> int:
        return Colorspace.ITU709 if height >= _HD_LINES else Colorspace.SMPTE170M


def _failed(path: Path, error: Exception) -> StorageError:
    if isinstance(error, OSError):
        return storage_error(path, error)
    return StorageError(f"“{path.name}” could not be encoded.", "Try another name.", repr(error))


def _has_encoder(name: str) -> bool:
    try:
        Codec(name, "w")
    except UnknownCodecError:
        return False
    return True


def _even(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(picture)
