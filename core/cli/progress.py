"""One line of progress on stderr, rewritten in place; silent where nobody watches."""

from __future__ import annotations

import shutil
import sys
import time
from typing import IO

_BAR = 24
_EVERY = 0.1


class ProgressLine:
    """A bar with count, speed and time left.

    Parameters
    ----------
    total
        What 100 % is.
    unit
        What is counted, for the speed: ``frames``.
    shown
        False keeps it silent; it is silent anyway when `stream` is not a terminal.
    """

    def __init__(
        self, total: int, unit: str = "frames", *, shown: bool = True, stream: IO[str] | None = None
    ) -> None:
        self._total = max(total, 1)
        self._unit = unit
        self._stream = stream or sys.stderr
        self._shown = shown and self._stream.isatty()
        self._began = time.monotonic()
        self._last = -_EVERY
        self._text = ""

    def expect(self, total: int) -> None:
        """100 % is something else from now on."""
        self._total = max(total, 1)

    def update(self, done: int, note: str = "") -> None:
        """Show that `done` of the total are done; cheap enough to call for every frame."""
        now = time.monotonic() - self._began
        if not self._shown or (now - self._last < _EVERY and done < self._total):
            return
        self._last = now
        self._write(self._line(done, now, note))

    def clear(self) -> None:
        """Remove the line, so that other text can be printed."""
        if self._shown and self._text:
            self._stream.write("\r" + " " * len(self._text) + "\r")
            self._stream.flush()
            self._text = ""

    def _line(self, done: int, seconds: float, note: str) -> str:
        share = min(done / self._total, 1.0)
        filled = round(share * _BAR)
        speed = done / seconds if seconds > 0 else 0.0
        left = (self._total - done) / speed if speed > 0 else float("nan")
        parts = [
            f"[{'#' * filled}{'.' * (_BAR - filled)}] {share:4.0%}",
            f"{done}/{self._total} {self._unit}",
            f"{speed:.1f}/s",
            f"{duration(left)} left" if done < self._total else duration(seconds),
            note,
        ]
        return "  ".join(part for part in parts if part)

    def _write(self, text: str) -> None:
        text = text[: shutil.get_terminal_size().columns - 1]
        self._stream.write("\r" + text.ljust(len(self._text)))
        self._stream.flush()
        self._text = text


def duration(seconds: float) -> str:
    """``5 s``, ``2:05`` or ``1:02:05``; a question mark when unknown."""
    if seconds != seconds:
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
