"""VOT: ``NAME/groundtruth.txt`` with pictures beside it or in ``NAME/color/``.

Rows are four corners (8 numbers), a rectangle x, y, w, h (4), or one number / NaN where
the target is not annotated. A polygon becomes the smallest upright rectangle around
it, ``min x, min y, max x − min x, max y − min y``; coordinates are taken as they are
(Kristan et al., VOT2015 ff.).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.evaluate.layouts.attributes import frame_tags
from core.evaluate.layouts.ground_truth import Array, list_pictures, read_rows, rectangles
from core.evaluate.sequences import BenchmarkSequence, of_pictures

FILE = "groundtruth.txt"


def read(folder: Path) -> list[BenchmarkSequence]:
    """The sequence of a VOT folder; none when it is not one."""
    truth = folder / FILE
    if not truth.is_file():
        return []
    pictures = list_pictures(folder / "color") or list_pictures(folder)
    rows = read_rows(truth, [1, 4, 8])
    sequence = of_pictures("VOT", folder.name, pictures, boxes_of(rows), truth)
    regions = tuple(regions_of(rows)[: len(sequence)])
    return [replace(sequence, regions=regions, attributes=frame_tags(folder))]


def regions_of(rows: Array) -> list[Array]:
    """The true regions as they are: 8 numbers, 4, or NaN where there is none."""
    polygons = np.isfinite(rows[:, 4:8]).all(axis=1) & (rows.shape[1] == 8)
    return [row if polygon else row[:4] for row, polygon in zip(rows, polygons, strict=True)]


def boxes_of(rows: Array) -> Array:
    """Upright rectangles ``(N, 4)`` of rows with 8 (polygon), 4 (rectangle) or 1 value."""
    if rows.shape[1] < 8:
        return rectangles(rows)
    polygon = np.isfinite(rows[:, 4:8]).all(axis=1)
    xs, ys = rows[polygon, 0::2], rows[polygon, 1::2]
    upright = rows[:, :4].copy()
    x0, y0 = xs.min(axis=1), ys.min(axis=1)
    upright[polygon] = np.stack([x0, y0, xs.max(axis=1) - x0, ys.max(axis=1) - y0], axis=1)
    return rectangles(upright)
