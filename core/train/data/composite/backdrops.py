"""Backgrounds: photographs under a moving camera.

The camera is a window that shifts, zooms and turns over a photograph; beyond its edges
the photograph is mirrored, so the ground never ends. Decoded pictures are kept at
the size in which they are needed.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.train.data.composite.motion import Path1D
from core.train.data.frames import Frames, read_picture

Image = NDArray[np.uint8]
LARGEST = 512
_KEPT = 192


class Backdrops:
    """Photographs by number, with the last ones kept decoded (per process)."""

    def __init__(self, pictures: Sequence[tuple[Frames, int]]) -> None:
        self._pictures = list(pictures)
        self._kept: OrderedDict[int, Image] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pictures)

    def picture(self, number: int) -> Image:
        """Photograph `number`, ``(H, W, 3)``, reduced to at most 512 px.

        Raises
        ------
        DatasetError
            If it cannot be read.
        """
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        image = read_picture(*self._pictures[number])
        factor = LARGEST / max(image.shape[:2])
        if factor < 1:
            size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._kept[number] = image
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return image

    def __getstate__(self) -> dict[str, object]:
        return {"_pictures": self._pictures, "_kept": OrderedDict()}


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A moving window over one photograph.

    Attributes
    ----------
    picture
        Number in the backdrops.
    x, y
        Path of the window's middle, in photograph pixels.
    zoom
        Path of the logarithm of frame pixels per photograph pixel.
    turn
        Path of its angle, radians.
    """

    picture: int
    x: Path1D
    y: Path1D
    zoom: Path1D
    turn: Path1D

    def velocity(self, t: float) -> tuple[float, float]:
        """How the ground moves through the frame, px per frame (turning left aside)."""
        scale = math.exp(self.zoom.at(t))
        return -self.x.velocity(t) * scale, -self.y.velocity(t) * scale

    def view(self, photograph: Image, t: float, width: int, height: int) -> Image:
        """What the camera sees at time `t`, ``(height, width, 3)`` uint8."""
        scale, angle = math.exp(-self.zoom.at(t)), self.turn.at(t)
        cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
        x = self.x.at(t) - 0.5 - cos * (width - 1) / 2 + sin * (height - 1) / 2
        y = self.y.at(t) - 0.5 - sin * (width - 1) / 2 - cos * (height - 1) / 2
        matrix = np.array([[cos, -sin, x], [sin, cos, y]], np.float64)
        view = cv2.warpAffine(
            photograph, matrix, (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip
        return np.asarray(view, np.uint8)
