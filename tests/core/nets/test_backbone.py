from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core.nets.backbone import Backbone, Geometry, Level


class Tiny(Backbone):
    """Two convolutions that count how often they are used."""

    name = "tiny"

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 5, 3)
        self.seen: Tensor | None = None
        self.used: list[str] = []
        geometry = Geometry()
        geometry.layer(3, 2)
        first = geometry.level("first", 4)
        geometry.layer(3)
        self.levels = {"first": first, "second": geometry.level("second", 5)}

    def features(self, normalised: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        self.seen = normalised
        x = self.first(normalised)
        found = {"first": x} if "first" in wanted else {}
        self.used.append("first")
        if "second" in wanted:
            self.used.append("second")
            found["second"] = self.second(x)
        return found


def test_that_pictures_are_normalised_per_channel() -> None:
    net = Tiny()
    net.normalise_with((1, 2, 3), (2, 4, 8))
    picture = torch.tensor([3.0, 10.0, 19.0]).view(1, 3, 1, 1).expand(1, 3, 9, 9)
    net(picture, ["first"])
    assert net.seen is not None
    assert net.seen[0, :, 4, 4].tolist() == [1, 2, 2]


def test_that_an_unknown_level_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="no level 'third', only first, second"):
        Tiny()(torch.zeros(1, 3, 9, 9), ["third"])


def test_that_any_iterable_of_names_will_do() -> None:
    net = Tiny()
    assert set(net(torch.zeros(1, 3, 9, 9), iter(["first", "second"]))) == {"first", "second"}


def test_that_the_normalisation_goes_where_the_net_goes_and_not_into_its_file() -> None:
    net = Tiny()
    net.normalise_with((1, 2, 3), (4, 5, 6))
    assert not {"mean", "std"} & set(net.state_dict())
    assert net.to("meta").mean.device.type == "meta"


def test_that_the_dtype_of_the_weights_is_that_of_the_features() -> None:
    net = Tiny().double()
    assert net(torch.zeros(1, 3, 9, 9), ["first"])["first"].dtype == torch.float64


def test_that_a_place_and_its_index_are_inverse() -> None:
    level = Level("x", 1, 8, 43.5, 87)
    assert level.center(0) == 43.5
    assert level.center(2) == 59.5
    assert level.index(level.center(3.25)) == 3.25


def test_that_geometry_follows_a_chain_by_hand() -> None:
    geometry = Geometry()
    geometry.layer(11, 2)
    geometry.layer(3, 2)
    assert geometry.level("x", 1) == Level("x", 1, 4, 7.5, 15)
    padded = Geometry()
    padded.layer(7, 2, padding=3)
    padded.layer(3, 2, padding=1)
    padded.layer(3, padding=2, dilation=2)
    assert padded.level("x", 1) == Level("x", 1, 4, 0.5, 27)
