from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import WeightsError
from core.weights.average import average
from core.weights.reading import read, read_facts


def written(path: Path, value: float, **others: torch.Tensor) -> Path:
    tensors = {"head.weight": torch.full((2, 3), value), "steps": torch.tensor(int(value))}
    save_file(tensors | others, path, {"network": "C-RPN"})
    return path


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    return [written(tmp_path / "a.safetensors", 1.0), written(tmp_path / "b.safetensors", 3.0)]


@pytest.mark.parametrize(("shares", "mean"), [(None, 2.0), ([3.0, 1.0], 1.5), ([0.25, 0.75], 2.5)])
def test_that_numbers_are_averaged_by_shares(pair, tmp_path, shares, mean):
    average(pair, tmp_path / "mean.safetensors", shares)
    found = read(tmp_path / "mean.safetensors")
    assert torch.equal(found["head.weight"], torch.full((2, 3), mean))
    assert found["steps"] == 1  # whole numbers are the first file's


def test_that_the_type_stays_and_small_types_do_not_lose_more(tmp_path):
    values = torch.tensor([1.0, 3.0], dtype=torch.float16)
    sources = [
        written(tmp_path / f"{number}.safetensors", 1.0, half=values + number / 512)
        for number in range(3)
    ]
    found = average(sources, tmp_path / "mean.safetensors")["half"]
    assert found.dtype == torch.float16
    assert torch.equal(found, (values.double() + 1 / 512).half())


def test_that_the_description_of_the_network_is_the_first_ones(tmp_path):
    described = [
        written(
            tmp_path / f"{number}.safetensors",
            1.0,
            config=torch.zeros(5 + number, dtype=torch.uint8),
            **{"config.scale": torch.tensor(float(number))},
        )
        for number in range(2)
    ]
    found = average(described, tmp_path / "mean.safetensors")
    assert found["config"].numel() == 5
    assert found["config.scale"] == 0.0


def test_that_it_remembers_what_it_was_made_of(pair, tmp_path):
    average(pair, tmp_path / "mean.safetensors", [3, 1])
    facts = read_facts(tmp_path / "mean.safetensors")
    assert facts["network"] == "C-RPN"
    assert facts["average_of"].startswith("0.75 of a.safetensors (sha256 ")
    assert "0.25 of b.safetensors" in facts["average_of"]


def test_that_different_networks_are_refused(pair, tmp_path):
    other = written(tmp_path / "c.safetensors", 1.0, extra=torch.ones(1))
    with pytest.raises(WeightsError, match="different networks: “extra”"):
        average([pair[0], other], tmp_path / "mean.safetensors")
    assert not (tmp_path / "mean.safetensors").exists()


@pytest.mark.parametrize("shares", [[1.0], [1.0, 0.0], [1.0, float("nan")], [1.0, -1.0]])
def test_that_shares_that_do_not_fit_are_refused(pair, tmp_path, shares):
    with pytest.raises(WeightsError, match="do not fit 2 files"):
        average(pair, tmp_path / "mean.safetensors", shares)


def test_that_one_file_has_no_mean(pair, tmp_path):
    with pytest.raises(WeightsError, match="two files or more"):
        average(pair[:1], tmp_path / "mean.safetensors")


def test_that_the_name_must_say_safetensors(pair, tmp_path):
    with pytest.raises(WeightsError, match=r"Write to mean\.safetensors"):
        average(pair, tmp_path / "mean.pth")
