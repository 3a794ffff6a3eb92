"""Frame tables on disk, so that a clip is checked once.

One ``.npz`` per clip below the index folder, named by fingerprint. It is used only if
size, modification time and decoder version agree; anything unreadable is ignored and
written anew. Arrays only, read with ``allow_pickle=False``.
"""

from __future__ import annotations

import zipfile
from array import array
from pathlib import Path

import av
import numpy as np

from core.errors import StorageError
from core.storage import atomic_write
from core.video.table import Entry, FrameTable

_VERSION = 4
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError)


def _stamp(path: Path) -> str:
    stat = path.stat()
    decoder = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"{_VERSION}|{stat.st_size}|{stat.st_mtime_ns}|{decoder}"


def _file(folder: Path, fingerprint: str) -> Path:
    return folder / f"{fingerprint}.npz"


def save_table(folder: Path, fingerprint: str, video: Path, table: FrameTable) -> bool:
    """Store a complete table; False if the folder cannot be written (not an error)."""
    try:
        with atomic_write(_file(folder, fingerprint)) as stream:
            np.savez_compressed(
                stream,
                stamp=np.array(_stamp(video)),
                times=np.array(table.times, np.int64),
                signatures=np.array(table.signatures, np.uint32),
                entry_frames=np.array([e.frame for e in table.entries], np.int64),
                entry_times=np.array([e.seek_time for e in table.entries], np.int64),
                damaged=np.array(sorted(table.damaged), np.int64),
                flags=np.array(
                    [table.flawed, table.repeatable_threads, table.packets, table.trusted],
                    np.int64,
                ),
            )
    except (StorageError, OSError):
        return False
    return True


def load_table(folder: Path, fingerprint: str, video: Path) -> FrameTable | None:
    """The stored table of this very file, complete, or None."""
    try:
        with (
            _file(folder, fingerprint).open("rb") as stream,  # np.load leaks it on bad zips
            np.load(stream, allow_pickle=False) as data,
        ):
            if str(data["stamp"]) != _stamp(video):
                return None
            arrays = {name: data[name] for name in data.files}
    except _BROKEN:
        return None
    return _table(arrays) if _consistent(arrays) else None


def _consistent(arrays: dict[str, np.ndarray]) -> bool:
    try:
        count = len(arrays["times"])
        return (
            count > 0
            and len(arrays["signatures"]) == count
            and len(arrays["entry_frames"]) == len(arrays["entry_times"])
            and len(arrays["flags"]) == 4
            and all(
                len(arrays[k]) == 0 or (arrays[k].min() >= 0 and arrays[k].max() < count)
                for k in ("entry_frames", "damaged")
            )
        )
    except (KeyError, TypeError, ValueError):
        return False


def _table(arrays: dict[str, np.ndarray]) -> FrameTable:
    flawed, threads, packets, trusted = (int(v) for v in arrays["flags"])
    table = FrameTable(
        times=array("q", arrays["times"].astype(np.int64).tolist()),
        signatures=array("I", arrays["signatures"].astype(np.uint32).tolist()),
        entries=[
            Entry(int(f), int(t))
            for f, t in zip(arrays["entry_frames"], arrays["entry_times"], strict=True)
        ],
        damaged={int(i) for i in arrays["damaged"]},
        flawed=flawed,
        repeatable_threads=1 if threads == 1 else 2,
        packets=packets,
        complete=True,
    )
    table.trusted = bool(trusted)
    return table
