from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.nets import roi

BOXES = torch.tensor(
    [
        [0.0, 0.0, 4.0, 4.0],
        [1.3, -2.1, 3.7, 5.2],
        [-4.4, 3.9, 6.0, 2.5],  # over the left border
        [5.0, 5.5, 9.0, 9.0],  # over a corner
        [0.0, 0.0, 30.0, 26.0],  # larger than the map
        [0.2, 0.1, 0.05, 0.05],  # smaller than a cell
    ]
)


def naive(features: np.ndarray, box: np.ndarray, bins: int, samples: int) -> np.ndarray:
    """RoIAlign written down: every sample by its four neighbours, one after the other."""
    channels, height, width = features.shape
    out = np.zeros((channels, bins, bins))
    left, top = box[0] - box[2] / 2, box[1] - box[3] / 2
    for row in range(bins):
        for col in range(bins):
            for i in range(samples):
                for j in range(samples):
                    y = top + (row + (i + 0.5) / samples) * box[3] / bins + (height - 1) / 2
                    x = left + (col + (j + 0.5) / samples) * box[2] / bins + (width - 1) / 2
                    out[:, row, col] += bilinear(features, y, x)
    return out / samples**2


def bilinear(features: np.ndarray, y: float, x: float) -> np.ndarray:
    _, height, width = features.shape
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    y0, x0 = min(math.floor(y), height - 2), min(math.floor(x), width - 2)
    fy, fx = y - y0, x - x0
    upper = features[:, y0, x0] * (1 - fx) + features[:, y0, x0 + 1] * fx
    lower = features[:, y0 + 1, x0] * (1 - fx) + features[:, y0 + 1, x0 + 1] * fx
    return upper * (1 - fy) + lower * fy


@pytest.fixture
def maps() -> torch.Tensor:
    return torch.randn(2, 3, 9, 13, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("bins", "samples"), [(6, 2), (3, 4), (1, 12), (5, 1)])
def test_that_boxes_are_pooled_as_by_the_naive_formula(
    maps: torch.Tensor, bins: int, samples: int
) -> None:
    boxes = torch.stack([BOXES, BOXES.flip(0)])
    got = roi.align(maps, boxes, bins, samples).view(2, len(BOXES), 3, bins, bins)
    for n in range(2):
        for m in range(len(BOXES)):
            want = naive(maps[n].double().numpy(), boxes[n, m].double().numpy(), bins, samples)
            np.testing.assert_allclose(got[n, m].numpy(), want, atol=2e-5)


def test_that_a_ramp_is_read_at_the_centres_of_the_bins() -> None:
    # The value of a ramp at a bin's centre says where the bin is: half a cell would show.
    ramp = torch.arange(9.0)[None, None, None].expand(1, 1, 9, 9) - 4
    got = roi.align(ramp, torch.tensor([[[0.5, 0.0, 3.0, 3.0]]]), 3)
    torch.testing.assert_close(got[0, 0, 1], torch.tensor([-0.5, 0.5, 1.5]))


def test_that_axes_are_not_swapped() -> None:
    ramp = torch.arange(9.0)[:, None].expand(9, 9)[None, None] - 4  # rises downwards
    got = roi.align(ramp, torch.tensor([[[0.0, 2.0, 2.0, 2.0]]]), 2)
    torch.testing.assert_close(got[0, 0], torch.tensor([[1.5, 1.5], [2.5, 2.5]]))


def test_that_the_pyramid_is_roialign_at_each_size(maps: torch.Tensor) -> None:
    boxes = BOXES.expand(2, -1, -1)
    levels = roi.pyramid(maps, boxes, (6, 3, 1))
    for level, size, samples in zip(levels, (6, 3, 1), (2, 4, 12), strict=True):
        assert level.shape == (2 * len(BOXES), 3, size, size)
        torch.testing.assert_close(level, roi.align(maps, boxes, size, samples))


def test_that_a_size_that_does_not_divide_is_refused(maps: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="divide"):
        roi.pyramid(maps, BOXES.expand(2, -1, -1), (6, 4, 1))


def test_that_gradients_reach_features_and_boxes(maps: torch.Tensor) -> None:
    features = maps[:1].double().requires_grad_()
    boxes = torch.tensor([[[0.3, -0.2, 4.1, 3.3]]], dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f, b: roi.align(f, b, 2), (features, boxes))


def test_that_nothing_leaks_between_maps(maps: torch.Tensor) -> None:
    together = roi.align(maps, BOXES.expand(2, -1, -1), 4)
    for n in range(2):
        alone = roi.align(maps[n : n + 1], BOXES[None], 4)
        torch.testing.assert_close(together[n * len(BOXES) : (n + 1) * len(BOXES)], alone)
