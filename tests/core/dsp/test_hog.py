from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.dsp.hog import CHANNELS, gradients, hog, normalized, votes


def naive_gradient(image: np.ndarray, y: int, x: int) -> tuple[float, float]:
    """Central difference (gx, gy) of the channel where it is largest."""
    height, width, channels = image.shape
    best = (-1.0, 0.0, 0.0)
    for c in range(channels):
        gx = float(image[y, min(x + 1, width - 1), c]) - float(image[y, max(x - 1, 0), c])
        gy = float(image[min(y + 1, height - 1), x, c]) - float(image[max(y - 1, 0), x, c])
        if gx * gx + gy * gy > best[0]:
            best = (gx * gx + gy * gy, gx, gy)
    return best[1], best[2]


def naive_votes(image: np.ndarray, cell: int) -> np.ndarray:
    """Nearest of 18 directions, bilinear into four cells."""
    height, width = image.shape[:2]
    rows, cols = height // cell, width // cell
    votes = np.zeros((rows, cols, 18))
    for y, x in np.ndindex(height, width):
        gx, gy = naive_gradient(image, y, x)
        # Half-way directions go up, as rounding does in the vectorised form.
        turn = np.float32(math.atan2(gy, gx)) * np.float32(18 / (2 * math.pi))
        o = math.floor(turn + np.float32(0.5)) % 18
        cy, cx = (y + 0.5) / cell - 0.5, (x + 0.5) / cell - 0.5
        for i in (math.floor(cy), math.floor(cy) + 1):
            for j in (math.floor(cx), math.floor(cx) + 1):
                if 0 <= i < rows and 0 <= j < cols:
                    weight = (1 - abs(cy - i)) * (1 - abs(cx - j))
                    votes[i, j, o] += weight * math.hypot(gx, gy)
    return votes


def naive_hog(image: np.ndarray, cell: int) -> np.ndarray:
    """The definition with plain loops."""
    votes = naive_votes(image, cell)
    rows, cols = votes.shape[:2]
    energy = ((votes[..., :9] + votes[..., 9:]) ** 2).sum(-1)
    padded = np.pad(energy, 1, mode="edge")
    out = np.zeros((31, rows, cols))
    for i, j in np.ndindex(rows, cols):
        signed = votes[i, j]
        both = np.concatenate([signed, signed[:9] + signed[9:]])
        for k, (di, dj) in enumerate([(1, 1), (0, 1), (1, 0), (0, 0)]):
            block = padded[i + di : i + di + 2, j + dj : j + dj + 2].sum()
            clipped = np.minimum(both / math.sqrt(block + 1e-4), 0.2)
            out[:27, i, j] += 0.5 * clipped
            out[27 + k, i, j] = 0.2357 * clipped[:18].sum()
    return out


@pytest.mark.parametrize(("size", "cell"), [((12, 16), 4), ((18, 12), 6), ((8, 8), 2)])
def test_that_hog_equals_the_definition(size: tuple[int, int], cell: int) -> None:
    image = np.random.default_rng(3).integers(0, 256, (*size, 3)).astype(np.uint8)
    got = hog(torch.from_numpy(image), cell).numpy()
    assert got.shape == (CHANNELS, size[0] // cell, size[1] // cell)
    np.testing.assert_allclose(got, naive_hog(image, cell), atol=2e-5)


def test_that_a_flat_picture_has_no_gradients() -> None:
    flat = torch.full((16, 16, 3), 130, dtype=torch.uint8)
    assert float(hog(flat, 4).abs().max()) == 0.0


def test_that_unsigned_channels_ignore_the_sign_of_contrast() -> None:
    image = np.random.default_rng(4).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    positive, negative = (hog(torch.from_numpy(x), 4) for x in (image, 255 - image))
    np.testing.assert_allclose(positive[18:27], negative[18:27], atol=1e-4)
    assert not np.allclose(positive[:18], negative[:18], atol=1e-2)


def test_that_moving_by_a_cell_moves_the_histogram_by_a_cell() -> None:
    wide = np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    here = hog(torch.from_numpy(wide[:, :40].copy()), 4)
    there = hog(torch.from_numpy(wide[:, 8:48].copy()), 4)
    # Away from the rim, where replicated pixels differ.
    np.testing.assert_allclose(here[:, 2:-2, 4:-2], there[:, 2:-2, 2:-4], atol=1e-5)


def test_that_bins_of_votes_add_up_to_the_same_cells() -> None:
    image = np.random.default_rng(6).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    fine, coarse = (votes(torch.from_numpy(image), side) for side in (1, 4))
    summed = fine.view(18, 6, 4, 8, 4).sum((2, 4))
    np.testing.assert_allclose(summed, coarse, rtol=1e-5, atol=1e-3)
    magnitude = gradients(torch.from_numpy(image))[2]
    assert float(coarse.sum()) == pytest.approx(float(magnitude.sum()), rel=1e-5)


def test_that_a_batch_is_normalised_one_by_one() -> None:
    raw = torch.rand(3, 18, 5, 7, generator=torch.Generator().manual_seed(0))
    batch = normalized(raw)
    for one, many in zip(raw, batch, strict=True):
        torch.testing.assert_close(normalized(one), many)
