"""Live curves: appended by frame, reduced without losing peaks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views.score_curves import SCORE, TIME, LiveCurves, envelope
from core.engine.run_buffer import Row
from core.geometry import Box
from core.states import TargetState


def row(frame: int, score: float = 0.5, **scalars: float) -> Row:
    return Row(frame, Box(0, 0, 1, 1), score, TargetState.TRACKING, "", scalars, 0.01)


def test_that_values_are_found_by_frame_and_gaps_are_gaps():
    curves = LiveCurves(100, 110)
    curves.add([row(100, 0.25), row(105, 0.75, psr=9.0)])
    assert curves.value(SCORE, 105) == 0.75
    assert curves.value(SCORE, 104) is None
    assert curves.value("psr", 100) is None
    assert curves.value("psr", 105) == 9.0
    assert curves.value("nothing", 105) is None


@pytest.mark.parametrize("frame", [99, 110, -1])
def test_that_results_outside_the_range_are_ignored(frame):
    curves = LiveCurves(100, 110)
    assert not curves.add([row(frame)])
    assert curves.newest is None
    assert curves.value(SCORE, frame) is None


def test_that_a_run_backwards_gives_the_same_curve():
    rows = [row(f, f / 100) for f in range(20, 40)]
    forward, backward = LiveCurves(20, 40), LiveCurves(20, 40)
    forward.add(rows)
    backward.add(rows[::-1])
    a, b = (c.points(SCORE, (0, 100), 500) for c in (forward, backward))
    assert np.array_equal(a[0], b[0])
    assert np.array_equal(a[1], b[1])
    assert backward.newest == 20


def test_that_new_names_are_reported_once():
    curves = LiveCurves(0, 10)
    assert curves.add([row(0, psr=1.0)])
    assert not curves.add([row(1, psr=2.0)])
    assert curves.names == [SCORE, "psr", TIME]


def test_that_limits_ignore_what_is_not_a_number():
    curves = LiveCurves(0, 10)
    curves.add([row(0, psr=4.0), row(1, psr=float("nan")), row(2, psr=float("inf"))])
    low, high = curves.limits("psr")
    assert low < 4.0 < high
    curves.add([row(3, psr=8.0)])
    assert curves.limits("psr") == (4.0, 8.0)


def test_that_only_the_frames_in_view_are_drawn_with_one_beyond_each_side():
    curves = LiveCurves(0, 1000)
    curves.add([row(f) for f in range(1000)])
    x, _ = curves.points(SCORE, (100, 110), 500)
    assert x[0] <= 100
    assert x[-1] >= 110
    assert len(x) < 16


def test_that_an_empty_range_draws_nothing():
    x, y = LiveCurves().points(SCORE, (0, 10), 100)
    assert len(x) == len(y) == 0


@given(st.integers(1, 3000), st.integers(1, 300), st.integers(0, 2**31))
def test_that_an_envelope_keeps_extremes_order_and_size(count, columns, seed):
    rng = np.random.default_rng(seed)
    x = np.arange(count, dtype=float)
    y = rng.normal(size=count)
    ex, ey = envelope(x, y, columns)
    assert len(ex) <= max(2 * columns + 2, 1)
    assert ey.max() == y.max()
    assert ey.min() == y.min()
    assert np.all(np.diff(ex) >= 0)
    assert np.array_equal(ey, y[ex.astype(int)])


def test_that_gaps_survive_the_envelope():
    y = np.ones(1000)
    y[400:600] = np.nan
    x, reduced = envelope(np.arange(1000.0), y, 100)
    inside = (x >= 410) & (x < 590)
    assert inside.any()
    assert np.isnan(reduced[inside]).all()
    assert np.isfinite(reduced[(x < 390) | (x >= 610)]).all()
