from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dsp import sampling
from core.errors import TrackerError
from core.geometry import Box


def test_that_cutting_at_whole_pixels_copies_the_picture() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    out = sampling.cut(image, Box(7, 11, 20, 20), 20)
    np.testing.assert_array_equal(out, image[11:31, 7:27])


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1), (20, 30, 4), (0, 30, 3)])
def test_that_only_colour_pictures_are_cut(shape: tuple[int, ...]) -> None:
    with pytest.raises(TrackerError, match="RGB"):
        sampling.cut(np.zeros(shape, np.uint8), Box(0, 0, 10, 10), 10)
    with pytest.raises(TrackerError, match="float32"):
        sampling.cut(np.zeros((20, 30, 3), np.float32), Box(0, 0, 10, 10), 10)  # type: ignore[arg-type]


def test_that_outside_the_frame_the_border_is_replicated() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    out = sampling.cut(image, Box(-5, -5, 20, 20), 20)
    np.testing.assert_array_equal(out[:5, 5:], np.repeat(image[:1, :15], 5, axis=0))
    np.testing.assert_array_equal(out[5:, :5], np.repeat(image[:15, :1], 5, axis=1))


@pytest.mark.parametrize("ratio", [0.5, 1.7, 2.0, 3.3, 7.9])
def test_that_a_cut_keeps_positions_at_every_reduction(ratio: float) -> None:
    # On a ramp, every output pixel must show the value at its own centre.
    ramp = np.tile(np.arange(0, 250, 0.5), (300, 1))
    image = np.repeat(ramp[..., None], 3, axis=2).round().astype(np.uint8)
    side = 24
    region = Box(60.3, 20.7, side * ratio, side * ratio)
    out = sampling.cut(image, region, side).astype(float)[..., 0]
    expected = (region.x + (np.arange(side) + 0.5) * ratio - 0.5) / 2
    np.testing.assert_allclose(out, np.tile(expected, (side, 1)), atol=1.1)
    # Rounding averages out; half a pixel of the picture would be 0.25 here.
    assert abs((out - expected).mean()) < 0.12


def test_that_reducing_averages_instead_of_skipping() -> None:
    checker = (np.indices((160, 160)).sum(0) % 2 * 255).astype(np.uint8)
    image = np.repeat(checker[..., None], 3, axis=2)
    out = sampling.cut(image, Box(10, 10, 120, 120), 30).astype(int)
    assert np.abs(out - 127).max() <= 2


def _ramp(axis: int) -> np.ndarray:
    """Brightness grows by two levels per pixel along `axis`: whole numbers on average too."""
    line = np.arange(0, 250, 2)
    plane = np.tile(line, (125, 1)) if axis == 1 else np.tile(line[:, None], (1, 125))
    return np.repeat(plane[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize(("across", "down"), [(0.5, 1.7), (3.3, 1.1), (1.3, 2.6), (2.0, 4.4)])
def test_that_each_axis_is_scaled_for_itself(across: float, down: float) -> None:
    cols, rows = 24, 18
    region = Box(30.3, 20.7, cols * across, rows * down)
    for axis, step, start, count in ((1, across, region.x, cols), (0, down, region.y, rows)):
        out = sampling.cut(_ramp(axis), region, (rows, cols)).astype(float)[..., 0]
        assert out.shape == (rows, cols)
        expected = (start + (np.arange(count) + 0.5) * step - 0.5) * 2
        plane = np.tile(expected, (rows, 1)) if axis == 1 else np.tile(expected[:, None], (1, cols))
        np.testing.assert_allclose(out, plane, atol=1.1)
        assert abs((out - plane).mean()) < 0.55  # half a pixel of the picture would be 1


def test_that_one_shrunk_axis_is_averaged_and_the_other_left_sharp() -> None:
    stripes = np.zeros((160, 160, 3), np.uint8)
    stripes[:, ::2] = 254  # bright and dark columns
    flat = sampling.cut(stripes, Box(10, 10, 120, 40), (40, 30)).astype(int)
    assert np.abs(flat - 127).max() <= 2
    sharp = sampling.cut(stripes, Box(10, 10, 40, 120), (30, 40)).astype(int)
    assert set(np.unique(sharp)) == {0, 254}


def test_that_the_outside_is_filled_with_the_given_colour() -> None:
    image = np.full((20, 30, 3), 90, np.uint8)
    colour = (10.0, 120.0, 250.0)
    out = sampling.cut(image, Box(-8, -6, 24, 24), (24, 24), colour)
    assert (out[:5, :] == colour).all()
    assert (out[:, :7] == colour).all()
    assert (out[7:, 9:] == 90).all()
    beyond = sampling.cut(image, Box(100, 100, 10, 10), 10, colour)
    assert (beyond == colour).all()


@pytest.mark.parametrize("fill", [None, (3.0, 60.0, 200.0)])
def test_that_the_border_lies_at_the_same_place_at_every_reduction(fill) -> None:
    image = np.full((61, 97, 3), 90, np.uint8)
    image[:, -24:] = 210
    for ratio in (1.0, 2.0, 3.0, 4.5):
        side = int(90 / ratio)
        out = sampling.cut(image, Box(60, 0, side * ratio, side * ratio), side, fill).astype(int)
        row = out[int(20 / ratio), :, 1]
        edge = int((97 - 60) / ratio)
        assert row[int((97 - 24 - 60) / ratio) + 2 : edge - 2].min() > 180
        outside = row[edge + 2 :]
        assert (outside == (210 if fill is None else 60)).all()


@given(
    samples=st.integers(2, 20),
    start=st.floats(-5, 10),
    step=st.floats(1.0, 5.0),
)
def test_that_every_bin_gives_its_whole_weight_to_two_cells(
    samples: int, start: float, step: float
) -> None:
    bins = 40
    matrix = sampling.triangle_matrix(bins, samples, start, step)
    assert matrix.shape == (samples, bins)
    assert matrix.min() >= 0
    first, last = start + step / 2, start + step * (samples - 0.5)
    centre = np.arange(bins) + 0.5
    inside = (centre >= first) & (centre <= last)
    np.testing.assert_allclose(matrix.sum(0)[inside], 1, atol=1e-5)
    assert ((matrix > 1e-6).sum(0) <= 2).all()


@given(start=st.floats(0, 9), step=st.floats(2.0, 3.0))
def test_that_a_ramp_is_read_at_the_centres_of_cells(start: float, step: float) -> None:
    bins = 60
    ramp = np.arange(bins) + 0.5
    matrix = sampling.triangle_matrix(bins, 8, start, step)
    centres = start + step * (np.arange(8) + 0.5)
    inside = (centres > step) & (centres < bins - step)
    got = (matrix @ ramp) / matrix.sum(1)
    np.testing.assert_allclose(got[inside], centres[inside], atol=0.13)
