"""Colour maps for response maps: 256-entry look-up tables.

The perceptually even maps come first; ``jet`` is last because papers use it, not
because it reads well. Tables come from OpenCV, grey is linear.
"""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

_OPENCV = {
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "magma": cv2.COLORMAP_MAGMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "turbo": cv2.COLORMAP_TURBO,
    "grey": None,
    "jet": cv2.COLORMAP_JET,
}

COLORMAPS = tuple(_OPENCV)
"""Names in the order a chooser shows them."""


@functools.cache
def colormap_table(name: str) -> NDArray[np.uint8]:
    """Table ``(256, 3)`` uint8 RGB, read-only, of the colour map `name`.

    Raises
    ------
    KeyError
        If there is no colour map of that name.
    """
    code = _OPENCV[name]
    ramp = np.arange(256, dtype=np.uint8)
    if code is None:
        table = np.repeat(ramp[:, None], 3, axis=1)
    else:
        bgr = cv2.applyColorMap(ramp[:, None], code)[:, 0]
        table = np.ascontiguousarray(bgr[:, ::-1], dtype=np.uint8)
    table.setflags(write=False)
    return table
