"""Networks small enough for a test, and batches that need no data set."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

SMALL = {
    "crpn": {"channels": 8, "template_size": 65, "search_size": 129},
    "cract": {
        "rpn_channels": 8,
        "channels": 8,
        "hidden": 16,
        "template": 65,
        "search": 129,
        "exemplar": 63,
        "anchor_base": 32.0,
    },
    "edcf": {},
}


def batch(template: int, search: int, count: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """Noise with a target in the middle of the template, off the middle of the search."""
    rng = torch.Generator().manual_seed(seed)
    side = (count, 3)
    return {
        "template": torch.randint(0, 256, (*side, template, template), generator=rng).byte(),
        "search": torch.randint(0, 256, (*side, search, search), generator=rng).byte(),
        "template_box": torch.tensor([[0.0, 0.0, 30.0, 36.0]]).repeat(count, 1),
        "search_box": torch.tensor([[6.0, -9.0, 32.0, 38.0]]).repeat(count, 1),
        "negative": torch.arange(count) % 2 == 1,
    }


@pytest.fixture(params=sorted(SMALL))
def name(request: pytest.FixtureRequest) -> str:
    return request.param
