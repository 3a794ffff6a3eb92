"""Overlaps of VOT regions, rectangles and polygons, as the different toolkits compute them.

The VOT toolkits do not intersect areas: they round corners to pixels, fill the pixels
and count them, each in its own way. :func:`overlap` has the three ways by name:
``toolkit`` (the vot-toolkit in Python, 0.5 to 0.9), ``pysot`` (its copy of the older C code) and
``exact`` (areas, as got10k does). A region is an array of 4 numbers (x, y, w, h) or of 2N
(x and y of N corners). Source: the toolkits' published behaviour; Vojíř and Matas,
Pixel-Wise Object Segmentations for the VOT 2016 Dataset, for why pixels are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError

Region = NDArray[np.float64]
Bounds = tuple[float, float]
_Mask = NDArray[np.bool_]


class Overlap(Protocol):
    """Overlap of two regions in a frame of ``bounds`` (width, height), in [0, 1] or NaN."""

    def __call__(self, a: Region, b: Region, bounds: Bounds, /) -> float: ...


def corners(region: Region, *, inclusive: bool = False) -> NDArray[np.float64]:
    """The corners ``(N, 2)`` of a region; `inclusive`: a rectangle's last pixels, not its edge."""
    if len(region) != 4:
        return region.reshape(-1, 2)
    x, y, w, h = region
    less = 1.0 if inclusive else 0.0
    right, bottom = x + w - less, y + h - less
    return np.array([[x, y], [right, y], [right, bottom], [x, bottom]])


def upright(region: Region) -> Region:
    """The smallest upright rectangle x, y, w, h around a region."""
    if len(region) == 4:
        return region
    points = corners(region)
    low, high = points.min(axis=0), points.max(axis=0)
    return np.concatenate([low, high - low])


def toolkit_overlap(a: Region, b: Region, bounds: Bounds, /) -> float:
    """Pixels in both over pixels in one of two regions, as the vot-toolkit counts them.

    Corners are rounded first (halves to even, single precision); rectangles cover w × h
    pixels, polygons include the pixels of their outline. Only the frame counts.
    """
    pa, pb = _rounded(a), _rounded(b)
    low = np.minimum(pa.min(axis=0), pb.min(axis=0))
    high = np.maximum(pa.max(axis=0), pb.max(axis=0))
    if (low >= high).any():
        return 1.0  # “two empty regions are identical”
    low, high = np.maximum(low, 0), np.minimum(high, np.array(bounds) - 1)
    if (low >= high).any():
        return 0.0
    shape = (int(high[1] - low[1]) + 1, int(high[0] - low[0]) + 1)
    return _ratio(
        _filled(pa - low, shape, rectangle=len(a) == 4),
        _filled(pb - low, shape, rectangle=len(b) == 4),
        empty=0.0,
    )


def pysot_overlap(a: Region, b: Region, bounds: Bounds, /) -> float:
    """Pixels in both over pixels in one of two regions, as pysot counts them.

    A rectangle is the polygon with the corners x, y and x + w, y + h; outlines are included;
    the raster begins at the rounded-down corner of the part in the frame.
    """
    pa, pb = (corners(r).astype(np.float32).astype(np.float64) for r in (a, b))
    boxes = [
        (np.maximum(np.floor(p.min(axis=0)), 0), np.minimum(np.ceil(p.max(axis=0)), bounds))
        for p in (pa, pb)
    ]
    low = np.minimum(boxes[0][0], boxes[1][0])
    width, height = (int(v) + 1 for v in np.maximum(boxes[0][1], boxes[1][1]) - low)
    sizes = [float(np.prod(high - start)) for start, high in boxes]
    if width < 1 or height < 1 or _incomparable(*sizes):
        return 0.0
    common = np.minimum(boxes[0][1], boxes[1][1]) - np.maximum(boxes[0][0], boxes[1][0])
    shared = np.prod(common)  # of two regions beside the frame all three are negative
    with np.errstate(divide="ignore", invalid="ignore"):
        if shared / (np.float64(sum(sizes)) - shared) <= 0.0:  # not for 0 / 0, as in C
            return 0.0
    masks = [_scanned(_half_away(p - low), (height, width), legacy=True) for p in (pa, pb)]
    return _ratio(*masks, empty=float("nan"))


def exact_overlap(a: Region, b: Region, bounds: Bounds, /) -> float:
    """Intersection over union of the areas, cut to the frame; `b` or `a` must be convex."""
    pa, pb = corners(a), corners(b)
    width, height = bounds
    frame = np.array([[0.0, 0], [width, 0], [width, height], [0, height]])
    pa, pb = _clipped(pa, frame), _clipped(pb, frame)
    area_a, area_b = _area(pa), _area(pb)
    if not area_a or not area_b:
        return 0.0
    inter = _area(_clipped(pb, pa) if len(a) == 4 else _clipped(pa, pb))
    union = area_a + area_b - inter
    return min(max(inter / (union + float(np.finfo(float).eps)), 0.0), 1.0)


