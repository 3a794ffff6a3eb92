"""How a block of codes is laid down so that deflate finds little left in it.

Neighbouring codes say much the same, but which neighbours depends on the map: where the
tracker sees the target at rest it is the frame before, in a smooth response the cells
beside. So every block of frames is tried with several differences, and with a prediction:
what a cell adds to the one on its left is foretold from what the fifteen cells in the three rows
above added, with weights fitted to the block, which averages the rounding of the codes away instead
of adding it up. Small numbers are then put into half bytes, two cells in one, since deflate
spends at least a bit on every byte. All of it is whole numbers, undone without loss.
"""

from __future__ import annotations

import enum
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[Any]
Weights = NDArray[np.int32]

ROWS, SPAN = 3, 5
"""Rows above, and cells of each, that foretell a cell below."""

_SHIFT = 6  # weights are 64ths
_HALF = 1 << (_SHIFT - 1)  # for rounding
_LARGEST = 1 << 12
_SAMPLES = 30_000  # cells that weights are fitted to
_TRIED = 4  # frames in the middle of a block, on which packings are tried
_SEARCH_LIMIT = 16 << 10  # bytes; searching repeats in more takes longer than it saves


class Packing(enum.IntFlag):
    """What was done to the codes of a block, in this order but for `FRAME`, which is first."""

    COLUMN = 1  # differences to the cell on the left
    ROW = 2  # to the cell above
    FRAME = 4  # to the frame before
    FORETOLD = 8  # of `COLUMN`, differences to what the rows above foretell
    HALVES = 16  # half bytes: first the lower ones of all cells, then the higher ones


PLAIN = Packing(0)
FIRST = Packing.COLUMN | Packing.ROW | Packing.FRAME
"""That of every map in files of layout 1."""

_WAYS = (
    FIRST, Packing.COLUMN | Packing.ROW, Packing.COLUMN, Packing.FRAME,
    Packing.COLUMN | Packing.FORETOLD,
)  # fmt: skip
_NO_WEIGHTS = np.zeros(ROWS * SPAN, np.int32)


def is_known(number: int) -> bool:
    """Whether a file's number is one that :func:`packed` makes."""
    way = number & ~int(Packing.HALVES)
    return 0 <= way <= FIRST or way == Packing.COLUMN | Packing.FORETOLD


def chosen(codes: Codes, *, whole: bool) -> tuple[Packing, Weights]:
    """The packing of codes ``(n, rows, cols)`` that makes them smallest, and its weights.

    Without `whole`, what is written is cut into tiles and only differences are tried.
    """
    simple = codes.dtype != np.uint8 or not whole
    can_foretell = not simple and codes.shape[1] > ROWS and codes.shape[2] > 2
    first = max(len(codes) - _TRIED, 0) // 2
    tried = codes[first : first + _TRIED]
    weights = fitted(tried) if can_foretell else _NO_WEIGHTS

    def size(way: Packing) -> int:
        return len(_deflated(packed(tried, way, weights).tobytes(), zlib.Z_RLE))

    best = min((way for way in _WAYS if can_foretell or not way & Packing.FORETOLD), key=size)
    if not simple:
        best = min(best, best | Packing.HALVES, key=size)
    return best, weights if best & Packing.FORETOLD else _NO_WEIGHTS


def packed(codes: Codes, packing: Packing, weights: Weights) -> Codes:
    """Codes ``(n, rows, cols)`` as they are stored, of the same shape and type."""
    found = codes.copy()
    for axis, way in ((0, Packing.FRAME), (1, Packing.ROW), (2, Packing.COLUMN)):
        if packing & way:
            before = np.moveaxis(found, axis, 0)
            before[1:] -= before[:-1].copy()
    if packing & Packing.FORETOLD:
        steps = found.view(np.int8).astype(np.int32)
        found[:, 1:ROWS] -= found[:, :-1][:, : ROWS - 1].copy()
        found[:, ROWS:] -= ((_above(steps) @ weights + _HALF) >> _SHIFT).astype(np.uint8)
    return _halved(found) if packing & Packing.HALVES else found


def joined(stored: Codes, packing: Packing) -> Codes:
    """First step back, for all frames of a block: no half bytes, no differences of frames."""
    found = _whole(stored) if packing & Packing.HALVES else stored
    return found.cumsum(axis=0, dtype=found.dtype) if packing & Packing.FRAME else found


