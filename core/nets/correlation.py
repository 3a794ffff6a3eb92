"""Cross-correlation of a template's features with a search region's.

No padding: a template of ``h`` cells over a search of ``H`` gives ``H - h + 1``. The
template's features are kernels; a batch holds one pair per entry.
"""

from __future__ import annotations

import torch.nn.functional as nnf
from torch import Tensor


def depthwise(kernel: Tensor, search: Tensor) -> Tensor:
    """Correlate channel by channel (SiamRPN++, Li et al., CVPR 2019, Sec. 3.3).

    Parameters
    ----------
    kernel
        ``(N, C, h, w)``, or ``(1, C, h, w)`` for all entries.
    search
        ``(N, C, H, W)``.

    Returns
    -------
    Tensor
        ``(N, C, H - h + 1, W - w + 1)``.
    """
    count, channels = search.shape[:2]
    kernels = kernel.expand(count, -1, -1, -1)
    flat = search.reshape(1, count * channels, *search.shape[2:])
    weight = kernels.reshape(count * channels, 1, *kernel.shape[2:])
    out = nnf.conv2d(flat, weight, groups=count * channels)
    return out.view(count, channels, *out.shape[2:])


def up_channel(kernel: Tensor, search: Tensor, outputs: int) -> Tensor:
    """Correlate with `outputs` kernels that fill all channels (SiamRPN, CVPR 2018, Eq. 4).

    Parameters
    ----------
    kernel
        ``(N, outputs · C, h, w)``: output outermost.
    search
        ``(N, C, H, W)``.

    Returns
    -------
    Tensor
        ``(N, outputs, H - h + 1, W - w + 1)``.
    """
    count, channels = search.shape[:2]
    flat = search.reshape(1, count * channels, *search.shape[2:])
    weight = kernel.reshape(count * outputs, channels, *kernel.shape[2:])
    out = nnf.conv2d(flat, weight, groups=count)
    return out.view(count, outputs, *out.shape[2:])
