"""Decoder faults in the user's words.

PyAV raises its own exceptions, and FFmpeg's texts ("moov atom not found", "Invalid
data") say nothing to a person who dragged a file into the window. Every call into
PyAV sits in a function that turns them into `VideoError` with a way out.
Invariant: no PyAV exception leaves ``core.video``.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from av.error import FFmpegError

from core.errors import VideoError

# PyAV lets plain Python errors through as well, for example an IndexError when a
# damaged transport stream announces a stream in mid-file.
DECODER_FAULTS = (FFmpegError, OSError, ValueError, LookupError, RuntimeError, MemoryError)

_READABLE = "Open an mp4, mov, mkv, webm, avi, ts or mpg file, or a folder of images."


def missing(path: Path) -> VideoError:
    """`path` does not exist."""
    return VideoError(
        f"“{path.name or path}” was not found.",
        "Check the name, or whether the drive is connected.",
        str(path),
    )


def no_permission(path: Path, error: OSError) -> VideoError:
    """`path` exists but may not be read."""
    return VideoError(
        f"“{path.name}” may not be read.",
        "Change the rights of the file or copy it to a folder of yours.",
        f"{path}: {error!r}",
    )


def unreadable(path: Path, error: Exception | None) -> VideoError:
    """The container of `path` cannot be opened: look at the bytes to say why."""
    if isinstance(error, PermissionError):
        return no_permission(path, error)
    if not path.exists():
        return missing(path)
    details = f"{path}: {error!r}"
    if path.stat().st_size == 0:
        return VideoError(
            f"“{path.name}” is empty (0 bytes).", "Copy or export the file again.", details
        )
    if _lacks_movie_header(path):
        return VideoError(
            f"“{path.name}” has no index of its frames: the recording was not finished "
            "or the copy stopped early.",
            "Copy the file again from its source. If the recording itself broke off, repair it "
            "with a tool such as untrunc and a good file from the same camera.",
            details,
        )
    return VideoError(
        f"“{path.name}” is not a video that can be read, or it is damaged.", _READABLE, details
    )


def refuse_text(path: Path) -> None:
    """Raise if `path` is text.

    FFmpeg would draw it as ANSI art, or follow a play list to other files and the network.
    """
    if _is_text(path):
        raise VideoError(f"“{path.name}” is a text file, not a video.", _READABLE, str(path))


def no_picture_stream(path: Path, kinds: str) -> VideoError:
    """The file opens but holds no video stream."""
    what = f" It holds only: {kinds}." if kinds else ""
    return VideoError(f"“{path.name}” has no pictures in it.{what}", _READABLE, str(path))


def no_codec(path: Path, codec: str) -> VideoError:
    """No decoder for the video stream's codec."""
    return VideoError(
        f"“{path.name}” is coded with “{codec}”, which cannot be decoded here.",
        "Convert it to H.264 in mp4, for example: ffmpeg -i in -c:v libx264 out.mp4",
        str(path),
    )


def no_frames(path: Path, details: str = "") -> VideoError:
    """Decoding gave not a single picture."""
    return VideoError(
        f"Not one frame of “{path.name}” can be decoded.",
        "The file is damaged or has no picture data; copy or export it again.",
        details or str(path),
    )


def changed_on_disk(path: Path) -> VideoError:
    """The file is no longer the one that was opened."""
    return VideoError(
        f"“{path.name}” was changed by another program while it was open.",
        "Open it again; check that the boxes still fit the pictures.",
        str(path),
    )


def closed(path: Path) -> VideoError:
    """A read after `close()`."""
    return VideoError(f"“{path.name}” is closed.", "Open it again.", str(path))


def _lacks_movie_header(path: Path) -> bool:
    # ISO base media: top-level boxes of (size, type); a finished file has a `moov`.
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            kinds: list[bytes] = []
            at = 0
            while at + 8 <= size and len(kinds) < 1000:
                stream.seek(at)
                head = stream.read(16)
                length, kind = int.from_bytes(head[:4], "big"), head[4:8]
                if length == 1:
                    length = int.from_bytes(head[8:16], "big")
                kinds.append(kind)
                if length < 8:
                    break
                at += length
    except OSError:
        return False
    return bool(kinds) and kinds[0] in (b"ftyp", b"mdat", b"wide") and b"moov" not in kinds


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the cut may split a letter
    except (OSError, UnicodeDecodeError):
        return False
    return bool(head) and b"\0" not in head and not head.startswith(b"YUV4MPEG2")
