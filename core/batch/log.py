"""What a batch has finished: an append-only file of lines with checksums.

One line per stretch (a run from one person's box to the next) after its boxes are safe in
the clip's project. A killed batch leaves at most a torn last line, which is ignored; the
stretch is tracked again. A line names the stretch by everything that decides its boxes, so
another tracker, another parameter or a moved box is work to do, the rest is not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.document import media
from core.document.journal import seal, unseal
from core.errors import ProjectError
from core.storage import storage_error

FORMAT = "boxtrail-batch"
VERSION = 1
SUFFIX = ".batch"


class BatchLog:
    """The log at `path`; it is made with the first line.

    Raises
    ------
    ProjectError
        If the file is something else, or from a newer program.
    """

    def __init__(self, path: Path) -> None:
        self.path = media.absolute(path)
        self.done: set[str] = set()
        self._ends_torn = False
        self._read()

    def add(self, key: str, facts: Mapping[str, Any]) -> None:
        """Note that a stretch is finished.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = not self.path.exists() or not self.path.stat().st_size
            lines = [seal({"format": FORMAT, "version": VERSION})] if new else []
            if self._ends_torn:
                lines.insert(0, b"\n")
            with self.path.open("ab") as stream:
                stream.write(b"".join([*lines, seal({"key": key, **facts})]))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise storage_error(self.path, error) from error
        self._ends_torn = False
        self.done.add(key)

    def _read(self) -> None:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise storage_error(self.path, error) from error
        lines = data.splitlines(keepends=True)
        header = unseal(lines[0]) if lines else None
        if lines and (header is None or header.get("format") != FORMAT):
            if not data.endswith(b"\n") and len(lines) == 1:
                self.path.unlink()  # killed while it wrote its very first line
                return
            raise ProjectError(
                f"“{self.path.name}” is not the log of a batch.", "Name another with --log."
            )
        if header is not None and not 1 <= int(header.get("version", 0)) <= VERSION:
            raise ProjectError(
                f"“{self.path.name}” was made by a newer Boxtrail.", "Update Boxtrail."
            )
        records = filter(None, map(unseal, lines[1:]))
        self.done = {str(record["key"]) for record in records if "key" in record}
        self._ends_torn = bool(data) and not data.endswith(b"\n")


def key_of(facts: Mapping[str, Any]) -> str:
    """A short name for `facts`: equal facts, equal names, over restarts."""
    text = json.dumps(facts, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.blake2b(text.encode("ascii"), digest_size=12).hexdigest()
