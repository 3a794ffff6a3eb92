"""Whatever is done to codes to store them small is undone to the bit."""

from __future__ import annotations

from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from fakes.recorded import an_item, record
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import RecordingError
from core.geometry import Placement
from core.recording import packing, schema
from core.recording.coding import Precision, as_recorded, encode
from core.recording.packing import Packing
from core.recording.recording import Recording
from core.trackers.base import ResponseMap, TrackResult

WAYS = [Packing(number) for number in range(32) if packing.is_known(number)]
_SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 8), st.integers(1, 9))


def _back(codes: np.ndarray, way: Packing, weights: np.ndarray) -> np.ndarray:
    stored = packing.packed(codes, way, weights)
    assert stored.shape == codes.shape
    assert stored.dtype == codes.dtype
    joined = packing.joined(stored, way)
    return np.stack([packing.unpacked(cells, way, weights) for cells in joined])


def _smooth(side: int, count: int = 16, *, still: bool = False) -> np.ndarray:
    rng = np.random.default_rng(side)
    fields = rng.normal(size=(1 if still else count, side, side)).astype(np.float32)
    smooth = [cv2.GaussianBlur(field, (0, 0), 3.0) for field in fields]
    return np.stack([encode(np.asarray(f), Precision.COMPACT)[0] for f in smooth] * count)[:count]


@given(
    arrays.arrays(np.uint8, _SHAPES),
    st.sampled_from(WAYS),
    arrays.arrays(np.int32, 15, elements=st.integers(-(2**15), 2**15 - 1)),
)
def test_that_every_packing_is_undone(codes, way, weights):
    before = codes.copy()
    assert np.array_equal(_back(codes, way, weights), before)
    assert np.array_equal(codes, before)


@given(arrays.arrays(np.uint16, _SHAPES))
def test_that_16_bits_are_packed_by_differences_only(codes):
    way, weights = packing.chosen(codes, whole=True)
    assert way <= packing.FIRST
    assert np.array_equal(_back(codes, way, weights), codes)


@given(arrays.arrays(np.uint8, _SHAPES), st.booleans())
def test_that_what_was_chosen_is_undone(codes, whole):
    way, weights = packing.chosen(codes, whole=whole)
    assert packing.is_known(int(way))
    assert whole or way <= packing.FIRST
    assert np.array_equal(_back(codes, way, weights), codes)


def test_that_every_kind_of_map_gets_the_packing_that_suits_it():
    still, _ = packing.chosen(_smooth(40, still=True), whole=True)
    assert still & Packing.FRAME
    smooth, weights = packing.chosen(_smooth(80), whole=True)
    assert smooth & Packing.FORETOLD
    assert not smooth & Packing.FRAME
    assert weights.any()


def test_that_foretelling_takes_a_smooth_map_below_its_differences():
    codes = _smooth(80)
    way, weights = packing.chosen(codes, whole=True)
    chosen = len(packing.tight(packing.packed(codes, way, weights).tobytes()))
    first = len(packing.tight(packing.packed(codes, packing.FIRST, weights).tobytes()))
    assert chosen < 0.78 * first


def test_that_bits_which_do_not_go_together_are_unknown():
    assert [number for number in range(256) if packing.is_known(number)] == [
        *range(8), 9, *range(16, 24), 25,
    ]  # fmt: skip


def _item(frame: int, side: int):
    field = np.random.default_rng(frame).normal(size=(side, side)).astype(np.float32)
    values = np.asarray(cv2.GaussianBlur(field, (0, 0), 3.0), np.float32).reshape(side, side)
    response = ResponseMap(values, Placement((1.0, 0, 0, 0, 1.0, 0)))
    return an_item(frame, TrackResult(**_FIELDS, maps={"response": response}))


_FIELDS = {
    name: getattr(an_item(0).result, name) for name in ("box", "score", "state", "reason")
}  # fmt: skip


@pytest.mark.parametrize("sides", [[60], [60, 40], [60, 70], [300], [2], [1]])
@pytest.mark.parametrize("precision", list(Precision))
def test_that_maps_of_any_size_come_back_packed_as_they_may_be(tmp_path, sides, precision):
    items = [_item(k, sides[k // 16 % len(sides)]) for k in range(35)]
    record(tmp_path / "a.h5", items, precision=precision)
    with Recording(tmp_path / "a.h5") as recording:
        for row in (34, 0, 17, 16, 1):
            expected = as_recorded(items[row].result.maps["response"], precision)
            assert np.array_equal(recording.map("response", row).values, expected.values)
        ways = set(recording.map_places("response")["packing"].tolist())
    if sides == [60] and precision is Precision.COMPACT:
        assert max(ways) > packing.FIRST
    if max(sides) > schema.MAX_TILE or precision is not Precision.COMPACT:
        assert max(ways) <= packing.FIRST


@pytest.mark.parametrize(
    ("precision", "number"), [("compact", 32), ("compact", 12), ("compact", 255), ("fine", 16)]
)
def test_that_a_packing_which_does_not_exist_is_refused(tmp_path, precision, number):
    record(tmp_path / "a.h5", [_item(k, 20) for k in range(3)], precision=Precision(precision))
    with h5py.File(tmp_path / "a.h5", "r+", libver=("v110", "v110")) as file:
        places = file["maps/response/places"][:]
        places["packing"] = number
        file["maps/response/places"][:] = places
    with Recording(tmp_path / "a.h5") as recording, pytest.raises(RecordingError):
        recording.map("response", 1)


def test_that_any_weights_are_harmless(tmp_path):
    record(tmp_path / "a.h5", [_item(k, 60) for k in range(3)])
    with h5py.File(tmp_path / "a.h5", "r+", libver=("v110", "v110")) as file:
        places = file["maps/response/places"][:]
        assert (places["packing"] & Packing.FORETOLD).all()
        places["weights"] = -(2**15)
        file["maps/response/places"][:] = places
    with Recording(tmp_path / "a.h5") as recording:
        assert np.isfinite(recording.map("response", 1).values).all()


def test_that_a_file_of_the_first_layout_opens():
    path = Path(__file__).with_name("layout1.h5")
    with h5py.File(path) as file:
        assert file.attrs["version"] == 1
        assert "packing" not in file["maps/response/places"].dtype.names
    with Recording(path) as recording:
        assert len(recording) == 20
        assert recording.map("response", 3) is None
        cols, rows = np.arange(11), np.arange(9)[:, None]
        for row in (0, 4, 15, 16, 19):
            noise = np.random.default_rng(row).integers(0, 9, (9, 11)) / 64
            hill = np.exp(-((cols - 5 - row / 5) ** 2 + (rows - 4) ** 2) / 6) + noise
            found = recording.map("response", row)
            span = hill.max() - hill.min()
            assert np.abs(found.values - hill).max() <= span / 255 + 1e-6
            assert found.values.argmax() == hill.argmax()
            assert found.placement == Placement((2.0, 0, row, 0, 3.0, 1.0))
