"""The list of annotation formats. Filled by import, constant afterwards."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from core.errors import FormatError
from core.formats.base import Codec, Format
from core.formats.options import ExportOptions

C = TypeVar("C", bound=Codec)

_formats: dict[str, Format] = {}
formats: Mapping[str, Format] = MappingProxyType(_formats)


def register(
    *,
    key: str,
    title: str,
    suffixes: tuple[str, ...],
    options: type[ExportOptions],
    keeps: frozenset[str],
    precision: float,
    folder: bool = False,
) -> Callable[[type[C]], type[C]]:
    """Class decorator: make a codec selectable as `key`; see :class:`Format`."""

    def decorate(cls: type[C]) -> type[C]:
        if key in _formats:
            raise ValueError(f"format key {key!r} is taken by {_formats[key].title}")
        _formats[key] = Format(key, title, suffixes, options, keeps, precision, folder, cls())
        return cls

    return decorate


def find(key: str) -> Format:
    """The format registered as `key`.

    Raises
    ------
    FormatError
        If there is none, with the nearest name.
    """
    if key in _formats:
        return _formats[key]
    near = difflib.get_close_matches(key, _formats, n=1)
    hint = (
        f"Did you mean “{near[0]}”?" if near else "Available: " + ", ".join(sorted(_formats)) + "."
    )
    raise FormatError(f"There is no annotation format “{key}”.", hint)


def for_path(path: Path) -> Format:
    """The format in which a file or folder is most probably written.

    Raises
    ------
    FormatError
        If it does not exist or no format knows it.
    """
    if not path.exists():
        raise FormatError(f"“{path.name}” does not exist.", "Choose another file.", str(path))
    ranked = sorted(
        ((fmt.detect(path), key) for key, fmt in _formats.items() if fmt.can_read), reverse=True
    )
    if not ranked or ranked[0][0] <= 0:
        raise FormatError(
            f"“{path.name}” is in no format that is known.",
            "Choose the format by hand. Known: "
            + ", ".join(fmt.title for fmt in _formats.values())
            + ".",
            str(path),
        )
    return _formats[ranked[0][1]]
