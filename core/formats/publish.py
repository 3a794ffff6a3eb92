"""Files of an export: all of them or none, and none of anybody else's harmed.

Texts go to a hidden staging folder beside the target first. When everything is
there, files move to their places and what an earlier export left over (known from
its manifest) is removed; a file that no export made is never replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core.errors import FormatError
from core.formats import manifest
from core.storage import atomic_write, storage_error

_SYNCED_FILES = 100
"""Up to so many files are forced onto the disk; thousands would take minutes."""


def publish(
    to: Path, pieces: Iterable[tuple[str, str]], facts: dict[str, Any], *, folder: bool
) -> list[Path]:
    """Write the pieces of text and the manifest; returns all files, the manifest last.

    Parameters
    ----------
    pieces
        Path relative to `to` (empty for `to` itself) and text; pieces of one file
        follow each other.
    folder
        Whether `to` is a folder; otherwise its companions lie beside it.

    Raises
    ------
    StorageError
        If it cannot be written.
    FormatError
        If a file that no export made would be replaced.
    """
    home = to if folder else to.parent
    if folder and to.is_file():
        raise FormatError(f"“{to.name}” is a file.", "Choose a folder for this format.", str(to))
    if not folder and to.is_dir():
        raise FormatError(f"“{to.name}” is a folder.", "Choose a file name for this format.")
    is_new = not home.exists()
    complete = False
    try:
        home.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{to.name[:40]}.", suffix=".tmp", dir=home))
        try:
            names = _stage(staging, pieces, "" if folder else to.name)
            earlier = _earlier(to, facts["written_as"], folder=folder)
            _refuse_foreign(to, names, earlier, folder=folder)
            obsolete = earlier - set(names)
            _move(staging, home, names)
            complete = True
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        _remove(home, obsolete)
    except OSError as error:
        raise storage_error(to, error) from error
    finally:
        if is_new and not complete:
            shutil.rmtree(home, ignore_errors=True)
    place = manifest.path_of(to, facts["written_as"], folder=folder)
    text = json.dumps({**facts, "files": names}, ensure_ascii=False, indent=1) + "\n"
    with atomic_write(place) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
    return [*(home / name for name in names), place]


def _stage(staging: Path, pieces: Iterable[tuple[str, str]], own_name: str) -> list[str]:
    names: list[str] = []
    with contextlib.ExitStack() as opened:
        stream: IO[bytes] | None = None
        for relative, text in pieces:
            name = relative or own_name
            if stream is None or not names or names[-1] != name:
                opened.close()
                target = staging / name
                target.parent.mkdir(parents=True, exist_ok=True)
                stream = opened.enter_context(target.open("xb"))
                names.append(name)
            stream.write(text.encode("utf-8", "backslashreplace"))
    return names


def _move(staging: Path, home: Path, names: list[str]) -> None:
    for name in names:
        target = home / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if len(names) <= _SYNCED_FILES:
            with (staging / name).open("rb") as stream:
                os.fsync(stream.fileno())
        (staging / name).replace(target)


def _earlier(to: Path, key: str, *, folder: bool) -> set[str]:
    """Files that an earlier export to the same place made, as its manifest says."""
    facts = manifest.load(manifest.path_of(to, key, folder=folder))
    if facts and facts.get("written_as") != key:
        return set()
    files = facts.get("files", []) if facts else []
    return {name for name in files if isinstance(name, str) and _is_inside(name)}


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and ":" not in name


def _refuse_foreign(to: Path, names: list[str], known: set[str], *, folder: bool) -> None:
    home = to if folder else to.parent
    # The file that the person named may be replaced (they were asked); its companions not.
    mine = {to.name} if not folder else set()
    foreign = [n for n in names if n not in known | mine and (home / n).exists()]
    if foreign:
        raise FormatError(
            f"{len(foreign)} files in “{home.name}” would be replaced that no earlier export "
            f"of this kind made (the first is “{foreign[0]}”).",
            "Choose an empty folder, or move those files away.",
            str(to),
        )


def _remove(home: Path, names: Iterable[str]) -> None:
    for name in sorted(names):
        target = home / name
        with contextlib.suppress(OSError):
            target.unlink()
        for folder in _empty_parents(home, target):
            folder.rmdir()


def _empty_parents(home: Path, target: Path) -> Iterator[Path]:
    folder = target.parent
    while folder != home and folder.is_dir() and not any(folder.iterdir()):
        yield folder
        folder = folder.parent
