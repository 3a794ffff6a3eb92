"""Painted scenes with exact geometry: sprites, their motion, and what covers what.

A scene is a background and actors in painter's order, seen by a moving camera. All
positions are edge coordinates in float, so boxes are exact to the sub-pixel: a sprite
point p lands at ``A·p + t``, and rendering uses the same map through
`cv2.warpAffine` (shifted by half a pixel, because OpenCV names pixel centres).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry import Box
from core.video.source import Image

FloatImage = NDArray[np.float32]
Region = tuple[slice, slice]  # rows, columns
_BLUR_SAMPLES = 7


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a sprite's centre is (scene pixels), its scale, and its turn in degrees.

    Positive `angle` turns clockwise on the screen.
    """

    cx: float
    cy: float
    scale: float = 1.0
    angle: float = 0.0

    def matrix(self, width: int, height: int) -> NDArray[np.float64]:
        """``(2, 3)`` map from sprite edge coordinates to scene edge coordinates."""
        c = self.scale * math.cos(math.radians(self.angle))
        s = self.scale * math.sin(math.radians(self.angle))
        return np.array(
            [
                [c, -s, self.cx - c * width / 2 + s * height / 2],
                [s, c, self.cy - s * width / 2 - c * height / 2],
            ]
        )


class Sprite:
    """A picture with transparency.

    Parameters
    ----------
    rgba
        ``(h, w, 4)`` uint8, not premultiplied.
    outline
        ``(N, 2)`` points in sprite edge coordinates whose convex hull is the visible
        body; by default the rectangle of pixels with some opacity.
    """

    def __init__(self, rgba: NDArray[np.uint8], outline: NDArray[np.float64] | None = None) -> None:
        self.height, self.width = rgba.shape[:2]
        self.outline = _opaque_corners(rgba) if outline is None else np.asarray(outline, float)
        straight = rgba.astype(np.float32) / np.float32(255)
        straight[..., :3] *= straight[..., 3:]
        self.opacity_sum = float(straight[..., 3].sum())  # body area in sprite pixels
        self._levels = _pyramid(straight)

    def box(self, pose: Pose) -> Box:
        """Tight axis-aligned box of the body, scene pixels."""
        matrix = pose.matrix(self.width, self.height)
        points = self.outline @ matrix[:, :2].T + matrix[:, 2]
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return Box(float(x0), float(y0), float(x1 - x0), float(y1 - y0))

    def draw(self, pose: Pose, width: int, height: int) -> tuple[Region, FloatImage] | None:
        """The part of a ``width × height`` frame that the sprite may touch.

        Gives the region and its premultiplied ``(h, w, 4)`` float32 layer, or None when
        the sprite lies outside.
        """
        level = min(int(max(math.log2(1 / pose.scale), 0)), len(self._levels) - 1)
        picture = self._levels[level]
        shrink = np.diag([self.width / picture.shape[1], self.height / picture.shape[0]])
        matrix = pose.matrix(self.width, self.height)
        region = _touched(matrix, self.width, self.height, (width, height))
        if region is None:
            return None
        rows, cols = region
        turn = matrix[:, :2] @ shrink
        shift = matrix[:, 2] + turn @ (0.5, 0.5) - 0.5 - (cols.start, rows.start)
        layer = cv2.warpAffine(
            picture,
            np.column_stack([turn, shift]),
            (cols.stop - cols.start, rows.stop - rows.start),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0, 0),
        )
        return region, layer.astype(np.float32, copy=False)


def _touched(
    matrix: NDArray[np.float64], width: int, height: int, frame: tuple[int, int]
) -> Region | None:
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    points = corners @ matrix[:, :2].T + matrix[:, 2]
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 1, frame)
    if (low >= high).any():
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _pyramid(picture: FloatImage) -> list[FloatImage]:
    """Halved until tiny, so that shrinking does not alias."""
    levels = [picture]
    while min(levels[-1].shape[:2]) >= 16:
        height, width = levels[-1].shape[:2]
        half = cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, np.float32))
    return levels


