"""Finding weights files and knowing whether they are whole."""

from __future__ import annotations

import enum
import functools
import hashlib
import importlib.util
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from core import paths
from core.errors import WeightsError
from core.weights.manifest import Entry, entry
from core.weights.reading import read

Source = Path | Mapping[str, Tensor]
"""A file to read, or the tensors themselves."""

FULL_DIGEST = 64
_BLOCK = 1 << 20


class Trust(enum.StrEnum):
    """What is known about a weights file before its bytes are looked at."""

    PINNED = "pinned"  # its SHA-256 is in the list
    SHORT = "short hash"  # only the first digits, as its publisher states them
    UNVERIFIED = "unverified"  # no checksum is known, or it is the user's own file


def candidates(known: Entry) -> list[Path]:
    """Where `known` may lie, in the order of search.

    In the user's folders also as ``KEY.safetensors``: a converted file or one's own.
    """
    own = [paths.weights_dir()]
    extra = os.environ.get("BOXTRAIL_WEIGHTS")
    if extra:
        own.insert(0, Path(extra))
    names = [name for name in dict.fromkeys((own_name(known), known.name)) if _readable(name)]
    places = [folder / name for folder in own for name in names]
    places.append(paths.resource("weights", known.name))
    if known.package:
        spec = importlib.util.find_spec(known.package)
        if spec is not None and spec.origin:
            places.append(Path(spec.origin).parent / known.file)
    return places


def _readable(name: str) -> bool:
    return not name.endswith(".mat")  # has to be converted first


def own_name(known: Entry) -> str:
    """Name of a user's own file for an entry."""
    return f"{known.key}.safetensors"


def installed(key: str) -> Path | None:
    """The file of entry `key`, None when it is nowhere."""
    return next((path for path in candidates(entry(key)) if path.is_file()), None)


def missing(keys: Iterable[str], given: Iterable[str] = ()) -> list[Entry]:
    """Entries that are needed for `keys` and not there, those they build on included.

    `given` are keys that come from elsewhere (``Services.weights``).
    """
    there = set(given)
    return [known for known in standing(keys).missing if known.key not in there]


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the weights that a tracker needs."""

    missing: tuple[Entry, ...] = ()
    unverified: tuple[Path, ...] = ()
    """Files that are used although no checksum of them is known."""


def standing(keys: Iterable[str]) -> Standing:
    """How it stands with `keys` and what they build on, by a look at the folders."""
    lacking, doubtful = [], []
    for key in dict.fromkeys(part for wanted in keys for part in entry(wanted).needed):
        path = installed(key)
        if path is None:
            lacking.append(entry(key))
        elif trust(path, entry(key)) is Trust.UNVERIFIED:
            doubtful.append(path)
    return Standing(tuple(lacking), tuple(doubtful))


def find(key: str) -> Path:
    """The file of entry `key`.

    Raises
    ------
    WeightsError
        If it is nowhere, with what to do about it.
    """
    path = installed(key)
    if path is None:
        known = entry(key)
        raise WeightsError(f"The weights “{known.title}” are not installed.", how_to_get(known))
    return path


def how_to_get(known: Entry) -> str:
    """One sentence that says how the file of an entry comes here."""
    if known.address:
        return f"Get them with: boxtrail weights get {known.key}"
    if known.package or known.sha256:
        return "They come with Boxtrail: install it again."
    return f"Add your file with: boxtrail weights get {known.key} --file FILE"


def load(key: str, source: Source | None = None) -> dict[str, Tensor]:
    """The tensors of entry `key`, in float32, by the names in the file.

    Parameters
    ----------
    source
        A file to take instead of the installed one, or the tensors themselves. Such a
        file is not compared with the entry's checksum.

    Raises
    ------
    WeightsError
        If the file is missing, unreadable, or not the one the entry describes.
    """
    if isinstance(source, Mapping):
        return {name: tensor.float() for name, tensor in source.items()}
    path = source or find(key)
    if source is None and trust(path, entry(key)) is not Trust.UNVERIFIED:
        require_whole(path, entry(key))
    return {name: tensor.float() for name, tensor in read(path).items()}


def trust(path: Path, known: Entry) -> Trust:
    """What the list can say about a file that lies at `path`."""
    if path.name != known.name or not known.sha256:
        return Trust.UNVERIFIED
    return Trust.PINNED if len(known.sha256) == FULL_DIGEST else Trust.SHORT


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; computed once until the file changes.

    Raises
    ------
    WeightsError
        If the file cannot be read.
    """
    try:
        facts = path.stat()
        return _digest(path, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise WeightsError(
            f"“{path.name}” cannot be read.", "Check the path and its rights.", str(error)
        ) from error


@functools.lru_cache(maxsize=64)
def _digest(path: Path, size: int, changed: int) -> str:
    value = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            value.update(block)
    return value.hexdigest()


def require_whole(path: Path, known: Entry) -> None:
    """Check a file against its entry, as far as size and checksum are known.

    Raises
    ------
    WeightsError
        If size or checksum differ, with both, or if it cannot be read.
    """
    difference = differs(path.stat().st_size, digest(path), known)
    if difference:
        raise WeightsError(
            f"“{path.name}” is damaged or another version: {difference}.",
            f"Delete {path} and get it again.",
        )


def differs(size: int, found: str, known: Entry) -> str:
    """How a file of `size` bytes with digest `found` differs from its entry; empty if not."""
    if known.bytes and size != known.bytes:
        return f"{size} bytes instead of {known.bytes}"
    if not found.startswith(known.sha256):
        return f"SHA-256 {found} instead of {known.sha256}"
    return ""


def require_safetensors(target: Path) -> None:
    """Refuse a name that says another kind of file than is written.

    Raises
    ------
    WeightsError
        If it does not end in ``.safetensors``.
    """
    if target.suffix != ".safetensors":
        raise WeightsError(
            f"“{target.name}” is not the name of a safetensors file.",
            f"Write to {target.with_suffix('.safetensors').name}.",
        )
