"""A clip without pictures: every frame is the same neutral ground.

What a recording is replayed on when its video is not there: sizes, times and frame
numbers are right, so that boxes and maps lie where they belong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from core.errors import FrameUnavailable
from core.video.source import Access, Frame, Image, VideoInfo

GROUND = 118
"""Grey value of the ground: as far from dark as from light colours, to the eye."""

_CHECK, _STEP = 16, 6


class BlankVideo:
    """A :class:`~core.video.source.VideoSource` whose frames show a fine chequered grey.

    Parameters
    ----------
    info
        Size, number of frames, rate and fingerprint of the clip that is not there.
    """

    def __init__(self, info: VideoInfo) -> None:
        self.info = replace(info, notes=())
        self._image = _ground(info.width, info.height)

    @property
    def access(self) -> Access:
        """Nothing to verify."""
        return Access.EXACT

    @property
    def checked(self) -> int:
        """All frames."""
        return self.info.frame_count

    def read(self, index: int) -> Frame:
        """The ground as frame `index`.

        Raises
        ------
        FrameUnavailable
            If the clip had no such frame.
        """
        if not 0 <= index < self.info.frame_count:
            raise FrameUnavailable(
                f"There is no frame {index}.", f"The clip has {self.info.frame_count} frames."
            )
        return Frame(index, float(self.info.times[index]), self._image)

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames as in `range`."""
        for index in range(start, stop, step):
            if 0 <= index < self.info.frame_count:
                yield self.read(index)

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Always ready."""
        return True

    def on_ready(self, callback: Callable[[], None]) -> None:
        """Call `callback` at once."""
        callback()

    def cached_ranges(self) -> list[tuple[int, int]]:
        """None: there is nothing to load."""
        return []

    def close(self) -> None:
        """Nothing to release."""


def _ground(width: int, height: int) -> Image:
    rows, cols = np.arange(height) // _CHECK, np.arange(width) // _CHECK
    odd = (rows[:, None] + cols[None]) % 2
    grey = np.where(odd, GROUND + _STEP, GROUND - _STEP).astype(np.uint8)
    image = np.repeat(grey[:, :, None], 3, axis=2)
    image.setflags(write=False)
    return image
