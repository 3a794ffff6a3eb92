"""The columns of a track as plain JSON values and back.

Frames become inclusive ranges, the columns that rarely change (source, state, flags,
run, alarms) become ``[value, count]`` stretches, boxes stay rows ``[x, y, w, h]`` at full
precision, so that what is loaded equals what was saved. Boxes and scores of long tracks
are packed: base64 of the raw arrays, exact too, and read twenty times as fast. Decoding
trusts nothing: a list is checked as a whole, and one by one for the place of a mistake.
"""

from __future__ import annotations

import base64
import logging
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.document.checked import INT32, Node
from core.document.track import OPTIONAL_COLUMNS, Columns
from core.states import Flag, Source, TargetState

log = logging.getLogger(__name__)

COORDINATE_LIMIT = 1e9
"""Largest coordinate or size in pixels that is stored; beyond it a box is meaningless."""

SCORE_LIMIT = 1e6
"""Largest magnitude of a score that is stored."""

PACKED_FROM = 2000
"""Boxes from which on a track is packed; fewer stay readable, comparable and repairable."""

WHOLE_COLUMNS = {
    "sources": (0, max(Source)),
    "states": (0, max(TargetState)),
    "flags": (0, sum(Flag)),
    "runs": (0, INT32),
    "alarms": (0, 65535),
}
"""Columns of whole numbers that change rarely, with the range of their values."""


def encode_columns(columns: Columns) -> dict[str, Any]:
    """Boxes as JSON values, see the module docstring.

    Rows that no reader could use (not finite, negative size) are left out and logged:
    one bad result of a tracker must not make a file unreadable.
    """
    usable = _usable(columns.boxes)
    if not usable.all():
        log.warning("%d boxes without usable numbers are not saved", int((~usable).sum()))
        columns = columns.select(usable)
    packed = is_packed(columns)
    return {
        "frames": ranges(columns.frames),
        "boxes": _pack(columns.boxes, "<f8") if packed else columns.boxes.tolist(),
        "scores": _pack(_clean(columns.scores), "<f4") if packed else short_floats(columns.scores),
        **{name: stretches(getattr(columns, name)) for name in WHOLE_COLUMNS},
    }


def is_packed(columns: Columns) -> bool:
    """Whether boxes and scores are stored packed."""
    return len(columns) >= PACKED_FROM


def _pack(values: NDArray[Any], kind: str) -> str:
    return base64.b64encode(values.astype(kind).tobytes()).decode("ascii")


def _clean(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = np.nan_to_num(scores.astype(np.float64), nan=0.0, posinf=1.0, neginf=0.0)
    return np.clip(wide, -SCORE_LIMIT, SCORE_LIMIT)


def _usable(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        small = np.all(np.abs(boxes) <= COORDINATE_LIMIT, axis=1)
        return np.logical_and(small, np.all(boxes[:, 2:] >= 0, axis=1))


def ranges(frames: NDArray[np.int32]) -> list[list[int]]:
    """Rising frames ``(N,)`` as inclusive ``[first, last]`` ranges."""
    if not len(frames):
        return []
    breaks = np.flatnonzero(np.diff(frames) != 1)
    first = frames[np.concatenate([[0], breaks + 1])]
    last = frames[np.concatenate([breaks, [len(frames) - 1]])]
    return np.stack([first, last], axis=1).tolist()


def stretches(values: NDArray[Any]) -> list[list[int]]:
    """Integers ``(N,)`` as ``[value, count]`` stretches."""
    if not len(values):
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values.astype(np.int64))) + 1])
    counts = np.diff(np.concatenate([starts, [len(values)]]))
    return np.stack([values[starts].astype(np.int64), counts], axis=1).tolist()


def short_floats(values: NDArray[np.float32]) -> list[float]:
    """Float32 values as the shortest decimals that read back as the same float32."""
    wide = _clean(values)
    short = wide.copy()
    left = np.ones(len(wide), bool)
    for digits in (2, 4, 6, 8, 10):
        rounded = np.round(wide, digits)
        fits = left & (rounded.astype(np.float32) == values)
        short[fits] = rounded[fits]
        left &= ~fits
    return short.tolist()


def decode_columns(node: Node) -> Columns:
    """Boxes of the object `node`, with every row checked."""
    boxes = _boxes(node.field("boxes"))
    count = len(boxes)
    return Columns.of(
        {
            "frames": decode_frames(node.field("frames"), count),
            "boxes": boxes,
            "scores": _scores(node.field("scores"), count),
            **{
                name: _stretched(_whole(node, name, count), count, low, high)
                for name, (low, high) in WHOLE_COLUMNS.items()
            },
        }
    )


def _whole(node: Node, name: str, count: int) -> Node:
    if name in OPTIONAL_COLUMNS:
        return node.field(name, [[0, count]] if count else [])
    return node.field(name)


def _boxes(node: Node) -> NDArray[np.float64]:
    if isinstance(node.value, str):
        boxes = _unpacked(node, "<f8", 4).reshape(-1, 4)
        usable = _usable(boxes)
        if not usable.all():
            row = int(np.argmin(usable))
            _check_row(Node(boxes[row].tolist(), f"{node.where}[{row}]", node.error, node.kind,
                            node.hint))  # fmt: skip
        return boxes
    boxes = _rows_of(node, 4, {int, float}, np.float64)
    if boxes is None or not _usable(boxes).all():
        for row in node.elements():
            _check_row(row)
        boxes = np.array(node.array(), np.float64)
    return boxes


