from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core import weights
from core.errors import WeightsError


@pytest.fixture
def net() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


@pytest.fixture
def fitting(net: nn.Module) -> dict[str, Tensor]:
    state = net.state_dict()
    return {name: torch.rand(t.shape) for name, t in state.items() if "num_batches" not in name}


def test_that_tensors_are_put_where_they_belong(net, fitting) -> None:
    weights.fill(net, fitting, where="the net")
    state = net.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in fitting.items())


def test_that_the_difference_is_listed_and_nothing_is_changed(net, fitting) -> None:
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    del fitting["0.bias"]
    fitting["0.weight"] = torch.rand(3, 5)
    fitting["head"] = torch.rand(1)
    with pytest.raises(WeightsError) as caught:
        weights.fill(net, fitting, where="the net")
    message = caught.value.message
    assert "not those of the net" in message
    assert "1 missing (0.bias 3)" in message
    assert "1 of another shape (0.weight 3×5 instead of 3×2)" in message
    assert "1 unknown (head 1)" in message
    after = net.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_that_extra_tensors_may_be_passed_over(net, fitting) -> None:
    fitting["head"] = torch.rand(1)
    weights.fill(net, fitting, where="the net", extra_allowed=True)


def test_that_a_long_difference_is_cut_short_but_kept_in_full_for_the_report() -> None:
    net = nn.Sequential(*(nn.Linear(1, 1) for _ in range(10)))
    with pytest.raises(WeightsError, match=r"20 missing.*and 14 more") as caught:
        weights.fill(net, {}, where="the net")
    assert caught.value.details.count("\n") == 19


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_that_values_that_are_no_numbers_are_refused(net, fitting, value: float) -> None:
    fitting["0.bias"][1] = value
    with pytest.raises(WeightsError, match=r"no numbers, in 0\.bias"):
        weights.fill(net, fitting, where="the net")