def unpacked(cells: Codes, packing: Packing, weights: Weights) -> Codes:
    """Second step back, for one frame ``(rows, cols)``: the codes."""
    found = cells
    if packing & Packing.FORETOLD:
        found = _steps(found, weights)
    if packing & Packing.COLUMN:
        found = found.cumsum(axis=1, dtype=cells.dtype)
    return found.cumsum(axis=0, dtype=cells.dtype) if packing & Packing.ROW else found


def fitted(codes: Codes) -> Weights:
    """Weights ``(15,)`` in 64ths that foretell `codes` best: those of the nearest row first."""
    found = packed(codes, Packing.COLUMN, _NO_WEIGHTS).view(np.int8).astype(np.float32)
    every = max(found.size // _SAMPLES, 1)
    known = _above(found).reshape(-1, ROWS * SPAN)[::every].astype(np.float64)
    wanted = found[:, ROWS:].reshape(-1)[::every].astype(np.float64)
    # Where nothing changes, nothing is told: the ridge keeps that solvable.
    ridge = 1e-6 * max(len(known), 1) * np.eye(ROWS * SPAN)
    weights = np.linalg.solve(known.T @ known + ridge, known.T @ wanted)
    return np.rint(weights * (1 << _SHIFT)).clip(-_LARGEST, _LARGEST).astype(np.int32)


def tight(data: bytes) -> bytes:
    """`data` deflated; as differences are mostly noise, runs are looked for, seldom repeats."""
    found = _deflated(data, zlib.Z_RLE)
    if len(data) <= _SEARCH_LIMIT:
        found = min(found, _deflated(data, zlib.Z_DEFAULT_STRATEGY), key=len)
    return found


def _deflated(data: bytes, strategy: int) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return packer.compress(data) + packer.flush()


def _around(rows: Codes) -> Codes:
    """Of every cell of ``(..., cols)`` the five cells about it ``(..., cols, 5)``."""
    beside = [(0, 0)] * (rows.ndim - 1) + [(SPAN // 2, SPAN // 2)]
    return np.lib.stride_tricks.sliding_window_view(np.pad(rows, beside, mode="edge"), SPAN, -1)


def _above(steps: Codes) -> Codes:
    """Of every cell from row :data:`ROWS` on what foretells it ``(n, rows, cols, 15)``."""
    count = max(steps.shape[1] - ROWS, 0)
    around = _around(steps)
    nearest_first = [around[:, first : first + count] for first in range(ROWS - 1, -1, -1)]
    return np.concatenate(nearest_first, axis=-1)


def _steps(cells: Codes, weights: Weights) -> Codes:
    """Differences of columns, from those to what the rows above foretold; row by row.

    Every row that is done adds its part to what is told of the next ones.
    """
    rows, cols = cells.shape
    reach = SPAN // 2
    given, steps = cells.view(np.int8), np.empty((rows, cols), np.int8)
    told = np.full((rows + ROWS, cols), _HALF, np.int32)
    line = np.empty(cols + 2 * reach, np.int32)
    around = np.lib.stride_tricks.sliding_window_view(line, SPAN).T
    parts = weights.reshape(ROWS, SPAN)
    for row, step in enumerate(steps):
        if row >= ROWS:
            np.add(given[row], told[row] >> _SHIFT, out=step, casting="unsafe")
        elif row:
            np.add(given[row], steps[row - 1], out=step)
        else:
            step[:] = given[row]
        line[reach:-reach] = step
        line[:reach], line[-reach:] = step[0], step[-1]
        told[row + 1 : row + 1 + ROWS] += parts @ around
    return steps.view(np.uint8)


def _halved(cells: Codes) -> Codes:
    """Per frame: signs folded in, then the lower halves of two cells per byte, then the higher."""
    signed = cells.view(np.int8).reshape(len(cells), -1)
    folded = ((signed << 1) ^ (signed >> 7)).view(np.uint8)
    even = folded.shape[1] // 2 * 2
    one, two = folded[:, :even:2], folded[:, 1:even:2]
    halves = [one & 15 | two << 4, one >> 4 | two & 0xF0, folded[:, even:]]
    return np.concatenate(halves, axis=1).reshape(cells.shape)


def _whole(stored: Codes) -> Codes:
    halves = stored.reshape(len(stored), -1)
    pairs = halves.shape[1] // 2
    low, high = halves[:, :pairs], halves[:, pairs : 2 * pairs]
    folded = halves.copy()  # an odd last cell stays where it is
    folded[:, : 2 * pairs : 2] = low & 15 | high << 4
    folded[:, 1 : 2 * pairs : 2] = low >> 4 | high & 0xF0
    return (folded >> 1 ^ -(folded & 1)).reshape(stored.shape)
