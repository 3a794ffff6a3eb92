"""One map of a recording: any row of it in a few milliseconds, its neighbours in none.

A chunk holds the map of a few frames; the last chunks that were read are kept inflated, so
stepping through frames reads each chunk once. Only the cells of the frame asked for are then
worked out.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.geometry import Placement
from core.recording import checked, chunks, packing, schema
from core.recording.coding import Precision, decode
from core.recording.packing import Packing
from core.trackers.base import MapInfo, ResponseMap

_KEPT_CHUNKS = 8
_KEPT_CELLS = 6_000_000  # of unpacked maps: 200 frames of a large map gathered into one
_KEPT_MAPS = 256


class Texts:
    """The texts of a recording by their code; unknown codes are empty."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    def __getitem__(self, code: int) -> str:
        return self._lines[code] if 0 <= code < len(self._lines) else ""


class StoredMap:
    """The rows of map `key` in the group `node`; see the module docstring."""

    def __init__(
        self,
        key: str,
        node: h5py.Group,
        version: int,
        precision: Precision,
        count: int,
        texts: Texts,
    ) -> None:
        self._precision = precision
        self._place_type = schema.place_type(version)
        self._rows = count
        self._texts = texts
        self._values = checked.rows(node, schema.VALUES, schema.CELL[precision], None)
        self._places = checked.rows(node, schema.PLACES, self._place_type, (schema.BLOCK,))
        self._kept: OrderedDict[tuple[int, ...], NDArray[Any] | None] = OrderedDict()
        self._read: OrderedDict[int, ResponseMap] = OrderedDict()
        self.info = _info(key, node)

    @cached_property
    def places(self) -> NDArray[Any]:
        """Where the map of every row lies; `present` is 0 where a frame has none."""
        stored = chunks.read_rows(self._places, self._rows, np.zeros((), self._place_type))
        if self._place_type == schema.PLACE:
            return stored
        places = np.zeros(len(stored), schema.PLACE)
        for name in stored.dtype.names or ():
            places[name] = stored[name]
        places["packing"] = packing.FIRST
        return places

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which rows have the map."""
        return self.places["present"] == 1

    @property
    def count(self) -> int:
        """How many rows have the map."""
        return int(self.present.sum())

    def read(self, row: int) -> ResponseMap | None:
        """The map of one row; None when it has none. Asked again soon, the same object."""
        place = self.places[row]
        if place["present"] != 1:
            return None
        if row not in self._read:
            self._read[row] = self._decoded(row, place)
            cells = max(self._read[row].values.size, 1)
            if len(self._read) > max(min(_KEPT_CELLS // cells, _KEPT_MAPS), 1):
                self._read.popitem(last=False)
        self._read.move_to_end(row)
        return self._read[row]

    def _decoded(self, row: int, place: Any) -> ResponseMap:
        rows, cols = int(place["rows"]), int(place["cols"])
        fits = rows and cols and max(rows, cols) <= max(self._values.shape[1:])
        if not fits or not np.isfinite(place["matrix"]).all():
            raise chunks.damaged(self._values, (row,))
        codes = self._codes(row, place)
        values = decode(codes, self._precision, float(place["low"]), float(place["high"]))
        low, high = map(float, place["range"])
        limits = None if np.isnan(low) or np.isnan(high) else (low, high)
        quantity = self._texts[int(place["quantity"])]
        return ResponseMap(values, placement(place["matrix"]), quantity, limits)

    def _codes(self, row: int, place: Any) -> NDArray[Any]:
        rows, cols = int(place["rows"]), int(place["cols"])
        _, tile_rows, tile_cols = chunks.tile_of(self._values)
        first, within = row - row % schema.BLOCK, row % schema.BLOCK
        way, weights = self._packing(row, place), place["weights"].astype(np.int32)
        cells = np.zeros((rows, cols), self._values.dtype)
        for top in range(0, rows, tile_rows):
            for left in range(0, cols, tile_cols):
                chunk = self._chunk((first, top, left), way)
                if chunk is None:
                    raise chunks.damaged(self._values, (row,))
                tile = packing.unpacked(chunk[within], way, weights)
                part = cells[top : top + tile_rows, left : left + tile_cols]
                part[:] = tile[: part.shape[0], : part.shape[1]]
        return cells

    def _packing(self, row: int, place: Any) -> Packing:
        if self._precision is Precision.EXACT:
            return packing.PLAIN
        number = int(place["packing"])
        if not packing.is_known(number) or (number > packing.FIRST and not self._is_bytes):
            raise chunks.damaged(self._places, (row,))
        return Packing(number)

    @property
    def _is_bytes(self) -> bool:
        return self._values.dtype == np.uint8

    def _chunk(self, place: tuple[int, ...], way: Packing) -> NDArray[Any] | None:
        if place not in self._kept:
            chunk = chunks.read_chunk(self._values, place)
            self._kept[place] = None if chunk is None else packing.joined(chunk, way)
            while len(self._kept) > _KEPT_CHUNKS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(place)
        return self._kept[place]


def placement(matrix: NDArray[np.float64]) -> Placement:
    """The placement with these six numbers."""
    a, b, c, d, e, f = map(float, matrix)
    return Placement((a, b, c, d, e, f))


def _info(key: str, node: h5py.Group) -> MapInfo:
    found: dict[str, Any] = {"title": key, "doc": ""}
    for name in schema.INFO_TEXTS:
        text = checked.attribute(node, name)
        if isinstance(text, str):
            found[name] = text
    for name in schema.INFO_NUMBERS:
        number = checked.attribute(node, name)
        if isinstance(number, int) and number >= 0:
            found[name] = number
    return MapInfo(key, primary=checked.attribute(node, "primary") == 1, **found)
