"""What a video is to the rest of the program: numbered frames, read exactly.

`read(k)` returns the same picture as the k-th step of sequential reading, or
raises; it never returns a neighbour. How that is achieved is the business of the
concrete sources.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


class Access(enum.StrEnum):
    """How frames of this clip are reached, shown to the user as a chip."""

    EXACT = "exact"  # numbered files or arrays: nothing to verify
    VERIFIED = "verified"  # index checked against sequential decoding
    SEQUENTIAL = "sequential"  # no trustworthy index: decoded from the start or a known point
    CHECKING = "checking"  # verification still running; reads are sequential meanwhile


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Facts about an opened clip.

    `frame_count` is the true number of decodable frames, `fps` the mean rate
    (0 when unknown), `times` per-frame timestamps in seconds from frame 0
    ``(frame_count,)``, `fingerprint` a hash that identifies the file's content.
    `damaged` lists frame numbers that are known to be unreadable, `run_in` is the largest
    number of pictures that must be decoded to show one (0: each stands alone, or unknown).
    """

    path: Path
    width: int
    height: int
    frame_count: int
    fps: float
    times: NDArray[np.float64] = field(repr=False, compare=False)
    fingerprint: str
    codec: str = ""
    variable_rate: bool = False
    rotation: int = 0
    damaged: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    run_in: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: 0-based `index`, `time` in seconds, `image` RGB ``(H, W, 3)`` uint8."""

    index: int
    time: float
    image: Image


class VideoSource(Protocol):
    """An opened clip. Reads are thread-safe (one internal lock)."""

    @property
    def info(self) -> VideoInfo:
        """Facts; replaced once, when `access` leaves CHECKING, and constant otherwise."""
        ...

    @property
    def access(self) -> Access:
        """How exact reading is guaranteed; may change from CHECKING once."""
        ...

    def read(self, index: int) -> Frame:
        """Frame `index`, exactly.

        Raises
        ------
        FrameUnavailable
            If this frame cannot be decoded or `index` is out of range.
        """
        ...

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames ``start, start+step, …`` before `stop` (like `range`); step ±n, read ahead.

        Unreadable frames are skipped; the caller sees the gap in `Frame.index`.
        """
        ...

    @property
    def checked(self) -> int:
        """Frames 0 to `checked` − 1 can be read now; all of them unless CHECKING."""
        ...

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait until `info` is final; False when `timeout` seconds have passed."""
        ...

    def on_ready(self, callback: Callable[[], None]) -> None:
        """Call `callback` once `info` is final: at once, or later from another thread."""
        ...

    def cached_ranges(self) -> list[tuple[int, int]]:
        """Runs ``(start, stop)`` of frames that are in memory, ascending."""
        ...

    def close(self) -> None:
        """Release files and threads; further reads raise."""
        ...
