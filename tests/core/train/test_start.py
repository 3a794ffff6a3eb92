"""Fine-tuning starts from what another training ended with, or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import TrainingError
from core.trackers import load_all
from core.train.recipes import make
from core.train.start import start_from

SMALL = {"crpn": {"channels": 8}, "cract": {"rpn_channels": 8, "channels": 8, "hidden": 8}}


@pytest.fixture(autouse=True, scope="module")
def _known() -> None:
    load_all()


def _saved(recipe, network, path: Path) -> Path:
    tensors = {name: t.contiguous() for name, t in recipe.export(network).tensors.items()}
    save_file(tensors, path)
    return path


@pytest.mark.parametrize("name", ["crpn", "cract", "edcf"])
def test_that_a_network_started_from_a_file_exports_the_same_file(
    name: str, tmp_path: Path
) -> None:
    recipe = make(name, SMALL.get(name, {}), None)
    torch.manual_seed(1)
    first = recipe.network()
    torch.manual_seed(2)
    second = recipe.network()
    start_from(recipe, second, _saved(recipe, first, tmp_path / "a.safetensors"))
    wanted, found = recipe.export(first).tensors, recipe.export(second).tensors
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[key], found[key]) for key in wanted)


def test_that_another_network_is_refused(tmp_path: Path) -> None:
    recipe = make("crpn", SMALL["crpn"], None)
    path = _saved(recipe, recipe.network(), tmp_path / "a.safetensors")
    wider = make("crpn", {"channels": 16}, None)
    with pytest.raises(TrainingError, match="another network"):
        start_from(wider, wider.network(), path)
