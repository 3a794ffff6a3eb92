"""Which recovery files belong to a program that is still running.

A lock file is held by the operating system's own lock for as long as the process
lives, so a killed process never leaves a stale one. Where the file system knows no
locks, the process id and start time written into the file decide.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 20  # beyond the content, which stays readable for others

    def _try_lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_BUSY = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}


class LockFile:
    """A file that one living process holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when another living process (or object) has it.

        Raises
        ------
        OSError
            If the file cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _try_lock(descriptor)
            except OSError as error:
                os.close(descriptor)
                if error.errno in _BUSY or self._written_by_living():
                    return False
                descriptor = os.open(self.path, os.O_RDWR)
            if self._is_current(descriptor):
                break
            os.close(descriptor)  # a cleaner removed it between opening and locking
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"pid": os.getpid(), "started": _started()}).encode())
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back and remove the file."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        if sys.platform == "win32":  # an open file cannot be removed there
            os.close(descriptor)
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        if sys.platform != "win32":
            os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except OSError:
            return False

    def _written_by_living(self) -> bool:
        try:
            written = json.loads(self.path.read_text("utf-8"))
            pid, started = int(written["pid"]), str(written["started"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return _started(pid) == started != ""


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock file `path`."""
    if not path.exists():
        return False
    lock = LockFile(path)
    try:
        free = lock.acquire()
    except OSError:
        return False
    lock.release()
    return not free


def _started(pid: int | None = None) -> str:
    """When a process began, in clock ticks since boot; empty where that is unknown."""
    try:
        stat = Path(f"/proc/{pid or os.getpid()}/stat").read_text("utf-8")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