def _opaque_corners(rgba: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows, cols = np.nonzero(rgba[..., 3] > 127)
    x0, x1, y0, y1 = cols.min(), cols.max() + 1, rows.min(), rows.max() + 1
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


@dataclass(frozen=True, slots=True)
class Actor:
    """A sprite and its motion: `pose` of the time in frames, None while it is not there.

    `depth` scales the camera's motion: 1 moves with the ground, more is nearer.
    """

    sprite: Sprite
    pose: Callable[[float], Pose | None]
    depth: float = 1.0


@dataclass(frozen=True, slots=True)
class Truth:
    """Where the target is in one frame.

    `box` is its full extent in frame pixels, also where it is covered or cut by the
    frame's edge; None when no part lies in the frame. `visible` is the share of the
    body that can be seen, 0 to 1; `occluded` says that other things hide all of it.
    """

    box: Box | None
    visible: float
    occluded: bool


def no_motion(_time: float) -> tuple[float, float]:
    """A camera that stands still."""
    return (0.0, 0.0)


def even_light(_time: float) -> float:
    """Light that does not change."""
    return 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is needed to paint frame k and to know the truth about it.

    Parameters
    ----------
    width, height
        Frame size, pixels.
    background
        ``(H, W, 3)`` uint8 RGB, larger than the frame if the camera moves; its pixel
        `origin` lies at the frame's corner when the camera is at ``(0, 0)``.
    actors
        Painter's order: later ones cover earlier ones.
    target
        Index of the actor that is followed.
    camera
        Offset of the view ``(x, y)`` in scene pixels at a time in frames.
    light
        Brightness factor at a time in frames.
    shutter
        Share of the frame time that the shutter is open (motion blur), 0 to 1.
    noise
        Standard deviation of the sensor noise, grey levels.
    seed
        Seed of the noise.
    """

    width: int
    height: int
    background: Image
    actors: Sequence[Actor]
    target: int = 0
    origin: tuple[float, float] = (0.0, 0.0)
    camera: Callable[[float], tuple[float, float]] = no_motion
    light: Callable[[float], float] = even_light
    shutter: float = 0.0
    noise: float = 0.0
    seed: int = 0

    def render(self, index: int) -> Image:
        """Frame `index` as ``(H, W, 3)`` uint8 RGB; the same for every call."""
        times = [float(index)]
        if self.shutter > 0:
            steps = np.arange(_BLUR_SAMPLES) / (_BLUR_SAMPLES - 1) - 0.5
            times = [index + self.shutter * float(step) for step in steps]
        total = sum((self._instant(time) for time in times[1:]), self._instant(times[0]))
        picture = total * np.float32(self.light(float(index)) / len(times) * 255)
        if self.noise > 0:
            random = np.random.default_rng((self.seed, index))
            picture += random.standard_normal(picture.shape, np.float32) * np.float32(self.noise)
        return np.clip(picture + 0.5, 0, 255).astype(np.uint8)

    def truth(self, index: int) -> Truth:
        """Box and visibility of the target in frame `index`."""
        actor = self.actors[self.target]
        pose = self._seen_pose(actor, float(index))
        if pose is None:
            return Truth(None, 0.0, occluded=False)
        box = actor.sprite.box(pose)
        inside = box.clipped(self.width, self.height)
        if inside.w <= 0 or inside.h <= 0:
            return Truth(None, 0.0, occluded=False)
        visible, uncovered = self._visibility(actor, pose, float(index))
        return Truth(box, visible, occluded=uncovered < 0.02)

    def _instant(self, time: float) -> FloatImage:
        picture = self._ground(time)
        for actor in self.actors:
            pose = self._seen_pose(actor, time)
            if pose is not None:
                _cover(picture, actor.sprite.draw(pose, self.width, self.height))
        return picture

    def _ground(self, time: float) -> FloatImage:
        dx, dy = self.camera(time)
        shift = np.array([[1, 0, -self.origin[0] - dx], [0, 1, -self.origin[1] - dy]])
        moved = cv2.warpAffine(
            self.background,
            shift,
            (self.width, self.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return moved.astype(np.float32) / np.float32(255)

    def _seen_pose(self, actor: Actor, time: float) -> Pose | None:
        pose = actor.pose(time)
        if pose is None:
            return None
        dx, dy = self.camera(time)
        moved_x, moved_y = pose.cx - dx * actor.depth, pose.cy - dy * actor.depth
        return Pose(moved_x, moved_y, pose.scale, pose.angle)

    def _visibility(self, actor: Actor, pose: Pose, time: float) -> tuple[float, float]:
        """Share of the body that is seen, and share of its part in the frame not covered."""
        body = np.zeros((self.height, self.width, 1), np.float32)
        _cover(body, actor.sprite.draw(pose, self.width, self.height), value=1.0)
        in_frame = float(body.sum())
        opaque = actor.sprite.opacity_sum * pose.scale**2
        for other in self.actors[self.target + 1 :]:
            other_pose = self._seen_pose(other, time)
            if other_pose is not None:
                drawn = other.sprite.draw(other_pose, self.width, self.height)
                _cover(body, drawn, value=0.0)
        left = float(body.sum())
        return min(left / max(opaque, 1e-6), 1.0), left / max(in_frame, 1e-6)


def _cover(
    picture: FloatImage, drawn: tuple[Region, FloatImage] | None, value: float | None = None
) -> None:
    """Lay a sprite over `picture` in place: its colours, or one `value`."""
    if drawn is None:
        return
    region, layer = drawn
    opacity = layer[..., 3:]
    colour = layer[..., :3] if value is None else opacity * np.float32(value)
    picture[region] = picture[region] * (1 - opacity) + colour
