"""How far a run goes: one frame, N frames, to a frame, to the next key, to the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.document.track import Track
from core.errors import TrackerError


@dataclass(frozen=True, slots=True)
class Extent:
    """One of: `count` frames, up to and with frame `until`, up to the next key, to the end.

    At most one of the three is given; none means the end of the clip. The next key is the
    next box that a person entered or confirmed; it is not tracked itself.
    """

    count: int | None = None
    until: int | None = None
    next_key: bool = False

    def stop(self, track: Track, frame: int, step: int) -> int | None:
        """First frame not to track (exclusive), from `frame` in direction `step` (±1).

        None for the end of the clip.

        Raises
        ------
        TrackerError
            If `until` lies on the other side, or there is no key on this side.
        """
        if self.count is not None:
            return frame + step * (self.count + 1)
        if self.until is not None:
            if (self.until - frame) * step <= 0:
                side = "after" if step > 0 else "before"
                raise TrackerError(
                    f"Frame {self.until} is not {side} frame {frame}.",
                    "Track in the other direction.",
                )
            return self.until + step
        return next_key(track, frame, step) if self.next_key else None


TO_END = Extent()
ONE = Extent(count=1)
TO_NEXT_KEY = Extent(next_key=True)


def next_key(track: Track, frame: int, step: int) -> int:
    """The next frame in direction `step` whose box a person entered or confirmed.

    Raises
    ------
    TrackerError
        If there is none.
    """
    keys = track.columns.frames[track.columns.protected()]
    beyond = keys[(keys - np.int64(frame)) * step > 0]
    if not len(beyond):
        side = "after" if step > 0 else "before"
        raise TrackerError(
            f"There is no box of yours {side} frame {frame}.",
            "Track to the end, or accept a box there first.",
        )
    return int(beyond.min() if step > 0 else beyond.max())
