"""Opening a recording that may be cut short, foreign or hostile.

Nothing is taken from the file before it was looked at: only hard links are followed (a
soft or external link could lead to another file), every dataset has exactly the type and
the chunks of :mod:`core.recording.schema`, its bytes lie in the file itself, and no size
that the file merely claims is ever allocated. Nothing is unpickled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core.errors import RecordingError
from core.recording import schema
from core.recording.chunks import tile_of
from core.recording.coding import Precision
from core.recording.unfinished import Unfinished, is_short, was_left_open

_PACKED = ({h5py.h5z.FILTER_DEFLATE}, {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE})
_MAX_MAPS = 1024
_VERSION = "version"
_MAX_TEXT = 64 << 20
_HINT = "Choose a file that “boxtrail record” made."


def open_file(path: Path, stack: contextlib.ExitStack) -> h5py.File:
    """Open for reading until `stack` ends, also a file that a killed program left.

    Raises
    ------
    RecordingError
        If it is not there, not readable, cut short, or not an HDF5 file.
    """
    if not path.is_file():
        raise RecordingError(f"There is no recording “{path}”.", "Check the path.")
    try:
        if not h5py.is_hdf5(path):
            with path.open("rb"):
                raise RecordingError(f"“{path.name}” is not a recording.", _HINT)
        if not (was_left_open(path) or is_short(path)):
            return stack.enter_context(h5py.File(path, "r"))
        return stack.enter_context(h5py.File(stack.enter_context(Unfinished(path)), "r"))
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise RecordingError(
            f"“{path.name}” cannot be read: it is damaged or cut short.",
            "Record it again, or take an older copy.",
            f"{path}: {error}",
        ) from error


@contextlib.contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Whatever HDF5 stumbles over becomes one plain error."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        raise RecordingError(
            f"“{path.name}” is damaged: its structure cannot be read.",
            "Record it again, or take an older copy.",
            f"{path}: {error!r}",
        ) from error


def require_format(file: h5py.File, path: Path) -> tuple[int, Precision]:
    """Check what the file says it is: the version of its layout, and the precision.

    Raises
    ------
    RecordingError
        If it is another program's, or made by a newer Boxtrail.
    """
    if _attribute(file, "format") != schema.FORMAT:
        raise RecordingError(f"“{path.name}” is an HDF5 file, but not a recording.", _HINT)
    version = _attribute(file, _VERSION)
    if not isinstance(version, int) or version < 1:
        raise RecordingError(f"“{path.name}” states no version of its layout.", _HINT)
    if version > schema.VERSION:
        raise RecordingError(
            f"“{path.name}” was recorded by a newer Boxtrail (layout {version}; this one reads "
            f"up to {schema.VERSION}).",
            "Update Boxtrail to open it.",
        )
    precision = _attribute(file, "precision")
    if precision not in set(Precision):
        raise RecordingError(f"“{path.name}” states no precision of its maps.", _HINT)
    return version, Precision(str(precision))


def group(parent: h5py.Group, name: str) -> h5py.Group:
    """The group `name` of `parent`.

    Raises
    ------
    RecordingError
        If there is none, or only a link to elsewhere.
    """
    found = _member(parent, name)
    if not isinstance(found, h5py.Group):
        raise _wrong(parent, name, "is not a group")
    return found


def links(parent: h5py.Group) -> list[str]:
    """Names of the members of the group of maps."""
    count = parent.id.get_num_objs() if len(parent) <= _MAX_MAPS else _MAX_MAPS + 1
    if count > _MAX_MAPS:
        raise RecordingError(f"The recording claims to have more than {_MAX_MAPS} maps.", _HINT)
    return list(parent)


def rows(
    parent: h5py.Group, name: str, dtype: np.dtype[Any], tile: tuple[int, ...] | None
) -> h5py.Dataset:
    """A packed dataset of rows with just these chunks (None: of a map, up to a limit).

    Raises
    ------
    RecordingError
        If there is none, or it is not laid out as the schema says.
    """
    found = _dataset(parent, name, dtype)
    filters = set(_filters(found))
    if filters not in _PACKED or (h5py.h5z.FILTER_SHUFFLE in filters) != (dtype.itemsize > 1):
        raise _wrong(parent, name, "is packed in a way that is not read")
    if tile is None:
        usual = len(tile_of(found)) == 3 and tile_of(found)[0] == schema.BLOCK
        usual = usual and max(tile_of(found)) <= schema.MAX_TILE_READ
    else:
        usual = tile_of(found) == tile
    if not usual:
        raise _wrong(parent, name, f"has chunks of {tile_of(found)}")
    return found


def flat(parent: h5py.Group, name: str, dtype: np.dtype[Any], limit: int) -> h5py.Dataset:
    """An unpacked dataset of one axis, of at most `limit` bytes.

    Raises
    ------
    RecordingError
        If there is none, it is laid out otherwise, or claims more than there is.
    """
    found = _dataset(parent, name, dtype)
    if len(found.shape) != 1 or _filters(found):
        raise _wrong(parent, name, "is not laid out as a list")
    chunk = tile_of(found)[0] * dtype.itemsize
    if chunk > _MAX_TEXT or found.nbytes > limit + chunk:
        raise _wrong(parent, name, f"claims {found.nbytes} bytes, more than the file has")
    return found


def attribute(node: h5py.Group, name: str) -> Any:
    """A plain attribute (text or whole number); None when there is none of that kind."""
    return _attribute(node, name)


def _member(parent: h5py.Group, name: str) -> Any:
    encoded = name.encode()
    if encoded not in parent.id:
        raise _wrong(parent, name, "is missing")
    if not isinstance(parent.get(name, getlink=True), h5py.HardLink):
        raise _wrong(parent, name, "leads elsewhere, which is not followed")
    return parent[name]


def _dataset(parent: h5py.Group, name: str, dtype: np.dtype[Any]) -> h5py.Dataset:
    found = _member(parent, name)
    if not isinstance(found, h5py.Dataset):
        raise _wrong(parent, name, "is not a dataset")
    properties = found.id.get_create_plist()
    if properties.get_layout() != h5py.h5d.CHUNKED or properties.get_external_count():
        raise _wrong(parent, name, "does not keep its data in chunks of this file")
    if found.dtype != dtype:
        raise _wrong(parent, name, f"has the type {found.dtype}, not {dtype}")
    return found


def _filters(dataset: h5py.Dataset) -> list[int]:
    properties = dataset.id.get_create_plist()
    return [properties.get_filter(k)[0] for k in range(properties.get_nfilters())]


def _attribute(node: h5py.Group, name: str) -> Any:
    encoded = name.encode()
    if not h5py.h5a.exists(node.id, encoded):
        return None
    found = h5py.h5a.open(node.id, encoded)
    text = h5py.check_string_dtype(found.dtype) is not None
    simple = found.shape == () and found.get_storage_size() <= 1 << 16
    if not simple or not (text or found.dtype.kind in "iu"):
        return None
    if text and (name == _VERSION or not _is_read(found, node)):
        return None
    value = node.attrs[name]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None


def _is_read(text: h5py.h5a.AttrID, node: h5py.Group) -> bool:
    # Texts of any length lie in a heap, in which HDF5 runs in circles where it is damaged.
    # Only files of layout 1 have such texts.
    info = h5py.check_string_dtype(text.dtype)
    return info is not None and (info.length is not None or _attribute(node.file, _VERSION) == 1)


def _wrong(parent: h5py.Group, name: str, what: str) -> RecordingError:
    place = f"{(parent.name or '').rstrip('/')}/{name}"
    return RecordingError(f"The recording cannot be read: “{place}” {what}.", _HINT)
