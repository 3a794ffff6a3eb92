"""A recording while it is written: blocks of rows into HDF5, readable at any moment.

All datasets are laid out before the first block; then the file is in HDF5's
single-writer-multiple-readers mode, in which its structure on disk is whole at all times,
a killed program included. Of each block the table of frames is written last: what it
lists is there. One thread uses an object of this class.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.recording import chunks, packing, schema
from core.recording.coding import Precision
from core.recording.rows import (
    Columns,
    MapBlock,
    Record,
    Texts,
    attachments_of,
    frame_rows,
    map_block,
)
from core.trackers.base import MapInfo

_LIBRARY = ("v110", "v110")  # the oldest that can be read while written, or after a kill
_DEFAULT_SIDE = 64


class RecordingFile:
    """Creates `path` and appends blocks to it.

    Parameters
    ----------
    maps
        What may be recorded. Maps that turn up later without being among them (or in
        `first`) are left out and counted.
    first
        The first block, from which the sizes of maps are taken; it is not written.

    Attributes
    ----------
    rows, written
        Frames and packed bytes written so far.
    left_out
        Maps that could not be kept: not announced, with values that are not numbers, or
        much larger than at first.

    Raises
    ------
    OSError
        If the file cannot be written, from every method.
    """

    def __init__(
        self, path: Path, maps: Sequence[MapInfo], precision: Precision, first: Sequence[Record]
    ) -> None:
        self.rows = 0
        self.written = 0
        self.left_out: dict[str, int] = {}
        self._precision = precision
        self._texts = Texts()
        self._scalars = Columns(lambda result: result.scalars)
        self._timings = Columns(lambda result: result.timings)
        self._attachments = 0
        self._data = 0
        self._file = h5py.File(path, "w", libver=_LIBRARY)
        try:
            self._lay_out(maps, first)
            self._file.swmr_mode = True
        except BaseException:
            self._file.close()
            raise

    def append(self, records: Sequence[Record]) -> None:
        """Write a block of :data:`schema.BLOCK` frames; fewer only as the last one."""
        if records:
            self._append_maps(records)
            counts = self._append_attachments(records)
            self._append_columns(schema.SCALARS, self._scalars, records)
            self._append_columns(schema.TIMINGS, self._timings, records)
            rows = frame_rows(records, self._texts, counts)
            self._append_texts()
            # Last: a reader believes what is listed here.
            self._append_rows(schema.FRAMES, rows)
            self.rows += len(records)

    def log(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Append events, one JSON object per line."""
        lines = "".join(json.dumps(event, ensure_ascii=True) + "\n" for event in events)
        self._extend(schema.LOG, np.frombuffer(lines.encode(), np.uint8))

    def close(self) -> None:
        """Finish the file; further calls do nothing."""
        self._file.close()

    def _lay_out(self, maps: Sequence[MapInfo], first: Sequence[Record]) -> None:
        file = self._file
        _put_text(file, "format", schema.FORMAT)
        file.attrs["version"] = schema.VERSION
        _put_text(file, "precision", str(self._precision))
        for name in (schema.LOG, schema.TEXTS):
            _flat(file, name, schema.BYTE, name)
        _table(file, schema.FRAMES, schema.FRAME)
        for name in (schema.SCALARS, schema.TIMINGS):
            group = file.create_group(name)
            _flat(group, schema.COLUMNS, np.dtype("<u4"), "table")
            tile = (schema.BLOCK, schema.COLUMN_CHUNK)
            _rows(group, schema.VALUES, np.dtype("<f8"), tile, np.nan, (schema.MAX_COLUMNS,))
        group = file.create_group(schema.ATTACHMENTS)
        _flat(group, schema.TABLE, schema.ATTACHMENT, "table")
        _flat(group, schema.DATA, schema.BYTE, "data")
        self._lay_out_maps(maps, first)

    def _lay_out_maps(self, maps: Sequence[MapInfo], first: Sequence[Record]) -> None:
        parent = self._file.create_group(schema.MAPS)
        sides = _largest_sides(first)
        infos = {info.key: info for info in maps}
        infos |= {key: MapInfo(key, key, "") for key in sides if key not in infos}
        usual = max(sides.values(), default=(_DEFAULT_SIDE, _DEFAULT_SIDE))
        for key, info in infos.items():
            group = parent.create_group(schema.link_name(key))
            for name in schema.INFO_TEXTS:
                _put_text(group, name, getattr(info, name))
            for name in schema.INFO_NUMBERS:
                value = getattr(info, name)
                group.attrs[name] = -1 if value is None else value
            group.attrs["primary"] = int(info.primary)
            known = sides.get(key, usual)
            rows, cols = (min(side, schema.MAX_TILE) for side in known)
            tile, most = (schema.BLOCK, rows, cols), tuple(map(_room, known))
            _rows(group, schema.VALUES, schema.CELL[self._precision], tile, 0, most)
            _table(group, schema.PLACES, schema.PLACE)

    def _append_maps(self, records: Sequence[Record]) -> None:
        parent = self._dataset_group(schema.MAPS)
        for key in dict.fromkeys(key for record in records for key in record.result.maps):
            name = schema.link_name(key)
            block = map_block(key, records, self._precision, self._texts)
            if block is None:
                continue
            fits = name in parent and self._fits(f"{schema.MAPS}/{name}", block)
            kept = 0 if fits else int(block.places["present"].sum())
            lost = block.refused + kept
            if lost:
                self.left_out[key] = self.left_out.get(key, 0) + lost
            if fits:
                self._append_map(f"{schema.MAPS}/{name}", block)

    def _fits(self, name: str, block: MapBlock) -> bool:
        most = self._dataset(f"{name}/{schema.VALUES}").maxshape or ()
        return all(side <= room for side, room in zip(block.cells.shape[1:], most[1:], strict=True))

    def _append_map(self, name: str, block: MapBlock) -> None:
        dataset = self._dataset(f"{name}/{schema.VALUES}")
        if self._precision is Precision.EXACT:
            self.written += chunks.append(dataset, self.rows, block.cells)
        else:
            tile = chunks.tile_of(dataset)
            in_one = all(side <= most for side, most in zip(block.cells.shape, tile, strict=True))
            way, weights = packing.chosen(block.cells, whole=in_one)
            block.places["packing"], block.places["weights"] = way, weights

            def change(codes: NDArray[Any]) -> NDArray[Any]:
                return packing.packed(codes, way, weights)

            self.written += chunks.append(dataset, self.rows, block.cells, change, packing.tight)
        dataset.flush()
        self._append_rows(f"{name}/{schema.PLACES}", block.places)

    def _append_columns(self, name: str, columns: Columns, records: Sequence[Record]) -> None:
        values = columns.block(records)
        codes = [self._texts.code(text) for text in columns.take_names()]
        self._append_texts()
        self._extend(f"{name}/{schema.COLUMNS}", np.array(codes, "<u4"))
        if values.shape[1]:
            self._append_rows(f"{name}/{schema.VALUES}", values)

    def _append_attachments(self, records: Sequence[Record]) -> list[int]:
        table, data, counts = attachments_of(records, self.rows, self._data, self._texts)
        self._extend(f"{schema.ATTACHMENTS}/{schema.DATA}", np.frombuffer(data, np.uint8))
        self._extend(f"{schema.ATTACHMENTS}/{schema.TABLE}", table)
        self._data += len(data)
        running = self._attachments + np.cumsum(counts)
        self._attachments = int(running[-1])
        return running.tolist()

    def _append_texts(self) -> None:
        self._extend(schema.TEXTS, np.frombuffer(self._texts.take(), np.uint8))

    def _append_rows(self, name: str, rows: NDArray[Any]) -> None:
        dataset = self._dataset(name)
        self.written += chunks.append(dataset, self.rows, rows)
        dataset.flush()

    def _extend(self, name: str, items: NDArray[Any]) -> None:
        if len(items):
            dataset = self._dataset(name)
            self.written += chunks.extend(dataset, items)
            dataset.flush()

    def _dataset(self, name: str) -> h5py.Dataset:
        found = self._file[name]
        assert isinstance(found, h5py.Dataset)
        return found

    def _dataset_group(self, name: str) -> h5py.Group:
        found = self._file[name]
        assert isinstance(found, h5py.Group)
        return found


