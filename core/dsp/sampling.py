"""Cutting pictures and feature maps at continuous positions.

A picture is cut once per frame (:func:`cut`); everything else is pooled from its
features by :func:`triangle_matrix`: average pooling over continuous positions,
written as one small matrix per axis. Outside the frame the border is replicated.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry import Box


def cut(image: NDArray[np.uint8], region: Box, side: int) -> NDArray[np.uint8]:
    """Resample `region` of a picture to ``side × side``.

    Parameters
    ----------
    image
        ``(H, W, 3)`` uint8.
    region
        Square, frame pixels; may reach beyond the frame.
    side
        Output side in pixels.

    Returns
    -------
    NDArray
        ``(side, side, 3)`` uint8; where a pixel shrinks it is averaged, not skipped.
    """
    ratio = region.w / side
    scale = ratio
    source, x0, y0 = image, region.x, region.y
    if ratio >= 2:
        # Reduce by whole factors first: bilinear alone would alias.
        source, x0, y0, factor = _reduced(image, region, int(ratio))
        scale = ratio / factor
    matrix = np.array(
        [[scale, 0.0, x0 + scale / 2 - 0.5], [0.0, scale, y0 + scale / 2 - 0.5]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(source, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(out, np.uint8)


def _reduced(
    image: NDArray[np.uint8], region: Box, factor: int
) -> tuple[NDArray[np.uint8], float, float, int]:
    """The part of `image` under `region`, averaged over ``factor × factor`` pixels."""
    height, width = image.shape[:2]
    # Whole output pixels only, anchored at the frame's corner so that the same
    # picture gives the same averages wherever the region lies.
    col0 = int(np.clip(region.x // factor - 1, 0, max(width // factor - 1, 0)))
    row0 = int(np.clip(region.y // factor - 1, 0, max(height // factor - 1, 0)))
    col1 = int(np.clip(region.right // factor + 2, col0 + 1, max(width // factor, col0 + 1)))
    row1 = int(np.clip(region.bottom // factor + 2, row0 + 1, max(height // factor, row0 + 1)))
    part = image[row0 * factor : row1 * factor, col0 * factor : col1 * factor]
    small = cv2.resize(part, (col1 - col0, row1 - row0), interpolation=cv2.INTER_AREA)
    x0, y0 = region.x / factor - col0, region.y / factor - row0
    return np.asarray(small, np.uint8), x0, y0, factor


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
