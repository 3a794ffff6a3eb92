"""The layout of a recording: every name, type and chunk size, spelled here and nowhere else.

Row ``r`` of every dataset of rows belongs to the ``r``-th recorded frame; rows come in
blocks of :data:`BLOCK`, which are also the chunks, so one chunk of each dataset is all
that a killed program can lose. Nothing has a variable length and nothing is added after
the file was laid out: only then HDF5's single-writer mode keeps it readable at any time.
For people: docs/recording-file.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FORMAT = "boxtrail-recording"
VERSION = 2
SUFFIX = ".h5"

BLOCK = 16
"""Rows per chunk: what a random read unpacks, and the most that a kill can lose."""

COLUMN_CHUNK = 16
MAX_COLUMNS = 128
"""Most diagnostics, and most timings, of a recording."""

MAX_TILE = 256
"""Largest side of a tile of a map that is written; larger maps take several."""

ROOM = 2
"""Tiles along each side that a map has room for, beyond those of its first block."""

MAX_TILE_READ = 1024
FLAT_CHUNK = {"log": 4096, "texts": 4096, "table": 256, "data": 1 << 18}

LOG, TEXTS, FRAMES = "log", "texts", "frames"
MAPS, SCALARS, TIMINGS, ATTACHMENTS = "maps", "scalars", "timings", "attachments"
VALUES, PLACES, COLUMNS, TABLE, DATA = "values", "places", "columns", "table", "data"

FRAME = np.dtype(
    [
        ("index", "<i4"),
        ("run", "<u4"),
        ("seed", "u1"),
        ("state", "u1"),
        ("reason", "<u4"),
        ("box", "<f8", (4,)),
        ("score", "<f8"),
        ("time", "<f8"),
        ("seconds", "<f8"),
        ("attachments", "<u8"),
    ]
)
"""One recorded frame; `attachments` counts those of this and all earlier rows."""

PLACE = np.dtype(
    [
        ("present", "u1"),
        ("rows", "<u2"),
        ("cols", "<u2"),
        ("quantity", "<u4"),
        ("low", "<f4"),
        ("high", "<f4"),
        ("matrix", "<f8", (6,)),
        ("range", "<f8", (2,)),
        ("packing", "u1"),
        ("weights", "<i2", (15,)),
    ]
)
"""Where one map of one frame lies, how its cells were packed, how its codes become values."""

_PLACE_1 = np.dtype([(name, PLACE[name]) for name in PLACE.names[:-2]])  # pyright: ignore

ATTACHMENT = np.dtype(
    [
        ("row", "<u4"),
        ("kind", "u1"),
        ("name", "<u4"),
        ("role", "<u4"),
        ("shape", "<u4", (2,)),
        ("matrix", "<f8", (6,)),
        ("offset", "<u8"),
        ("size", "<u8"),
    ]
)
"""A patch, its numbers, or proposals: `size` bytes from `offset` of the data, deflated."""

ALARM_BITS, ALARM_DOUBT = "alarm.bits", "alarm.doubt"
"""Diagnostics that hold the verdict on a frame; they are not the tracker's own."""

INFO_TEXTS = ("title", "doc", "kind", "branch", "feature")
INFO_NUMBERS = ("stage", "scale", "channel")
"""Attributes of a map's group, named as in :class:`core.trackers.base.MapInfo`; −1: none."""

PATCH, PROPOSALS, NUMBERS = 1, 2, 3
BYTE = np.dtype("u1")
CELL = {"compact": np.dtype("u1"), "fine": np.dtype("<u2"), "exact": np.dtype("<f4")}
"""Type of a stored cell by precision."""


def blank(dtype: np.dtype[Any]) -> Any:
    """What a row that was never written holds: recognisably nothing."""
    value = np.zeros((), dtype)
    if dtype == FRAME:
        value["index"] = -1
    return value


def place_type(version: int) -> np.dtype[Any]:
    """The type of :data:`PLACE` in a file of that layout; layout 1 knew one packing only."""
    return PLACE if version > 1 else _PLACE_1


def link_name(key: str) -> str:
    """Name of a map's group: its key, with what HDF5 reserves written as ``%XX``."""
    safe = key.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")
    return safe.replace(".", "%2E") if not safe.strip(".") else safe


def key_of(link: str) -> str:
    """The map's key, from the name of its group."""
    for code, char in (("%00", "\0"), ("%2E", "."), ("%2F", "/"), ("%25", "%")):
        link = link.replace(code, char)
    return link
