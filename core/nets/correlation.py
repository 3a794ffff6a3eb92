"""Cross-correlation of a template's features with a search region's.

No padding: a template of ``h`` cells over a search of ``H`` gives ``H - h + 1``. The
template's features are kernels; a batch holds one pair per entry.
"""

from __future__ import annotations

from typing import Any

import torch
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
    kernels = kernel.expand(len(search), -1, -1, -1)
    if kernel.requires_grad or search.requires_grad:
        return _Depthwise.apply(kernels, search)  # type: ignore[no-any-return]
    return _planes(kernels, search)


def _planes(kernels: Tensor, search: Tensor, padding: tuple[int, int] = (0, 0)) -> Tensor:
    """Every plane of `search` with its own kernel."""
    count, channels = search.shape[:2]
    flat = search.reshape(1, count * channels, *search.shape[2:])
    weight = kernels.reshape(count * channels, 1, *kernels.shape[2:])
    out = nnf.conv2d(flat, weight, groups=count * channels, padding=padding)
    return out.view(count, channels, *out.shape[2:])


class _Depthwise(torch.autograd.Function):
    """:func:`depthwise` with its gradients written out.

    A convolution with as many groups as planes has a slow gradient on the CPU, four times
    slower than what it amounts to: the search correlated with the gradient as its kernels,
    and the gradient correlated with the kernels turned by half a turn.
    """

    @staticmethod
    def forward(ctx: Any, kernels: Tensor, search: Tensor) -> Tensor:
        ctx.save_for_backward(kernels, search)
        return _planes(kernels, search)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        kernels, search = ctx.saved_tensors
        (gradient,) = gradients
        rows, cols = kernels.shape[2:]
        to_kernels = to_search = None
        if ctx.needs_input_grad[0]:
            to_kernels = _planes(gradient, search)
        if ctx.needs_input_grad[1]:
            to_search = _planes(kernels.flip(-1, -2), gradient, (rows - 1, cols - 1))
        return to_kernels, to_search


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
