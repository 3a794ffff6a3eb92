"""One annotation format, one module here; each registers itself on import."""

from __future__ import annotations

import importlib
import pkgutil

from core.formats.registry import find, for_path, formats


def load_all() -> None:
    """Import every format module once, so that the registry is complete."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


__all__ = ["find", "for_path", "formats", "load_all"]
