"""Changes of colour and sharpness of crops, and things pasted over them.

None of them moves a pixel, so boxes stay exact (blurs are symmetric about their middle).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from core.train.data.composite.library import Library

Image = NDArray[np.uint8]
Rng = np.random.Generator
_LEVELS = np.arange(256, dtype=np.float32)


def coloured(rng: Rng, image: Image, spread: float) -> Image:
    """Brightness, contrast and colour gains drawn with standard deviation `spread`."""
    if spread <= 0:
        return image
    contrast = math.exp(float(rng.normal(0, spread)))
    gains = np.exp(rng.normal(0, 0.5 * spread, 3)) * contrast
    brightness = float(rng.normal(0, 100 * spread))
    table = (_LEVELS[:, None] - 128) * gains.astype(np.float32) + 128 + brightness
    table = np.clip(table, 0, 255).astype(np.uint8).reshape(256, 1, 3)
    return np.asarray(cv2.LUT(image, table), np.uint8)


def grayed(image: Image) -> Image:
    """Shades of gray in three channels."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)


def blurred(rng: Rng, image: Image) -> Image:
    """Out of focus, or along a line: up to a sixteenth of the crop."""
    longest = max(image.shape[0] // 16, 3)
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0.6, longest / 5))
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    length = float(rng.uniform(2, longest))
    angle = float(rng.uniform(0, math.pi))
    return np.asarray(cv2.filter2D(image, -1, line_kernel(length, angle)), np.uint8)


def line_kernel(length: float, angle: float) -> NDArray[np.float32]:
    """Averages along a line of `length` px at `angle` rad; symmetric about its middle."""
    half = max(int(length / 2) + 1, 1)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for part in np.linspace(-0.5, 0.5, 4 * half + 1):
        dx, dy = length * part * math.cos(angle), length * part * math.sin(angle)
        kernel[half + round(dy), half + round(dx)] += 1
    kernel += kernel[::-1, ::-1]
    return kernel / kernel.sum()


def occluded(rng: Rng, image: Image, row: NDArray[np.float32], library: Library | None) -> Image:
    """Paste something over a part of the target.

    Parameters
    ----------
    image
        ``(H, W, 3)`` crop.
    row
        The target, (cx, cy, w, h) about the crop's middle.
    library
        What to paste; without one, a piece of the crop itself.
    """
    rows, cols = image.shape[:2]
    cx, cy, w, h = (float(value) for value in row)
    side = math.sqrt(max(w * h, 4.0)) * float(rng.uniform(0.35, 0.8))
    # About the edge of the target: it is covered in part, on any side.
    angle = float(rng.uniform(0, 2 * math.pi))
    x = cols / 2 + cx + 0.5 * w * math.cos(angle)
    y = rows / 2 + cy + 0.5 * h * math.sin(angle)
    patch, alpha = _patch(rng, image, side, library)
    tall, wide = alpha.shape
    x0, y0 = round(x - wide / 2), round(y - tall / 2)
    left, top = max(x0, 0), max(y0, 0)
    right, bottom = min(x0 + wide, cols), min(y0 + tall, rows)
    if left >= right or top >= bottom:
        return image
    part = (slice(top - y0, bottom - y0), slice(left - x0, right - x0))
    cover = alpha[part][..., None]
    out = image.copy()
    under = out[top:bottom, left:right].astype(np.float32)
    out[top:bottom, left:right] = under + (patch[part] - under) * cover
    return out


def _patch(
    rng: Rng, image: Image, side: float, library: Library | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    size = max(round(side), 2)
    if library is not None and len(library):
        entry = library.entries[int(rng.integers(len(library)))]
        cut = library.cutout(entry.poses[int(rng.integers(len(entry.poses)))]).image
        factor = size / math.sqrt(cut.shape[0] * cut.shape[1])
        shape = (max(round(cut.shape[1] * factor), 2), max(round(cut.shape[0] * factor), 2))
        shape = (min(shape[0], 2 * size), min(shape[1], 2 * size))
        small = cv2.resize(cut, shape, interpolation=cv2.INTER_AREA)
        small = np.asarray(small, np.float32)
        return small[..., :3], small[..., 3] * np.float32(1 / 255)
    size = min(size, *image.shape[:2])
    y = int(rng.integers(image.shape[0] - size + 1))
    x = int(rng.integers(image.shape[1] - size + 1))
    piece = image[y : y + size, x : x + size].astype(np.float32)
    return piece, np.ones((size, size), np.float32)
