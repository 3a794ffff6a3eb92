"""One network that can be trained, one module here; :func:`make` builds its recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import TrainingError
from core.train.recipe import PairRecipe
from core.train.recipes.cract import CractRecipe
from core.train.recipes.crpn import CrpnRecipe
from core.train.recipes.edcf import EdcfRecipe

RECIPES: dict[str, Callable[..., PairRecipe]] = {
    "crpn": CrpnRecipe,
    "cract": CractRecipe,
    "edcf": EdcfRecipe,
}


def make(
    name: str,
    network: Mapping[str, Any] | None = None,
    losses: Mapping[str, Any] | None = None,
    *,
    tunes_backbone: bool = False,
) -> PairRecipe:
    """The recipe `name`.

    Parameters
    ----------
    network, losses
        Values of the recipe's own settings that differ from its defaults.
    tunes_backbone
        Whether the backbone is trained too, and so has to be stored.

    Raises
    ------
    TrainingError
        If there is no such recipe, or a setting it does not know.
    """
    if name not in RECIPES:
        known = ", ".join(sorted(RECIPES))
        raise TrainingError(f"“{name}” cannot be trained.", f"Choose one of {known}.")
    try:
        return RECIPES[name](network or {}, losses or {}, tunes_backbone=tunes_backbone)
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"A setting of {name} is wrong: {error}.",
            f"See docs/training.md for what {name} can be told.",
        ) from error
