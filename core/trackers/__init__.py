"""One tracker, one module (or folder) here; each registers itself on import."""

from __future__ import annotations

import importlib
import pkgutil

from core.trackers import registry

_NOT_TRACKERS = {"base", "registry"}


def load_all() -> None:
    """Import every tracker module once, so that the registry is complete."""
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _NOT_TRACKERS:
            importlib.import_module(f"{__name__}.{module.name}")


__all__ = ["load_all", "registry"]
