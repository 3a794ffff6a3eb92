from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.nets import correlation


def _random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _naive(kernel: Tensor, search: Tensor) -> Tensor:
    """Sum of products at every place where `kernel` ``(h, w)`` fits into `search`."""
    (h, w), (rows, cols) = kernel.shape, search.shape
    out = torch.zeros(rows - h + 1, cols - w + 1, dtype=torch.float64)
    for row in range(out.shape[0]):
        for col in range(out.shape[1]):
            for y in range(h):
                for x in range(w):
                    out[row, col] += kernel[y, x] * search[row + y, col + x]
    return out


@pytest.mark.parametrize("shared", [False, True])
def test_that_depthwise_correlates_each_channel_for_itself(shared: bool) -> None:
    search = _random(3, 4, 7, 6, seed=1)
    kernel = _random(1 if shared else 3, 4, 3, 2)
    got = correlation.depthwise(kernel, search)
    assert got.shape == (3, 4, 5, 5)
    for entry in range(3):
        for channel in range(4):
            wanted = _naive(kernel[0 if shared else entry, channel], search[entry, channel])
            torch.testing.assert_close(got[entry, channel], wanted)


def test_that_up_channel_sums_over_channels_for_every_output() -> None:
    outputs, channels = 3, 4
    search = _random(2, channels, 6, 5, seed=1)
    kernel = _random(2, outputs * channels, 2, 3)
    got = correlation.up_channel(kernel, search, outputs)
    assert got.shape == (2, outputs, 5, 3)
    for entry in range(2):
        for output in range(outputs):
            wanted = sum(
                _naive(kernel[entry, output * channels + c], search[entry, c])
                for c in range(channels)
            )
            torch.testing.assert_close(got[entry, output], wanted)


def test_that_the_innermost_layout_gives_the_same() -> None:
    search, kernel = _random(2, 4, 7, 7, seed=1), _random(2, 4, 3, 3)
    inner = torch.channels_last
    fast = correlation.depthwise(
        kernel.contiguous(memory_format=inner), search.contiguous(memory_format=inner)
    )
    torch.testing.assert_close(fast, correlation.depthwise(kernel, search))


def test_that_gradients_reach_both_sides() -> None:
    search, kernel = _random(1, 2, 5, 5, seed=1), _random(1, 2, 3, 3)
    kernel.requires_grad_()
    search.requires_grad_()
    assert torch.autograd.gradcheck(correlation.depthwise, (kernel, search))


@pytest.mark.parametrize("shared", [False, True])
def test_that_the_gradients_of_depthwise_are_those_of_its_definition(shared: bool) -> None:
    search = _random(2, 3, 6, 7, seed=1).requires_grad_()
    kernel = _random(1 if shared else 2, 3, 3, 2).requires_grad_()
    assert torch.autograd.gradcheck(correlation.depthwise, (kernel, search))


def test_that_only_the_gradient_that_is_asked_for_is_computed() -> None:
    search, kernel = _random(2, 3, 6, 7, seed=1), _random(2, 3, 3, 2).requires_grad_()
    correlation.depthwise(kernel, search).sum().backward()
    assert kernel.grad is not None
    assert search.grad is None
