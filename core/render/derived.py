"""Maps made of maps: differences, and the strongest or the mean over some frames.

A search window moves from frame to frame and two maps rarely share their cells, so the
others are brought onto the cells of the first, in the frame, before anything is compared.
Cells of which the others know nothing become NaN in differences and are left out of sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.engine.map_source import MapSource
from core.geometry import Placement
from core.render.layers import LayerLook
from core.trackers.base import MapArray, ResponseMap


def on_cells_of(target: ResponseMap, other: ResponseMap) -> MapArray:
    """Values of `other` on the cells of `target`, bilinear; NaN beside `other`."""
    if target.placement == other.placement and target.values.shape == other.values.shape:
        return other.values
    rows, cols = target.values.shape
    matrix = _cells_to_cells(target.placement, other.placement)
    values = np.ascontiguousarray(other.values, np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(
        values, matrix, (cols, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    found = np.asarray(warped, np.float32).reshape(rows, cols)
    (x_right, x_down, x0), (y_right, y_down, y0) = matrix.tolist()
    if x_down == 0 == y_right:  # upright: whole columns and rows lie beside it
        left, right = _inside(x0 + x_right * np.arange(cols), values.shape[1])
        top, bottom = _inside(y0 + y_down * np.arange(rows), values.shape[0])
        found[:, :left] = found[:, right:] = found[:top] = found[bottom:] = np.nan
        return found
    col, row = np.arange(cols)[None], np.arange(rows)[:, None]
    outside = _is_beside(x0 + x_right * col + x_down * row, values.shape[1])
    outside |= _is_beside(y0 + y_right * col + y_down * row, values.shape[0])
    found[outside] = np.nan
    return found


def _cells_to_cells(target: Placement, other: Placement) -> NDArray[np.float64]:
    """Affine map ``(2, 3)`` from cells of `target` to those of `other`, centres to centres."""
    ta, tb, tc, td, te, tf = target.matrix
    a, b, c, d, e, f = other.matrix
    det = a * e - b * d
    x, y = (ta + tb) / 2 + tc - c, (td + te) / 2 + tf - f
    return np.array(
        [
            [(e * ta - b * td) / det, (e * tb - b * te) / det, (e * x - b * y) / det - 0.5],
            [(a * td - d * ta) / det, (a * te - d * tb) / det, (a * y - d * x) / det - 0.5],
        ]
    )


def _inside(at: NDArray[np.floating], side: int) -> tuple[int, int]:
    """The part of positions in a row, from and up to, that is not beside a map."""
    inside = (~_is_beside(at, side)).nonzero()[0]
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (len(at), len(at))


def _is_beside(at: NDArray[np.floating], side: int) -> NDArray[np.bool_]:
    # Half a cell beside the outermost centres is still inside the map.
    return (at < -0.5) | (at > side - 0.5)


def difference(first: ResponseMap, second: ResponseMap) -> ResponseMap:
    """`first` minus `second` on the cells of `first`; its range is even about 0."""
    values = first.values - on_cells_of(first, second)
    reach = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    reach = reach or 1.0
    return ResponseMap(values, first.placement, "difference", (-reach, reach))


def strongest(maps: Sequence[ResponseMap]) -> ResponseMap:
    """The largest value of each cell over `maps`, on the cells of the first."""
    top = maps[0].values.astype(np.float32)
    for one in maps[1:]:
        np.fmax(top, on_cells_of(maps[0], one), out=top)
    return _like(maps[0], top, "largest")


def mean(maps: Sequence[ResponseMap]) -> ResponseMap:
    """The mean of each cell over those of `maps` that know it, on the cells of the first."""
    total = np.zeros(maps[0].values.shape, np.float32)
    count = np.zeros(total.shape, np.int32)
    for one in maps:
        values = on_cells_of(maps[0], one)
        known = np.isfinite(values)
        np.add(total, values, out=total, where=known)
        count += known
    with np.errstate(invalid="ignore"):  # a cell of which no map knows anything is NaN
        return _like(maps[0], total / count.astype(np.float32), "mean")


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
