"""Colour maps for response maps: 256-entry look-up tables.

The perceptually even maps come first; ``jet`` is last because papers use it, not
because it reads well. Tables come from OpenCV, grey is linear. ``balance`` is for values
about 0 (differences): blue below, red above, as light as paper in the middle, with even
steps in CIELAB.
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
    "balance": None,
    "jet": cv2.COLORMAP_JET,
}

COLORMAPS = tuple(_OPENCV)
"""Names in the order a chooser shows them."""

DIVERGING = frozenset({"balance"})
"""Colour maps whose middle, not whose start, means that there is nothing."""

_BALANCE = ((0.0, (28, 66, 138)), (0.5, (245, 245, 243)), (1.0, (152, 22, 36)))


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
    if name == "balance":
        table = _between(_BALANCE)
    elif code is None:
        table = np.repeat(ramp[:, None], 3, axis=1)
    else:
        bgr = cv2.applyColorMap(ramp[:, None], code)[:, 0]
        table = np.ascontiguousarray(bgr[:, ::-1], dtype=np.uint8)
    table.setflags(write=False)
    return table


def _between(stops: tuple[tuple[float, tuple[int, int, int]], ...]) -> NDArray[np.uint8]:
    """A table through RGB colours, straight in CIELAB."""
    rgb = np.array([[color for _, color in stops]], np.float32) / 255
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0]
    at, places = np.linspace(0, 1, 256), [place for place, _ in stops]
    line = np.stack([np.interp(at, places, lab[:, k]) for k in range(3)], axis=1)
    table = cv2.cvtColor(line.astype(np.float32)[None], cv2.COLOR_LAB2RGB)[0]
    return np.ascontiguousarray(np.rint(np.clip(table, 0, 1) * 255), dtype=np.uint8)
