"""Filters as pictures: the strongest channels of a correlation filter, side by side.

For showing only. Grey is zero, brighter is positive; all channels share one scale, so that
their strengths can be compared.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from core.geometry import Placement
from core.trackers.base import Patch

SHOWN = 9
"""Channels in a picture, at most."""


def kernel_patch(taps: Tensor, window: Placement) -> Patch:
    """The strongest of the filters ``taps (K, n, n)``, from left to right, then downwards.

    `window` is where one filter of ``n × n`` cells lies; the picture is placed so that its
    first kernel lies there. `values` are the taps themselves.
    """
    channels = taps.shape[0]
    shown = min(SHOWN, channels)
    strongest = torch.linalg.vector_norm(taps, dim=(1, 2)).topk(shown).indices
    side = math.isqrt(shown - 1) + 1
    rows = -(-shown // side)
    cells = taps.shape[-1]
    values = np.zeros((rows * cells, side * cells), np.float32)
    for place, kernel in enumerate(taps[strongest].float().cpu().numpy()):
        row, col = divmod(place, side)
        values[row * cells : (row + 1) * cells, col * cells : (col + 1) * cells] = kernel
    reach = max(float(np.abs(values).max()), 1e-12)
    grey = np.rint(127.5 + 127.5 * values / reach).astype(np.uint8)
    image = np.repeat(grey[..., None], 3, axis=2)
    return Patch(image, window, "kernel", values)
