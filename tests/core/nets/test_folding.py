from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from core.nets.folding import folded


def _conv_bn() -> nn.Sequential:
    generator = torch.Generator().manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 5, 3, bias=False), nn.BatchNorm2d(5, eps=1e-3), nn.ReLU())
    norm = layers[1]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            tensor.normal_(generator=generator)
        norm.running_var.uniform_(0.1, 3, generator=generator)
    return layers.eval()


def test_that_folding_keeps_the_function_and_drops_the_layer() -> None:
    layers = nn.Sequential(_conv_bn(), nn.MaxPool2d(2)).eval()
    x = torch.rand(2, 3, 9, 9)
    with torch.no_grad():
        torch.testing.assert_close(folded(layers)(x), layers(x), rtol=1e-5, atol=1e-5)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded(layers).modules())


def test_that_the_original_is_left_alone() -> None:
    layers = _conv_bn()
    before = copy.deepcopy(layers.state_dict())
    folded(layers)
    after = layers.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_that_normalisation_behind_something_else_stays() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 5, 1), nn.ReLU(), nn.BatchNorm2d(5)).eval()
    assert isinstance(folded(layers)[2], nn.BatchNorm2d)


def test_that_a_module_in_training_is_refused() -> None:
    with pytest.raises(ValueError, match="evaluation mode"):
        folded(_conv_bn().train())
