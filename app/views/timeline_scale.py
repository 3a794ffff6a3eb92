"""Frames to pixels and back, for anything with a horizontal time axis.

Frame ``f`` covers ``[x(f), x(f + 1))`` with ``x(f) = (f − first) · px``; `px` is
device-independent pixels per frame. Zooming keeps the frame under the cursor where
it is; the view never leaves the clip. Pure values, no Qt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

MAX_PX = 64.0
"""Widest a frame gets by zooming (a clip of few frames may be wider to fill the view)."""
_NUDGE = 1e-7  # frames; far below a pixel, far above rounding of x(f) and back


@dataclass(frozen=True, slots=True)
class TimeScale:
    """A view of `count` frames, `width` pixels wide, starting at frame `first` (float)."""

    count: int = 0
    width: float = 1.0
    first: float = 0.0
    px: float = 1.0

    @classmethod
    def fitted(cls, count: int, width: float) -> TimeScale:
        """The whole clip in the view."""
        width = max(width, 1.0)
        return cls(count, width, 0.0, width / max(count, 1))

    @property
    def fit_px(self) -> float:
        """Pixels per frame at which the clip just fills the view."""
        return self.width / max(self.count, 1)

    @property
    def is_fitted(self) -> bool:
        """Whether the whole clip is in view."""
        return self.px <= self.fit_px * (1 + 1e-9)

    @property
    def shown(self) -> float:
        """How many frames the view spans."""
        return self.width / self.px

    def x(self, frame: float) -> float:
        """Left edge of a frame; add one half to `frame` for its centre."""
        return (frame - self.first) * self.px

    def frame_at(self, x: float) -> int:
        """The frame under `x`, held within the clip."""
        frame = math.floor(self.first + x / self.px + _NUDGE)
        return min(max(frame, 0), max(self.count - 1, 0))

    def resized(self, count: int, width: float) -> TimeScale:
        """For a new clip length or view width; a fitted view stays fitted."""
        fresh = TimeScale.fitted(count, width)
        if self.is_fitted or self.count == 0:
            return fresh
        return replace(fresh, px=self.px, first=self.first)._held()

    def zoomed(self, factor: float, x: float) -> TimeScale:
        """Enlarged by `factor` about the frame position under `x`."""
        anchor = self.first + x / self.px
        px = min(max(self.px * factor, self.fit_px), max(MAX_PX, self.fit_px))
        return replace(self, px=px, first=anchor - x / px)._held()

    def scrolled_to(self, first: float) -> TimeScale:
        """With another frame at the left edge."""
        return replace(self, first=first)._held()

    def scrolled_by(self, pixels: float) -> TimeScale:
        """Moved right by `pixels`."""
        return self.scrolled_to(self.first + pixels / self.px)

    def showing(self, frame: int) -> TimeScale:
        """Turned by a page if `frame` is out of view, so that it is near the edge it came from."""
        if self.first <= frame and frame + 1 <= self.first + self.shown + 1e-9:
            return self
        margin = 0.1 * self.shown
        ahead = frame >= self.first
        first = frame - margin if ahead else frame + 1 - self.shown + margin
        return self.scrolled_to(first)

    def edges(self, columns: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """First and past-the-end frame of each of `columns` equal slices of the view.

        Shapes ``(columns,)``. Slices narrower than a frame all name that frame;
        wider ones part the frames between them, so that none is left out.
        """
        at = self.first + np.arange(columns + 1) * (self.shown / max(columns, 1)) + _NUDGE
        bounds = np.floor(at).astype(np.int32)  # as frames are: searching needs no conversion
        start = np.minimum(bounds[:-1], np.int32(max(self.count, 1)))
        stop = np.maximum(bounds[1:], start + np.int32(1))
        return start, np.minimum(stop, np.int32(max(self.count, start[-1] + 1)))

    def ticks(self, spacing: float) -> Iterator[tuple[int, bool]]:
        """Frames to mark and whether they are labelled; labels are >= `spacing` pixels apart."""
        step = nice_step(spacing / self.px)
        minor = max(step // 5, 1) if step % 5 == 0 else max(step // 2, 1)
        begin = math.floor(self.first / minor) * minor
        end = min(self.first + self.shown, self.count)
        for frame in range(max(begin, 0), math.ceil(end), minor):
            yield frame, frame % step == 0

    def _held(self) -> TimeScale:
        last = max(self.count - self.shown, 0.0)
        return replace(self, first=min(max(self.first, 0.0), last))


def nice_step(at_least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that is not below `at_least`."""
    if at_least <= 1:
        return 1
    power = 10 ** math.floor(math.log10(at_least))
    for factor in (1, 2, 5, 10):
        if factor * power >= at_least - 1e-9:
            return round(factor * power)
    return round(10 * power)


def clock(seconds: float, *, decimals: int = 3) -> str:
    """``m:ss.mmm`` (or ``h:mm:ss.mmm``) of a time in seconds."""
    unit = 10**decimals
    total = round(max(seconds, 0.0) * unit)
    rest, part = divmod(total, unit)
    minutes, second = divmod(rest, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return f"{text}.{part:0{decimals}d}" if decimals else text
