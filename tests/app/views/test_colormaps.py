from __future__ import annotations

import numpy as np
import pytest

from app.views.colormaps import COLORMAPS, colormap_table


@pytest.mark.parametrize("name", COLORMAPS)
def test_that_every_colour_map_is_a_full_table(name):
    table = colormap_table(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert not table.flags.writeable
    assert len(np.unique(table, axis=0)) > 200


@pytest.mark.parametrize("name", ["viridis", "cividis", "magma", "inferno", "grey"])
def test_that_the_even_maps_grow_lighter_throughout(name):
    light = colormap_table(name) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(light) > -1.5).all()
    assert light[-1] - light[0] > 120


def test_that_red_and_blue_are_not_swapped():
    dark_violet, yellow = colormap_table("viridis")[[0, 255]]
    assert dark_violet[2] > dark_violet[1]
    assert yellow[0] > 200
    assert yellow[2] < 60


def test_that_jet_is_offered_last():
    assert COLORMAPS[0] == "viridis"
    assert COLORMAPS[-1] == "jet"
