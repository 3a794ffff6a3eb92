"""Getting a weights file: from its publisher's address, or a file the user names.

What comes is written beside the goal, hashed on the way, and takes the goal's name only
when it is whole; a failure of any kind leaves nothing. Where the list knows no
checksum, the tensors are checked against the network instead and kept as
``KEY.safetensors``.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import IO

from core import paths, storage
from core.errors import WeightsError
from core.version import VERSION
from core.weights import matconvnet
from core.weights.convert import Fit, convert
from core.weights.files import differs, own_name
from core.weights.manifest import Entry
from core.weights.reading import read

Progress = Callable[[int, int], None]
"""Told how many bytes came, of how many (0 when unknown)."""

_BLOCK = 1 << 18
_PATIENCE = 15.0  # seconds without a byte
_LARGEST = 4 << 30


def get(
    known: Entry,
    *,
    file: Path | None = None,
    fit: Fit | None = None,
    progress: Progress | None = None,
) -> Path:
    """Put the file of an entry into the user's weights folder; returns where.

    Parameters
    ----------
    file
        Take this one instead of the publisher's.
    fit
        Check against the network, for entries without a checksum.

    Raises
    ------
    WeightsError
        If it cannot be had, or is not the file that the list describes.
    StorageError
        If it cannot be written.
    """
    folder = paths.weights_dir()
    told = progress or (lambda done, total: None)
    if known.sha256:
        target = folder / known.name
        _fetch(known, file, target, told)
        return target
    target = folder / own_name(known)
    if file is not None and fit is None and file.suffix == target.suffix:
        read(file)
        _fetch(known, file, target, told)  # as it is, with what it says about itself
        return target
    if file is not None:
        convert(file, target, fit)
        return target
    if known.name.endswith(".mat"):
        matconvnet.require_reader(known.name)
    with _held(folder) as held:
        published = held / known.name
        _fetch(known, None, published, told)
        convert(published, target, fit)
    return target


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[Path]:
    """A folder beside the goal for what is not kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".get-", dir=folder) as name:
            yield Path(name)
    except OSError as error:
        raise storage.storage_error(folder, error) from error


def _fetch(known: Entry, file: Path | None, target: Path, progress: Progress) -> None:
    with _opened(known, file) as (stream, announced), storage.atomic_write(target) as out:
        value, done = hashlib.sha256(), 0
        total = known.bytes or announced
        limit = known.bytes or _LARGEST
        while block := _next(stream, known, file):
            out.write(block)
            value.update(block)
            done += len(block)
            if done > limit:
                break
            progress(done, total)
        if file is None and done < min(announced, limit):
            raise _cut_off(known, done, announced)
        difference = differs(done, value.hexdigest(), known)
        if difference:
            raise WeightsError(
                f"What came for “{known.title}” is not the file that was published: {difference}.",
                "Nothing was kept. Try again, or take the file from another place.",
            )


@contextlib.contextmanager
def _opened(known: Entry, file: Path | None) -> Iterator[tuple[IO[bytes], int]]:
    """The bytes of `file` or of the entry's address, with their announced number."""
    if file is not None:
        try:
            stream = file.open("rb")
        except OSError as error:
            raise WeightsError(
                f"“{file}” cannot be read.", "Check the path and its rights.", str(error)
            ) from error
        with stream:
            yield stream, 0
        return
    if not known.address:
        raise WeightsError(
            f"“{known.title}” has no address to get it from.",
            f"Name your own file: boxtrail weights get {known.key} --file FILE",
        )
    request = urllib.request.Request(known.address, headers={"User-Agent": f"boxtrail/{VERSION}"})
    try:
        response = urllib.request.urlopen(request, timeout=_PATIENCE)
    except urllib.error.HTTPError as error:
        with error:
            raise _unreachable(known, f"answers {error.code} {error.reason}", error) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(known, "cannot be reached", error) from error
    with response:
        yield response, int(response.headers.get("Content-Length") or 0)


def _next(stream: IO[bytes], known: Entry, file: Path | None) -> bytes:
    # An OSError that left here would be taken for one of the disk that is written to.
    try:
        return stream.read(_BLOCK)
    except (OSError, HTTPException) as error:
        if file is None:
            raise _unreachable(known, "stopped sending", error) from error
        raise WeightsError(f"“{file}” cannot be read.", "Check the file.", str(error)) from error


def _unreachable(known: Entry, what: str, error: Exception) -> WeightsError:
    place = urllib.parse.urlsplit(known.address).netloc or known.address
    return WeightsError(
        f"{place} {what}.",
        f"Is there a network? Or fetch {known.address} elsewhere and use: "
        f"boxtrail weights get {known.key} --file FILE",
        f"{type(error).__name__}: {error}",
    )


def _cut_off(known: Entry, done: int, announced: int) -> WeightsError:
    error = EOFError(f"{done} of {announced} bytes")
    return _unreachable(known, f"stopped after {done} of {announced} bytes", error)
