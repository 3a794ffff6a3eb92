"""What stands beside the frame in an overlay video: the tracker's own pictures, and curves.

Pictures stand in a column to the right, curves in a strip below with a line at the frame.
The size of the whole is the same for every frame, whatever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.drawing.drawing import Drawing
from core.drawing.raster import raster
from core.render.boxes import draw_note
from core.render.chart import Series, chart
from core.trackers.base import Patch

Picture = NDArray[np.uint8]
_GROUND = (28, 30, 34)
_LARGEST = 0.34  # of the frame's height: the side of a picture beside it
_STRIP = 0.22  # of the frame's height


@dataclass(frozen=True, slots=True)
class Panes:
    """What stands beside the frame.

    Attributes
    ----------
    patches
        Gives the tracker's pictures of a frame, by name.
    names
        Which of them are shown, from the top; at most three.
    curves
        The curves below, over the whole clip.
    """

    patches: Callable[[int], Mapping[str, Patch]] = lambda frame: {}
    names: Sequence[str] = ()
    curves: Sequence[Series] = ()

    def beside(self, picture: Picture, frame: int) -> Picture:
        """`picture` ``(H, W, 3)`` RGB with the panes of `frame`; sizes are even."""
        whole = picture
        if self.names:
            whole = np.hstack([whole, self._column(picture.shape[0], frame)])
        if self.curves:
            whole = np.vstack([whole, self._strip(whole.shape[1], picture.shape[0], frame)])
        return np.ascontiguousarray(whole)

    def _column(self, height: int, frame: int) -> Picture:
        names = list(self.names)[:3]
        side = max(min(round(height * _LARGEST), height // len(names)) // 2 * 2, 2)
        column = np.full((height, side, 3), _GROUND, np.uint8)
        found = self.patches(frame)
        for k, name in enumerate(names):
            place = column[k * side : (k + 1) * side]
            if name in found:
                _fitted(place, found[name].image)
            draw_note(place, name, (0, 0), 0)
        return column

    def _strip(self, width: int, height: int, frame: int) -> Picture:
        tall = max(round(height * _STRIP), 64) // 2 * 2
        drawing = Drawing(float(width), float(tall))
        font = min(max(tall / 14, 8.0), 16.0)
        area = (2.0, 2.0, width - 4.0, tall - 4.0)
        chart(drawing, area, self.curves, font=font, line=1.4, marks=(frame,))
        sized = cv2.resize(raster(drawing, 72), (width, tall), interpolation=cv2.INTER_AREA)
        return np.asarray(sized, np.uint8)


def _fitted(place: Picture, image: Picture) -> None:
    """`image` as large as fits, in the middle of `place`."""
    side = place.shape[0]
    scale = side / max(image.shape[:2])
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    sized = cv2.resize(image, (min(size[0], side), min(size[1], side)), interpolation=way)
    top, left = (side - sized.shape[0]) // 2, (side - sized.shape[1]) // 2
    place[top : top + sized.shape[0], left : left + sized.shape[1]] = sized
