"""Cutting pictures and feature maps at continuous positions.

A picture is cut once per frame (:func:`cut`); everything else is pooled from its
features by :func:`triangle_matrix`: average pooling over continuous positions,
written as one small matrix per axis. Outside the frame the border is replicated, or
filled with one colour where a method was trained so.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import TrackerError
from core.geometry import Box


def require_picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `image` if it is what everything here works on.

    Raises
    ------
    TrackerError
        If it is not ``(H, W, 3)`` uint8 with at least one pixel.
    """
    if image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 and image.size > 0:
        return image
    raise TrackerError(
        f"This picture cannot be tracked in: its shape is {image.shape}, its type {image.dtype}.",
        "Give it as RGB: shape (height, width, 3), uint8. Grey pictures repeat their channel.",
    )


def cut(
    image: NDArray[np.uint8],
    region: Box,
    size: int | tuple[int, int],
    fill: tuple[float, float, float] | None = None,
) -> NDArray[np.uint8]:
    """Resample `region` of a picture.

    Parameters
    ----------
    image
        ``(H, W, 3)`` uint8.
    region
        Frame pixels; may reach beyond the frame. Where its shape is not that of `size`
        the axes are scaled each for itself.
    size
        Output ``(rows, cols)`` in pixels; one number for a square.
    fill
        Colour outside the frame; the border is replicated when None.

    Returns
    -------
    NDArray
        ``(rows, cols, 3)`` uint8; where a pixel shrinks it is averaged, not skipped.

    Raises
    ------
    TrackerError
        See :func:`require_picture`.
    """
    require_picture(image)
    rows, cols = (size, size) if isinstance(size, int) else size
    step_x, step_y = region.w / cols, region.h / rows
    source, x0, y0 = image, region.x, region.y
    factors = (max(int(step_x), 1), max(int(step_y), 1))
    if max(factors) >= 2:
        # Reduce by whole factors first: bilinear alone would alias.
        source, x0, y0 = _reduced(image, region, factors)
        step_x, step_y = step_x / factors[0], step_y / factors[1]
    matrix = np.array(
        [[step_x, 0.0, x0 + step_x / 2 - 0.5], [0.0, step_y, y0 + step_y / 2 - 0.5]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE if fill is None else cv2.BORDER_CONSTANT
    colour = fill or (0.0, 0.0, 0.0)
    out = cv2.warpAffine(
        source, matrix, (cols, rows), flags=flags, borderMode=border, borderValue=colour
    )
    return np.ascontiguousarray(out, np.uint8)


def _reduced(
    image: NDArray[np.uint8], region: Box, factors: tuple[int, int]
) -> tuple[NDArray[np.uint8], float, float]:
    """The part of `image` under `region`, averaged over ``factors`` (x, y) pixels."""
    height, width = image.shape[:2]
    across, down = factors
    # Whole output pixels only, anchored at the frame's corner so that the same
    # picture gives the same averages wherever the region lies.
    col0 = int(np.clip(region.x // across - 1, 0, max(width // across - 1, 0)))
    row0 = int(np.clip(region.y // down - 1, 0, max(height // down - 1, 0)))
    col1 = int(np.clip(region.right // across + 2, col0 + 1, max(width // across, col0 + 1)))
    row1 = int(np.clip(region.bottom // down + 2, row0 + 1, max(height // down, row0 + 1)))
    part = image[row0 * down : row1 * down, col0 * across : col1 * across]
    small = cv2.resize(part, (col1 - col0, row1 - row0), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), region.x / across - col0, region.y / down - row0


def triangle_matrix(bins: int, samples: int, start: float, step: float) -> NDArray[np.float32]:
    """Weights that gather bins into overlapping cells by linear interpolation.

    A bin gives to the two cells whose centres it lies between, in proportion to its
    nearness; cell ``i`` is centred at ``start + (i + ½)·step`` in bin units. Nothing
    is gathered from beyond the row.

    Returns
    -------
    NDArray
        ``(samples, bins)`` float32 in [0, 1].
    """
    centres = start + step * (np.arange(samples, dtype=np.float64) + 0.5)
    distance = np.abs(centres[:, None] - (np.arange(bins, dtype=np.float64) + 0.5))
    return np.maximum(1.0 - distance / step, 0.0).astype(np.float32)
