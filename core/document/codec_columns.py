"""The columns of a track as plain JSON values and back.

Frames become inclusive ranges, the columns that rarely change (source, state, flags,
run, alarms) become ``[value, count]`` stretches, boxes stay rows ``[x, y, w, h]`` at full
precision, so that what is loaded equals what was saved. Decoding trusts nothing.
"""

from __future__ import annotations

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
    return {
        "frames": ranges(columns.frames),
        "boxes": columns.boxes.tolist(),
        "scores": short_floats(columns.scores),
        **{name: stretches(getattr(columns, name)) for name in WHOLE_COLUMNS},
    }


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
    wide = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=1.0, neginf=0.0)
    wide = np.clip(wide, -SCORE_LIMIT, SCORE_LIMIT)
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
    rows = node.array()
    if not rows:
        return np.empty((0, 4))
    if _all_numbers(rows):
        try:
            boxes = np.array(rows, np.float64)
        except (ValueError, OverflowError):
            boxes = np.empty(0)  # the loop below says where
        if boxes.shape == (len(rows), 4) and _usable(boxes).all():
            return boxes
    for row in node.elements():
        if len(row.array()) != 4:
            raise row.fail("four numbers x, y, width, height were expected")
        low = (-COORDINATE_LIMIT, -COORDINATE_LIMIT, 0.0, 0.0)
        for value, smallest in zip(row.elements(), low, strict=True):
            value.number(smallest, COORDINATE_LIMIT)
    return np.array(rows, np.float64)


def _all_numbers(rows: list[Any]) -> bool:
    # Exact types, since booleans and numeric text would convert without complaint.
    if not set(map(type, rows)) <= {list}:
        return False
    return set(map(type, chain.from_iterable(rows))) <= {int, float}


def decode_frames(node: Node, count: int) -> NDArray[np.int64]:
    """Inclusive ranges as frames, which must be `count`."""
    spans: list[tuple[int, int]] = []
    total, before = 0, -1
    for span in node.elements():
        if len(span.array()) != 2:
            raise span.fail("a range [first, last] was expected")
        first, last = span.at(0).integer(), span.at(1).integer()
        if last < first:
            raise span.fail("the range ends before it starts")
        if first <= before:
            raise span.fail(f"frame {first} comes after frame {before}; frames must rise")
        spans.append((first, last))
        total, before = total + last - first + 1, last
    if total != count:
        raise node.fail(f"{total} frames for {count} boxes")
    if not spans:
        return np.empty(0, np.int64)
    return np.concatenate([np.arange(first, last + 1) for first, last in spans])


def _scores(node: Node, count: int) -> NDArray[np.float64]:
    values = node.array()
    if len(values) != count:
        raise node.fail(f"{len(values)} scores for {count} boxes")
    if set(map(type, values)) <= {int, float}:
        try:
            scores = np.array(values, np.float64)
        except OverflowError:
            scores = np.full(1, np.nan)  # the loop below says where
        if (np.abs(scores) <= SCORE_LIMIT).all():
            return scores
    for element in node.elements():
        element.number(-SCORE_LIMIT, SCORE_LIMIT)
    return np.array(values, np.float64)


def _stretched(node: Node, count: int, low: int, high: int) -> NDArray[np.int64]:
    values: list[int] = []
    counts: list[int] = []
    for stretch in node.elements():
        if len(stretch.array()) != 2:
            raise stretch.fail("a pair [value, count] was expected")
        values.append(stretch.at(0).integer(low, high))
        counts.append(stretch.at(1).integer(1))
    if sum(counts) != count:
        raise node.fail(f"values for {sum(counts)} boxes where there are {count}")
    return np.repeat(np.array(values, np.int64), np.array(counts, np.int64))
