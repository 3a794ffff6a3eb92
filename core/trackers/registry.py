"""The list of trackers. Filled by import, constant afterwards."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from core import params as parameters
from core.errors import TrackerError
from core.states import CorrectionPolicy
from core.trackers.base import MapInfo, Services, Tracker

T = TypeVar("T", bound=Tracker)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a method was published."""

    authors: str
    title: str
    venue: str
    year: int


@dataclass(frozen=True, slots=True)
class TrackerSpec:
    """One selectable tracker: identity, parameters, maps and how to build it.

    `corrections` are the ways in which it can take a corrected box.
    """

    key: str
    title: str
    summary: str
    params: type
    build: Callable[[Any, Services], Tracker]
    reference: Reference
    maps: tuple[MapInfo, ...]
    weights: tuple[str, ...] = ()
    corrections: frozenset[CorrectionPolicy] = frozenset(CorrectionPolicy)

    @property
    def primary_map(self) -> str:
        """Key of the map a viewer shows first."""
        return next((m.key for m in self.maps if m.primary), self.maps[0].key)

    def create(
        self, values: Mapping[str, Any] | None = None, services: Services | None = None
    ) -> Tracker:
        """Build a tracker from plain parameter values (checked)."""
        checked = parameters.from_dict(self.params, values or {}, where=self.key)
        return self.build(checked, services or Services())


_specs: dict[str, TrackerSpec] = {}
trackers: Mapping[str, TrackerSpec] = MappingProxyType(_specs)


def register(
    *,
    key: str,
    title: str,
    summary: str,
    params: type,
    reference: Reference,
    maps: tuple[MapInfo, ...],
    weights: tuple[str, ...] = (),
    corrections: Iterable[CorrectionPolicy] = tuple(CorrectionPolicy),
) -> Callable[[type[T]], type[T]]:
    """Class decorator: make ``cls(params, services)`` selectable as `key`."""

    def decorate(cls: type[T]) -> type[T]:
        if key in _specs:
            raise ValueError(f"tracker key {key!r} is taken by {_specs[key].title}")
        _specs[key] = TrackerSpec(
            key,
            title,
            summary,
            params,
            cls,
            reference,
            maps,
            weights,
            frozenset(corrections) | {CorrectionPolicy.NEW_TEMPLATE},
        )
        return cls

    return decorate


def find(key: str) -> TrackerSpec:
    """The tracker registered as `key`.

    Raises
    ------
    TrackerError
        If there is none, with the nearest name.
    """
    if key in _specs:
        return _specs[key]
    near = difflib.get_close_matches(key, _specs, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else "Available: " + ", ".join(sorted(_specs)) + "."
    raise TrackerError(f"There is no tracker “{key}”.", hint)
