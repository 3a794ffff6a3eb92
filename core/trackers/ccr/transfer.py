"""Bringing several tensors from the device to the host in one copy.

Every copy off a GPU waits for all work queued before it; a stage of the cascade that
fetched its responses one by one would wait once for each.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_host(tensors: Sequence[Tensor]) -> list[NDArray[Any]]:
    """Arrays of the tensors' shapes; float32 and complex64 only."""
    flat = [_real(tensor).reshape(-1) for tensor in tensors]
    packed = torch.cat(flat).cpu().numpy()
    ends = list(itertools.accumulate(len(part) for part in flat))
    arrays = []
    for tensor, start, end in zip(tensors, [0, *ends[:-1]], ends, strict=True):
        part = packed[start:end]
        plain = part.view(np.complex64) if tensor.is_complex() else part
        arrays.append(plain.reshape(tuple(tensor.shape)))
    return arrays


def _real(tensor: Tensor) -> Tensor:
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor
