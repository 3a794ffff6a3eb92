"""Accuracy, robustness and EAO against vot-toolkit 0.9.0 and pysot."""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path

import fakes.vot_runs as runs
import numpy as np
import pytest

from core.errors import DatasetError
from core.evaluate.supervised import INTERVALS, eao_curve, interval, judge, summarize
from core.evaluate.trajectory import FAILED, SKIPPED, STARTED, Trajectory, read_trajectory

# Numbers by vot-toolkit 0.9.0 (PyPI) and STVIR/pysot on the runs of fakes/vot_runs.py.
FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "supervised.json").read_text())


def _trajectory(states) -> Trajectory:
    return Trajectory(tuple(s if isinstance(s, int) else np.array(s) for s in states))


@functools.cache
def _judged(counting):
    return {
        made.name: [
            judge(_trajectory(states), [np.array(t) for t in made.truth], runs.SIZE, counting)
            for states in made.results
        ]
        for made in runs.sequences()
    }


@pytest.mark.parametrize("year", sorted(INTERVALS))
def test_that_the_numbers_are_those_of_the_vot_toolkit(year):
    scores = summarize(list(_judged("toolkit").values()), year)
    expected = FIXTURE["toolkit"]
    assert expected["failures"] > 5
    assert scores.accuracy == pytest.approx(expected["accuracy"], abs=1e-6)
    assert scores.robustness == pytest.approx(expected["robustness"], abs=1e-6)
    assert scores.failures == pytest.approx(expected["failures"], abs=1e-6)
    assert scores.eao == pytest.approx(expected["eao"][str(year)], abs=1e-6)


@pytest.mark.parametrize("year", [2016, 2017, 2018, 2019])
def test_that_the_numbers_are_those_of_pysot(year):
    scores = summarize(list(_judged("pysot").values()), year, "pysot")
    expected = FIXTURE["pysot"]
    assert scores.accuracy == pytest.approx(expected["accuracy"], abs=1e-6)
    assert scores.robustness == pytest.approx(expected["robustness"], abs=1e-6)
    assert scores.failures == pytest.approx(expected["failures"], abs=1e-6)
    assert scores.eao == pytest.approx(expected["eao"][str(year)], abs=1e-6)


@pytest.mark.parametrize("name", [made.name for made in runs.sequences()])
def test_that_single_sequences_have_the_numbers_of_the_vot_toolkit(name):
    scores = summarize([_judged("toolkit")[name]], 2019)
    expected = FIXTURE["toolkit"]["sequences"][name]
    for key in ("accuracy", "failures", "robustness"):
        assert scores.as_dict()[key] == pytest.approx(expected[key], abs=1e-6)


def test_that_burn_in_and_failures_are_left_out_of_the_accuracy():
    truth = [np.array([10.0, 10, 20, 20])] * 40
    half, full = np.array([10.0, 10, 20, 10]), np.array([10.0, 10, 20, 20])
    states = [STARTED, *[full] * 9, *[half] * 10, FAILED, *[SKIPPED] * 4, STARTED, *[full] * 14]
    judged = judge(_trajectory(states), truth, (100, 100))
    scores = summarize([[judged]], 2018)
    # Ten halves after the first burn-in, five wholes after the second.
    assert scores.accuracy == pytest.approx((10 * 0.5 + 5 * 1.0) / 15)
    assert scores.failures == 1
    assert scores.robustness == pytest.approx(math.exp(-30 / 40))
    assert math.isnan(scores.eao)  # nothing is 100 frames long


def test_that_a_failed_fragment_counts_as_zeros_and_a_finished_one_ends():
    truth = [np.array([10.0, 10, 20, 20])] * 12
    full = np.array([10.0, 10, 20, 20])
    failed = [STARTED, full, full, FAILED, *[SKIPPED] * 4, STARTED, full, full, full]
    curve = eao_curve([[judge(_trajectory(failed), truth, (99, 99))]])
    # Fragment 1: start, 1, 1, then zeros; fragment 2: start, 1, 1, 1 and no more.
    np.testing.assert_allclose(curve, [0, 1, 1, (2 / 3 + 1) / 2])
    whole = [STARTED, *[full] * 11]
    both = eao_curve([[judge(_trajectory(s), truth, (99, 99)) for s in (failed, whole)]])
    np.testing.assert_allclose(both[:4], [0, 1, 1, (2 / 3 + 1 + 1) / 3])
    np.testing.assert_allclose(both[11], (2 / 11 + 1) / 2)


def test_that_years_without_an_interval_are_refused():
    with pytest.raises(DatasetError, match="2021"):
        interval(2021)


def test_that_a_trajectory_is_written_and_read_back(tmp_path):
    made = runs.sequences()[0]
    trajectory = _trajectory(made.results[1])
    path = tmp_path / "turning_001.txt"
    path.write_text(trajectory.text())
    again = read_trajectory(path, frames=len(made.truth))
    assert again.text() == trajectory.text()
    assert again.at(FAILED) == trajectory.at(FAILED)
    assert path.read_text().splitlines()[0] == "1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n1,2,3,4\n", "2 lines for 3 frames"),
        ("1\n1,2,3\n1,2,3,4\n", "Line 2"),
        ("1\n1,nan,3,4\n2\n", "not a number"),
        ("1\nx\n2\n", "Line 2"),
        ("1\n7\n2\n", "a code 0, 1, 2 or a region"),
        ("1,2,3,4\n2\n0\n", "does not begin with a start"),
        ("", "0 lines for 3 frames"),
    ],
)
def test_that_a_bad_result_file_is_explained(tmp_path, text, message):
    path = tmp_path / "bag_001.txt"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_trajectory(path, frames=3)


def test_that_an_installed_vot_toolkit_computes_the_same():
    analysis = pytest.importorskip("vot.analysis.supervised", reason="vot-toolkit is not installed")
    region = pytest.importorskip("vot.region", reason="vot-toolkit is not installed")
    shapes = pytest.importorskip("vot.region.shapes", reason="vot-toolkit is not installed")

    def theirs(state):
        if isinstance(state, int):
            return region.Special(state)
        if len(state) == 4:
            return shapes.Rectangle(*state)
        return shapes.Polygon([tuple(p) for p in np.reshape(state, (-1, 2))])

    class Sequence:
        def __init__(self, made):
            self.made, self.size = made, runs.SIZE

        def groundtruth(self):
            return [theirs(t) for t in self.made.truth]

    judged = _judged("toolkit")
    for made in runs.sequences():
        expected = [
            analysis.compute_accuracy([theirs(s) for s in states], Sequence(made))[0]
            for states in made.results
        ]
        ours = summarize([judged[made.name]], 2018).accuracy
        assert ours == pytest.approx(float(np.mean(expected)), abs=1e-6)