def _check_row(row: Node) -> None:
    """Say what is wrong with a box."""
    if len(row.array()) != 4:
        raise row.fail("four numbers x, y, width, height were expected")
    low = (-COORDINATE_LIMIT, -COORDINATE_LIMIT, 0.0, 0.0)
    for value, smallest in zip(row.elements(), low, strict=True):
        value.number(smallest, COORDINATE_LIMIT)


def _unpacked(node: Node, kind: str, sides: int) -> NDArray[Any]:
    """The packed numbers of a text, whole rows of so many."""
    try:
        data = base64.b64decode(node.text(), validate=True)
    except ValueError as error:
        raise node.fail("it is not base64") from error
    row = np.dtype(kind).itemsize * sides
    if len(data) % row:
        raise node.fail(f"{len(data)} bytes are not whole rows of {row}")
    return np.frombuffer(data, kind)


def _rows_of(
    node: Node, sides: int, kinds: set[type], dtype: type[np.generic]
) -> NDArray[Any] | None:
    """A list of lists of `sides` numbers as ``(N, sides)``; None where one is anything else."""
    rows = node.array()
    if not set(map(type, rows)) <= {list} or not set(map(len, rows)) <= {sides}:
        return None
    # Exact types, since booleans and numeric text would convert without complaint.
    if not set(map(type, chain.from_iterable(rows))) <= kinds:
        return None
    try:
        flat = np.fromiter(chain.from_iterable(rows), dtype, sides * len(rows))
    except (ValueError, OverflowError):
        return None
    return flat.reshape(-1, sides)


def decode_frames(node: Node, count: int) -> NDArray[np.int64]:
    """Inclusive ranges as frames, which must be `count`."""
    spans = _rows_of(node, 2, {int}, np.int64)
    if spans is None or not _rise(spans):
        spans = _checked_spans(node)
    lengths = spans[:, 1] - spans[:, 0] + 1
    total = int(lengths.sum())
    if total != count:
        raise node.fail(f"{total} frames for {count} boxes")
    before = np.cumsum(lengths) - lengths
    return np.arange(count) + np.repeat(spans[:, 0] - before, lengths)


def _rise(spans: NDArray[np.int64]) -> bool:
    first, last = spans[:, 0], spans[:, 1]
    inside = bool((first >= 0).all() and (last <= INT32).all() and (first <= last).all())
    return inside and bool((first[1:] > last[:-1]).all())


def _checked_spans(node: Node) -> NDArray[np.int64]:
    """The ranges one by one, for the place of what is wrong."""
    spans: list[tuple[int, int]] = []
    before = -1
    for span in node.elements():
        if len(span.array()) != 2:
            raise span.fail("a range [first, last] was expected")
        first, last = span.at(0).integer(), span.at(1).integer()
        if last < first:
            raise span.fail("the range ends before it starts")
        if first <= before:
            raise span.fail(f"frame {first} comes after frame {before}; frames must rise")
        spans.append((first, last))
        before = last
    return np.array(spans, np.int64).reshape(-1, 2)


def numbers(node: Node, low: float, high: float) -> NDArray[np.float64]:
    """A list of numbers within ``low..high`` as ``(N,)``."""
    values = node.array()
    if set(map(type, values)) <= {int, float}:
        try:
            found = np.array(values, np.float64)
        except OverflowError:
            found = np.full(1, np.nan)  # the loop below says where
        if ((found >= low) & (found <= high)).all():
            return found
    return np.array([element.number(low, high) for element in node.elements()], np.float64)


def _scores(node: Node, count: int) -> NDArray[Any]:
    packed = isinstance(node.value, str)
    values = _unpacked(node, "<f4", 1) if packed else node.array()
    if len(values) != count:
        raise node.fail(f"{len(values)} scores for {count} boxes")
    if not packed:
        return numbers(node, -SCORE_LIMIT, SCORE_LIMIT)
    wrong = np.flatnonzero(~(np.abs(values) <= SCORE_LIMIT))
    if len(wrong):
        row = int(wrong[0])
        Node(float(values[row]), f"{node.where}[{row}]", node.error, node.kind, node.hint).number(
            -SCORE_LIMIT, SCORE_LIMIT
        )
    return np.asarray(values)


def _stretched(node: Node, count: int, low: int, high: int) -> NDArray[np.int64]:
    pairs = _rows_of(node, 2, {int}, np.int64)
    if pairs is None or not _within(pairs, low, high):
        found: list[tuple[int, int]] = []
        for stretch in node.elements():
            if len(stretch.array()) != 2:
                raise stretch.fail("a pair [value, count] was expected")
            found.append((stretch.at(0).integer(low, high), stretch.at(1).integer(1)))
        pairs = np.array(found, np.int64).reshape(-1, 2)
    total = int(pairs[:, 1].sum())
    if total != count:
        raise node.fail(f"values for {total} boxes where there are {count}")
    return np.repeat(pairs[:, 0], pairs[:, 1])


def _within(pairs: NDArray[np.int64], low: int, high: int) -> bool:
    values, counts = pairs[:, 0], pairs[:, 1]
    fits = (values >= low) & (values <= high) & (counts >= 1) & (counts <= INT32)
    return bool(fits.all())
