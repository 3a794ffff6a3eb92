"""The learning rate over a run, the mean of the weights, the table of the run."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from torch import nn

from core import params as parameters
from core.train.average import Average
from core.train.log import RunLog
from core.train.schedule import rate
from core.train.settings import TrainSettings

SETTINGS = TrainSettings(epochs=10, epoch_pairs=100, batch=10, rate=1e-2, rate_end=1e-4, warmup=10)


def test_that_the_rate_rises_then_falls_by_equal_factors() -> None:
    rates = [rate(SETTINGS, step) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3)
    assert max(rates) == pytest.approx(1e-2)
    assert rates[-1] == pytest.approx(1e-4)
    ratios = [b / a for a, b in itertools.pairwise(rates[10:])]
    assert max(ratios) == pytest.approx(min(ratios))
    assert max(ratios) < 1


def test_that_a_cosine_is_half_way_in_the_middle() -> None:
    settings = parameters.with_values(SETTINGS, {"schedule": "cosine", "warmup": 0, "epochs": 11})
    assert rate(settings, 0) == pytest.approx(1e-2)
    assert rate(settings, 109) == pytest.approx(1e-4)
    assert (rate(settings, 54) + rate(settings, 55)) / 2 == pytest.approx(0.00505)


def test_that_the_mean_follows_and_is_put_back() -> None:
    network = nn.Linear(2, 1)
    mean = Average(network, 0.9)
    start = network.weight.detach().clone()
    with torch.no_grad():
        network.weight += 1
    for step in range(200):
        mean.take(network, step)
    assert torch.allclose(mean.tensors["weight"], start + 1, atol=1e-6)
    with torch.no_grad():
        network.weight += 1
    with mean.in_place(network):
        assert torch.allclose(network.weight, start + 1, atol=1e-6)
    assert torch.allclose(network.weight, start + 2)


def test_that_no_share_takes_the_last_weights() -> None:
    network = nn.Linear(2, 1)
    mean = Average(network, 0.0)
    with torch.no_grad():
        network.weight += 1
    mean.take(network, 5)
    assert mean.tensors["weight"].equal(network.weight)


def test_that_the_table_widens_and_forgets_what_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "run" / "log.csv"
    log = RunLog(path)
    log.add({"kind": "train", "epoch": 0, "step": 0, "loss": 1.5})
    log.add({"kind": "train", "epoch": 0, "step": 1, "loss": 1.25})
    log.add({"kind": "validation", "epoch": 0, "step": 1, "score": 0.5})
    again = RunLog(path)
    assert again.rows[2]["score"] == "0.5"
    assert [row["loss"] for row in again.rows] == ["1.5", "1.25", ""]
    again.drop_from(0, 1)
    assert len(RunLog(path).rows) == 1