OVERLAPS: Mapping[str, Overlap] = MappingProxyType(
    {"toolkit": toolkit_overlap, "pysot": pysot_overlap, "exact": exact_overlap}
)


def overlap_named(name: str) -> Overlap:
    """The way of computing overlaps called `name`.

    Raises
    ------
    DatasetError
        If there is none.
    """
    if name not in OVERLAPS:
        raise DatasetError(
            f"There is no overlap “{name}”.", "Choose one of " + ", ".join(OVERLAPS) + "."
        )
    return OVERLAPS[name]


def _rounded(region: Region) -> NDArray[np.float64]:
    if len(region) == 4:  # x, y, w and h are rounded each for itself
        region = np.round(region.astype(np.float32)).astype(np.float64)
        return corners(region, inclusive=True)
    return np.round(corners(region).astype(np.float32)).astype(np.float64)


def _half_away(points: NDArray[np.float64]) -> NDArray[np.float64]:
    points = points.astype(np.float32).astype(np.float64)
    return np.sign(points) * np.floor(np.abs(points) + 0.5)


def _incomparable(size_a: float, size_b: float) -> bool:
    # Division as in C: by zero it gives infinity or NaN, and neither is below the limit.
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = np.float64(size_a), np.float64(size_b)
        return bool(a / b < 1e-10 or b / a < 1e-10)


def _ratio(a: _Mask, b: _Mask, *, empty: float) -> float:
    union = int(np.logical_or(a, b).sum())
    return int(np.logical_and(a, b).sum()) / union if union else empty


def _filled(points: NDArray[np.float64], shape: tuple[int, int], *, rectangle: bool) -> _Mask:
    if not rectangle:
        return _scanned(points, shape, legacy=False)
    mask = np.zeros(shape, dtype=bool)
    (left, top), (right, bottom) = points[0].astype(int), points[2].astype(int)
    if right >= 0 and bottom >= 0:
        mask[max(top, 0) : bottom + 1, max(left, 0) : right + 1] = True
    return mask


def _scanned(points: NDArray[np.float64], shape: tuple[int, int], *, legacy: bool) -> _Mask:
    """Fill a polygon with whole-numbered corners row by row, its outline included.

    Every edge that touches a row gives a node; nodes are sorted and filled in pairs. Of two
    equal nodes (a corner, seen from both its edges) the first is passed over, in the newer
    code unless they are the last; only there do level edges give a node.
    """
    height, width = shape
    mask = np.zeros(shape, dtype=bool)
    start, end = points, np.roll(points, 1, axis=0)
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    level = low == high
    rise = np.where(level, 1.0, end[:, 1] - start[:, 1])
    run = np.where(level, 0.0, end[:, 0] - start[:, 0])
    rows = np.arange(max(int(low.min()), 0), min(int(high.max()), height - 1) + 1)[:, None]
    touching = (low <= rows) & (high >= rows) & ~(level & legacy)
    share = (rows - start[:, 1]) / rise  # in this order: the last bit decides
    nodes = np.sort(np.where(touching, np.trunc(start[:, 0] + share * run), np.inf), axis=1)
    counts = touching.sum(axis=1)
    for row, found, count in zip(rows[:, 0].tolist(), nodes.tolist(), counts.tolist(), strict=True):
        for first, last in _spans(found[:count], legacy=legacy):
            if last >= 0 and first < width:
                mask[row, max(int(first), 0) : int(last) + 1] = True
    return mask


def _spans(nodes: list[float], *, legacy: bool) -> list[tuple[float, float]]:
    spans, k = [], 0
    while k < len(nodes) - 1:
        if nodes[k] == nodes[k + 1] and (legacy or k < len(nodes) - 2):
            k += 1
            continue
        spans.append((nodes[k], nodes[k + 1]))
        k += 2
    return spans


def _area(points: NDArray[np.float64]) -> float:
    if len(points) < 3:
        return 0.0
    x, y = points[:, 0], points[:, 1]
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def _clipped(points: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a polygon inside a convex one (Sutherland and Hodgman, CACM 1974)."""
    x, y = window[:, 0], window[:, 1]
    turn = np.sign(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    for here, there in zip(window, np.roll(window, -1, axis=0), strict=True):
        if not len(points):
            break
        along = there - here
        side = turn * (along[0] * (points[:, 1] - here[1]) - along[1] * (points[:, 0] - here[0]))
        kept: list[NDArray[np.float64]] = []
        for k in range(len(points)):
            before, now = side[k - 1], side[k]
            if (before >= 0) != (now >= 0):
                kept.append(points[k - 1] + (points[k] - points[k - 1]) * before / (before - now))
            if now >= 0:
                kept.append(points[k])
        points = np.array(kept).reshape(-1, 2)
    return points
