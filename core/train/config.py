"""The configuration of a training run: sections of a TOML file, checked by name.

``[train]`` (:class:`~core.train.settings.TrainSettings`), ``[pairs]`` and
``[composites]`` (:mod:`core.train.data`), ``[network]`` and ``[losses]`` (the recipe's
own), ``[tracker]`` (parameters of the tracker that validates). Whatever is not named is
as by default; the recipe decides how pairs are cut.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import params as parameters
from core.errors import TrainingError
from core.train.data.composite.params import CompositeParams
from core.train.data.params import PairParams
from core.train.recipe import PairRecipe
from core.train.recipes import make
from core.train.settings import TrainSettings

SECTIONS = ("train", "pairs", "composites", "network", "losses", "tracker")
SMOKE: dict[str, dict[str, Any]] = {
    "train": {"epochs": 2, "epoch_pairs": 16, "batch": 4, "warmup": 2, "backbone_from": 1},
}
"""A run that only shows that everything works."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a run is told, checked. `tables` are the values as given."""

    name: str
    recipe: PairRecipe
    train: TrainSettings
    pairs: PairParams
    composites: CompositeParams
    tracker: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The sections of a configuration file.

    Raises
    ------
    TrainingError
        If it cannot be read or has a section that does not exist.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"“{path}” cannot be read.", "Check the path.", str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(
            f"“{path.name}” is not a configuration: {error}.", "See docs/training.md."
        ) from error
    return _checked(tables, path.name)


def with_assignments(
    tables: Mapping[str, Mapping[str, Any]], assignments: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """`tables` with ``section.name=value`` texts on top.

    Raises
    ------
    TrainingError
        If a text has another form.
    """
    result = {section: dict(values) for section, values in tables.items()}
    for text in assignments:
        name, equals, value = text.partition("=")
        section, dot, key = name.strip().partition(".")
        if not equals or not dot or section not in SECTIONS:
            raise TrainingError(
                f"“{text}” cannot be understood.",
                f"Write SECTION.NAME=VALUE with one of {', '.join(SECTIONS)}.",
            )
        result.setdefault(section, {})[key.replace("-", "_")] = _value(value.strip())
    return result


def build(name: str, tables: Mapping[str, Mapping[str, Any]]) -> Config:
    """Check all sections and make the recipe.

    Raises
    ------
    TrainingError, ParamError
        If a name or a value is wrong.
    """
    tables = _checked(tables, "the configuration")
    train = parameters.from_dict(TrainSettings, tables.get("train", {}), where="train")
    tunes = train.backbone_rate > 0
    recipe = make(name, tables.get("network"), tables.get("losses"), tunes_backbone=tunes)
    pairs = {**recipe.pairs(), **tables.get("pairs", {})}
    return Config(
        name,
        recipe,
        train,
        parameters.from_dict(PairParams, pairs, where="pairs"),
        parameters.from_dict(CompositeParams, tables.get("composites", {}), where="composites"),
        {**recipe.tracking(), **tables.get("tracker", {})},
        tables,
    )


def _checked(tables: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    for section, values in tables.items():
        if section not in SECTIONS or not isinstance(values, Mapping):
            raise TrainingError(
                f"{where} has an unknown section “{section}”.",
                f"Sections are {', '.join(SECTIONS)}.",
            )
    return {section: dict(values) for section, values in tables.items()}


def _value(text: str) -> Any:
    """A value as TOML would read it; plain words are texts."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
