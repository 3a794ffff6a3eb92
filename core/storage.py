"""Writing files so that nothing is lost: whole new file or the old one, never half.

The new content goes to a temporary file in the target's folder, is flushed to the
disk and then renamed over the target. A failure leaves the old file as it was.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.errors import StorageError


@contextlib.contextmanager
def atomic_write(path: Path, *, text: bool = False) -> Iterator[IO]:
    """Open a temporary file that replaces `path` when the block ends well (:func:`atomic_path`).

    Text is UTF-8 with Unix line ends.

    Raises
    ------
    StorageError
        If the folder cannot be written or the disk is full; `path` is unchanged.
    """
    mode, encoding, newline = ("w", "utf-8", "\n") if text else ("wb", None, None)
    with (
        atomic_path(path) as temporary,
        temporary.open(mode, encoding=encoding, newline=newline) as stream,
    ):
        yield stream


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Name of an empty temporary file that replaces `path` when the block ends well.

    For writers that open files by themselves; others take :func:`atomic_write`.

    Raises
    ------
    StorageError
        If the folder cannot be written or the disk is full; `path` is unchanged.
    """
    temporary: Path | None = None
    if path.is_symlink():
        path = path.resolve()  # the file that is meant; the link stays
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent
        )
        os.close(descriptor)
        temporary = Path(name)
        yield temporary
        with temporary.open("r+b") as stream:
            os.fsync(stream.fileno())
        _keep_mode(path, temporary)
        temporary.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def sweep(path: Path, *, older_than: float = 3600.0) -> None:
    """Remove temporary files that a killed program left beside `path`.

    Only those untouched for `older_than` seconds: a younger one may be in use.
    """
    pattern = f".{glob.escape(path.name[:40])}.*.tmp"
    limit = time.time() - older_than
    with contextlib.suppress(OSError):
        for leftover in path.parent.glob(pattern):
            if leftover.stat().st_mtime < limit:
                leftover.unlink()


def storage_error(path: Path, error: OSError) -> StorageError:
    """Say in plain words why `path` could not be written."""
    reasons = {
        errno.ENOSPC: ("the disk is full", "Free some space or choose another folder."),
        errno.EDQUOT: ("the disk quota is used up", "Free some space or choose another folder."),
        errno.EROFS: ("the file system is read-only", "Choose another folder."),
        errno.EACCES: (
            "writing there is not allowed",
            "Choose another folder or change its rights.",
        ),
        errno.EPERM: (
            "writing there is not allowed",
            "Choose another folder or change its rights.",
        ),
        errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
    }
    reason, hint = reasons.get(
        error.errno or 0, (error.strerror or str(error), "Choose another place.")
    )
    return StorageError(f"“{path.name}” could not be saved: {reason}.", hint, f"{path}: {error!r}")


def _keep_mode(path: Path, temporary: Path) -> None:
    # mkstemp makes files private; take over the old file's rights or the usual ones.
    try:
        mode = path.stat().st_mode & 0o777
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    with contextlib.suppress(OSError):
        temporary.chmod(mode)
