"""Actors: a cut-out with a path, a size, a turn, a tilt and a bend at every moment.

All of it is one forward map from cut-out pixels to frame pixels (edges): a bend
``x + a·sin(k·y + φ)`` and then a homography. The picture is drawn by the inverse map; the
box is taken from the outline by the forward map, so it is exact to a fraction of a pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry import Box
from core.train.data.composite.cutouts import Cutout
from core.train.data.composite.motion import Path1D

Array = NDArray[np.float32]


class Poses(Protocol):
    """Cut-outs of one object by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Cutout: ...


_LARGEST_SIDE = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Something that moves.

    Attributes
    ----------
    poses
        Its cut-outs in order; run through to and fro, `pace` poses a frame.
    x, y
        Path of its centre, frame pixels.
    size
        Path of the logarithm of its extent (square root of its area), px.
    turn
        Path of its angle, radians, clockwise.
    tilt_x, tilt_y
        Paths of the foreshortening across its width and height, −½..½.
    bend
        Path of the bend, in its own heights.
    mirrored
        Whether the cut-out is flipped left to right.
    gain, offset
        Colour: ``gain · colour + offset`` for each channel ``(3,)``.
    mixing
        ``(3, 3)`` colour matrix applied first, or None.
    """

    poses: Poses
    x: Path1D
    y: Path1D
    size: Path1D
    turn: Path1D
    tilt_x: Path1D
    tilt_y: Path1D
    bend: Path1D
    pace: float = 0.0
    mirrored: bool = False
    gain: Array | None = None
    offset: Array | None = None
    mixing: Array | None = None

    def pose(self, t: float) -> Cutout:
        """The cut-out shown at time `t`."""
        count = len(self.poses)
        if count == 1:
            return self.poses[0]
        at = math.floor(abs(self.pace) * t) % (2 * count - 2)
        return self.poses[at if at < count else 2 * count - 2 - at]

    def extent(self, t: float) -> float:
        """Square root of its area at time `t`, px."""
        return math.exp(self.size.at(t))

    def warp(self, t: float) -> Warp:
        """The forward map at time `t`."""
        cut = self.pose(t)
        low, high = cut.span
        half = np.maximum((high - low) / 2, 1.0)
        scale = self.extent(t) / float(np.sqrt(np.prod(2 * half)))
        angle = self.turn.at(t)
        cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
        side = -1.0 if self.mirrored else 1.0
        middle = (low + high) / 2
        home = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]], np.float64)
        tilt = np.eye(3)
        tilt[2, :2] = self.tilt_x.at(t) / half[0], self.tilt_y.at(t) / half[1]
        turn = np.array(
            [[cos * side, -sin, self.x.at(t)], [sin * side, cos, self.y.at(t)], [0, 0, 1]]
        )
        height = float(2 * half[1])
        return Warp(turn @ tilt @ home, self.bend.at(t) * height, math.pi / height)


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """A bend of `amount` px with `rate` rad/px, then the homography `matrix` (edges)."""

    matrix: NDArray[np.float64]
    amount: float
    rate: float

    def forward(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map ``(n, 2)`` cut-out points to frame pixels."""
        x = points[:, 0] + self.amount * np.sin(self.rate * points[:, 1])
        mapped = np.stack([x, points[:, 1], np.ones(len(points))]).T @ self.matrix.T
        return mapped[:, :2] / mapped[:, 2:]

    def box(self, cut: Cutout) -> Box:
        """Bounding box of the outline in the frame, not clipped."""
        points = self.forward(cut.outline)
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return Box.from_corners(float(x0), float(y0), float(x1), float(y1))

    def draw(self, image: NDArray[np.uint8], extent: Box) -> tuple[Array, tuple[int, int]]:
        """The warped cut-out around `extent`.

        Returns
        -------
        tuple
            ``(h, w, 4)`` float32 colours and alpha 0..255 (not premultiplied), and the
            frame position (x, y) of its first pixel.
        """
        x0, y0 = math.floor(extent.x) - 2, math.floor(extent.y) - 2
        w = min(math.ceil(extent.right) + 2 - x0, _LARGEST_SIDE)
        h = min(math.ceil(extent.bottom) + 2 - y0, _LARGEST_SIDE)
        shrink = math.sqrt(max(image.shape[0] * image.shape[1] / max(extent.area, 1.0), 1.0))
        factor = max(int(shrink), 1)
        if factor > 1:
            image = _halved(image, factor)
        inverse = np.linalg.inv(self.matrix).astype(np.float32)
        across = np.arange(w, dtype=np.float32) + np.float32(x0 + 0.5)
        down = np.arange(h, dtype=np.float32)[:, None] + np.float32(y0 + 0.5)
        bottom = inverse[2, 0] * across + (inverse[2, 1] * down + inverse[2, 2])
        bottom = 1 / np.where(bottom > 1e-6, bottom, np.float32(np.inf))
        u = (inverse[0, 0] * across + (inverse[0, 1] * down + inverse[0, 2])) * bottom
        v = (inverse[1, 0] * across + (inverse[1, 1] * down + inverse[1, 2])) * bottom
        if self.amount:
            u -= np.float32(self.amount) * np.sin(np.float32(self.rate) * v)
        if factor > 1:
            u, v = u / factor, v / factor
        drawn = cv2.remap(
            image, u - np.float32(0.5), v - np.float32(0.5), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return drawn.astype(np.float32), (x0, y0)


def _halved(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Averaged over whole `factor` × `factor` blocks; the margin fills the last ones."""
    rows, cols = -(-image.shape[0] // factor), -(-image.shape[1] // factor)
    pad = (rows * factor - image.shape[0], cols * factor - image.shape[1])
    if any(pad):
        image = np.asarray(
            cv2.copyMakeBorder(image, 0, pad[0], 0, pad[1], cv2.BORDER_REPLICATE), np.uint8
        )
    return np.asarray(cv2.resize(image, (cols, rows), interpolation=cv2.INTER_AREA), np.uint8)
