"""The ground of the demo clip: moss, leaves in three layers, daisies, and grass in front."""

from __future__ import annotations

import cv2
import numpy as np
from demo_sprites import Rgba, daisy, leaf, soften
from numpy.typing import NDArray

from core.video.scene import Pose, Sprite
from core.video.synthetic import texture


def lay(ground: NDArray[np.float32], picture: Rgba, pose: Pose, shadow: float = 0.45) -> None:
    """Put a picture on the ground, with a soft shadow to the lower right."""
    height, width = ground.shape[:2]
    if shadow:
        dark = picture.copy()
        dark[..., :3] = (10, 18, 8)
        dark[..., 3] = (dark[..., 3] * shadow).astype(np.uint8)
        below = Pose(pose.cx + 6, pose.cy + 8, pose.scale, pose.angle)
        lay(ground, soften(np.pad(dark, ((16, 16), (16, 16), (0, 0))), 5), below, shadow=0)
    drawn = Sprite(picture, np.zeros((1, 2))).draw(pose, width, height)
    if drawn is not None:
        region, layer = drawn
        ground[region] = ground[region] * (1 - layer[..., 3:]) + layer[..., :3] * 255


def garden(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """The ground: moss, leaves in three layers, daisies."""
    random = np.random.default_rng(seed)
    moss = texture(width, height, seed, grain=26, contrast=0.5).astype(np.float32)
    fine = texture(width, height, seed + 1, grain=3, contrast=0.5).astype(np.float32)
    tone = 0.75 * moss.mean(axis=2) + 0.25 * fine.mean(axis=2)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    glow = 0.82 + 0.3 * np.exp(-(((x - 0.45 * width) / 420) ** 2 + ((y - 0.4 * height) / 260) ** 2))
    base = (tone / 128 * glow)[..., None]
    ground = np.clip(base * np.array([70, 98, 44], np.float32), 0, 255).astype(np.float32)
    layers = (
        (46, (52, 92, 44), (70, 130), 2.2, 0.5),
        (40, (84, 132, 58), (70, 150), 1.0, 0.45),
        (24, (122, 164, 72), (80, 160), 0.0, 0.4),
    )
    for count, tint, lengths, blur, shadow in layers:
        for _ in range(count):
            length = int(random.uniform(*lengths))
            colour = tuple(float(c * random.uniform(0.85, 1.15)) for c in tint)
            picture = leaf(
                length,
                int(length * random.uniform(0.34, 0.5)),
                (colour[0], colour[1], colour[2]),
                int(random.integers(1 << 30)),
            )
            place = Pose(
                random.uniform(0, width), random.uniform(0, height), 1.0, random.uniform(0, 360)
            )
            lay(ground, picture, place, shadow)
        if blur:
            ground = cv2.GaussianBlur(ground, (0, 0), blur).astype(np.float32)
    for x0, y0, radius in (
        (150, 70, 40),
        (420, 395, 44),
        (640, 60, 34),
        (905, 372, 40),
        (1010, 90, 46),
        (300, 300, 26),
        (800, 205, 24),
        (60, 330, 30),
    ):
        lay(ground, daisy(radius * 2, x0), Pose(x0, y0, 0.5, float(x0)), 0.4)
    return np.clip(ground + 0.5, 0, 255).astype(np.uint8)


def blade(length: int, width: int, seed: int) -> Sprite:
    """A blade of grass near the lens, a little out of focus."""
    picture = leaf(length, width, (104, 158, 60), seed, veins=False)
    return Sprite(soften(np.pad(picture, ((12, 12), (12, 12), (0, 0))), 1.6))
