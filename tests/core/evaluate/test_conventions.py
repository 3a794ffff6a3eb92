"""Our numbers against those of the toolkits, as fixtures and (where installed) live."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DatasetError
from core.evaluate.conventions import CONVENTIONS, Convention, convention
from core.evaluate.metrics import measure

# Boxes by this project; numbers by got10k 0.1.3 (PyPI), got10k's later LaSOT experiment
# (repository got-10k/toolkit, 2021-05-23), STVIR/pysot, StrangerZhang/pysot-toolkit and
# jwlim/tracker_benchmark (otb), run on these boxes.
FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "one_pass.json").read_text())
NAMES = sorted(FIXTURE["sequences"])


def _arrays(name: str) -> tuple[np.ndarray, np.ndarray]:
    record = FIXTURE["sequences"][name]
    truth = [[np.nan] * 4 if box is None else box for box in record["truth"]]
    return np.array(record["pred"], float), np.array(truth, float)


def _measured(name: str, rules: Convention):
    pred, truth = _arrays(name)
    size = tuple(FIXTURE["size"])
    return measure(pred, truth, size=size, init_frame=0, seconds=np.array([0.1]), convention=rules)


def _ours(name: str, rules: Convention) -> dict[str, float]:
    measured = _measured(name, rules)
    details: dict[str, Any] = measured.details
    return {
        **measured.scores.as_dict(),
        "success_mean": float(np.mean(details["success_curve"])),
        "precision_mean": float(np.mean(details["precision_curve"])),
        "normalized_mean": float(np.mean(details["normalized_precision_curve"])),
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rules", sorted(set(CONVENTIONS) - {"boxtrail"}))
def test_that_the_numbers_are_those_of_the_toolkit(name, rules):
    expected = FIXTURE["sequences"][name]["expected"][rules]
    ours = _ours(name, convention(rules))
    compared = set(expected) & set(ours)
    assert len(compared) >= 3
    for key in compared:
        # The curves in `details` are rounded to six digits.
        limit = 1e-9 if "mean" not in key else 1e-6
        assert ours[key] == pytest.approx(expected[key], abs=limit), key


def test_that_got10k_means_weigh_every_frame_the_same():
    from core.evaluate.metrics import Scores

    rules = convention("got10k")
    measured = [_measured(name, rules) for name in NAMES]
    frames = [m.details["ao_frames"] for m in measured]
    mean = Scores.mean([m.scores for m in measured], frames)
    expected = FIXTURE["pooled"]
    assert sum(frames) == expected["n"]
    for key in ("ao", "sr50", "sr75"):
        assert mean.as_dict()[key] == pytest.approx(expected[key], abs=1e-9)


def test_that_the_conventions_differ_where_the_toolkits_do():
    auc = {c: _ours("gaps", CONVENTIONS[c])["auc"] for c in ("boxtrail", "got10k-otb")}
    assert auc["boxtrail"] > auc["got10k-otb"]  # absent frames are no misses
    hits = {c: _ours("gaps", CONVENTIONS[c])["p20"] for c in ("pysot-lasot", "pysot-uav")}
    assert hits["pysot-uav"] > hits["pysot-lasot"]  # there they are hits of the precision


def test_that_the_first_frame_and_the_comparison_can_be_chosen():
    truth = np.array([[0, 0, 20, 20]] * 2, float)
    pred = np.array([[0, 0, 20, 20], [0, 0, 10, 20]], float)  # overlap exactly 0.5

    def auc(**choices):
        rules = Convention("own", "", **choices)
        options = {"size": (50, 50), "init_frame": 0, "seconds": np.array([])}
        return measure(pred, truth, convention=rules, **options).scores.auc

    assert auc() == pytest.approx((20 + 10) / 42)
    assert auc(first_frame=False) == pytest.approx(10 / 21)
    assert auc(at_least=True) == pytest.approx((21 + 11) / 42)
    assert auc(at_least=True, first_frame=False) == pytest.approx(11 / 21)


def test_that_a_result_without_an_area_takes_the_box_before_in_otb():
    truth = np.array([[5, 5, 20, 20]] * 3, float)
    pred = np.array([[5, 5, 20, 20], [5, 5, 20, 20], [np.nan] * 4], float)
    options = {"size": (50, 50), "init_frame": 0, "seconds": np.array([])}
    otb = measure(pred, truth, convention=convention("otb"), **options).scores
    assert otb.auc == pytest.approx(20 / 21)
    plain = measure(pred, truth, **options).scores
    assert plain.auc == pytest.approx(20 / 21 * 2 / 3)


def test_that_an_unknown_convention_is_named():
    with pytest.raises(DatasetError, match="no metrics “pysod”"):
        convention("pysod")


@pytest.mark.parametrize("name", NAMES)
def test_that_an_installed_got10k_computes_the_same(name):
    otb = pytest.importorskip("got10k.experiments.otb", reason="got10k is not installed")
    experiment = object.__new__(otb.ExperimentOTB)
    experiment.nbins_iou, experiment.nbins_ce = 21, 51
    pred, truth = _arrays(name)
    pred[0] = truth[0]
    success, precision = experiment._calc_curves(*experiment._calc_metrics(pred, truth))
    scores = _measured(name, convention("got10k-otb")).scores
    assert scores.auc == pytest.approx(float(np.mean(success)), abs=1e-9)
    assert scores.p20 == pytest.approx(float(precision[20]), abs=1e-9)
