"""Weights files: which exist, where they lie, whether they are whole, what is in them.

Each is an entry of ``resources/weights/manifest.toml``. A file is looked for at the
place the user names, in the folder ``BOXTRAIL_WEIGHTS``, in the user's weights folder,
among the shipped ones and in the installed package that carries it. Nothing is ever
unpickled: safetensors, or a state dict read with ``torch.load(weights_only=True)``.
"""

from __future__ import annotations

from core.weights.files import (
    Source,
    Standing,
    Trust,
    find,
    installed,
    load,
    missing,
    standing,
    trust,
)
from core.weights.fitting import fill
from core.weights.manifest import Entry, entries, entry

__all__ = [
    "Entry",
    "Source",
    "Standing",
    "Trust",
    "entries",
    "entry",
    "fill",
    "find",
    "installed",
    "load",
    "missing",
    "standing",
    "trust",
]
