"""One place and one size from two streams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.states import TargetState
from core.trackers.drvt import fusion
from core.trackers.drvt.fusion import MIDDLE, Fused
from core.trackers.drvt.layout import Grid
from core.trackers.drvt.params import DRVTParams
from core.trackers.drvt.reliability import Evidence, History, verdict

SIDE = 257
COARSE = Grid(15, 16, 16.5)
FINE = Grid(65, 4, 0.5)
PARAMS = DRVTParams(mask_radius=1.0, psr_threshold=5.0, scale_penalty=0.93, scale_refine=False)
PRIOR = np.ones((15, 15), np.float32)


def bump(grid: Grid, x: float, y: float, height: float = 1.0, sigma: float = 8.0) -> np.ndarray:
    """A Gaussian at crop position (x, y)."""
    row = np.exp(-0.5 * ((grid.centers - y) / sigma) ** 2)
    col = np.exp(-0.5 * ((grid.centers - x) / sigma) ** 2)
    return (height * np.outer(row, col)).astype(np.float32)


def responses(middle: np.ndarray, smaller: float = 0.9, larger: float = 0.9) -> np.ndarray:
    return np.stack([middle * smaller, middle, middle * larger]).astype(np.float32)


def fuse(probability: np.ndarray, stack: np.ndarray, params: DRVTParams = PARAMS) -> Fused:
    return fusion.fuse(probability, PRIOR, stack, COARSE, FINE, params)


def test_that_the_filters_peak_near_the_classifiers_cell_is_the_place() -> None:
    found = fuse(bump(COARSE, 150, 100, 0.9, 20), responses(bump(FINE, 146.3, 107.9)))
    assert found.reliable
    assert found.place == pytest.approx((146.3, 107.9), abs=0.2)
    assert found.agreement == 1


def test_that_a_higher_peak_outside_the_mask_is_a_look_alike() -> None:
    stack = responses(bump(FINE, 146, 108, 0.5) + bump(FINE, 40, 200, 1.0))
    found = fuse(bump(COARSE, 150, 100, 0.9, 20), stack)
    assert found.place == pytest.approx((146, 108), abs=0.3)
    assert found.agreement == pytest.approx(0.5, abs=0.02)


def test_that_a_filter_that_does_not_stand_out_is_not_believed() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (65, 65)).astype(np.float32) + 3 * bump(FINE, 150, 104)
    stack = responses(noise, 2.0, 2.0)
    assert not fuse(bump(COARSE, 150, 100, 0.9, 20), stack).reliable
    found = fuse(bump(COARSE, 150, 100, 0.9, 20), stack)
    assert found.place == pytest.approx((150, 100), abs=3)
    assert (found.scale_index, found.exponent) == (MIDDLE, 0)
    lenient = replace(PARAMS, psr_threshold=0.0)
    assert fuse(bump(COARSE, 150, 100, 0.9, 20), stack, lenient).reliable


def test_that_the_papers_threshold_is_over_the_whole_map() -> None:
    response = bump(FINE, 150, 104)
    value = fusion.psr_of_paper(response)
    assert value == pytest.approx((response.max() - response.mean()) / response.std(), rel=1e-5)
    strict = replace(PARAMS, psr_threshold=0.0, psr_threshold_paper=value + 0.1)
    assert not fuse(bump(COARSE, 150, 100), responses(response), strict).reliable
    loose = replace(strict, psr_threshold_paper=value - 0.1)
    assert fuse(bump(COARSE, 150, 100), responses(response), loose).reliable


@pytest.mark.parametrize(
    ("smaller", "larger", "expected"),
    [(0.9, 0.9, 1), (1.05, 0.9, 1), (1.09, 0.9, 0), (0.9, 1.09, 2), (1.10, 1.12, 2)],
)
def test_that_another_size_must_win_by_more_than_the_penalty(
    smaller: float, larger: float, expected: int
) -> None:
    found = fuse(bump(COARSE, 150, 100), responses(bump(FINE, 148, 102), smaller, larger))
    assert found.scale_index == expected
    assert found.exponent == expected - MIDDLE


def test_that_the_parabola_moves_the_size_only_between_the_steps() -> None:
    params = replace(PARAMS, scale_refine=True)
    even = fuse(bump(COARSE, 150, 100), responses(bump(FINE, 148, 102)), params)
    assert even.exponent == pytest.approx(0, abs=1e-6)
    up = fuse(bump(COARSE, 150, 100), responses(bump(FINE, 148, 102), 0.9, 1.0), params)
    assert 0 < up.exponent <= 0.5


def test_that_the_place_is_read_in_the_crop_of_the_winning_size() -> None:
    stack = responses(bump(FINE, 148, 102))
    stack[2] = bump(FINE, 144, 104, 1.2)
    found = fuse(bump(COARSE, 150, 100), stack)
    assert found.scale_index == 2
    assert found.place == pytest.approx((144, 104), abs=0.2)


def test_that_the_prior_settles_ties_only_for_the_cell() -> None:
    probability = bump(COARSE, 48.5, 48.5, 0.95, 10) + bump(COARSE, 128.5, 128.5, 0.93, 10)
    prior = np.full((15, 15), 0.9, np.float32)
    prior[5:10, 5:10] = 1.0
    stack = responses(bump(FINE, 130, 130))
    assert fusion.fuse(probability, prior, stack, COARSE, FINE, PARAMS).cell == (7, 7)
    assert fusion.fuse(probability, PRIOR, stack, COARSE, FINE, PARAMS).cell != (7, 7)


# --- verdict -------------------------------------------------------------------------

GOOD = Evidence(probability=0.98, psr=20.0, peak=0.4, agreement=1.0)
USUAL = History(50, 0.4)


def test_that_a_usual_frame_is_tracked_with_its_probability_as_score() -> None:
    target, score, reason = verdict(USUAL, GOOD, 0, PARAMS)
    assert (target, reason) == (TargetState.TRACKING, "")
    assert score == pytest.approx(0.98)


@pytest.mark.parametrize(
    "change",
    [{"probability": 0.6}, {"psr": 8.0}, {"peak": 0.2}, {"agreement": 0.5}],
    ids=lambda change: next(iter(change)),
)
def test_that_every_kind_of_doubt_lowers_the_score(change: dict[str, float]) -> None:
    assert verdict(USUAL, replace(GOOD, **change), 0, PARAMS)[1] < 0.8


@pytest.mark.parametrize(
    ("change", "misses", "expected", "word"),
    [
        ({"probability": 0.1}, 1, TargetState.UNCERTAIN, "looks like"),
        ({"probability": 0.1}, PARAMS.lost_after, TargetState.LOST, "frames"),
        ({"probability": 0.45}, 0, TargetState.UNCERTAIN, "surroundings"),
        ({"psr": 2.0}, 0, TargetState.UNCERTAIN, "PSR"),
    ],
)
def test_that_the_state_is_said_with_its_reason(
    change: dict[str, float], misses: int, expected: TargetState, word: str
) -> None:
    target, _, reason = verdict(USUAL, replace(GOOD, **change), misses, PARAMS)
    assert target is expected
    assert word in reason


def test_that_what_is_usual_follows_slowly() -> None:
    history = History()
    for _ in range(10):
        history = history.with_frame(replace(GOOD, peak=0.5))
    assert history.peak == pytest.approx(0.5)
    assert 0.45 < history.with_frame(replace(GOOD, peak=0.1)).peak < 0.5
