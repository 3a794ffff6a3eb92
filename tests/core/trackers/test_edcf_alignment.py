"""The high map on the low map's cells: a planted peak must keep its pixels."""

from __future__ import annotations

import pytest
import torch

from core.trackers.edcf.alignment import Alignment

CPU = torch.device("cpu")
OWN = (125, 2, 17, 8)


@pytest.mark.parametrize(("row", "col"), [(8, 8), (5, 12), (0, 16), (16, 3)])
def test_that_a_planted_peak_keeps_its_displacement_in_pixels(row: int, col: int) -> None:
    high = torch.zeros(1, 17, 17)
    high[0, row, col] = 1.0
    found = Alignment.of(*OWN, CPU).apply(high)[0]
    y, x = divmod(int(found.argmax()), 125)
    assert ((y - 62) * 2, (x - 62) * 2) == ((row - 8) * 8, (col - 8) * 8)
    assert found.max().item() == pytest.approx(1.0)


def test_that_between_the_cells_it_is_linear() -> None:
    ramp = torch.arange(17, dtype=torch.float32).expand(17, 17)[None] * 8 - 64  # px to the right
    found = Alignment.of(*OWN, CPU).apply(ramp)[0]
    pixels = (torch.arange(125) - 62) * 2.0
    inside = pixels.abs() <= 64
    torch.testing.assert_close(found[62][inside], pixels[inside], rtol=1e-5, atol=1e-4)


def test_that_beyond_its_reach_there_is_the_minimum() -> None:
    high = torch.rand(2, 17, 17, generator=torch.Generator().manual_seed(0)) - 0.5
    found = Alignment.of(*OWN, CPU).apply(high)
    for values, source in zip(found, high, strict=True):
        assert (values[:30] == source.min()).all()
        assert (values[:, 95:] == source.min()).all()
        # ±64 px are ±32 cells: the rim itself is still known.
        assert values[62 - 32, 62 - 32].item() == pytest.approx(source[0, 0].item(), abs=1e-6)


def test_that_other_strides_are_aligned_alike() -> None:
    high = torch.zeros(1, 23, 23)
    high[0, 9, 14] = 1.0
    found = Alignment.of(63, 4, 23, 8, CPU).apply(high)[0]
    assert divmod(int(found.argmax()), 63) == (31 - 4, 31 + 6)


def test_that_a_high_map_of_one_cell_says_the_same_everywhere() -> None:
    found = Alignment.of(63, 4, 1, 8, CPU).apply(torch.full((1, 1, 1), 0.7))
    assert (found == 0.7).all()


@pytest.mark.parametrize("sizes", [OWN, (63, 4, 23, 8), (125, 2, 13, 16), (125, 2, 17, 16)])
def test_that_the_high_maps_own_cells_are_read_back(sizes: tuple[int, int, int, int]) -> None:
    cells = sizes[2]
    high = torch.rand(1, cells, cells, generator=torch.Generator().manual_seed(1))
    alignment = Alignment.of(*sizes, CPU)
    found = alignment.own_cells(alignment.apply(high)[0].numpy())
    # What the low map does not reach is left out, alike on every side.
    rim = cells // 2 - alignment.reach
    assert found.shape == (cells - 2 * rim,) * 2
    expected = high[0, rim : cells - rim, rim : cells - rim].numpy()
    assert found == pytest.approx(expected, abs=1e-5)


def test_that_strides_that_do_not_nest_are_refused() -> None:
    with pytest.raises(ValueError, match="nest"):
        Alignment.of(125, 2, 17, 9, CPU)
