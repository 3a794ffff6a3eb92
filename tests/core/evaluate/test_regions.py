"""Overlaps of regions against those of vot-toolkit 0.9.0, pysot and got10k 0.1.3."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from core.errors import DatasetError
from core.evaluate.regions import OVERLAPS, corners, exact_overlap, overlap_named, upright

# 120 random pairs; numbers by vot-toolkit 0.9.0 (PyPI), pysot's region.c (STVIR/pysot) and
# got10k 0.1.3 (PyPI), in this order.
CASES = json.loads((Path(__file__).parent / "fixtures" / "overlaps.json").read_text())["cases"]


@pytest.mark.parametrize(("place", "name"), list(enumerate(("toolkit", "pysot", "exact"))))
def test_that_overlaps_are_those_of_the_toolkits(place, name):
    assert len(CASES) >= 100
    for a, b, bounds, expected in CASES:
        ours = OVERLAPS[name](np.array(a), np.array(b), tuple(bounds))
        assert ours == pytest.approx(expected[place], abs=1e-6, nan_ok=True), (a, b)


def test_that_the_fixture_has_regions_that_overlap_and_polygons():
    assert sum(expected[0] > 0.2 for *_, expected in CASES) > 30
    assert sum(len(a) == 8 or len(b) == 8 for a, b, *_ in CASES) > 40


def test_that_areas_are_exact_for_rectangles_and_a_turned_square():
    a = np.array([0.0, 0, 10, 10])
    assert exact_overlap(a, np.array([5.0, 0, 10, 10]), (100, 100)) == pytest.approx(1 / 3)
    diamond = np.array([5.0, 0, 10, 5, 5, 10, 0, 5])
    assert exact_overlap(a, diamond, (100, 100)) == pytest.approx(0.5)
    assert exact_overlap(diamond, a, (100, 100)) == pytest.approx(0.5)
    assert exact_overlap(a, np.array([50.0, 50, 5, 5]), (100, 100)) == 0.0


def test_that_only_the_frame_counts():
    a, b = np.array([-10.0, 0, 20, 10]), np.array([0.0, 0, 10, 10])
    for name in OVERLAPS:
        assert OVERLAPS[name](a, b, (50, 50)) == pytest.approx(1.0), name


def test_that_a_polygon_and_its_upright_rectangle_fit():
    polygon = np.array([3.0, 1, 9, 4, 6, 9, 1, 5])
    np.testing.assert_array_equal(upright(polygon), [1, 1, 8, 8])
    np.testing.assert_array_equal(corners(upright(polygon))[2], [9, 9])
    assert math.isclose(exact_overlap(polygon, polygon, (20, 20)), 1.0)


def test_that_an_unknown_overlap_is_named():
    with pytest.raises(DatasetError, match="no overlap “area”"):
        overlap_named("area")


def test_that_an_installed_vot_toolkit_computes_the_same():
    raster = pytest.importorskip("vot.region.raster", reason="vot-toolkit is not installed")
    shapes = pytest.importorskip("vot.region.shapes", reason="vot-toolkit is not installed")

    def region(values):
        if len(values) == 4:
            return shapes.Rectangle(*values)
        return shapes.Polygon([tuple(p) for p in np.reshape(values, (-1, 2))])

    for a, b, bounds, _ in CASES:
        theirs = raster.calculate_overlap(region(a), region(b), tuple(bounds))
        ours = OVERLAPS["toolkit"](np.array(a), np.array(b), tuple(bounds))
        assert ours == pytest.approx(float(theirs), abs=1e-6)
