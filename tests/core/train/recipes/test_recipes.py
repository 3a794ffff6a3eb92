"""Recipes: finite losses that fall, seeds, frozen backbones, weights that the tracker takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core import params as parameters
from core.errors import TrainingError
from core.geometry import Box
from core.trackers import load_all, registry
from core.trackers.base import Services
from core.train.data.params import PairParams
from core.train.recipe import PairRecipe
from core.train.recipes import make
from tests.core.train.recipes.conftest import SMALL, batch


def recipe_of(name: str, *, tunes_backbone: bool = False) -> PairRecipe:
    return make(name, SMALL[name], tunes_backbone=tunes_backbone)


def pairs_of(recipe: PairRecipe, seed: int = 0) -> dict[str, Tensor]:
    cut = recipe.pairs()
    count = 1 if recipe.tracker == "edcf" else 2  # the largest crops by far
    return batch(cut["template_size"], cut["search_size"], count, seed)


def step(recipe: PairRecipe, network: nn.Module, pairs: dict[str, Tensor]) -> float:
    torch.manual_seed(1)  # losses draw their samples: the same ones every time
    network.train()
    backbone = recipe.backbone(network)
    if backbone is not None:
        backbone.eval().requires_grad_(requires_grad=False)
    losses = recipe.losses(network, pairs)
    total = torch.stack(list(losses.values())).sum()
    network.zero_grad()
    total.backward()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.grad is not None:
                parameter -= 1e-3 * parameter.grad / (parameter.grad.norm() + 1e-6)
    return float(total.detach())


def test_that_pair_settings_are_known(name: str) -> None:
    parameters.from_dict(PairParams, recipe_of(name).pairs())


def test_that_every_head_learns(name: str) -> None:
    torch.manual_seed(0)
    recipe = recipe_of(name)
    network = recipe.network()
    body = recipe.backbone(network)
    frozen = {id(p) for p in body.parameters()} if body is not None else set()
    pairs = pairs_of(recipe)
    first = step(recipe, network, pairs)
    assert np.isfinite(first)
    for key, parameter in network.named_parameters():
        if id(parameter) not in frozen:
            assert parameter.grad is not None, key
            assert torch.isfinite(parameter.grad).all(), key


def test_that_a_few_steps_lower_the_loss(name: str) -> None:
    torch.manual_seed(0)
    recipe = recipe_of(name)
    network = recipe.network()
    pairs = pairs_of(recipe)
    count = 3 if name == "edcf" else 15
    found = [step(recipe, network, pairs) for _ in range(count)]
    assert found[-1] < found[0]


def test_that_the_same_seed_gives_the_same_loss(name: str) -> None:
    found = []
    for _ in range(2):
        torch.manual_seed(3)
        recipe = recipe_of(name)
        found.append(step(recipe, recipe.network(), pairs_of(recipe)))
    assert found[0] == found[1]


def test_that_the_tracker_takes_what_is_exported(name: str, tmp_path: Path) -> None:
    load_all()
    torch.manual_seed(0)
    recipe = recipe_of(name)
    exported = recipe.export(recipe.network().eval())
    path = tmp_path / "w.safetensors"
    save_file({k: v.contiguous() for k, v in exported.tensors.items()}, path, dict(exported.facts))
    services = Services(weights={recipe.key: path})
    tracker = registry.find(recipe.tracker).create(recipe.tracking(), services)
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    tracker.init(image, Box(60, 40, 36, 28))
    assert tracker.update(image).box.is_finite()


@pytest.mark.parametrize("name", ["crpn", "cract"])
def test_that_a_trained_backbone_is_stored_and_a_frozen_one_is_not(name: str) -> None:
    for tunes in (False, True):
        recipe = recipe_of(name, tunes_backbone=tunes)
        stored = recipe.export(recipe.network()).tensors
        assert any(key.startswith("backbone.") for key in stored) is tunes


def test_that_negative_pairs_teach_no_box() -> None:
    torch.manual_seed(0)
    recipe = recipe_of("cract")
    pairs = pairs_of(recipe)
    pairs["negative"] = torch.ones(2, dtype=torch.bool)
    losses = recipe.losses(recipe.network().train(), pairs)
    assert float(losses["rpn_offset"].detach()) == 0
    assert float(losses["rpn_score"].detach()) > 0


@pytest.mark.parametrize(
    ("name", "network", "losses"),
    [("nothing", {}, {}), ("crpn", {"colour": 3}, {}), ("cract", {}, {"wieght": 1.0})],
)
def test_that_unknown_settings_are_refused(name: str, network: Any, losses: Any) -> None:
    with pytest.raises(TrainingError) as caught:
        make(name, network, losses)
    assert caught.value.hint


def test_that_an_anchor_of_the_targets_own_size_can_be_trained() -> None:
    recipe = make("crpn", {**SMALL["crpn"], "anchors": "own"})
    pairs = pairs_of(recipe)
    losses = recipe.losses(recipe.network().train(), pairs)
    # It overlaps the target where the search was cut: positives have an offset to learn.
    assert set(losses) == {"stage1", "stage2", "stage3"}
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_that_the_low_branch_can_be_trained_alone() -> None:
    recipe = cast(PairRecipe, make("edcf", {}, {"reconstruction": 0.0, "high": 0.0}))
    network = recipe.network().train()
    losses = recipe.losses(network, pairs_of(recipe))
    assert set(losses) == {"low"}
    losses["low"].backward()
    learning = {key for key, p in network.named_parameters() if p.grad is not None}
    assert learning
    assert all(key.startswith("encoder.stem.") for key in learning)


def test_that_the_reconstruction_can_be_left_out() -> None:
    recipe = cast(PairRecipe, make("edcf", {}, {"reconstruction": 0.0}))
    losses = recipe.losses(recipe.network().train(), pairs_of(recipe))
    assert set(losses) == {"low", "high"}
