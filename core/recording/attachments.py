"""Patches and proposals of a recording: found by row, unpacked to exactly their size."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.errors import RecordingError
from core.recording import checked, chunks, schema
from core.recording.coding import summed
from core.recording.stored_map import Texts, placement
from core.trackers.base import Patch, Proposals

_MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Kind:
    """Patches (else proposals) of one name: their shapes, in how many rows, bytes packed."""

    name: str
    patch: bool
    shapes: list[tuple[int, int]]
    rows: int
    size: int


class Attachments:
    """What is attached to each row of `table`."""

    def __init__(self, node: h5py.Group, table: NDArray[Any], texts: Texts, size: int) -> None:
        self._ends = table["attachments"]
        self._texts = texts
        self._table = checked.flat(node, schema.TABLE, schema.ATTACHMENT, size)
        self._data = checked.flat(node, schema.DATA, schema.BYTE, size)

    def of(
        self, row: int, *, patches: bool, proposals: bool
    ) -> tuple[dict[str, Patch], dict[str, Proposals]]:
        """Patches and proposals of one row by name.

        Raises
        ------
        RecordingError
            If they are damaged.
        """
        found: tuple[dict[str, Patch], dict[str, Proposals]] = ({}, {})
        if not (patches or proposals):
            return found
        first, end = int(self._ends[row - 1]) if row else 0, int(self._ends[row])
        if not first <= end <= len(self._table):
            raise chunks.damaged(self._table, (row,))
        for entry in self._table[first:end]:
            name = self._texts[int(entry["name"])]
            if patches and entry["kind"] == schema.PATCH:
                found[0][name] = self._patch(entry)
            elif patches and entry["kind"] == schema.NUMBERS and name in found[0]:
                patch = found[0][name]
                if tuple(map(int, entry["shape"])) != patch.image.shape[:2]:
                    raise self._damaged(entry)
                found[0][name] = replace(patch, values=self._numbers(entry))
            elif proposals and entry["kind"] == schema.PROPOSALS:
                found[1][name] = self._proposals(entry)
        return found

    def kinds(self) -> list[Kind]:
        """What is attached, by name in the order of its first row."""
        found: dict[tuple[int, int], list[Any]] = {}
        for entry in self._table[:]:
            if entry["kind"] != schema.NUMBERS:
                found.setdefault((int(entry["kind"]), int(entry["name"])), []).append(entry)
        return [
            Kind(
                self._texts[name],
                kind == schema.PATCH,
                sorted({(int(entry["shape"][0]), int(entry["shape"][1])) for entry in entries}),
                len(entries),
                sum(int(entry["size"]) for entry in entries),
            )
            for (kind, name), entries in found.items()
        ]

    def _patch(self, entry: Any) -> Patch:
        rows, cols = map(int, entry["shape"])
        planes = np.frombuffer(self._bytes(entry, rows * cols * 3), np.uint8)
        planes = planes.reshape(3, rows, cols)
        image = np.stack([summed(plane) for plane in planes], axis=2)
        image.setflags(write=False)
        return Patch(image, placement(entry["matrix"]), self._texts[int(entry["role"])])

    def _numbers(self, entry: Any) -> NDArray[np.float32]:
        rows, cols = map(int, entry["shape"])
        planes = np.frombuffer(self._bytes(entry, rows * cols * 4), np.uint8)
        values = np.ascontiguousarray(planes.reshape(4, -1).T).view("<f4")
        return values.reshape(rows, cols).astype(np.float32)

    def _proposals(self, entry: Any) -> Proposals:
        count, columns = map(int, entry["shape"])
        if columns != 5:
            raise self._damaged(entry)
        table = np.frombuffer(self._bytes(entry, count * 5 * 8), "<f8").reshape(count, 5)
        return Proposals(table[:, :4].copy(), table[:, 4].copy())

    def _bytes(self, entry: Any, expected: int) -> bytes:
        offset, size = int(entry["offset"]), int(entry["size"])
        if expected > _MAX_BYTES or offset + size > len(self._data):
            raise self._damaged(entry)
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(self._data[offset : offset + size].tobytes(), expected + 1)
        except zlib.error as error:
            raise self._damaged(entry) from error
        if len(data) != expected or not unpacker.eof:
            raise self._damaged(entry)
        return data

    def _damaged(self, entry: Any) -> RecordingError:
        return chunks.damaged(self._data, (int(entry["row"]),))
