"""Blocks of rows to and from single HDF5 chunks, packed here and not by HDF5.

Packing with zlib leaves the interpreter to the tracker meanwhile, and unpacking with a
bound means that no chunk of a hostile file can swell. What is stored is what HDF5's own
shuffle and deflate filters make, so every HDF5 program reads it.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.errors import RecordingError

Array = NDArray[Any]
Change = Callable[[Array], Array]
Deflate = Callable[[bytes], bytes]
LEVEL = 6
_Place = tuple[int, ...]


def append(
    dataset: h5py.Dataset,
    row: int,
    block: Array,
    change: Change | None = None,
    deflate: Deflate | None = None,
) -> int:
    """Write `block` as the rows from `row` on, which must begin a chunk; bytes written.

    The block may hold fewer rows than a chunk, once, as the last one. Trailing axes grow
    when the block is wider than the dataset. `change` is applied to each chunk, and
    `deflate` makes its bytes a zlib stream.
    """
    tile = tile_of(dataset)
    shape = (row + len(block), *map(max, dataset.shape[1:], block.shape[1:]))
    if shape != dataset.shape:
        dataset.resize(shape)
    written = 0
    for place in _places(block.shape, tile):
        part = block[tuple(slice(at, at + side) for at, side in zip(place, tile, strict=True))]
        whole = np.full(tile, dataset.fillvalue, dataset.dtype)
        whole[tuple(slice(0, side) for side in part.shape)] = part
        data = _shuffled(change(whole) if change else whole)
        packed = deflate(data) if deflate else zlib.compress(data, LEVEL)
        dataset.id.write_direct_chunk((row + place[0], *place[1:]), packed)
        written += len(packed)
    return written


def extend(dataset: h5py.Dataset, items: Array) -> int:
    """Append `items` to an unpacked dataset of one axis; bytes written."""
    if not len(items):
        return 0
    count = dataset.shape[0]
    dataset.resize((count + len(items),))
    dataset[count:] = items
    return items.nbytes


def read_chunk(dataset: h5py.Dataset, place: _Place) -> Array | None:
    """The chunk that begins at `place`; None where none was written.

    Raises
    ------
    RecordingError
        If it is damaged, or would unpack to more than its size.
    """
    info = dataset.id.get_chunk_info_by_coord(place)
    if info.byte_offset is None:
        return None
    expected = int(np.prod(tile_of(dataset))) * dataset.dtype.itemsize
    try:
        mask, packed = dataset.id.read_direct_chunk(place)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, expected + 1)
    except (zlib.error, OSError, RuntimeError) as error:
        raise damaged(dataset, place) from error
    if mask or len(data) != expected or not unpacker.eof:
        raise damaged(dataset, place)
    return _unshuffled(data, dataset.dtype, tile_of(dataset))


def read_rows(dataset: h5py.Dataset, count: int, fill: Any, column: int | None = None) -> Array:
    """The first `count` rows, of one or (with `column`) two axes: then the chunks at `column`.

    Raises
    ------
    RecordingError
        If a chunk is damaged.
    """
    tile = tile_of(dataset)
    found = np.full((count, *tile[1:]), fill, dataset.dtype)
    for row in range(0, min(count, dataset.shape[0]), tile[0]):
        chunk = read_chunk(dataset, (row,) if column is None else (row, column))
        if chunk is not None:
            found[row : row + tile[0]] = chunk[: count - row]
    return found


def tile_of(dataset: h5py.Dataset) -> _Place:
    """Sides of a dataset's chunks; all datasets of a recording have chunks."""
    assert dataset.chunks is not None
    return dataset.chunks


def damaged(dataset: h5py.Dataset, place: _Place) -> RecordingError:
    """The error for a chunk that cannot be read."""
    return RecordingError(
        f"The recording is damaged in “{dataset.name}” at row {place[0]}.",
        "Record it again, or take an older copy.",
        f"{dataset.file.filename}: {place}",
    )


def _places(shape: _Place, tile: _Place) -> Iterator[_Place]:
    ranges = (range(0, side, step) for side, step in zip(shape, tile, strict=True))
    return itertools.product(*ranges)


def _shuffled(array: Array) -> bytes:
    """Bytes of `array` in HDF5's shuffled order: the first bytes of all items, and so on."""
    size = array.dtype.itemsize
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(np.uint8).reshape(-1, size).T.tobytes() if size > 1 else flat.tobytes()


def _unshuffled(data: bytes, dtype: np.dtype[Any], shape: _Place) -> Array:
    size = dtype.itemsize
    flat = np.frombuffer(data, np.uint8)
    if size > 1:
        flat = np.ascontiguousarray(flat.reshape(size, -1).T)
    return flat.reshape(-1).view(dtype).reshape(shape)
