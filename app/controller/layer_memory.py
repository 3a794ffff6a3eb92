"""Which layers a person looked at with each tracker, and how, from one start to the next.

One small JSON file beside the preferences. Whatever in it cannot be used (a colour map
that is gone, a number out of range) falls back to its default, field by field.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from app.views.colormaps import COLORMAPS
from app.views.layer_types import LayerStack
from app.views.view_types import OverlaySettings
from core import paths
from core.errors import StorageError
from core.render.layers import BLENDS, DERIVED
from core.storage import atomic_write

MAX_LAYERS = 12
_CHOICES: Mapping[str, Collection[str]] = {
    "colormap": COLORMAPS,
    "blend": BLENDS,
    "derive": DERIVED,
}
_BOUNDS = {
    "opacity": (0.0, 1.0),
    "gamma": (0.1, 5.0),
    "fade": (0.0, 1.0),
    "threshold": (0.0, 1.0),
    "contours": (0, 12),
    "span": (2, 200),
}
_HUGE = 1e30  # beyond it there are no levels; keeps infinities out
_log = logging.getLogger(__name__)


class LayerMemory:
    """Stacks by tracker, read when first asked for."""

    def __init__(self) -> None:
        self._stacks: dict[str, Any] | None = None

    def recall(self, tracker: str, keys: Collection[str]) -> LayerStack | None:
        """What was looked at with `tracker`, of its present maps `keys`; None if nothing."""
        stored = self._all().get(tracker)
        if not isinstance(stored, dict) or not isinstance(stored.get("layers"), list):
            return None
        read = [_settings(one) for one in stored["layers"][:MAX_LAYERS] if isinstance(one, dict)]
        layers = tuple(layer for layer in read if layer.map_key in keys)
        if not layers:
            return None
        active = stored.get("active", 0)
        usable = isinstance(active, int) and 0 <= active < len(layers)
        return LayerStack(layers, active if usable else 0)

    def keep(self, tracker: str, stack: LayerStack) -> None:
        """Remember `stack` until the next one; see :meth:`save`."""
        layers = [asdict(layer) for layer in stack.layers]
        self._all()[tracker] = {"layers": layers, "active": stack.active}

    def save(self) -> None:
        """Write the file. If that fails, it is not worth an error message."""
        if not self._stacks:
            return
        try:
            with atomic_write(_path(), text=True) as stream:
                json.dump(self._stacks, stream, ensure_ascii=False, indent=1)
        except StorageError as error:
            _log.warning("layers not saved: %s", error)

    def _all(self) -> dict[str, Any]:
        if self._stacks is None:
            try:
                found = json.loads(_path().read_text(encoding="utf-8"))
            except (OSError, ValueError):
                found = {}
            self._stacks = found if isinstance(found, dict) else {}
        return self._stacks


def _path() -> Path:
    return paths.config_dir() / "layers.json"


def _settings(stored: Mapping[str, Any]) -> OverlaySettings:
    good: dict[str, Any] = {}
    for info in fields(OverlaySettings):
        value = stored.get(info.name)
        if _is_usable(info.name, value, type(info.default)):
            good[info.name] = type(info.default)(value)
    return OverlaySettings(**good)


def _is_usable(name: str, value: object, kind: type) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float or kind is int:
        low, high = _BOUNDS.get(name, (-_HUGE, _HUGE))
        return number and low <= value <= high  # pyright: ignore[reportOperatorIssue]
    if not isinstance(value, kind):
        return False
    return name not in _CHOICES or value in _CHOICES[name]
