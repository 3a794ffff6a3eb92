from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from fakes import published_weights as published
from fakes.listed_weights import CONTENT, folder, listed, no_names, server
from safetensors.torch import load_file, save_file

from core import weights
from core.cli import main

__all__ = ["folder", "listed", "no_names", "server"]


def test_that_the_list_says_where_each_is_and_how_far_it_is_checked(capsys, listed, folder):
    listed()
    assert main(["weights", "list"]) == 0
    text = capsys.readouterr().out
    for key, entry in weights.entries().items():
        assert key in text
        assert entry.licence in text
    assert "missing. Get them with: boxtrail weights get resnet50" in text
    assert "unverified: no checksum is known" in text
    assert "efficientnet-lite0-57934424.pth" in text


def test_that_programs_can_read_the_list(capsys):
    assert main(["weights", "list", "--json"]) == 0
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["resnet50"]["path"] is None
    assert Path(rows["efficientnet-lite0"]["path"]).is_file()


def test_that_getting_twice_fetches_once(capsys, listed, server, folder):
    listed(address=server.address)
    assert main(["weights", "get", "plain"]) == 0
    assert str(folder / "plain-1.safetensors") in capsys.readouterr().out
    assert main(["weights", "get", "plain"]) == 0
    assert "there already" in capsys.readouterr().out
    assert len(server.asked) == 1


def test_that_a_damaged_file_is_fetched_again(capsys, listed, server, folder):
    listed(address=server.address)
    folder.mkdir(parents=True)
    (folder / "plain-1.safetensors").write_bytes(b"damaged")
    assert main(["weights", "verify"]) == 1
    captured = capsys.readouterr()
    assert "plain" in captured.err
    assert "damaged" in captured.err
    assert "efficientnet-lite0  whole" in captured.out
    assert main(["weights", "get", "plain", "--quiet"]) == 0
    assert main(["weights", "verify", "plain"]) == 0
    assert (folder / "plain-1.safetensors").read_bytes() == CONTENT


def test_that_a_file_of_ones_own_in_the_way_is_told(capsys, listed, server, folder):
    listed(address=server.address)
    folder.mkdir(parents=True)
    (folder / "plain.safetensors").write_bytes(CONTENT)
    assert main(["weights", "get", "plain"]) == 0
    assert "plain.safetensors comes first" in capsys.readouterr().err


def test_that_a_missing_file_fails_only_when_it_was_named(capsys, listed):
    listed()
    assert main(["weights", "verify"]) == 0
    assert main(["weights", "verify", "plain"]) == 1
    assert "plain  missing" in capsys.readouterr().err


def test_that_no_network_is_an_expected_error(capsys, listed, folder, no_names):
    listed(address="https://weights.example/x")
    assert main(["weights", "get", "plain"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "boxtrail: weights.example cannot be reached."
    assert "--file FILE" in lines[1]
    assert not folder.exists() or not list(folder.iterdir())


def test_that_a_checkpoint_is_converted_under_our_names(capsys, tmp_path):
    torch.save(published.resnet("resnet18"), tmp_path / "in.pth")
    target = tmp_path / "out.safetensors"
    command = ["weights", "convert", str(tmp_path / "in.pth"), str(target)]
    assert main([*command, "--as", "resnet18"]) == 0
    assert "million numbers" in capsys.readouterr().out
    from core.nets import backbones

    backbones.build("resnet18", target)
    assert main([*command, "--as", "resnet50"]) == 2
    assert "not those of resnet50" in capsys.readouterr().err
    assert main([*command, "--as", "vgg"]) == 2
    assert "There is no network “vgg”" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["get"], ["convert", "a"], ["lst"]])
def test_that_wrong_usage_is_explained(capsys, arguments):
    assert main(["weights", *arguments]) == 2
    assert "usage: boxtrail weights" in capsys.readouterr().err


def test_that_trainings_are_averaged(capsys, tmp_path):
    for number in range(2):
        save_file({"a": torch.tensor([float(number)])}, tmp_path / f"{number}.safetensors")
    out = tmp_path / "mean.safetensors"
    sources = [str(tmp_path / f"{number}.safetensors") for number in range(2)]
    assert main(["weights", "average", *sources, "--out", str(out), "--shares", "1", "3"]) == 0
    assert "the mean of 2 files" in capsys.readouterr().out
    assert load_file(out)["a"] == 0.75


def test_that_an_average_of_different_networks_is_refused(capsys, tmp_path):
    for name in ("a", "b"):
        save_file({name: torch.ones(1)}, tmp_path / f"{name}.safetensors")
    sources = [str(tmp_path / f"{name}.safetensors") for name in ("a", "b")]
    assert main(["weights", "average", *sources, "--out", str(tmp_path / "c.safetensors")]) != 0
    assert "different networks" in capsys.readouterr().err
