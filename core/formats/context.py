"""What reading and writing annotation files need to know, and what they report.

The contexts carry facts about the clip into a format; the reports carry out what was
written, what the format cannot hold, and every line that could not be used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from core.document.document import VideoRef

_NUMBER = re.compile(r"(\d+)(?!.*\d)")


def no_progress(fraction: float) -> None:
    """The progress of work that nobody watches."""


@dataclass(frozen=True, slots=True)
class FrameNames:
    """File names of frames, for formats that speak of pictures.

    `names` are those of an image series in order; a video has none, its frames are
    called ``frame_000000.jpg`` and so on, 0-based.
    """

    names: tuple[str, ...] = ()

    def name(self, frame: int) -> str:
        """File name of `frame`."""
        if frame < len(self.names):
            return PurePath(self.names[frame]).name
        return f"frame_{frame:06d}.jpg"

    def stem(self, frame: int) -> str:
        """File name of `frame` without its suffix."""
        return PurePath(self.name(frame)).stem

    def lookup(self) -> Callable[[str], int | None]:
        """A function from a picture's name (with or without suffix) to its frame.

        Unknown names give the last number in them; a name without a number, None.
        """
        known = {PurePath(name).stem: frame for frame, name in enumerate(self.names)}

        def find(name: str) -> int | None:
            stem = PurePath(name.replace("\\", "/")).stem
            if stem in known:
                return known[stem]
            number = None if known else _NUMBER.search(stem)
            return int(number[1]) if number and len(number[1]) <= 9 else None

        return find


@dataclass(frozen=True, slots=True)
class ExportContext:
    """Facts for a writer.

    Parameters
    ----------
    frame_names
        Names of the pictures of an image series.
    times
        Seconds of each frame from the first one; empty when unknown.
    progress
        Called with 0..1; an exception from it cancels the export without a trace.
    version
        Of the program, for the manifest.
    """

    frame_names: FrameNames = field(default_factory=FrameNames)
    times: Sequence[float] = ()
    progress: Callable[[float], None] = no_progress
    version: str = ""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: all files (the manifest last), boxes, and what to know about it."""

    files: tuple[Path, ...]
    boxes_written: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a file that could not be used: where (``gt.txt:12``) and why."""

    where: str
    why: str


@dataclass(slots=True)
class ImportContext:
    """Facts about the open clip for a reader, and the list of what it had to skip.

    Parameters
    ----------
    video
        The clip that the boxes will belong to; size and frame count 0 when unknown.
    frame_names
        Names of the pictures of an image series.
    """

    video: VideoRef
    frame_names: FrameNames = field(default_factory=FrameNames)
    progress: Callable[[float], None] = no_progress
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def skip(self, where: str, why: str) -> None:
        """Note that something was not imported."""
        self.skipped.append(Skipped(where, why))

    def warn(self, text: str) -> None:
        """Note something that the person should know; once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def summary(self) -> str:
        """One paragraph about everything that was skipped; empty when nothing was."""
        if not self.skipped:
            return ""
        reasons: dict[str, list[str]] = {}
        for item in self.skipped:
            reasons.setdefault(item.why, []).append(item.where)
        parts = []
        for why, places in reasons.items():
            shown = ", ".join(places[:3]) + (", …" if len(places) > 3 else "")
            parts.append(f"{len(places):,} × {why} ({shown})")
        return f"{len(self.skipped):,} skipped: " + "; ".join(parts) + "."
