"""Whether installed weights files are what the list says."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from core.errors import WeightsError
from core.weights.files import Trust, digest, how_to_get, installed, require_whole, trust
from core.weights.manifest import Entry, entry
from core.weights.reading import read


class Health(enum.StrEnum):
    """The outcome of a check."""

    WHOLE = "whole"
    UNVERIFIED = "unverified"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one entry; `details` says why or how."""

    entry: Entry
    path: Path | None
    health: Health
    details: str = ""


def check(key: str) -> Finding:
    """Look at every byte of the installed file of entry `key`.

    A file without a known checksum must at least be readable; its SHA-256 is told.

    Raises
    ------
    WeightsError
        If there is no such entry.
    """
    known = entry(key)
    path = installed(key)
    if path is None:
        return Finding(known, None, Health.MISSING, how_to_get(known))
    level = trust(path, known)
    try:
        if level is Trust.UNVERIFIED:
            read(path)
            return Finding(known, path, Health.UNVERIFIED, f"SHA-256 {digest(path)}")
        require_whole(path, known)
    except WeightsError as error:
        return Finding(known, path, Health.DAMAGED, str(error))
    exact = level is Trust.PINNED
    return Finding(known, path, Health.WHOLE, "" if exact else "by the publisher's short hash")
