"""Two more trackers for tests of several at once: a steady one, and one that goes astray.

Registered as ``steady`` and ``drifting`` by importing this module.
"""

from __future__ import annotations

from dataclasses import dataclass

from fakes.template_match import TemplateMatch, TemplateMatchParams

from core.params import param
from core.trackers.base import Image, MapInfo, TrackResult
from core.trackers.registry import Reference, register

_REFERENCE = Reference("—", "Normalised cross-correlation", "—", 1995)
_MAPS = (MapInfo("response", "Response", "Correlation around the last position.", primary=True),)


@dataclass(frozen=True, slots=True)
class DriftingParams(TemplateMatchParams):
    astray_at: int = param(5, "Number of the update from which on it goes astray.")


@register(
    key="steady",
    title="Steady",
    summary="Test tracker.",
    params=TemplateMatchParams,
    reference=_REFERENCE,
    maps=_MAPS,
)
class Steady(TemplateMatch):
    """Template matching under another name."""


@register(
    key="drifting",
    title="Drifting",
    summary="Test tracker.",
    params=DriftingParams,
    reference=_REFERENCE,
    maps=_MAPS,
)
class Drifting(TemplateMatch):
    """Template matching that runs away to the lower right, sure of itself."""

    params: DriftingParams

    def update(self, image: Image) -> TrackResult:
        found = super().update(image)
        if self._updates <= self.params.astray_at:
            return found
        self._box = self._box.shifted(15.0, 12.0)
        return self._result(0.95, self._template[..., 0], self._box.x, self._box.y)
