"""The self-test fails where something is not there; that it passes is in test_main."""

from __future__ import annotations

import numpy as np
import pytest
from fakes.listed_weights import listed

from app import selftest
from core import weights
from core.trackers import load_all

__all__ = ["listed"]


def _picture():
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)


def test_that_missing_weights_are_found_out(listed) -> None:
    listed(weights.entry("efficientnet-lite0"), package="no_such_package")
    with pytest.raises(selftest._Failed, match="efficientnet-lite0 are missing"):
        selftest._network(_picture())


def test_that_other_bytes_are_found_out(listed) -> None:
    listed(weights.entry("efficientnet-lite0"), sha256="0" * 64)
    with pytest.raises(selftest._Failed, match="efficientnet-lite0 are damaged"):
        selftest._network(_picture())


def test_that_a_tracker_starts_on_the_weights() -> None:
    load_all()
    spec_key = selftest._network(_picture())
    from core.trackers import registry

    assert "efficientnet-lite0" in registry.find(spec_key).weights
