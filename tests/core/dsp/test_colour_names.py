"""The colour-name table: right names, an ordered grey axis, bounded steps, a faithful lookup."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.dsp.colour_names import (
    COLOUR_NAMES,
    colour_name_table,
    colour_names,
    memberships,
    srgb_to_lab,
)

# Everyday representatives of each term: CSS keywords and the ISCC–NBS "vivid"/"strong" centroids.
FOCAL_COLOURS = [
    ("black", (0, 0, 0)),
    ("black", (20, 20, 20)),
    ("blue", (0, 0, 255)),
    ("blue", (0, 0, 139)),
    ("blue", (0, 103, 165)),
    ("brown", (139, 69, 19)),
    ("brown", (111, 78, 55)),
    ("grey", (96, 96, 96)),
    ("grey", (128, 128, 128)),
    ("grey", (180, 180, 180)),
    ("green", (0, 128, 0)),
    ("green", (0, 255, 0)),
    ("green", (0, 136, 86)),
    ("orange", (255, 165, 0)),
    ("orange", (255, 128, 0)),
    ("pink", (255, 192, 203)),
    ("pink", (255, 105, 180)),
    ("purple", (128, 0, 128)),
    ("purple", (154, 78, 174)),
    ("red", (255, 0, 0)),
    ("red", (200, 20, 30)),
    ("white", (255, 255, 255)),
    ("yellow", (255, 255, 0)),
    ("yellow", (243, 195, 0)),
]


def looked_up(rgb: tuple[int, int, int]) -> np.ndarray:
    return colour_names(np.array([[rgb]], np.uint8))[0, 0]


def test_that_the_terms_stand_in_the_documented_order():
    order = "black blue brown grey green orange pink purple red white yellow"
    assert " ".join(COLOUR_NAMES) == order


@pytest.mark.parametrize(("name", "rgb"), FOCAL_COLOURS)
def test_that_a_focal_colour_gets_its_name_with_a_clear_lead(name, rgb):
    membership = looked_up(rgb)
    second, first = np.sort(membership)[-2:]
    assert COLOUR_NAMES[int(membership.argmax())] == name
    assert first > 0.5
    assert first > 2 * second


def test_that_memberships_are_positive_and_sum_to_one():
    table = colour_name_table()
    assert table.shape == (32, 32, 32, 11)
    assert table.dtype == np.float32
    assert table.min() >= 0
    np.testing.assert_allclose(table.sum(axis=-1), 1, atol=1e-5)


def test_that_the_grey_axis_runs_from_black_over_grey_to_white():
    steps = np.arange(32)
    axis = colour_name_table()[steps, steps, steps]
    black, grey, white = (axis[:, COLOUR_NAMES.index(n)] for n in ("black", "grey", "white"))
    assert (np.diff(black) < 0).all()
    assert (np.diff(white) > 0).all()
    winners = axis.argmax(axis=1)
    order = [COLOUR_NAMES[w] for w in dict.fromkeys(winners.tolist())]
    assert order == ["black", "grey", "white"]
    assert np.count_nonzero(np.diff(winners)) == 2
    assert grey[16] > 0.6
    assert (black + grey + white).min() > 0.6


def test_that_neighbouring_bins_differ_little():
    table = colour_name_table()
    steps = [0.5 * np.abs(np.diff(table, axis=axis)).sum(axis=-1) for axis in range(3)]
    assert max(step.max() for step in steps) < 0.3
    assert np.mean([step.mean() for step in steps]) < 0.06


@pytest.mark.parametrize("gain", [0.85, 0.93, 1.07, 1.15])
def test_that_a_change_of_light_keeps_most_of_the_descriptor(gain):
    rgb = np.array([rgb for _, rgb in FOCAL_COLOURS], float)
    lit = np.clip(gain * rgb, 0, 255)
    kept = np.minimum(memberships(rgb), memberships(lit)).sum(axis=1)
    assert kept.min() > 0.5  # the least: a pale pink that saturates towards white
    assert kept.mean() > 0.88


def test_that_log_memberships_move_no_faster_than_the_kernel_allows():
    rng = np.random.default_rng(11)
    colours = rng.uniform(0, 255, (2000, 3))
    moved = np.clip(colours + rng.normal(0, 6, colours.shape), 0, 255)
    change = np.abs(np.log(memberships(colours)) - np.log(memberships(moved))).max(axis=1)
    # The embedding only ever shrinks CIELab distances, so 2 / τ per ΔE bounds the change.
    distance = np.linalg.norm(srgb_to_lab(colours) - srgb_to_lab(moved), axis=1)
    assert (change <= 2 * distance / 6.0 + 1e-3).all()


def test_that_opposite_hues_share_almost_nothing():
    shared = np.minimum(looked_up((255, 0, 0)), looked_up((0, 255, 0))).sum()
    assert shared < 0.05
    shared = np.minimum(looked_up((0, 0, 255)), looked_up((255, 255, 0))).sum()
    assert shared < 0.05


def test_that_the_lookup_is_exact_at_bin_centres_and_constant_in_a_bin():
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    found = colour_names(image)
    assert found.shape == (9, 7, 11)
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        found, memberships(((image >> 3) * 8 + 3.5).astype(np.float64)), atol=1e-6
    )
    np.testing.assert_array_equal(found, colour_names(image | np.uint8(7)))


def test_that_red_green_and_blue_index_the_table_in_this_order():
    table = colour_name_table()
    np.testing.assert_array_equal(looked_up((250, 9, 17)), table[31, 1, 2])


def test_that_the_table_is_computed_once_and_cannot_be_overwritten():
    table = colour_name_table()
    assert table is colour_name_table()
    with pytest.raises(ValueError, match="read-only"):
        table[0, 0, 0, 0] = 1


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
    ],
)
def test_that_anything_but_an_rgb_uint8_image_is_refused(image):
    with pytest.raises(ValueError, match="uint8 RGB"):
        colour_names(image)


def test_that_lab_agrees_with_an_independent_conversion():
    rng = np.random.default_rng(5)
    rgb = rng.uniform(0, 255, (1, 500, 3)).astype(np.float32)
    expected = cv2.cvtColor(rgb / 255, cv2.COLOR_RGB2Lab)
    np.testing.assert_allclose(srgb_to_lab(rgb.astype(float)), expected, atol=0.6)
    np.testing.assert_allclose(srgb_to_lab(np.full(3, 255.0)), [100, 0, 0], atol=1e-6)
