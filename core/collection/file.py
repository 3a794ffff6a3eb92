"""Collections on disk: a small JSON file, suffix ``.boxtrails``, that is never unsaved.

Every change is carried out on the file as it is now, under a lock, and written whole
(:func:`update`). So two windows, or a window and a batch, add up instead of overwriting
each other, and there is nothing to save or to lose. Paths are relative to the file, with
an absolute spare (:mod:`core.document.media`). See docs/project-file.md.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import paths
from core.collection.collection import Clip, ClipStatus, Collection
from core.document import media
from core.document.checked import Node, parse_json, read_text, shown
from core.document.lockfile import LockFile
from core.errors import ProjectError, StorageError
from core.storage import atomic_write, storage_error, sweep

FORMAT = "boxtrail-collection"
VERSION = 1
SUFFIX = ".boxtrails"
SIZE_LIMIT = 64 << 20

_KIND = "list of clips"
_HINT = "The clips' own projects are safe; add them to a new list."
_PATIENCE = 20.0
"""Seconds to wait for another program that is just writing."""


def create(path: Path, collection: Collection | None = None) -> Collection:
    """Write a new list.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    made = collection or Collection()
    with locked(path):
        _write(made, path)
    return made


def load(path: Path) -> Collection:
    """Read a list; nothing is looked up or opened.

    Raises
    ------
    ProjectError
        Not there, not a list of clips, damaged (with the place), or from a newer program.
    """
    value = parse_json(read_text(path, SIZE_LIMIT, ProjectError, _KIND), path.name,
                       ProjectError, _KIND)  # fmt: skip
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ProjectError(f"“{path.name}” is not a Boxtrail list of clips.", "Choose another.")
    root = Node(value, "", ProjectError, _KIND, _HINT)
    found = root.field("version").integer(1)
    if found > VERSION:
        raise ProjectError(
            f"“{path.name}” was made by a newer Boxtrail (file version {found}; "
            f"this one reads up to {VERSION}).",
            "Update Boxtrail to open it.",
        )
    folder = media.absolute(path).parent
    clips: list[Clip] = []
    for node in root.field("clips").elements():
        clip = _decoded(node, folder)
        if any(clip.id == known.id for known in clips):
            raise node.field("id").fail(f"{clip.id} is used twice")
        clips.append(clip)
    next_id = max([root.field("next_id", 1).integer(1), *(clip.id + 1 for clip in clips)])
    return Collection(tuple(clips), next_id)


def update(path: Path, change: Callable[[Collection], Collection]) -> Collection:
    """Carry out `change` on the list as it is on disk now; returns what it became.

    Raises
    ------
    ProjectError
        If the file cannot be read any more; it is left as it is.
    StorageError
        If it cannot be written; it is left as it is.
    """
    with locked(path):
        before = load(path)
        after = change(before)
        if after != before:
            _write(after, path)
    return after


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other Boxtrails of this machine from changing the file `path` meanwhile.

    Raises
    ------
    StorageError
        If another program holds it for too long, or no lock can be made.
    """
    key = hashlib.blake2b(str(media.absolute(path)).encode("utf-8", "surrogatepass"),
                          digest_size=12).hexdigest()  # fmt: skip
    lock = LockFile(paths.state_dir() / "locks" / f"{key}.lock")
    end = time.monotonic() + _PATIENCE
    try:
        while not lock.acquire():
            if time.monotonic() > end:
                raise StorageError(
                    f"“{path.name}” is being written by another program.", "Try again later."
                )
            time.sleep(0.01)
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        yield
    finally:
        lock.release()


# ---- writing and reading ------------------------------------------------------------


def _write(collection: Collection, path: Path) -> None:
    folder = media.absolute(path).parent
    clips = ",\n".join(_dump(_encoded(clip, folder)) for clip in collection.clips)
    text = (
        f'{{\n"format": "{FORMAT}",\n"version": {VERSION},\n'
        f'"clips": [\n{clips}{chr(10) if clips else ""}],\n"next_id": {collection.next_id}\n}}\n'
    )
    with atomic_write(path) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
    sweep(path)


def _encoded(clip: Clip, folder: Path) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": clip.id}
    for name, place in (("project", clip.project), ("video", clip.video)):
        stored = place.as_posix() if place != Path() else ""
        fields[name] = media.portable(stored, folder)
        fields[f"{name}_elsewhere"] = stored
    if clip.status is not None:
        fields["status"] = clip.status.value
    if clip.name:
        fields["name"] = clip.name
    return fields


def _decoded(node: Node, folder: Path) -> Clip:
    status = node.field("status", None)
    if status.value is not None and status.text() not in list(ClipStatus):
        raise status.fail(f"{shown(status.value)} is not a status")
    return Clip(
        node.field("id").integer(1),
        _place(node, "project", folder),
        _place(node, "video", folder),
        ClipStatus(status.value) if status.value is not None else None,
        node.field("name", "").text(),
    )


def _place(node: Node, name: str, folder: Path) -> Path:
    """Where a file of a clip is: as found, else where it belongs beside the list."""
    stored = node.field(name).text()
    elsewhere = node.field(f"{name}_elsewhere", "").text()
    if name == "project" and not stored:
        raise node.field(name).fail("it is empty")
    if not stored:
        return Path()
    first = Path(media.resolved(stored, folder))
    if media.exists(first) or not elsewhere or not media.exists(Path(elsewhere)):
        return first
    return Path(elsewhere)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
