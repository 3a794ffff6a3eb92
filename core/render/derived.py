"""Maps made of maps: differences, and the strongest or the mean over some frames.

A search window moves from frame to frame and two maps rarely share their cells, so the
others are brought onto the cells of the first, in the frame, before anything is compared.
Cells of which the others know nothing become NaN in differences and are left out of sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from core.engine.map_source import MapSource
from core.render.layers import LayerLook
from core.trackers.base import MapArray, ResponseMap


def on_cells_of(target: ResponseMap, other: ResponseMap) -> MapArray:
    """Values of `other` on the cells of `target`, bilinear; NaN beside `other`."""
    if target.placement == other.placement and target.values.shape == other.values.shape:
        return other.values
    rows, cols = target.values.shape
    corners = np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 1.5]])
    there = other.placement.to_cells(target.placement.to_frame(corners)) - 0.5
    (x0, y0), right, down = there[0], there[1] - there[0], there[2] - there[0]
    matrix = np.array([[right[0], down[0], x0], [right[1], down[1], y0]])
    values = np.ascontiguousarray(other.values, np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(
        values, matrix, (cols, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    found = np.asarray(found, np.float32).reshape(rows, cols)
    x = x0 + right[0] * np.arange(cols)[None] + down[0] * np.arange(rows)[:, None]
    y = y0 + right[1] * np.arange(cols)[None] + down[1] * np.arange(rows)[:, None]
    high, wide = values.shape
    # Half a cell beside the outermost centres is still inside the map.
    outside = (x < -0.5) | (x > wide - 0.5) | (y < -0.5) | (y > high - 0.5)
    return np.where(outside, np.float32(np.nan), found).astype(np.float32)


def difference(first: ResponseMap, second: ResponseMap) -> ResponseMap:
    """`first` minus `second` on the cells of `first`; its range is even about 0."""
    values = first.values - on_cells_of(first, second)
    reach = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    reach = reach or 1.0
    return ResponseMap(values, first.placement, "difference", (-reach, reach))


def strongest(maps: Sequence[ResponseMap]) -> ResponseMap:
    """The largest value of each cell over `maps`, on the cells of the first."""
    stacked = np.stack([on_cells_of(maps[0], one) for one in maps])
    return _like(maps[0], np.fmax.reduce(stacked), "largest")


def mean(maps: Sequence[ResponseMap]) -> ResponseMap:
    """The mean of each cell over those of `maps` that know it, on the cells of the first."""
    stacked = np.stack([on_cells_of(maps[0], one) for one in maps])
    known = np.isfinite(stacked)
    total = np.where(known, stacked, 0).sum(axis=0)
    return _like(maps[0], (total / known.sum(axis=0)).astype(np.float32), "mean")


def of_source(
    look: LayerLook, source: MapSource, frame: int, step: int = 1
) -> tuple[tuple[ResponseMap, ...], int]:
    """The maps of which a layer is made for `frame`, its own first, and their age in frames.

    Nothing where there is no map yet; only the first where the others are missing.
    """
    newest = source.latest(frame, look.map_key, step)
    if newest is None:
        return (), 0
    response, age = newest
    others = _others(look, source, frame - age * step, step) if look.derive else ()
    return (response, *others), age


def made(look: LayerLook, maps: Sequence[ResponseMap]) -> ResponseMap | None:
    """What a layer shows of the maps it is made of; None where one is missing."""
    if not maps:
        return None
    if not look.derive:
        return maps[0]
    if look.derive in ("change", "minus"):
        return difference(maps[0], maps[1]) if len(maps) > 1 else None
    return (strongest if look.derive == "max" else mean)(maps)


def _others(look: LayerLook, source: MapSource, frame: int, step: int) -> tuple[ResponseMap, ...]:
    """The maps that the one of `frame` is compared or gathered with, nearest first."""
    if look.derive == "minus":
        found = source.latest(frame, look.other, step) if look.other else None
        return (found[0],) if found is not None and found[1] == 0 else ()
    count = 1 if look.derive == "change" else look.span - 1
    earlier: list[ResponseMap] = []
    at = frame - step
    while len(earlier) < count:
        found = source.latest(at, look.map_key, step)
        if found is None:
            break
        earlier.append(found[0])
        at -= step * (found[1] + 1)
    return tuple(earlier)


def _like(first: ResponseMap, values: MapArray, what: str) -> ResponseMap:
    return ResponseMap(values, first.placement, f"{what} {first.quantity}", first.value_range)
