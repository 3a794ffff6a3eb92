"""Paths of other files inside a file that may be carried elsewhere.

What is written is relative to the file's own folder, with forward slashes, and absolute
only where no relative path exists (another drive). Beside it stands where the other file
was absolutely, for the case that only one of the two was moved. Paths of other systems
(a drive letter on Linux) are kept as they are.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath


def is_absolute(path: str) -> bool:
    """Whether a stored path is absolute, on this system or another."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


def absolute(path: Path) -> Path:
    """`path` from the root, links kept as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve() follows links)


def portable(path: str, folder: Path) -> str:
    """`path` relative to `folder` where that is possible, else as it is."""
    if not path or not is_absolute(path):
        return path
    if PureWindowsPath(path).drive and os.name != "nt":
        return path
    try:
        return Path(os.path.relpath(path, absolute(folder))).as_posix()
    except ValueError:  # another drive
        return path


def resolved(stored: str, folder: Path) -> str:
    """The absolute path that `stored` means in a file that lies in `folder`."""
    if not stored or is_absolute(stored):
        return stored
    return Path(os.path.normpath(absolute(folder) / stored)).as_posix()


def name_of(stored: str) -> str:
    """The last part of a stored path, of whatever system."""
    return stored.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def exists(path: Path) -> bool:
    """Whether something is at `path`; False also for a name this system cannot have."""
    try:
        return path.name != "" and path.exists()
    except (OSError, ValueError):
        return False


def find(folder: Path, stored: str, elsewhere: str = "") -> tuple[Path | None, list[Path]]:
    """Where a stored file is now, and where was looked.

    Relative to `folder` first, then where it was absolutely, then by name in `folder`.
    """
    places = [Path(resolved(stored, folder))] if stored else []
    if elsewhere:
        places.append(Path(elsewhere))
    places += [absolute(folder) / name_of(known) for known in (stored, elsewhere) if known]
    looked = list(dict.fromkeys(places))
    return next((place for place in looked if exists(place)), None), looked
