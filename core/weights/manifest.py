"""The list of known weights, read from ``resources/weights/manifest.toml``."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from core import paths
from core.errors import WeightsError


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known about one weights file.

    Attributes
    ----------
    file
        Name of the file; inside `package` (a dependency) when one is named.
    sha256, bytes
        Of the file as published. `sha256` may be its first digits (a publisher may state
        no more) or empty, `bytes` 0: then they are not known.
    address
        The publisher's own address, for those that are not installed.
    mean, std
        Normalisation of RGB values 0 to 255 that a backbone was trained with.
    base
        Key of the backbone's weights that these are laid over; empty when whole.
    made
        How it was made: script and settings, or the paper.
    data
        What it was trained on.
    score
        What it measured, with the measure's name.
    """

    key: str
    title: str
    file: str
    sha256: str
    bytes: int
    architecture: str
    licence: str
    source: str
    made: str
    data: str
    score: str = ""
    package: str = ""
    address: str = ""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    base: str = ""

    @property
    def name(self) -> str:
        """Name of the file without folders."""
        return PurePosixPath(self.file).name

    @property
    def needed(self) -> tuple[str, ...]:
        """Keys of all weights that must be there to use these."""
        return (self.base, self.key) if self.base else (self.key,)


@functools.cache
def entries() -> Mapping[str, Entry]:
    """All entries by key.

    Raises
    ------
    WeightsError
        If the list is missing or not in order: the installation is damaged.
    """
    path = paths.resource("weights", "manifest.toml")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise WeightsError(
            "The list of weights is missing or damaged.", "Install Boxtrail again.", str(error)
        ) from error
    return MappingProxyType({key: _entry(key, values) for key, values in table.items()})


def _entry(key: str, values: Mapping[str, Any]) -> Entry:
    known = {field.name for field in dataclasses.fields(Entry)}
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in known
    }
    try:
        return Entry(key=key, **fields)
    except TypeError as error:
        raise WeightsError(
            f"The list of weights is damaged at “{key}”.", "Install Boxtrail again.", str(error)
        ) from error


def entry(key: str) -> Entry:
    """The entry `key`.

    Raises
    ------
    WeightsError
        If there is none, with the nearest name.
    """
    known = entries()
    if key in known:
        return known[key]
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else "Known: " + ", ".join(sorted(known)) + "."
    raise WeightsError(f"There are no weights “{key}”.", hint)
