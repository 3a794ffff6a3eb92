from __future__ import annotations

import numpy as np
import pytest
from fakes.recorded import a_map
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.recording.coding import (
    Precision,
    as_recorded,
    decode,
    differences,
    encode,
    maps_as_recorded,
    summed,
)

PACKED = [Precision.COMPACT, Precision.FINE]
_FLOATS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(-1e6, 1e6, width=32),
)


def _back(values: np.ndarray, precision: Precision) -> np.ndarray:
    codes, low, high = encode(values, precision)
    return decode(codes, precision, low, high)


@given(_FLOATS, st.sampled_from(PACKED))
def test_that_the_error_stays_below_the_stated_bound(values, precision):
    low, high = float(values.min()), float(values.max())
    error = np.abs(_back(values, precision).astype(float) - values)
    rounding = 2 * np.spacing(np.float32(max(abs(low), abs(high))))
    assert error.max() <= precision.error(low, high) + rounding
    top = precision.top
    near = (values.astype(float) - low) * top > (high - low) * (top - 0.5)  # beside the peak
    usual = error[~near]
    assert usual.max(initial=0) <= precision.error(low, high) / 2 + rounding


@given(_FLOATS, st.sampled_from(list(Precision)))
def test_that_the_peak_and_the_lowest_value_are_kept_exactly(values, precision):
    back = _back(values, precision)
    assert back.max() == values.max()
    assert back.min() == values.min()
    assert np.array_equal(back == back.max(), values == values.max())
    assert back.argmax() == values.argmax()


@given(_FLOATS)
def test_that_exact_is_exact_to_the_bit(values):
    assert _back(values, Precision.EXACT).tobytes() == values.tobytes()


def test_that_16_bits_are_256_times_finer_than_8():
    values = a_map(81).values
    errors = {p: np.abs(_back(values, p).astype(float) - values).max() for p in PACKED}
    assert errors[Precision.FINE] < errors[Precision.COMPACT] / 200


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("precision", PACKED)
def test_that_values_which_codes_cannot_say_are_refused(wrong, precision):
    values = np.ones((3, 3), np.float32)
    values[1, 1] = wrong
    with pytest.raises(ValueError, match="not numbers"):
        encode(values, precision)


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 7)),
    )
)
def test_that_differences_are_undone_by_sums(codes):
    before = codes.copy()
    assert np.array_equal(summed(differences(codes)), before)
    assert np.array_equal(codes, before)


def test_that_differences_of_a_plane_are_mostly_nothing():
    ramp = np.add.outer(np.arange(40), np.arange(40)).astype(np.uint8)
    assert np.count_nonzero(differences(ramp)) < 2 * 40


@pytest.mark.parametrize("precision", list(Precision))
def test_that_what_a_window_shows_while_recording_is_what_comes_back(precision):
    response = a_map(33, value_range=(-1, 1))
    shown = as_recorded(response, precision)
    assert np.array_equal(shown.values, _back(response.values, precision))
    assert (shown.placement, shown.value_range) == (response.placement, response.value_range)
    assert shown.peak() == response.peak()
    again = as_recorded(shown, precision)
    assert np.array_equal(again.values, shown.values)


def test_that_a_map_which_cannot_be_recorded_is_shown_as_it_is():
    response = a_map(5)
    response.values[0, 0] = np.nan
    assert maps_as_recorded({"a": response}, Precision.COMPACT)["a"] is response