def _largest_sides(records: Iterable[Record]) -> dict[str, tuple[int, int]]:
    sides: dict[str, tuple[int, int]] = {}
    for record in records:
        for key, response in record.result.maps.items():
            rows, cols = response.values.shape
            before = sides.get(key, (0, 0))
            sides[key] = (max(before[0], rows), max(before[1], cols))
    return sides


def _room(side: int) -> int:
    """How large a side of a map may become that has `side` cells in the first block."""
    tile = min(side, schema.MAX_TILE)
    return (-(-side // tile) + schema.ROOM - 1) * tile


def _put_text(group: h5py.Group, name: str, text: str) -> None:
    # Of a fixed length: others would lie in a heap beside it.
    data = text.encode()
    group.attrs.create(name, data, dtype=h5py.string_dtype("utf-8", max(len(data), 1)))


def _flat(group: h5py.Group, name: str, dtype: np.dtype[Any], kind: str) -> None:
    chunk = (schema.FLAT_CHUNK[kind],)
    group.create_dataset(name, (0,), dtype, maxshape=(None,), chunks=chunk)


def _table(group: h5py.Group, name: str, dtype: np.dtype[Any]) -> None:
    _rows(group, name, dtype, (schema.BLOCK,), schema.blank(dtype))


def _rows(
    group: h5py.Group,
    name: str,
    dtype: np.dtype[Any],
    tile: tuple[int, ...],
    fill: Any,
    room: tuple[int, ...] = (),
) -> None:
    # One axis without a limit, and only one: then HDF5's index of the chunks grows by appending.
    # With more it is a tree, whose nodes are written anew for each block of a live file.
    shape, most = (0,) * len(tile), (None, *room)
    shuffle = dtype.itemsize > 1
    group.create_dataset(
        name, shape, dtype, maxshape=most, chunks=tile, fillvalue=fill,
        shuffle=shuffle, compression="gzip", compression_opts=chunks.LEVEL,
    )  # fmt: skip
